/*
 * record - what flows from sources to outputs.
 *
 * Lines flow as batches with their hits (annotty/framer.h, annotty/matcher.h); what
 * happens to a source flows as events between them. A route renders both into chunks,
 * which are counted and never changed, so that many readers share one.
 */
#ifndef ANNOTTY_RECORD_H
#define ANNOTTY_RECORD_H

#include "annotty/buf.h"

/* What can happen to a source, or to an output's queue. */
#define ANN_EVENT_MAP(X)                                                            \
	X(ANN_EVENT_CONNECTED, "connected")       /* the source is there (again) */ \
	X(ANN_EVENT_DISCONNECTED, "disconnected") /* it has gone away */            \
	X(ANN_EVENT_GAP, "gap")                   /* bytes are missing */           \
	X(ANN_EVENT_DROPPED, "dropped")           /* lines did not fit a queue */

enum ann_event_kind {
#define X(kind, text) kind,
	ANN_EVENT_MAP(X)
#undef X
};

struct ann_event {
	enum ann_event_kind kind;
	const char
		*reason; /* a static word: unplugged, truncated, rotated, overrun, … */
	uint64_t wall_ns; /* when, since 1970 (UTC) */
	uint64_t mono_ns; /* the same on a clock that never jumps */
	uint64_t away_ns; /* of connected: since the source was lost; 0: the first time
			   */
	uint64_t lost_bytes; /* known to be missing */
	uint64_t lost_lines; /* of dropped */
};

/* "connected", … static. */
const char *ann_event_name(enum ann_event_kind kind);

/* Rendered records. Not for several threads. */
struct ann_chunk {
	unsigned refs;
	size_t records;    /* how many */
	size_t *ends;      /* where each record ends in `bytes`; ascending, the last is
			      bytes.len, unless `partial` */
	uint64_t lines;    /* of sources, for counting what is dropped: no events */
	uint64_t in_bytes; /* of sources that these records carry */
	bool partial;      /* begins or goes on a line that is not over: only for text
			      streams,      which see it as it grows; `records` is then 0 */
	struct ann_span bytes;
};

/*
 * Copies `bytes` and the `records` ends; one reference, for the caller. `ends` may be
 * NULL for `records` 0. NULL: no memory.
 */
struct ann_chunk *ann_chunk_new(
	struct ann_span bytes, const size_t *ends, size_t records);

/* One more reference; returns its argument. */
struct ann_chunk *ann_chunk_ref(struct ann_chunk *chunk);

/* One reference less; the last one frees. NULL is fine. */
void ann_chunk_unref(struct ann_chunk *chunk);

/* Record `at` of the chunk, which has more than that. */
struct ann_span ann_chunk_record(const struct ann_chunk *chunk, size_t at);

/*
 * A chunk of the bytes from `start` on, with the records that end there. How many lines
 * it holds is counted, and what they took in their source is estimated. One reference,
 * for the caller. NULL: no memory.
 */
struct ann_chunk *ann_chunk_tail(const struct ann_chunk *chunk, size_t start);

#endif
