/*
 * sink_base - what the sinks on the loop have in common: how they end.
 *
 * A kind of sink begins with a struct ann_sink_base and counts in it every handle and
 * request that is under way. Closing drains first; then the kind is told to stop, which
 * closes its handles; when the last one is gone, it is released. The clock of the drain
 * is a handle that is always there, so that closing always ends later.
 */
#ifndef IO_SINK_BASE_H
#define IO_SINK_BASE_H

#include "io/sink/sinks.h"

/* What the settings of every kind of sink begin with. */
struct ann_sink_settings {
	uint64_t queue_bytes;
	unsigned policy; /* enum ann_queue_policy */
};

/* queue, policy: of a struct that begins with a struct ann_sink_settings. */
extern const struct ann_key ann_sink_keys[];

struct ann_sink_base;

struct ann_sink_kind {
	/* Nothing waits to be written. */
	bool (*idle)(const struct ann_sink_base *base);
	/* Closes all handles; once. What waits is given up. */
	void (*stop)(struct ann_sink_base *base);
	/* All is closed: frees the sink. */
	void (*release)(struct ann_sink_base *base);
};

struct ann_sink_base {
	struct ann_sink front; /* the first, so that the sink is this */
	const struct ann_sink_kind *kind;
	const struct ann_endpoint *endpoint;
	uv_loop_t *loop;
	uv_timer_t clock; /* runs while draining */
	/* NULL: chunks are written as they are. */
	struct ann_chunk *(*frame)(const struct ann_chunk *chunk);
	bool blocks;   /* the policy is to make sources wait */
	unsigned live; /* handles and requests under way */
	bool stopped;
	bool ended; /* the event `end` has come */
	/* What was lost here and not by a queue: to be announced, and ever. */
	uint64_t missed_lines, missed_bytes;
	uint64_t lost_lines, lost_bytes;
};

/*
 * What a sink of any kind is made with. `ops` needs ann_sink_base_close() as its
 * `close`. Once this has been called, the only way out is to close.
 */
void ann_sink_base_init(struct ann_sink_base *base, const struct ann_sink_ops *ops,
	const struct ann_sink_kind *kind, const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint, const struct ann_sink_settings *settings);

/*
 * A queue as `settings` say, whose drops are announced. May be called before
 * ann_sink_base_init(). NULL: no memory.
 */
struct ann_queue *ann_sink_base_queue(
	struct ann_sink_base *base, const struct ann_sink_settings *settings);

/* Sets what is queued and what was dropped, by the queue or beside it. */
void ann_sink_base_stats(const struct ann_sink_base *base,
	const struct ann_queue *queue, struct ann_sink_stats *stats);

/* One more handle, just initialised; its `data` is the base from now on. */
void ann_sink_base_opened(struct ann_sink_base *base, uv_handle_t *handle);

/* Closes such a handle, if it is not being closed. */
void ann_sink_base_shut(uv_handle_t *handle);

/* What is under way but no handle of the base: one more, one less. */
void ann_sink_base_hold(struct ann_sink_base *base);
void ann_sink_base_drop(struct ann_sink_base *base);

/* As ann_sink_ops::close. */
void ann_sink_base_close(struct ann_sink *sink, uint64_t drain_ms);

/*
 * To be called after something was written or given up, from the loop: tells `room` if
 * there is some again, and stops a sink that was draining when nothing is left.
 */
void ann_sink_base_written(struct ann_sink_base *base, bool room);

/*
 * Says in the log that readers are left with so much unwritten, which is their affair;
 * 0: nothing to say.
 */
void ann_sink_base_given_up(const struct ann_sink_base *base, uint64_t bytes);

/*
 * The sink stops although so much is not written, or so many records have not reached a
 * peer which was to answer for them: a failure, told by the event `end`, unless that
 * has come. 0: nothing to say.
 */
void ann_sink_base_unwritten(struct ann_sink_base *base, uint64_t bytes);
void ann_sink_base_undelivered(struct ann_sink_base *base, uint64_t records);

/* The event `end`, unless it has come or the sink is closing. */
void ann_sink_base_end(struct ann_sink_base *base, const struct ann_error *why);

/*
 * The chunk as it goes on its way, and one reference for the caller. NULL: no memory;
 * it has been counted as missed.
 */
struct ann_chunk *ann_sink_base_framed(
	struct ann_sink_base *base, struct ann_chunk *chunk);

/* A chunk was lost because there is no memory. */
void ann_sink_base_missed(struct ann_sink_base *base, const struct ann_chunk *chunk);

/* So much is lost for another reason. */
void ann_sink_base_lost(struct ann_sink_base *base, uint64_t lines, uint64_t bytes);

/*
 * Something has been missed and there is memory again: the chunk that says so, with a
 * reference for the caller. NULL: nothing to say.
 */
struct ann_chunk *ann_sink_base_apology(struct ann_sink_base *base);

#endif
