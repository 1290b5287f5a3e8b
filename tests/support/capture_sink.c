#include "capture_sink.h"

#include "suite.h"

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	(void)sink;
	(void)err;
	return ANN_OK;
}

static void check_ends(const struct ann_chunk *chunk)
{
	size_t last = 0;

	for (size_t i = 0; i < chunk->records; i++) {
		ck_assert_uint_gt(chunk->ends[i], last);
		last = chunk->ends[i];
	}
	ck_assert_uint_eq(last, chunk->partial ? 0 : chunk->bytes.len);
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct test_sink *own = (struct test_sink *)sink;

	check_ends(chunk);
	own->waited = can_wait;
	if (own->deaf) {
		return false;
	}
	own->chunks++;
	own->partial += chunk->partial;
	own->records += chunk->records;
	own->lines += chunk->lines;
	own->in_bytes += chunk->in_bytes;
	for (size_t i = 0; i < chunk->records; i++) {
		size_t end = own->bytes.len + chunk->ends[i];

		ann_buf_add(&own->ends, &end, sizeof(end));
	}
	ann_buf_span(&own->bytes, chunk->bytes);
	return !own->full;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	stats->written_bytes = ((struct test_sink *)sink)->bytes.len;
}

static void close_sink(struct ann_sink *sink, uint64_t drain_ms)
{
	(void)drain_ms;
	if (sink->closed != NULL) {
		sink->closed(sink->closed_user);
		sink->closed = NULL;
	}
}

void test_sink_init(struct test_sink *sink)
{
	static const struct ann_sink_ops ops = {
		.start = start, .offer = offer, .stats = stats, .close = close_sink};

	*sink = (struct test_sink){.sink = {.ops = &ops}};
}

void test_sink_deinit(struct test_sink *sink)
{
	ann_buf_deinit(&sink->bytes);
	ann_buf_deinit(&sink->ends);
}

const char *test_sink_text(struct test_sink *sink)
{
	ann_buf_char(&sink->bytes, '\0');
	ck_assert(!sink->bytes.failed);
	sink->bytes.len = 0;
	sink->ends.len = 0;
	return sink->bytes.ptr;
}

void test_sink_die(struct test_sink *sink, const struct ann_error *why)
{
	sink->deaf = true;
	if (sink->sink.events != NULL && sink->sink.events->end != NULL) {
		sink->sink.events->end(sink->sink.user, why);
	}
}
