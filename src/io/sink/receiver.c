#include "io/sink/receiver.h"

#include "io/log.h"
#include "io/net/unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void connect_again(struct ann_receiver *r);

static void on_again(uv_timer_t *again)
{
	connect_again(again->data);
}

void ann_receiver_lost(struct ann_receiver *receiver, int status)
{
	struct ann_sink_base *base = receiver->base;

	if (receiver->connected) {
		ann_backoff_lost(&receiver->backoff,
			uv_now(base->loop) - receiver->connected_at_ms);
	}
	receiver->connected = false;
	if (!receiver->told && !base->stopped) {
		ann_log(ANN_LOG_WARNING, "%s: %s; trying again", base->endpoint->name,
			uv_strerror(status));
	}
	receiver->told = true;
	(void)uv_timer_start(
		&receiver->again, on_again, ann_backoff_next(&receiver->backoff), 0);
}

/* --- room ----------------------------------------------------------------------- */

static void on_room(uv_poll_t *poll, int status, int events)
{
	struct ann_receiver *r = poll->data;

	(void)status;
	(void)events;
	(void)uv_poll_stop(poll);
	r->waiting = false;
	r->ready(r->base);
}

void ann_receiver_wait(struct ann_receiver *receiver)
{
	receiver->waiting = true;
	(void)uv_poll_start(&receiver->poll, UV_WRITABLE, on_room);
}

/* UDP takes all, so that says something only after a while. */
void ann_receiver_took(struct ann_receiver *receiver)
{
	uint64_t lasted_ms = uv_now(receiver->base->loop) - receiver->connected_at_ms;

	if (receiver->told &&
		(receiver->path != NULL || lasted_ms >= ANN_BACKOFF_LASTED_MS)) {
		ann_log(ANN_LOG_NOTICE, "%s: connected",
			receiver->base->endpoint->name);
		receiver->told = false;
	}
}

bool ann_receiver_is_ready(const struct ann_receiver *receiver)
{
	return receiver->connected && !receiver->waiting;
}

/* --- connecting ----------------------------------------------------------------- */

/* The socket of the receiver's kind. 0, or a status of libuv. */
static int open_socket(struct ann_receiver *r, int family)
{
	int status = 0;

	if (r->fd >= 0) {
		return 0;
	}
	r->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->fd < 0) {
		return uv_translate_sys_error(errno);
	}
	status = uv_poll_init(r->base->loop, &r->poll, r->fd);
	if (status != 0) {
		close(r->fd);
		r->fd = -1;
		return status;
	}
	r->poll.data = r;
	ann_sink_base_hold(r->base);
	r->polled = true;
	return 0;
}

static void connect_to(
	struct ann_receiver *r, const struct sockaddr *address, socklen_t len)
{
	int status = open_socket(r, address->sa_family);

	if (status == 0 && connect(r->fd, address, len) != 0) {
		status = uv_translate_sys_error(errno);
	}
	if (status != 0) {
		ann_receiver_lost(r, status);
		return;
	}
	r->connected = true;
	r->connected_at_ms = uv_now(r->base->loop);
	r->connects++;
	r->ready(r->base);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct ann_receiver *r = request->data;

	r->looking_up = false;
	if (!r->base->stopped) {
		if (status == 0) {
			connect_to(r, found->ai_addr, found->ai_addrlen);
		} else {
			ann_receiver_lost(r, status);
		}
	}
	uv_freeaddrinfo(found);
	ann_sink_base_drop(r->base);
}

/* The family of the socket, once there is one, stays. */
static int family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

static void look_up(struct ann_receiver *r)
{
	const struct ann_endpoint *place = r->base->endpoint;
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
		.ai_family = r->fd < 0 ? AF_UNSPEC : family_of(r->fd)};
	int status = uv_getaddrinfo(r->base->loop, &r->lookup, on_found,
		place->host[0] == '\0' ? "localhost" : place->host, place->port,
		&hints);

	if (status != 0) {
		ann_receiver_lost(r, status);
		return;
	}
	r->lookup.data = r;
	r->looking_up = true;
	ann_sink_base_hold(r->base);
}

static void connect_again(struct ann_receiver *r)
{
	if (r->path != NULL) {
		const struct sockaddr_un address = ann_unix_address(r->path);

		connect_to(r, (const struct sockaddr *)&address, sizeof(address));
	} else {
		look_up(r);
	}
}

void ann_receiver_start(struct ann_receiver *receiver)
{
	connect_again(receiver);
}

/* --- the beginning and the end -------------------------------------------------- */

void ann_receiver_init(struct ann_receiver *receiver, struct ann_sink_base *base,
	const char *path, void (*ready)(struct ann_sink_base *base))
{
	*receiver = (struct ann_receiver){
		.base = base, .ready = ready, .path = path, .fd = -1};
	(void)uv_timer_init(base->loop, &receiver->again); /* cannot fail */
	receiver->again.data = receiver;
	ann_sink_base_hold(base);
	ann_backoff_init(&receiver->backoff, ANN_BACKOFF_LEAST_MS, ANN_BACKOFF_MOST_MS,
		uv_hrtime() ^ (uintptr_t)receiver);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct ann_receiver *r = handle->data;

	ann_sink_base_drop(r->base);
}

void ann_receiver_close(struct ann_receiver *receiver)
{
	receiver->connected = false;
	if (receiver->looking_up) {
		/* If it is too late for that, the callback sees `stopped`. */
		(void)uv_cancel((uv_req_t *)&receiver->lookup);
	}
	uv_close((uv_handle_t *)&receiver->again, on_handle_closed);
	if (receiver->polled) {
		uv_close((uv_handle_t *)&receiver->poll, on_handle_closed);
		close(receiver->fd); /* nobody watches it any more */
	}
}
