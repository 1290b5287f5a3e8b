/*
 * sink_datagram - a record a datagram: unix-dgram:, syslog+udp://, syslog:, journal:.
 *
 * The story: one socket, connected to the receiver, which can come and go: when it is
 * away, the records wait in the queue, and it is tried again after waits that grow. One
 * that is full is waited for by the loop. A datagram arrives whole or not at all, so
 * nothing comes twice; over UDP it may also not arrive at all, and nobody is told. A
 * record that is too long for a datagram is cut if it is syslog, given as a sealed file
 * if it is for the journal, and otherwise dropped, counted and announced.
 */
#include "annotty/alloc.h"

#include "io/backoff.h"
#include "io/datagram.h"
#include "io/log.h"
#include "io/sink_base.h"
#include "io/unix.h"

#include <errno.h>
#include <unistd.h>

struct datagram {
	struct ann_sink_base base;
	const char *path; /* NULL: host and port of the endpoint */
	enum ann_datagram_kind kind;
	struct ann_queue *queue;
	size_t record; /* of the queue's front, the next one */
	int fd;        /* -1: not yet */
	uv_poll_t poll;
	bool polled;  /* the handle exists */
	bool wanting; /* it tells of room */
	uv_timer_t again;
	uv_getaddrinfo_t lookup;
	bool looking_up;
	struct ann_backoff backoff;
	bool connected;
	bool told;     /* the log knows that the receiver is away */
	bool too_long; /* the log knows that there are records too long */
	uint64_t connected_at_ms;
	uint64_t connects;
	uint64_t written_bytes;
};

static void connect_again(struct datagram *d);

/* --- the receiver comes and goes ------------------------------------------------- */

static void on_again(uv_timer_t *again)
{
	connect_again(again->data);
}

static void lose(struct datagram *d, int error)
{
	if (d->connected) {
		ann_backoff_lost(
			&d->backoff, uv_now(d->base.loop) - d->connected_at_ms);
	}
	d->connected = false;
	if (!d->told && !d->base.stopped) {
		ann_log(ANN_LOG_WARNING, "%s: %s; trying again", d->base.endpoint->name,
			uv_strerror(error));
	}
	d->told = true;
	(void)uv_timer_start(&d->again, on_again, ann_backoff_next(&d->backoff), 0);
}

static bool push(struct datagram *d);

static void on_room(uv_poll_t *poll, int status, int events)
{
	struct datagram *d = poll->data;

	(void)status;
	(void)events;
	ann_sink_base_written(&d->base, push(d));
}

static void want_room(struct datagram *d, bool wanted)
{
	if (wanted == d->wanting || !d->polled) {
		return;
	}
	d->wanting = wanted;
	if (wanted) {
		(void)uv_poll_start(&d->poll, UV_WRITABLE, on_room);
	} else {
		(void)uv_poll_stop(&d->poll);
	}
}

/* The socket of the receiver's kind. 0, or a status of libuv. */
static int open_socket(struct datagram *d, int family)
{
	int status = 0;

	if (d->fd >= 0) {
		return 0;
	}
	d->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0) {
		return uv_translate_sys_error(errno);
	}
	status = uv_poll_init(d->base.loop, &d->poll, d->fd);
	if (status != 0) {
		close(d->fd);
		d->fd = -1;
		return status;
	}
	ann_sink_base_opened(&d->base, (uv_handle_t *)&d->poll);
	d->polled = true;
	return 0;
}

static void connect_to(
	struct datagram *d, const struct sockaddr *address, socklen_t len)
{
	int status = open_socket(d, address->sa_family);

	if (status == 0 && connect(d->fd, address, len) != 0) {
		status = uv_translate_sys_error(errno);
	}
	if (status != 0) {
		lose(d, status);
		return;
	}
	d->connected = true;
	d->connected_at_ms = uv_now(d->base.loop);
	d->connects++;
	ann_sink_base_written(&d->base, push(d));
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct datagram *d = request->data;

	d->looking_up = false;
	if (!d->base.stopped) {
		if (status == 0) {
			connect_to(d, found->ai_addr, found->ai_addrlen);
		} else {
			lose(d, status);
		}
	}
	uv_freeaddrinfo(found);
	ann_sink_base_drop(&d->base);
}

