#include "io/sink/sink_base.h"

#include "io/log.h"

const struct ann_key ann_sink_keys[] = {
	{"queue", ANN_KEY_SIZE, offsetof(struct ann_sink_settings, queue_bytes), NULL,
		4096, 0},
	{"policy", ANN_KEY_WORD, offsetof(struct ann_sink_settings, policy),
		ann_queue_policies, 0, 0},
	{0},
};

void ann_sink_base_init(struct ann_sink_base *base, const struct ann_sink_ops *ops,
	const struct ann_sink_kind *kind, const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint, const struct ann_sink_settings *settings)
{
	base->front.ops = ops;
	base->kind = kind;
	base->endpoint = endpoint;
	base->loop = context->loop;
	base->blocks = settings->policy == ANN_QUEUE_BLOCK;
	(void)uv_timer_init(base->loop, &base->clock); /* cannot fail */
	ann_sink_base_opened(base, (uv_handle_t *)&base->clock);
}

struct ann_chunk *ann_sink_base_framed(
	struct ann_sink_base *base, struct ann_chunk *chunk)
{
	struct ann_chunk *framed = NULL;

	if (base->frame == NULL) {
		return ann_chunk_ref(chunk);
	}
	framed = base->frame(chunk);
	if (framed == NULL) {
		ann_sink_base_missed(base, chunk);
	}
	return framed;
}

static struct ann_chunk *announce(void *user, uint64_t lines, uint64_t bytes)
{
	struct ann_sink_base *base = user;
	const struct ann_sink_events *events = base->front.events;
	struct ann_chunk *chunk = NULL;
	struct ann_chunk *framed = NULL;

	if (events->announce != NULL) {
		chunk = events->announce(base->front.user, lines, bytes);
	}
	if (chunk != NULL) {
		framed = ann_sink_base_framed(base, chunk);
		ann_chunk_unref(chunk);
	}
	return framed;
}

struct ann_queue *ann_sink_base_queue(
	struct ann_sink_base *base, const struct ann_sink_settings *settings)
{
	const struct ann_queue_options options = {
		.policy = (enum ann_queue_policy)settings->policy,
		.limit_bytes = settings->queue_bytes,
		.announce = announce,
		.user = base,
	};

	return ann_queue_new(&options);
}

void ann_sink_base_stats(const struct ann_sink_base *base,
	const struct ann_queue *queue, struct ann_sink_stats *stats)
{
	stats->queued_bytes = ann_queue_bytes(queue);
	stats->dropped_lines = base->lost_lines + ann_queue_dropped_lines(queue);
	stats->dropped_bytes = base->lost_bytes + ann_queue_dropped_bytes(queue);
}

/* --- handles ------------------------------------------------------------------------
 */

void ann_sink_base_hold(struct ann_sink_base *base)
{
	base->live++;
}

void ann_sink_base_drop(struct ann_sink_base *base)
{
	void (*closed)(void *user) = base->front.closed;
	void *user = base->front.closed_user;

	if (--base->live > 0) {
		return;
	}
	base->kind->release(base);
	if (closed != NULL) {
		closed(user);
	}
}

void ann_sink_base_opened(struct ann_sink_base *base, uv_handle_t *handle)
{
	handle->data = base;
	ann_sink_base_hold(base);
}

static void on_handle_closed(uv_handle_t *handle)
{
	ann_sink_base_drop(handle->data);
}

void ann_sink_base_shut(uv_handle_t *handle)
{
	if (!uv_is_closing(handle)) {
		uv_close(handle, on_handle_closed);
	}
}

/* --- the end ------------------------------------------------------------------------
 */

static void stop(struct ann_sink_base *base)
{
	if (!base->stopped) {
		base->stopped = true;
		base->kind->stop(base);
		ann_sink_base_shut((uv_handle_t *)&base->clock);
	}
}

static void on_deadline(uv_timer_t *clock)
{
	stop(clock->data);
}

void ann_sink_base_close(struct ann_sink *sink, uint64_t drain_ms)
{
	struct ann_sink_base *base = (struct ann_sink_base *)sink;
	uv_timer_t *clock = &base->clock;

	if (base->stopped) {
		return;
	}
	if (drain_ms == 0 || base->ended || base->kind->idle(base)) {
		stop(base);
		return;
	}
	uv_update_time(base->loop); /* the drain begins now, not with this turn */
	if (!uv_is_active((uv_handle_t *)clock) ||
		uv_timer_get_due_in(clock) > drain_ms) {
		(void)uv_timer_start(clock, on_deadline, drain_ms, 0);
	}
}

void ann_sink_base_written(struct ann_sink_base *base, bool room)
{
	struct ann_sink *sink = &base->front;

	if (sink->closing) {
		if (base->kind->idle(base)) {
			stop(base);
		}
	} else if (room && sink->events->room != NULL) {
		sink->events->room(sink->user);
	}
}

void ann_sink_base_end(struct ann_sink_base *base, const struct ann_error *why)
{
	struct ann_sink *sink = &base->front;

	if (base->ended) {
		return;
	}
	base->ended = true;
	if (sink->closing) {
		stop(base);
	} else if (sink->events->end != NULL) {
		sink->events->end(sink->user, why);
	}
}

void ann_sink_base_given_up(const struct ann_sink_base *base, uint64_t bytes)
{
	if (bytes > 0) {
		ann_log(ANN_LOG_WARNING, "%s: closed with %llu bytes not written",
			base->endpoint->name, (unsigned long long)bytes);
	}
}

static void fail(struct ann_sink_base *base, const struct ann_error *why)
{
	struct ann_sink *sink = &base->front;

	if (!base->ended && sink->events->end != NULL) {
		base->ended = true;
		sink->events->end(sink->user, why);
	}
}

void ann_sink_base_unwritten(struct ann_sink_base *base, uint64_t bytes)
{
	struct ann_error why = {0};

	if (bytes > 0) {
		(void)ann_error_set(&why, ANN_ESYS,
			"%s: closed with %llu bytes not written", base->endpoint->name,
			(unsigned long long)bytes);
		fail(base, &why);
	}
}

void ann_sink_base_undelivered(struct ann_sink_base *base, uint64_t records)
{
	struct ann_error why = {0};

	if (records > 0) {
		(void)ann_error_set(&why, ANN_ESYS,
			"%s: %llu records were not delivered", base->endpoint->name,
			(unsigned long long)records);
		fail(base, &why);
	}
}

/* --- memory -------------------------------------------------------------------------
 */

void ann_sink_base_missed(struct ann_sink_base *base, const struct ann_chunk *chunk)
{
	ann_sink_base_lost(base, chunk->lines, chunk->in_bytes);
}

void ann_sink_base_lost(struct ann_sink_base *base, uint64_t lines, uint64_t bytes)
{
	base->missed_lines += lines;
	base->missed_bytes += bytes;
	base->lost_lines += lines;
	base->lost_bytes += bytes;
}

struct ann_chunk *ann_sink_base_apology(struct ann_sink_base *base)
{
	struct ann_chunk *chunk = NULL;

	if (base->missed_lines > 0 || base->missed_bytes > 0) {
		chunk = announce(base, base->missed_lines, base->missed_bytes);
	}
	if (chunk != NULL) {
		base->missed_lines = 0;
		base->missed_bytes = 0;
	}
	return chunk;
}
