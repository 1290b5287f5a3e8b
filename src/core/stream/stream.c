/*
 * A half line is kept in the framer's rest until its end comes; then it is a batch of
 * its own. What stands behind it, and whole lines that come at once, are batches that
 * lie in the bytes as they were fed. No more than one line is ever copied.
 */
#include "annotty/stream.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "annotty/partial.h"

#include <string.h>

/* The two times of a moment. */
struct moment {
	uint64_t wall_ns;
	uint64_t mono_ns;
};

struct ann_stream {
	struct ann_scan *scan;
	struct ann_stream_options options;
	const struct ann_stream_events *events;
	void *user;
	struct ann_stream_stats stats;
	struct ann_hits hits; /* of the batch at hand */
	bool eager;           /* half lines are given as they come */
	bool stopped;         /* at the line that the matcher is to stop at */
	enum ann_err failed;  /* in the feed at hand */

	struct ann_framer framer;   /* its rest is the half line */
	struct ann_partial partial; /* of the half line */
	struct ann_partial ended;   /* of the one that has just ended */
	struct moment began;        /* the half line */
	uint64_t fed_mono_ns;       /* the last byte came */
	uint64_t looked_mono_ns;    /* the last tick that was due */
	uint64_t due_mono_ns;       /* the next tick; 0: none */
};

struct ann_stream *ann_stream_new(struct ann_scan *scan,
	const struct ann_stream_options *options,
	const struct ann_stream_events *events, void *user)
{
	struct ann_stream *stream = ann_alloc(sizeof(*stream));

	if (stream != NULL) {
		stream->scan = scan;
		stream->options = *options;
		stream->events = events;
		stream->user = user;
		ann_framer_init(&stream->framer, options->line_limit, true);
		stream->partial.least = ann_framer_least(&stream->framer);
	}
	return stream;
}

void ann_stream_free(struct ann_stream *stream)
{
	if (stream != NULL) {
		ann_framer_deinit(&stream->framer);
		ann_partial_deinit(&stream->partial);
		ann_partial_deinit(&stream->ended);
		ann_hits_deinit(&stream->hits);
		ann_free(stream);
	}
}

void ann_stream_set_scan(struct ann_stream *stream, struct ann_scan *scan)
{
	stream->scan = scan;
}

void ann_stream_set_eager(struct ann_stream *stream, bool eager)
{
	stream->eager = eager;
}

/* --- whole lines ----------------------------------------------------------------- */

static void count_batch(struct ann_stream *stream, const struct ann_batch *batch)
{
	struct ann_stream_stats *stats = &stream->stats;

	stats->lines += ann_lines_count(batch->bytes) + (batch->cut || batch->broken);
	stats->hits += stream->hits.count;
	if (stream->hits.count > 0) {
		stats->last_hit_wall_ns = batch->wall_ns;
	}
}

/* `half`: it begins with what was the half line. */
static void give(struct ann_stream *stream, struct ann_batch *batch,
	const struct moment *when, bool half)
{
	size_t end = 0;

	if (stream->stopped) {
		return;
	}
	batch->wall_ns = when->wall_ns;
	batch->mono_ns = when->mono_ns;
	if (ann_scan_batch(stream->scan, batch->bytes, &stream->hits, &end,
		    &stream->stopped) != ANN_OK) {
		stream->failed = ANN_ENOMEM;
	}
	batch->bytes.len = end;
	if (half) {
		ann_partial_end(&stream->partial, batch, &stream->ended);
		ann_partial_tell(&stream->ended, &stream->hits);
	}
	count_batch(stream, batch);
	stream->events->batch(stream->user, batch, stream->hits.at, stream->hits.count);
	if (stream->stopped && stream->events->stopped != NULL) {
		stream->events->stopped(stream->user);
	}
}