/* The family of the socket, once there is one, stays. */
static int family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family;
}

static void look_up(struct datagram *d)
{
	const struct ann_endpoint *place = d->base.endpoint;
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
		.ai_family = d->fd < 0 ? AF_UNSPEC : family_of(d->fd)};
	int status = uv_getaddrinfo(d->base.loop, &d->lookup, on_found,
		place->host[0] == '\0' ? "localhost" : place->host, place->port,
		&hints);

	if (status != 0) {
		lose(d, status);
		return;
	}
	d->lookup.data = d;
	d->looking_up = true;
	ann_sink_base_hold(&d->base);
}

static void connect_again(struct datagram *d)
{
	if (d->path != NULL) {
		const struct sockaddr_un address = ann_unix_address(d->path);

		connect_to(d, (const struct sockaddr *)&address, sizeof(address));
	} else {
		look_up(d);
	}
}

/* --- writing ---------------------------------------------------------------------- */

/* The record cannot be sent, ever. */
static void miss(struct datagram *d, const struct ann_chunk *chunk)
{
	if (!d->too_long) {
		ann_log(ANN_LOG_WARNING,
			"%s: a record is too long for a datagram; such are dropped",
			d->base.endpoint->name);
	}
	d->too_long = true;
	ann_sink_base_missed(
		&d->base, &(struct ann_chunk){.lines = chunk->lines > 0,
				  .in_bytes = chunk->in_bytes / chunk->records});
}

/* UDP takes all, so that says something only after a while. */
static void tell_arrival(struct datagram *d)
{
	uint64_t lasted_ms = uv_now(d->base.loop) - d->connected_at_ms;

	if (d->told && (d->path != NULL || lasted_ms >= ANN_BACKOFF_LASTED_MS)) {
		ann_log(ANN_LOG_NOTICE, "%s: connected", d->base.endpoint->name);
		d->told = false;
	}
}

/* Sends the next record of the front, or arranges for it to be sent later. */
static void send_record(struct datagram *d, const struct ann_chunk *front)
{
	struct ann_span record = ann_chunk_record(front, d->record);
	int error = ann_datagram_send(d->fd, d->kind, record);

	if (error == 0) {
		d->written_bytes += record.len;
		tell_arrival(d);
	} else if (error == EMSGSIZE) {
		miss(d, front);
	} else if (error == EAGAIN) {
		want_room(d, true);
		return;
	} else {
		lose(d, uv_translate_sys_error(error));
		return;
	}
	d->record++;
}

/* The front has been sent. True: there is room again. */
static bool finish_front(struct datagram *d)
{
	bool room = ann_queue_pop(d->queue);
	struct ann_chunk *apology = ann_sink_base_apology(&d->base);

	d->record = 0;
	if (apology != NULL) {
		(void)ann_queue_put(d->queue, apology, false);
		ann_chunk_unref(apology);
	}
	return room;
}

/* Sends what can be sent. True: there is room again. */
static bool push(struct datagram *d)
{
	const struct ann_chunk *front = NULL;
	bool room = false;

	want_room(d, false);
	while (d->connected && !d->wanting &&
		(front = ann_queue_front(d->queue)) != NULL) {
		if (d->record < front->records) {
			send_record(d, front);
		} else {
			room |= finish_front(d);
		}
	}
	return room;
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct datagram *d = (struct datagram *)sink;
	bool room = ann_queue_put(d->queue, chunk, can_wait);

	if (!d->wanting) {
		room |= push(d);
	}
	return room || !d->base.blocks;
}

/* --- the sink -----------------------------------------------------------------------
 */

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	(void)err;
	connect_again((struct datagram *)sink);
	return ANN_OK;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct datagram *d = (const struct datagram *)sink;

	stats->connected = d->connected;
	stats->connects = d->connects;
	stats->queued_bytes = ann_queue_bytes(d->queue);
	stats->written_bytes = d->written_bytes;
	stats->dropped_lines = d->base.lost_lines + ann_queue_dropped_lines(d->queue);
	stats->dropped_bytes = d->base.lost_bytes + ann_queue_dropped_bytes(d->queue);
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.close = ann_sink_base_close,
};

