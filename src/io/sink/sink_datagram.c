/*
 * sink_datagram - a record a datagram: unix-dgram:, syslog+udp://, syslog:, journal:.
 *
 * The story: one socket, connected to the receiver, which can come and go: when it is
 * away, the records wait in the queue, and it is tried again after waits that grow. One
 * that is full is waited for by the loop. A datagram arrives whole or not at all, so
 * nothing comes twice; over UDP it may also not arrive at all, and nobody is told. A
 * record that is too long for a datagram is cut if it is syslog, given as a sealed file
 * if it is for the journal, and otherwise dropped, counted, and announced
 * in its place.
 */
#include "annotty/alloc.h"

#include "io/log.h"
#include "io/net/unix.h"
#include "io/sink/datagram.h"
#include "io/sink/receiver.h"
#include "io/sink/sink_base.h"

#include <errno.h>

struct datagram {
	struct ann_sink_base base;
	struct ann_receiver receiver;
	enum ann_datagram_kind kind;
	struct ann_queue *queue;
	size_t record;             /* of the queue's front, the next one */
	struct ann_chunk *apology; /* to be sent before that; NULL: none */
	bool too_long;             /* the log knows that there are records too long */
	uint64_t written_bytes;
};

/* The record cannot be sent, ever. Its share of the chunk tells what it was made of. */
static void miss(
	struct datagram *d, const struct ann_chunk *chunk, struct ann_span record)
{
	double share = (double)record.len / (double)chunk->bytes.len;

	if (!d->too_long) {
		ann_log(ANN_LOG_WARNING,
			"%s: a record is too long for a datagram; such are dropped",
			d->base.endpoint->name);
	}
	d->too_long = true;
	ann_sink_base_missed(&d->base,
		&(struct ann_chunk){.lines = chunk->lines > 0,
			.in_bytes = (uint64_t)(share * (double)chunk->in_bytes)});
}

/* Zero, EMSGSIZE, or EAGAIN: not now, and it is arranged that it will be tried again.
 */
static int send_record(struct datagram *d, struct ann_span record)
{
	int error = ann_datagram_send(d->receiver.fd, d->kind, record);

	if (error == 0) {
		d->written_bytes += record.len;
		ann_receiver_took(&d->receiver);
	} else if (error == EAGAIN) {
		ann_receiver_wait(&d->receiver);
	} else if (error != EMSGSIZE) {
		ann_receiver_lost(&d->receiver, uv_translate_sys_error(error));
		error = EAGAIN;
	}
	return error;
}

/* Says what was missed, if there is something to say. */
static void send_apology(struct datagram *d)
{
	if (d->apology == NULL) {
		d->apology = ann_sink_base_apology(&d->base);
	}
	if (d->apology != NULL && send_record(d, d->apology->bytes) != EAGAIN) {
		ann_chunk_unref(d->apology);
		d->apology = NULL;
	}
}

/* The next record of the front. True: that was all of it, and there is room again. */
static bool send_next(struct datagram *d, const struct ann_chunk *front)
{
	struct ann_span record = {0};
	int error = 0;

	if (d->record == front->records) {
		d->record = 0;
		return ann_queue_pop(d->queue);
	}
	record = ann_chunk_record(front, d->record);
	error = send_record(d, record);
	if (error == EMSGSIZE) {
		miss(d, front, record);
	}
	d->record += error != EAGAIN;
	return false;
}

/* Sends what can be sent. True: there is room again. */
static bool push(struct datagram *d)
{
	const struct ann_chunk *front = NULL;
	bool room = false;

	for (;;) {
		if (ann_receiver_is_ready(&d->receiver)) {
			send_apology(d);
		}
		front = ann_queue_front(d->queue);
		if (!ann_receiver_is_ready(&d->receiver) || front == NULL) {
			return room;
		}
		room |= send_next(d, front);
	}
}

static void on_ready(struct ann_sink_base *base)
{
	ann_sink_base_written(base, push((struct datagram *)base));
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct datagram *d = (struct datagram *)sink;
	bool room = ann_queue_put(d->queue, chunk, can_wait);

	room |= push(d);
	return room || !d->base.blocks;
}

/* --- the sink -----------------------------------------------------------------------
 */

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	(void)err;
	ann_receiver_start(&((struct datagram *)sink)->receiver);
	return ANN_OK;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct datagram *d = (const struct datagram *)sink;

	ann_sink_base_stats(&d->base, d->queue, stats);
	stats->connected = d->receiver.connected;
	stats->away = d->receiver.told;
	stats->connects = d->receiver.connects;
	stats->written_bytes = d->written_bytes;
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.close = ann_sink_base_close,
};

static bool idle(const struct ann_sink_base *base)
{
	const struct datagram *d = (const struct datagram *)base;

	return d->apology == NULL && ann_queue_bytes(d->queue) == 0;
}

static void stop(struct ann_sink_base *base)
{
	struct datagram *d = (struct datagram *)base;

	ann_sink_base_unwritten(base, ann_queue_bytes(d->queue));
	ann_receiver_close(&d->receiver);
}

static void release(struct ann_sink_base *base)
{
	struct datagram *d = (struct datagram *)base;

	ann_chunk_unref(d->apology);
	ann_queue_free(d->queue);
	ann_free(d);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

/* NULL: no memory. */
static struct datagram *allocate(const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint, const struct ann_sink_settings *settings,
	const char *path)
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
	ann_sink_base_init(&d->base, &ops, &kind, context, endpoint, settings);
	ann_receiver_init(&d->receiver, &d->base, path, on_ready);
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
	d = allocate(context, endpoint, &settings, path);
	if (d == NULL) {
		return ann_error_nomem(err);
	}
	d->kind = of_kind;
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
