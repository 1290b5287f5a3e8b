#include "io/net/link.h"

#include "io/log.h"
#include "io/net/keepalive.h"

/*
 * The states, by what is under way:
 *
 *     waiting      timer
 *     looking up   lookup
 *     connecting   peer, connect, timer (the patience)
 *     up           peer
 *
 * Each way back to waiting leads through the close callback of the peer.
 */

enum { PATIENCE_MS = 10000 };

static void try_again(struct ann_link *link);

void ann_link_init(struct ann_link *link, uv_loop_t *loop,
	const struct ann_endpoint *endpoint, void (*up)(void *user), void *user)
{
	*link = (struct ann_link){
		.up = up,
		.user = user,
		.endpoint = endpoint,
		.patience_ms = PATIENCE_MS,
		.live = 1,
	};
	/* Two links wait differently, also if they were made at the same time. */
	ann_backoff_init(&link->backoff, ANN_BACKOFF_LEAST_MS, ANN_BACKOFF_MOST_MS,
		uv_hrtime() ^ (uintptr_t)link);
	(void)uv_timer_init(loop, &link->timer); /* cannot fail */
	link->timer.data = link;
}

/* --- the end of what was under way ---------------------------------------------- */

/* One handle or request less. False: it was the last, and the link is gone. */
static bool released(struct ann_link *link)
{
	if (--link->live > 0) {
		return true;
	}
	uv_freeaddrinfo(link->found);
	link->closed(link->user);
	return false;
}

static void on_wait_over(uv_timer_t *timer)
{
	try_again(timer->data);
}

static void on_timer_closed(uv_handle_t *timer)
{
	(void)released(timer->data);
}

static void next_address(struct ann_link *link);

static void on_peer_closed(uv_handle_t *peer)
{
	struct ann_link *link = peer->data;
	bool was_up = link->is_up;

	link->open = false;
	link->is_up = false;
	if (!released(link) || link->closing) {
		return;
	}
	if (was_up) {
		ann_backoff_lost(
			&link->backoff, uv_now(link->timer.loop) - link->up_since_ms);
		link->next = NULL;
	}
	next_address(link);
}

static void shut_peer(struct ann_link *link)
{
	if (link->open && !uv_is_closing(&link->peer.handle)) {
		uv_close(&link->peer.handle, on_peer_closed);
	}
}

/* Says once that the peer is away, unless the user is told when it is given up. */
static void tell(struct ann_link *link, const char *what, int status, const char *story)
{
	link->status = status;
	if (link->told || link->closing || link->gave_up != NULL) {
		return;
	}
	link->told = true;
	ann_log(ANN_LOG_WARNING, "%s: %s: %s%s%s", link->endpoint->name, what,
		status == UV_EOF ? "closed by the peer" : uv_strerror(status),
		story == NULL ? "" : "; ", story == NULL ? "" : story);
}

void ann_link_lost(struct ann_link *link, int status, const char *story)
{
	if (link->is_up && !uv_is_closing(&link->peer.handle)) {
		tell(link, "connection lost", status, story);
		shut_peer(link);
	}
}

