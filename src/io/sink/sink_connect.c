/*
 * sink_connect - records go to a collector: tcp://, unix:, syslog+tcp://.
 *
 * The story: chunks wait in the queue until the link is up, and are then written as
 * fast as the peer takes them. When the connection breaks, the chunk that was being
 * written goes back, and is sent whole when the link is up again: without an
 * acknowledgement nobody knows how much of it arrived, and a line that comes twice
 * (the same source and seq) is better than half of one. What the peer sends is thrown
 * away; its end of file is the end of the connection. With a spool it is another sink,
 * io/sink/sink_spooled.h.
 */
#include "annotty/alloc.h"

#include "io/net/unix.h"
#include "io/sink/collector.h"
#include "io/sink/framing.h"
#include "io/sink/sink_spooled.h"
#include "io/sink/writer.h"

#include <stdio.h>

struct connect {
	struct ann_sink_base base;
	struct ann_link link;
	struct ann_writer writer;
};

/* --- writing ---------------------------------------------------------------------- */

static void lose(struct connect *c, int status)
{
	char story[96] = "";
	size_t again = ann_writer_leave(&c->writer);
	int unsent = 0;

	/* What the kernel still has of what was written may be lost. */
	(void)ann_socket_unsent(&c->link.peer.stream, &unsent);
	(void)snprintf(story, sizeof(story),
		"%d bytes were under way, the last %zu will come again", unsent, again);
	ann_link_lost(&c->link, status, story);
}

static void on_written(void *user, bool room)
{
	struct connect *c = user;

	ann_sink_base_written(&c->base, room);
}

static void on_dead(void *user, int status)
{
	lose(user, status);
}

static const struct ann_writer_events writer_events = {
	.written = on_written, .lost = on_dead};

/* True: there is room again. */
static bool push(struct connect *c)
{
	int status = 0;
	bool room = ann_writer_push(&c->writer, &status);

	if (status != 0) {
		lose(c, status);
	}
	return room;
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct connect *c = (struct connect *)sink;
	struct ann_chunk *apology = ann_sink_base_apology(&c->base);
	struct ann_chunk *framed = ann_sink_base_framed(&c->base, chunk);
	bool room = true;

	if (apology != NULL) {
		(void)ann_queue_put(c->writer.queue, apology, can_wait);
		ann_chunk_unref(apology);
	}
	if (framed != NULL) {
		room = ann_queue_put(c->writer.queue, framed, can_wait);
		ann_chunk_unref(framed);
	}
	room |= push(c);
	return room || !c->base.blocks;
}

/* --- the link --------------------------------------------------------------------- */

/* What the peer says is forgotten, but its end is seen. */
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	const struct ann_link *link = stream->data;

	(void)buffer;
	if (got < 0) {
		lose(link->user, (int)got);
	}
}

static void on_up(void *user)
{
	struct connect *c = user;
	int status = 0;

	c->writer.stream = &c->link.peer.stream;
	status = uv_read_start(c->writer.stream, ann_socket_give_scratch, on_read);
	if (status != 0) {
		lose(c, status);
		return;
	}
	ann_sink_base_written(&c->base, push(c));
}

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	struct connect *c = (struct connect *)sink;

	(void)err;
	ann_link_start(&c->link);
	return ANN_OK;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct connect *c = (const struct connect *)sink;

	ann_sink_base_stats(&c->base, c->writer.queue, stats);
	stats->connected = c->link.is_up;
	stats->away = c->link.told;
	stats->connects = c->link.ups;
	stats->written_bytes = c->writer.written_bytes;
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.close = ann_sink_base_close,
};

/* --- the end ------------------------------------------------------------------------
 */

static bool idle(const struct ann_sink_base *base)
{
	const struct connect *c = (const struct connect *)base;

	return ann_writer_idle(&c->writer);
}

static void on_link_closed(void *user)
{
	ann_sink_base_drop(user);
}

static void stop(struct ann_sink_base *base)
{
	struct connect *c = (struct connect *)base;

	if (ann_writer_idle(&c->writer)) {
		c->writer.stream = NULL;
		ann_link_part(&c->link, on_link_closed);
		return;
	}
	ann_sink_base_unwritten(base, ann_queue_bytes(c->writer.queue));
	(void)ann_writer_leave(&c->writer);
	ann_link_close(&c->link, on_link_closed);
}

static void release(struct ann_sink_base *base)
{
	struct connect *c = (struct connect *)base;

	ann_queue_free(c->writer.queue);
	ann_free(c);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

/* NULL: no memory. */
static struct connect *allocate(const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint,
	const struct ann_collector_settings *settings)
{
	struct connect *c = ann_alloc(sizeof(*c));

	if (c == NULL) {
		return NULL;
	}
	c->writer.queue = ann_sink_base_queue(&c->base, &settings->common);
	if (c->writer.queue == NULL) {
		ann_free(c);
		return NULL;
	}
	ann_sink_base_init(&c->base, &ops, &kind, context, endpoint, &settings->common);
	ann_link_init(&c->link, context->loop, endpoint, on_up, c);
	ann_sink_base_hold(&c->base); /* until the link is closed */
	return c;
}

static enum ann_err read_settings(struct ann_collector_settings *settings,
	const struct ann_endpoint *endpoint, struct ann_error *err)
{
	const struct ann_key *const tcp_keys[] = {
		ann_sink_keys, ann_collector_keys, ann_collector_tcp_keys, NULL};
	const struct ann_key *const unix_keys[] = {
		ann_sink_keys, ann_collector_keys, NULL};
	bool local = endpoint->path != NULL;
	enum ann_err failed = ann_collector_read(
		settings, endpoint, local ? unix_keys : tcp_keys, err);

	return failed == ANN_OK && local
		       ? ann_unix_check(endpoint->path, endpoint->spec, err)
		       : failed;
}

static enum ann_err new_connect(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_chunk *(*frame)(const struct ann_chunk *chunk),
	struct ann_error *err)
{
	struct ann_collector_settings settings = ann_collector_defaults(context);
	enum ann_err failed = read_settings(&settings, endpoint, err);
	struct connect *c = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	if (settings.spool_bytes > 0) {
		return ann_sink_spooled_new(
			sink, context, endpoint, &settings, frame, err);
	}
	c = allocate(context, endpoint, &settings);
	if (c == NULL) {
		return ann_error_nomem(err);
	}
	c->base.frame = frame;
	c->writer.events = &writer_events;
	c->writer.user = c;
	ann_collector_apply(&settings, &c->link);
	*sink = &c->base.front;
	return ANN_OK;
}

static enum ann_err new_plain(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_connect(sink, context, endpoint, NULL, err);
}

static enum ann_err new_octets(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	return new_connect(sink, context, endpoint, ann_frame_octets, err);
}

const struct ann_sink_driver ann_sink_tcp = {
	.scheme = "tcp",
	.format = ANN_FORMAT_TEXT,
	.spools = true,
	.new_sink = new_plain,
};

const struct ann_sink_driver ann_sink_unix = {
	.scheme = "unix",
	.format = ANN_FORMAT_TEXT,
	.spools = true,
	.new_sink = new_plain,
};

const struct ann_sink_driver ann_sink_syslog_tcp = {
	.scheme = "syslog+tcp",
	.format = ANN_FORMAT_SYSLOG,
	.whole_records = true,
	.spools = true,
	.new_sink = new_octets,
};