/* Takes `len` bytes off the front of the half line. */
static void take_off(struct ann_buf *rest, size_t len)
{
	if (len > 0) {
		memmove(rest->ptr, rest->ptr + len, rest->len - len);
		rest->len -= len;
	}
}

/* What is a line, or a piece of an overlong one. `over`: all of the half line is. */
static size_t give_half(struct ann_stream *stream, bool over, bool broken)
{
	struct ann_span left = ann_buf_all(&stream->framer.rest);
	struct ann_batch batch;
	size_t given = 0;

	while (ann_framer_next(&stream->framer, left, over, &batch)) {
		left.ptr += batch.bytes.len;
		left.len -= batch.bytes.len;
		given += batch.bytes.len;
		batch.broken = broken && left.len == 0;
		stream->framer.seq += batch.broken;
		give(stream, &batch, &stream->began, true);
	}
	take_off(&stream->framer.rest, given);
	return given;
}

/* The half line, `len` bytes behind it included, is lost. */
static void lose_half(struct ann_stream *stream, size_t len, bool over)
{
	struct ann_framer *framer = &stream->framer;

	framer->offset += framer->rest.len + len;
	framer->seq += over;
	ann_buf_clear(&framer->rest);
	ann_partial_reset(&stream->partial);
	stream->failed = ANN_ENOMEM;
}

static bool ends_with_cr(struct ann_span text)
{
	return text.len > 0 && text.ptr[text.len - 1] == '\r';
}

/* How many of `bytes` belong to the half line. `*over`: it ends with them. */
static size_t belonging(
	const struct ann_stream *stream, struct ann_span bytes, bool *over)
{
	struct ann_line line = ann_line_at(bytes, 0);

	if (ends_with_cr(ann_buf_all(&stream->framer.rest))) {
		*over = true;
		return bytes.ptr[0] == '\n';
	}
	/* A CR at the very end waits for the LF that may follow. */
	*over = line.next > line.end &&
		!(line.next == bytes.len && ends_with_cr(bytes));
	return line.next;
}

/* Puts the half line and what belongs to it together. Returns how much that was. */
static size_t go_on(
	struct ann_stream *stream, struct ann_span bytes, const struct moment *now)
{
	struct ann_buf *rest = &stream->framer.rest;
	bool over = false;
	size_t len = belonging(stream, bytes, &over);

	ann_buf_add(rest, bytes.ptr, len);
	if (rest->failed) {
		lose_half(stream, len, over);
	} else if (give_half(stream, over, false) > 0) {
		stream->began = *now;
	}
	return len;
}

/* What is not a whole line yet. */
static void keep(
	struct ann_stream *stream, struct ann_span bytes, const struct moment *now)
{
	struct ann_buf *rest = &stream->framer.rest;

	if (bytes.len == 0) {
		return;
	}
	stream->began = *now;
	ann_buf_span(rest, bytes);
	if (rest->failed) {
		lose_half(stream, bytes.len, false);
	}
}

/* When it falls silent; but one that never does (dots that crawl over the screen) is
 * shown from time to time. */
static uint64_t next_show(const struct ann_stream *stream, uint64_t mono_ns)
{
	enum { MOST = 10 };
	uint64_t since = stream->looked_mono_ns > stream->began.mono_ns
				 ? stream->looked_mono_ns
				 : stream->began.mono_ns;
	uint64_t silent = mono_ns + stream->options.idle_ns;
	uint64_t most = since + MOST * stream->options.idle_ns;

	return silent < most ? silent : most;
}

static void await_silence(struct ann_stream *stream, uint64_t mono_ns)
{
	bool waits = stream->framer.rest.len > 0 && stream->options.idle_ns > 0 &&
		     !stream->stopped;

	stream->fed_mono_ns = mono_ns;
	stream->due_mono_ns = waits ? next_show(stream, mono_ns) : 0;
}

