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
#include "io/sink/delivery.h"
#include "io/sink/framing.h"
#include "io/sink/relp.h"

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
	struct ann_delivery delivery; /* the first */
	struct ann_relp relp;
	bool told_refusal;
	bool told_cut;
};

/* --- sending ---------------------------------------------------------------------- */

static void lose_for(struct sink *s, int status, const char *why)
{
	char story[256] = "";

	(void)snprintf(story, sizeof(story), "%.200s%s%zu records are unanswered",
		why == NULL ? "" : why, why == NULL ? "" : "; ",
		ann_relp_pending(&s->relp));
	ann_outflow_leave(&s->delivery.out);
	ann_link_lost(&s->delivery.link, status, story);
}

static void lose(struct ann_delivery *d, int status)
{
	lose_for((struct sink *)d, status, NULL);
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
				s->delivery.base.endpoint->name, bare.len);
		}
		s->told_cut = true;
		bare.len = ANN_RELP_RECORD_BYTES;
	}
	return bare;
}

static void submit(struct sink *s)
{
	struct ann_delivery *d = &s->delivery;
	struct ann_store_record record;

	while (ann_relp_room(&s->relp) > 0 && !ann_outflow_is_full(&d->out) &&
		ann_store_next(&d->store, &record)) {
		/* Without memory it stays where it is, until the next event. */
		if (ann_relp_submit(&s->relp, record.id, fit(s, record.bytes),
			    &d->out.bytes) != ANN_OK) {
			return;
		}
		ann_store_taken(&d->store);
	}
}

/* We have been asked to close, and all is answered. */
static bool is_over(const struct ann_delivery *d)
{
	return d->base.front.closing && ann_store_is_empty(&d->store);
}

static void push(struct ann_delivery *d)
{
	struct sink *s = (struct sink *)d;
	int status = 0;

	submit(s);
	if (is_over(d)) {
		ann_relp_finish(&s->relp, &d->out.bytes);
	}
	status = ann_outflow_flush(&d->out);
	if (status != 0) {
		lose(d, status);
	}
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
			s->delivery.base.endpoint->name, status);
		s->told_refusal = true;
	}
	ann_store_done(&s->delivery.store, taken);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char room[16384];

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(room, sizeof(room));
}

/* As we have asked for, or by the server. */
static void end_session(struct ann_delivery *d)
{
	if (is_over(d)) {
		ann_outflow_leave(&d->out);
	} else {
		lose(d, UV_EOF);
	}
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	const struct ann_link *link = stream->data;
	struct sink *s = link->user;
	struct ann_delivery *d = &s->delivery;
	struct ann_error err = {0};

	if (d->out.stream == NULL) {
		return;
	}
	if (got < 0) {
		lose(d, (int)got);
	} else if (ann_relp_feed(&s->relp, (struct ann_span){buffer->base, (size_t)got},
			   &d->out.bytes, &err) != ANN_OK) {
		lose_for(s, err.os == 0 ? UV_ENOMEM : -err.os, err.text);
	} else if (ann_relp_state(&s->relp) == ANN_RELP_ENDED) {
		end_session(d);
	}
	ann_delivery_go_on(d);
}

static int begin(struct ann_delivery *d)
{
	ann_relp_begin(&((struct sink *)d)->relp, &d->out.bytes);
	return uv_read_start(d->out.stream, give_room, on_read);
}

/* --- the sink --------------------------------------------------------------------- */

static void close_sink(struct ann_sink *sink, uint64_t drain_ms)
{
	/* If all is answered, this closes the session. */
	ann_delivery_push((struct ann_delivery *)sink);
	ann_sink_base_close(sink, drain_ms);
}

static const struct ann_sink_ops ops = {
	.start = ann_delivery_start,
	.offer = ann_delivery_offer,
	.stats = ann_delivery_stats,
	.close = close_sink,
};

/* All is answered, and the session is closed; or the server is away, and the spool has
 * it. */
static bool idle(const struct ann_sink_base *base)
{
	const struct ann_delivery *d = (const struct ann_delivery *)base;

	if (ann_store_is_safe(&d->store) && d->link.told) {
		return true; /* the next run will see to it */
	}
	return ann_store_is_empty(&d->store) && d->out.stream == NULL;
}

static void stop(struct ann_sink_base *base)
{
	ann_delivery_stop((struct ann_delivery *)base, false);
}

static void release(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	ann_delivery_deinit(&s->delivery);
	ann_relp_deinit(&s->relp);
	ann_free(s);
}

static const struct ann_delivery_kind kind = {
	.base = {.idle = idle, .stop = stop, .release = release},
	.begin = begin,
	.push = push,
	.lose = lose,
};

/* NULL: no memory. */
static struct sink *allocate(const struct ann_store_options *options)
{
	struct sink *s = ann_alloc(sizeof(*s));

	if (s == NULL) {
		return NULL;
	}
	if (ann_relp_init(&s->relp, options->window, on_answered, s) != ANN_OK ||
		ann_delivery_init(&s->delivery, &ops, &kind, *options) != ANN_OK) {
		release(&s->delivery.base);
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
	};
	struct sink *s = failed == ANN_OK ? allocate(&options) : NULL;

	if (s == NULL) {
		return failed == ANN_OK ? ann_error_nomem(err) : failed;
	}
	*sink = &s->delivery.base.front;
	return ANN_OK;
}

const struct ann_sink_driver ann_sink_relp = {
	.scheme = "relp",
	.format = ANN_FORMAT_SYSLOG,
	.whole_records = true,
	.spools = true,
	.new_sink = new_relp,
};
