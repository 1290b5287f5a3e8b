/*
 * stream - the bytes of one live source become batches with hits.
 *
 * What framer.h is for blocks of a file: lines are cut out as they come, each with the
 * time of its first byte, and a line that does not end is shown when the source falls
 * silent, without ever annotating half a value:
 *
 * - After `idle_ns` of silence, or ten times that without one, what is there is shown
 *   up to the end of the first value, without that value's annotation, for what
 *   follows on the line can still change its meaning or rule it out. In text the
 *   annotation follows its value, so nothing is lost by showing the value early. A
 *   value is here whatever a pattern finds, also if the conditions of its rule do not
 *   hold yet.
 * - After `late_ns` of silence, or when nothing but a LF can follow, all is shown, all
 *   values annotated. If after that silence the matcher is to stop at what is there,
 *   such as a prompt, that is a line.
 * - When the line ends it is a batch of its own as ever, and says how much of it has
 *   been shown, and which hits have been told.
 *
 * So the text of a stream is the same whatever silences there are in it, if they are
 * shorter than `late_ns`, but for patterns that want something certain behind the
 * value: what they find too late is annotated at the end of the line.
 */
#ifndef ANNOTTY_STREAM_H
#define ANNOTTY_STREAM_H

#include "annotty/framer.h"
#include "annotty/matcher.h"
#include "annotty/record.h"

struct ann_stream_events {
	/* Whole lines, or (batch->partial) a line that is not over, which may have
	 * nothing new. Borrowed. */
	void (*batch)(void *user, const struct ann_batch *batch,
		const struct ann_hit *hits, size_t count);
	/* The line that one of `stop_at` of the matcher matches has just been given. No
	 * batch comes behind it. May be NULL. */
	void (*stopped)(void *user);
};

struct ann_stream_options {
	size_t line_limit; /* bytes; 0: ANN_LINE_LIMIT */
	uint64_t idle_ns;  /* 0: lines are shown only when they end */
	uint64_t late_ns;  /* more than idle_ns */
};

/* Counted since the start. */
struct ann_stream_stats {
	uint64_t bytes;
	uint64_t lines;
	uint64_t hits;
	uint64_t gaps;
	uint64_t last_hit_wall_ns; /* 0: none */
};

struct ann_stream;

/*
 * `scan` is borrowed and may be shared by streams of one thread. The stream is not to
 * be freed in an event. NULL: no memory.
 */
struct ann_stream *ann_stream_new(struct ann_scan *scan,
	const struct ann_stream_options *options,
	const struct ann_stream_events *events, void *user);
void ann_stream_free(struct ann_stream *stream);

/* Other rules from the next line on; after a reload. */
void ann_stream_set_scan(struct ann_stream *stream, struct ann_scan *scan);

/*
 * From now on half lines are also given as they come, with ANN_SILENCE_NONE and nothing
 * new in `bytes`: for outputs on which a program draws.
 */
void ann_stream_set_eager(struct ann_stream *stream, bool eager);

/*
 * Bytes of the source, with the times when they were read.
 * ANN_ENOMEM: some are lost or not annotated; a gap with the reason "memory" should say
 * so.
 */
ANN_MUST_USE enum ann_err ann_stream_feed(struct ann_stream *stream,
	struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns);

/*
 * When ann_stream_tick() is next due, on the clock of `mono_ns`; 0: not before more
 * bytes come.
 */
uint64_t ann_stream_due(const struct ann_stream *stream);

/* The time is `mono_ns`: shows what has been silent for long enough. */
void ann_stream_tick(struct ann_stream *stream, uint64_t mono_ns);

/*
 * The half line, if there is one, ends here without a line end (batch->broken): the
 * source was lost, or has ended. `gap`: something is missing behind it, which counts.
 */
void ann_stream_break(struct ann_stream *stream, bool gap);

void ann_stream_stats(const struct ann_stream *stream, struct ann_stream_stats *stats);

#endif
