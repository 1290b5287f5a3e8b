/*
 * sink_relp - records go to a collector that answers for each: relp://.
 *
 * The story: the link comes up and the session is opened; records are taken from the
 * store as long as the window has room, and each leaves the store when the collector
 * has answered. When the connection breaks, what is unanswered is sent again in order
 * on the next one, so that nothing is lost, and at most a window comes twice.
 *
 * A record that the collector refuses would be refused again: it is counted as dropped,
 * which is announced. A collector that does not keep to the protocol, or does not want
 * syslog, is one that is away.
 *
 * At the end the session is closed when all is answered. What is not, when the time is
 * over, is told, and the sink ends with an error, unless a spool has it.
 */
#include "annotty/alloc.h"

#include "io/log.h"
#include "io/sink/framing.h"
#include "io/sink/outflow.h"
#include "io/sink/relp.h"
#include "io/spool/store.h"

#include <stdio.h>

struct settings {
	struct ann_collector_settings collector; /* first, for the lists of keys */
	uint64_t window;
};

static const struct ann_key keys[] = {
	{"window", ANN_KEY_NUMBER, offsetof(struct settings, window), NULL, 1, 65536},
	{0},
};

struct sink {
	struct ann_sink_base base;
	struct ann_link link;
	struct ann_outflow out;
	struct ann_relp relp;
	struct ann_store store;
	bool told_refusal;
	bool told_cut;
};

/* --- sending ---------------------------------------------------------------------- */

static void lose(struct sink *s, int status, const char *why)
{
	char story[256] = "";

	(void)snprintf(story, sizeof(story), "%.200s%s%zu records are unanswered",
		why == NULL ? "" : why, why == NULL ? "" : "; ",
		ann_relp_pending(&s->relp));
	ann_outflow_leave(&s->out);
	ann_link_lost(&s->link, status, story);
}

/* What RELP can carry of a record: some of it, but not all of what is too long. */
static struct ann_span fit(struct sink *s, struct ann_span record)
{
	struct ann_span bare = ann_record_bare(record);

	if (bare.len == 0) {
		return record; /* an empty line: its end */
	}
	if (bare.len > ANN_RELP_RECORD_BYTES) {
		if (!s->told_cut) {
			ann_log(ANN_LOG_WARNING, "%s: a record of %zu bytes was cut",
				s->base.endpoint->name, bare.len);
		}
		s->told_cut = true;
		bare.len = ANN_RELP_RECORD_BYTES;
	}
	return bare;
}

static void submit(struct sink *s)
{
	struct ann_store_record record;

	while (ann_relp_room(&s->relp) > 0 && !ann_outflow_is_full(&s->out) &&
		ann_store_next(&s->store, &record)) {
		/* Without memory it stays where it is, until the next event. */
		if (ann_relp_submit(&s->relp, record.id, fit(s, record.bytes),
			    &s->out.bytes) != ANN_OK) {
			return;
		}
		ann_store_taken(&s->store);
	}
}

/* Moves what can be moved. */
static void push(struct sink *s)
{
	int status = 0;

	if (s->out.stream == NULL) {
		return;
	}
	submit(s);
	if (s->base.front.closing && ann_store_is_empty(&s->store)) {
		ann_relp_finish(&s->relp, &s->out.bytes);
	}
	if (s->out.bytes.failed) {
		status = UV_ENOMEM;
	} else {
		status = ann_outflow_flush(&s->out);
	}
	if (status != 0) {
		lose(s, status, NULL);
	}
}

/* The same from the loop, where it can be the end of the sink. */
static void go_on(struct sink *s)
{
	push(s);
	ann_sink_base_written(&s->base, ann_store_room(&s->store));
}

static void on_changed(struct ann_sink_base *base)
{
	go_on((struct sink *)base);
}

static void on_written(void *user)
{
	go_on(user);
}

static void on_dead(void *user, int status)
{
	struct sink *s = user;

	lose(s, status, NULL);
	go_on(s);
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct sink *s = (struct sink *)sink;
	bool room = ann_store_put(&s->store, chunk, can_wait);

	push(s);
	room |= ann_store_room(&s->store);
	return room || !s->base.blocks;
}

/* --- receiving -------------------------------------------------------------------- */

static void on_answered(void *user, uint64_t id, unsigned status)
{
	struct sink *s = user;
	bool taken = status == ANN_RELP_TAKEN;

	(void)id;
	if (!taken && !s->told_refusal) {
		ann_log(ANN_LOG_WARNING,
			"%s: the server refuses records, which are dropped: status %u",
			s->base.endpoint->name, status);
		s->told_refusal = true;
	}
	ann_store_done(&s->store, taken);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char room[16384];

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(room, sizeof(room));
}

