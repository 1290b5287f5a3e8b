/*
 * sink_listen - any number of readers come and go: tcp-listen://, unix-listen:.
 *
 * The story: the descriptor listens; each connection becomes a reader with a queue of
 * its own, in which all chunks are shared, so that none of them can hold up another or,
 * but for the policy `block`, the sources. A reader who comes late begins with the last
 * records, if they are kept, and else with the next whole line. More readers than
 * allowed are turned away.
 */
#include "annotty/alloc.h"

#include "io/log.h"
#include "io/net/listening.h"
#include "io/net/unix.h"
#include "io/sink/backlog.h"
#include "io/sink/reader.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct settings {
	struct ann_sink_settings common;
	struct ann_unix_access access;
	uint64_t clients;
	uint64_t backlog;
};

static const struct ann_key keys[] = {
	{"clients", ANN_KEY_NUMBER, offsetof(struct settings, clients), NULL, 1, 10000},
	{"backlog", ANN_KEY_NUMBER, offsetof(struct settings, backlog), NULL, 0,
		1000000},
	{0},
};

static const struct ann_key access_keys[] = {
	{"mode", ANN_KEY_MODE, offsetof(struct settings, access.mode), NULL, 0, 0},
	{"group", ANN_KEY_TEXT, offsetof(struct settings, access.group), NULL, 0, 0},
	{0},
};

enum {
	CLIENTS = 64,
	BACKLOG_BYTES = 4 << 20,
	ACCEPT_AT_ONCE = 16,
	REST_MS = 1000, /* when there are no descriptors left */
};

struct listen {
	struct ann_sink_base base;
	struct settings settings;
	int fd;           /* -1: none */
	struct stat made; /* the path, once it is there; else all zero */
	uv_poll_t poll;
	uv_timer_t rest;
	struct ann_reader *readers;
	uint64_t count; /* of readers */
	struct ann_backlog backlog;
	struct ann_sink_stats gone; /* what readers that are gone have counted */
	bool has_refused;           /* since there was room for a reader */
};

/* --- readers ------------------------------------------------------------------------
 */

static void count(struct ann_sink_stats *stats, const struct ann_reader *reader)
{
	const struct ann_queue *queue = reader->writer.queue;

	stats->written_bytes += reader->writer.written_bytes;
	stats->dropped_lines += ann_queue_dropped_lines(queue);
	stats->dropped_bytes += ann_queue_dropped_bytes(queue);
}

/* True when the policy is to wait, and somebody has to be waited for. */
static bool is_full(const struct listen *l)
{
	const struct ann_reader *reader = l->base.blocks ? l->readers : NULL;

	while (reader != NULL && !reader->full) {
		reader = reader->next;
	}
	return reader != NULL;
}

/* Nobody of ours any more. */
static void let_go(struct listen *l, struct ann_reader *reader)
{
	struct ann_reader **at = &l->readers;

	while (*at != reader) {
		at = &(*at)->next;
	}
	*at = reader->next;
	l->count--;
	l->has_refused = false;
	count(&l->gone, reader);
	ann_log(ANN_LOG_INFO, "%s: a reader has gone, %llu left",
		l->base.endpoint->name, (unsigned long long)l->count);
}

static void dismiss(struct listen *l, struct ann_reader *reader)
{
	let_go(l, reader);
	ann_reader_close(reader);
}

static void on_written(void *user, struct ann_reader *reader, bool room)
{
	struct listen *l = user;

	(void)reader;
	ann_sink_base_written(&l->base, room && !is_full(l));
}

static void on_gone(void *user, struct ann_reader *reader)
{
	struct listen *l = user;
	bool was_full = is_full(l);

	dismiss(l, reader);
	ann_sink_base_written(&l->base, was_full && !is_full(l));
}

static const struct ann_reader_events reader_events = {
	.written = on_written, .gone = on_gone};

static void put_to(void *user, struct ann_chunk *chunk)
{
	ann_reader_put(user, chunk, false);
}

static void welcome(struct listen *l, int fd)
{
	struct ann_reader *reader =
		ann_reader_new(&l->base, &l->settings.common, fd, &reader_events, l);

	if (reader == NULL) {
		return;
	}
	reader->next = l->readers;
	l->readers = reader;
	l->count++;
	l->gone.connects++;
	ann_log(ANN_LOG_INFO, "%s: a reader has come, %llu now", l->base.endpoint->name,
		(unsigned long long)l->count);
	reader->in_line = ann_backlog_give(&l->backlog, put_to, reader);
	if (!ann_reader_push(reader)) {
		dismiss(l, reader);
	}
}

static void refuse(struct listen *l, int fd)
{
	close(fd);
	if (!l->has_refused) {
		ann_log(ANN_LOG_WARNING, "%s: there are %llu readers, more are refused",
			l->base.endpoint->name, (unsigned long long)l->count);
	}
	l->has_refused = true;
}

/* --- accepting ------------------------------------------------------------------- */

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *rest)
{
	struct listen *l = rest->data;

	(void)uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

/* accept(2) has failed: with `error`. */
static void rest_if_needed(struct listen *l, int error)
{
	if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
		ann_log(ANN_LOG_WARNING, "%s: accept: %s", l->base.endpoint->name,
			uv_strerror(uv_translate_sys_error(error)));
		(void)uv_poll_stop(&l->poll);
		(void)uv_timer_start(&l->rest, on_rested, REST_MS, 0);
	}
}

/* Those who wait. */
static void accept_all(struct listen *l)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			rest_if_needed(l, errno);
			return;
		}
		if (l->count < l->settings.clients) {
			welcome(l, fd);
		} else {
			refuse(l, fd);
		}
	}
}