/* The half line, as far as it is to be shown, which `news` says; NULL: as it was. */
static void give_partial(struct ann_stream *stream, enum ann_silence silence,
	const struct ann_batch *news)
{
	const struct ann_partial *partial = &stream->partial;
	struct ann_span line = ann_buf_all(&stream->framer.rest);
	struct ann_batch batch = {
		.bytes = {line.ptr, partial->shown},
		.partial = true,
		.shown = partial->shown,
	};

	if (news != NULL) {
		batch = *news;
	}
	batch.silence = silence;
	batch.there = line.len;
	batch.offset = stream->framer.offset;
	batch.seq = stream->framer.seq;
	batch.wall_ns = stream->began.wall_ns;
	batch.mono_ns = stream->began.mono_ns;
	stream->events->batch(stream->user, &batch, partial->hits.at,
		news == NULL ? 0 : partial->hits.count);
}

enum ann_err ann_stream_feed(struct ann_stream *stream, struct ann_span bytes,
	uint64_t wall_ns, uint64_t mono_ns)
{
	const struct moment now = {wall_ns, mono_ns};
	struct ann_batch batch;

	stream->stats.bytes += bytes.len;
	stream->failed = ANN_OK;
	while (stream->framer.rest.len > 0 && bytes.len > 0) {
		size_t len = go_on(stream, bytes, &now);

		bytes.ptr += len;
		bytes.len -= len;
	}
	while (ann_framer_next(&stream->framer, bytes, false, &batch)) {
		bytes.ptr += batch.bytes.len;
		bytes.len -= batch.bytes.len;
		give(stream, &batch, &now, false);
	}
	keep(stream, bytes, &now);
	await_silence(stream, mono_ns);
	if (stream->eager && !stream->stopped && stream->framer.rest.len > 0) {
		give_partial(stream, ANN_SILENCE_NONE, NULL);
	}
	return stream->failed;
}

void ann_stream_break(struct ann_stream *stream, bool gap)
{
	bool ended = ends_with_cr(ann_buf_all(&stream->framer.rest));

	give_half(stream, true, !ended);
	stream->due_mono_ns = 0;
	stream->stats.gaps += gap;
}

/* --- half lines ------------------------------------------------------------------ */

static void show_half(struct ann_stream *stream, enum ann_silence silence)
{
	struct ann_span line = ann_buf_all(&stream->framer.rest);
	bool late = silence == ANN_SILENCE_LONG;
	struct ann_batch batch;

	if (ann_partial_show(&stream->partial, stream->scan, line, late, &batch)) {
		give_partial(stream, silence, &batch);
	} else if (stream->eager || (late && stream->partial.shown > 0)) {
		/* Nothing new, but not for an output that shows them as they are, or
		 * for one that shows them only late. */
		give_partial(stream, silence, NULL);
	}
}

uint64_t ann_stream_due(const struct ann_stream *stream)
{
	return stream->due_mono_ns;
}

void ann_stream_tick(struct ann_stream *stream, uint64_t mono_ns)
{
	struct ann_span line = ann_buf_all(&stream->framer.rest);
	uint64_t late_ns = stream->fed_mono_ns + stream->options.late_ns;
	bool late = mono_ns >= late_ns;
	/* Behind a CR nothing is to come of the line but perhaps its LF. */
	bool all = late || ends_with_cr(line);

	if (stream->due_mono_ns == 0 || mono_ns < stream->due_mono_ns) {
		return;
	}
	stream->looked_mono_ns = mono_ns;
	show_half(stream, all ? ANN_SILENCE_LONG : ANN_SILENCE_SHORT);

	line.len -= ends_with_cr(line);
	bool stops = ann_scan_stops(stream->scan, line);

	if (stops && late) {
		ann_stream_break(stream, false);
		return;
	}
	stream->due_mono_ns = (!all || stops) && !late ? late_ns : 0;
}

void ann_stream_stats(const struct ann_stream *stream, struct ann_stream_stats *stats)
{
	*stats = stream->stats;
}