/* As we have asked for, or by the server. */
static void end_session(struct sink *s)
{
	if (s->base.front.closing && ann_store_is_empty(&s->store)) {
		ann_outflow_leave(&s->out);
	} else {
		lose(s, UV_EOF, NULL);
	}
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	const struct ann_link *link = stream->data;
	struct sink *s = link->user;
	struct ann_error err = {0};

	if (s->out.stream == NULL) {
		return;
	}
	if (got < 0) {
		lose(s, (int)got, NULL);
	} else if (ann_relp_feed(&s->relp, (struct ann_span){buffer->base, (size_t)got},
			   &s->out.bytes, &err) != ANN_OK) {
		lose(s, err.os == 0 ? UV_ENOMEM : -err.os, err.text);
	} else if (ann_relp_state(&s->relp) == ANN_RELP_ENDED) {
		end_session(s);
	}
	go_on(s);
}

/* While closing this can be the end. */
static void on_away(void *user)
{
	go_on(user);
}

static void on_up(void *user)
{
	struct sink *s = user;
	int status = 0;

	ann_outflow_begin(&s->out, &s->link.peer.stream);
	ann_relp_begin(&s->relp, &s->out.bytes);
	status = uv_read_start(s->out.stream, give_room, on_read);
	if (status != 0) {
		lose(s, status, NULL);
	}
	go_on(s);
}

/* --- as a sink -------------------------------------------------------------------- */

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	struct sink *s = (struct sink *)sink;

	enum ann_err failed = ann_store_open(&s->store, err);

	if (failed == ANN_OK) {
		ann_link_start(&s->link);
	}
	return failed;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct sink *s = (const struct sink *)sink;

	ann_store_stats(&s->store, stats);
	stats->connected = s->link.is_up;
	stats->away = s->link.told;
	stats->connects = s->link.ups;
	stats->written_bytes = s->out.written_bytes;
}

static void close_sink(struct ann_sink *sink, uint64_t drain_ms)
{
	struct sink *s = (struct sink *)sink;

	push(s); /* if all is answered, this closes the session */
	ann_sink_base_close(sink, drain_ms);
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.close = close_sink,
};

/* All is answered, and the session is closed; or the server is away, and the spool has
 * it. */
static bool idle(const struct ann_sink_base *base)
{
	const struct sink *s = (const struct sink *)base;

	if (ann_store_is_safe(&s->store) && s->link.told) {
		return true; /* the next run will see to it */
	}
	return ann_store_is_empty(&s->store) && s->out.stream == NULL;
}

static void on_link_closed(void *user)
{
	ann_sink_base_drop(user);
}

static void stop(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	ann_outflow_leave(&s->out);
	ann_link_close(&s->link, on_link_closed);
	ann_store_close(&s->store);
}

static void release(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	ann_store_deinit(&s->store);
	ann_relp_deinit(&s->relp);
	ann_outflow_deinit(&s->out);
	ann_free(s);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

/* NULL: no memory. */
static struct sink *allocate(const struct ann_store_options *options)
{
	struct sink *s = ann_alloc(sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	if (ann_relp_init(&s->relp, options->window, on_answered, s) != ANN_OK ||
		ann_store_init(&s->store, &s->base, options) != ANN_OK) {
		release(&s->base);
		return NULL;
	}
	return s;
}

static enum ann_err new_relp(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	struct settings settings = {
		.collector = ann_collector_defaults(context),
		.window = ANN_RELP_WINDOW,
	};
	const struct ann_key *const lists[] = {
		ann_sink_keys, ann_collector_keys, ann_collector_tcp_keys, keys, NULL};
	enum ann_err failed =
		ann_collector_read(&settings.collector, endpoint, lists, err);
	const struct ann_store_options options = {
		.context = context,
		.endpoint = endpoint,
		.settings = &settings.collector,
		.window = (size_t)settings.window,
		.changed = on_changed,
	};
	struct sink *s = failed == ANN_OK ? allocate(&options) : NULL;

	if (s == NULL) {
		return failed == ANN_OK ? ann_error_nomem(err) : failed;
	}
	ann_sink_base_init(
		&s->base, &ops, &kind, context, endpoint, &settings.collector.common);
	ann_link_init(&s->link, context->loop, endpoint, on_up, s);
	s->link.away = on_away;
	ann_collector_apply(&settings.collector, &s->link);
	ann_sink_base_hold(&s->base); /* until the link is closed */
	ann_store_begin(&s->store);
	s->out.written = on_written;
	s->out.lost = on_dead;
	s->out.user = s;
	*sink = &s->base.front;
	return ANN_OK;
}

const struct ann_sink_driver ann_sink_relp = {
	.scheme = "relp",
	.format = ANN_FORMAT_SYSLOG,
	.whole_records = true,
	.spools = true,
	.new_sink = new_relp,
};