void ann_link_close(struct ann_link *link, void (*closed)(void *user))
{
	link->closing = true;
	link->closed = closed;
	if (link->looking_up) {
		/* If it is too late for that, the callback sees `closing`. */
		(void)uv_cancel((uv_req_t *)&link->lookup);
	}
	shut_peer(link);
	uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

static void on_parted(void *user)
{
	shut_peer(user);
}

void ann_link_part(struct ann_link *link, void (*closed)(void *user))
{
	if (!link->is_up || uv_is_closing(&link->peer.handle)) {
		ann_link_close(link, closed);
		return;
	}
	link->closing = true;
	link->closed = closed;
	ann_parting_begin(&link->parting, &link->peer.stream, on_parted, link);
	uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

/* --- connecting ------------------------------------------------------------------- */

static void wait_longer(struct ann_link *link)
{
	if (link->gave_up != NULL) {
		link->gave_up(link->user, link->status);
		return;
	}
	(void)uv_timer_start(
		&link->timer, on_wait_over, ann_backoff_next(&link->backoff), 0);
	if (link->away != NULL) {
		link->away(link->user);
	}
}

static void failed(struct ann_link *link, int status)
{
	bool patience_is_over = link->open && uv_is_closing(&link->peer.handle);

	/* Of several addresses the last one tells why. */
	if (link->next == NULL && !patience_is_over) {
		tell(link, "cannot connect", status, "trying again");
	}
	if (link->open) {
		shut_peer(link);
	} else {
		wait_longer(link);
	}
}

static void on_connected(uv_connect_t *request, int status)
{
	struct ann_link *link = request->data;

	if (!released(link) || link->closing) {
		return;
	}
	(void)uv_timer_stop(&link->timer);
	if (status != 0) {
		failed(link, status);
		return;
	}
	link->is_up = true;
	link->up_since_ms = uv_now(link->timer.loop);
	link->ups++;
	ann_keepalive(&link->peer.handle, link->keepalive_ms, link->stuck_ms);
	ann_log(link->told ? ANN_LOG_NOTICE : ANN_LOG_INFO, "%s: connected",
		link->endpoint->name);
	link->told = false;
	link->up(link->user);
}

/* The address does not answer: its request fails when the peer is closed. */
static void on_patience_over(uv_timer_t *timer)
{
	struct ann_link *link = timer->data;

	if (link->next == NULL) {
		tell(link, "cannot connect", UV_ETIMEDOUT, "trying again");
	}
	shut_peer(link);
}

static void connecting(struct ann_link *link)
{
	link->live++;
	link->connect.data = link;
	(void)uv_timer_start(&link->timer, on_patience_over, link->patience_ms, 0);
}

static void open_peer(struct ann_link *link)
{
	ann_socket_init(&link->peer, link->timer.loop, link->endpoint->path != NULL);
	link->live++;
	link->open = true;
	link->peer.handle.data = link;
}

static void connect_tcp(struct ann_link *link, const struct addrinfo *address)
{
	int status = 0;

	open_peer(link);
	status = uv_tcp_connect(
		&link->connect, &link->peer.tcp, address->ai_addr, on_connected);
	if (status == 0) {
		(void)uv_tcp_nodelay(&link->peer.tcp, 1);
		connecting(link);
	} else {
		failed(link, status);
	}
}

static void connect_unix(struct ann_link *link)
{
	open_peer(link);
	uv_pipe_connect(
		&link->connect, &link->peer.pipe, link->endpoint->path, on_connected);
	connecting(link);
}

/* The next address of those found, or a wait when there is none. */
static void next_address(struct ann_link *link)
{
	struct addrinfo *address = link->next;

	if (address == NULL) {
		wait_longer(link);
		return;
	}
	link->next = address->ai_next;
	connect_tcp(link, address);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct ann_link *link = request->data;

	link->found = found;
	link->looking_up = false;
	if (!released(link) || link->closing) {
		return;
	}
	if (status == 0) {
		link->next = found;
		next_address(link);
	} else {
		failed(link, status);
	}
}

static void look_up(struct ann_link *link)
{
	const struct ann_endpoint *place = link->endpoint;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	int status = 0;

	uv_freeaddrinfo(link->found);
	link->found = NULL;
	link->next = NULL;
	status = uv_getaddrinfo(link->timer.loop, &link->lookup, on_found,
		place->host[0] == '\0' ? "localhost" : place->host, place->port,
		&hints);
	if (status == 0) {
		link->live++;
		link->looking_up = true;
		link->lookup.data = link;
	} else {
		failed(link, status);
	}
}

static void try_again(struct ann_link *link)
{
	if (link->endpoint->path != NULL) {
		connect_unix(link);
	} else {
		look_up(link);
	}
}

void ann_link_start(struct ann_link *link)
{
	try_again(link);
}