static bool idle(const struct ann_sink_base *base)
{
	return ann_queue_bytes(((const struct datagram *)base)->queue) == 0;
}

static void stop(struct ann_sink_base *base)
{
	struct datagram *d = (struct datagram *)base;

	ann_sink_base_given_up(base, ann_queue_bytes(d->queue));
	d->connected = false;
	if (d->looking_up) {
		/* If it is too late for that, the callback sees `stopped`. */
		(void)uv_cancel((uv_req_t *)&d->lookup);
	}
	ann_sink_base_shut((uv_handle_t *)&d->again);
	if (d->polled) {
		ann_sink_base_shut((uv_handle_t *)&d->poll);
		close(d->fd); /* nobody watches it any more */
	}
}

static void release(struct ann_sink_base *base)
{
	struct datagram *d = (struct datagram *)base;

	ann_queue_free(d->queue);
	ann_free(d);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

/* NULL: no memory. */
static struct datagram *allocate(const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint, const struct ann_sink_settings *settings)
{
	struct datagram *d = ann_alloc(sizeof(*d));

	if (d == NULL) {
		return NULL;
	}
	d->queue = ann_sink_base_queue(&d->base, settings);
	if (d->queue == NULL) {
		ann_free(d);
		return NULL;
	}
	d->fd = -1;
	ann_sink_base_init(&d->base, &ops, &kind, context, endpoint, settings);
	(void)uv_timer_init(context->loop, &d->again); /* cannot fail */
	ann_sink_base_opened(&d->base, (uv_handle_t *)&d->again);
	ann_backoff_init(&d->backoff, ANN_BACKOFF_LEAST_MS, ANN_BACKOFF_MOST_MS,
		uv_hrtime() ^ (uintptr_t)d);
	return d;
}

/* `path` is where the receiver usually is, for endpoints that do not say. */
static enum ann_err new_datagram(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	enum ann_datagram_kind of_kind, const char *path, struct ann_error *err)
{
	struct ann_sink_settings settings = {context->queue_bytes, context->policy};
	const struct ann_key *const all[] = {ann_sink_keys, NULL};
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, all, &settings, err);
	struct datagram *d = NULL;

	if (endpoint->path != NULL && endpoint->path[0] != '\0') {
		path = endpoint->path;
	}
	if (failed == ANN_OK && path != NULL) {
		failed = ann_unix_check(path, endpoint->spec, err);
	}
	if (failed != ANN_OK) {
		return failed;
	}
	d = allocate(context, endpoint, &settings);
	if (d == NULL) {
		return ann_error_nomem(err);
	}
	d->kind = of_kind;
	d->path = path;
	*sink = &d->base.front;
	return ANN_OK;
}

static enum ann_err new_plain(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_datagram(sink, context, endpoint, ANN_DATAGRAM_PLAIN, "", err);
}

static enum ann_err new_udp(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_datagram(sink, context, endpoint, ANN_DATAGRAM_SYSLOG, NULL, err);
}

static enum ann_err new_syslog(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_datagram(
		sink, context, endpoint, ANN_DATAGRAM_SYSLOG, "/dev/log", err);
}

static enum ann_err new_journal(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_datagram(sink, context, endpoint, ANN_DATAGRAM_JOURNAL,
		"/run/systemd/journal/socket", err);
}

const struct ann_sink_driver ann_sink_unix_dgram = {
	.scheme = "unix-dgram",
	.format = ANN_FORMAT_TEXT,
	.whole_records = true,
	.new_sink = new_plain,
};

const struct ann_sink_driver ann_sink_syslog_udp = {
	.scheme = "syslog+udp",
	.format = ANN_FORMAT_SYSLOG,
	.whole_records = true,
	.new_sink = new_udp,
};

const struct ann_sink_driver ann_sink_syslog = {
	.scheme = "syslog",
	.format = ANN_FORMAT_SYSLOG_LOCAL,
	.whole_records = true,
	.new_sink = new_syslog,
};

const struct ann_sink_driver ann_sink_journal = {
	.scheme = "journal",
	.format = ANN_FORMAT_JOURNAL,
	.whole_records = true,
	.new_sink = new_journal,
};