/* Who comes when all ends is for the next run, if there is one. */
static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct listen *l = poll->data;

	(void)status;
	(void)events;
	if (l->base.front.closing) {
		(void)uv_poll_stop(poll);
	} else {
		accept_all(l);
	}
}

/* --- the sink --------------------------------------------------------------------- */

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	struct listen *l = (struct listen *)sink;
	enum ann_err failed = ann_listen_at(
		&l->fd, l->base.endpoint, &l->settings.access, &l->made, err);
	int status = 0;

	if (failed != ANN_OK) {
		return failed;
	}
	/* One of an earlier run does not block from now on either. */
	status = uv_poll_init(l->base.loop, &l->poll, l->fd);
	if (status == 0) {
		ann_sink_base_opened(&l->base, (uv_handle_t *)&l->poll);
		status = uv_poll_start(&l->poll, UV_READABLE, on_connection);
	}
	if (status != 0) {
		return ann_error_os(err, -status, "\"%s\"", l->base.endpoint->spec);
	}
	ann_log(ANN_LOG_INFO, "%s: listening on %s", l->base.endpoint->name,
		ann_listen_name(l->fd).text);
	/* Those who came between two runs are to see all that this one reads. */
	accept_all(l);
	return ANN_OK;
}

static void put_to_all(struct listen *l, struct ann_chunk *chunk, bool can_wait)
{
	struct ann_reader *next = NULL;

	for (struct ann_reader *reader = l->readers; reader != NULL; reader = next) {
		next = reader->next;
		ann_reader_put(reader, chunk, can_wait);
		if (!ann_reader_push(reader)) {
			dismiss(l, reader);
		}
	}
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct listen *l = (struct listen *)sink;
	struct ann_chunk *apology = ann_sink_base_apology(&l->base);

	/* Who has connected before the line came gets it. */
	if (uv_is_active((uv_handle_t *)&l->poll)) {
		accept_all(l);
	}
	if (apology != NULL) {
		put_to_all(l, apology, can_wait);
		ann_chunk_unref(apology);
	}
	ann_backlog_add(&l->backlog, chunk);
	put_to_all(l, chunk, can_wait);
	return !is_full(l);
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct listen *l = (const struct listen *)sink;

	*stats = l->gone;
	stats->dropped_lines += l->base.lost_lines;
	stats->dropped_bytes += l->base.lost_bytes;
	stats->connected = l->count > 0;
	stats->listens = l->poll.data != NULL;
	stats->readers = l->count;
	for (const struct ann_reader *reader = l->readers; reader != NULL;
		reader = reader->next) {
		count(stats, reader);
		stats->queued_bytes += ann_queue_bytes(reader->writer.queue);
	}
}

static int descriptor(struct ann_sink *sink)
{
	return ((const struct listen *)sink)->fd;
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.fd = descriptor,
	.close = ann_sink_base_close,
};

/* --- the end ------------------------------------------------------------------------
 */

static bool idle(const struct ann_sink_base *base)
{
	const struct ann_reader *reader = ((const struct listen *)base)->readers;

	while (reader != NULL && ann_writer_idle(&reader->writer)) {
		reader = reader->next;
	}
	return reader == NULL;
}

static void stop(struct ann_sink_base *base)
{
	struct listen *l = (struct listen *)base;
	uint64_t bytes = 0;

	while (l->readers != NULL) {
		struct ann_reader *reader = l->readers;

		bytes += ann_queue_bytes(reader->writer.queue);
		let_go(l, reader);
		ann_reader_part(reader);
	}
	ann_sink_base_given_up(base, bytes);
	ann_sink_base_shut((uv_handle_t *)&l->rest);
	if (l->poll.data != NULL) {
		ann_sink_base_shut((uv_handle_t *)&l->poll);
	}
	if (!base->front.kept && l->made.st_ino != 0) {
		ann_listen_unlink(base->endpoint->path, &l->made);
	}
	if (l->fd >= 0) {
		close(l->fd); /* nobody watches it any more */
	}
}

static void release(struct ann_sink_base *base)
{
	struct listen *l = (struct listen *)base;

	ann_backlog_deinit(&l->backlog);
	ann_free(l);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

static enum ann_err new_listen(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	/* A slow reader is no reason to wait, unless the settings say so. */
	struct settings settings = {
		.common = {context->queue_bytes, ANN_QUEUE_DROP_OLDEST},
		.clients = CLIENTS,
	};
	const struct ann_key *const all[] = {
		ann_sink_keys, keys, endpoint->path == NULL ? NULL : access_keys, NULL};
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, all, &settings, err);
	struct listen *l = NULL;

	if (failed == ANN_OK && endpoint->path != NULL) {
		failed = ann_unix_check(endpoint->path, endpoint->spec, err);
	}
	if (failed != ANN_OK) {
		return failed;
	}
	l = ann_alloc(sizeof(*l));
	if (l == NULL) {
		return ann_error_nomem(err);
	}
	l->settings = settings;
	l->fd = context->fd;
	l->backlog.most_lines = settings.backlog;
	l->backlog.most_bytes = BACKLOG_BYTES;
	ann_sink_base_init(&l->base, &ops, &kind, context, endpoint, &settings.common);
	(void)uv_timer_init(context->loop, &l->rest); /* cannot fail */
	ann_sink_base_opened(&l->base, (uv_handle_t *)&l->rest);
	*sink = &l->base.front;
	return ANN_OK;
}

const struct ann_sink_driver ann_sink_tcp_listen = {
	.scheme = "tcp-listen",
	.format = ANN_FORMAT_TEXT,
	.new_sink = new_listen,
};

const struct ann_sink_driver ann_sink_unix_listen = {
	.scheme = "unix-listen",
	.format = ANN_FORMAT_TEXT,
	.new_sink = new_listen,
};
