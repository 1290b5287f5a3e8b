#include "drip.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

struct drain {
	struct ann_renderer renderer;
	struct ann_buf *out;
};

static void take(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count)
{
	struct drain *drain = user;

	ck_assert_uint_ge(batch->bytes.len, batch->shown);
	ann_render_batch(&drain->renderer, batch, hits, count, drain->out);
}

/* All ticks that are due until then. */
static void pass_time(struct ann_stream *stream, uint64_t until_ns)
{
	uint64_t due = ann_stream_due(stream);

	while (due != 0 && due <= until_ns) {
		ann_stream_tick(stream, due);
		ck_assert(ann_stream_due(stream) == 0 || ann_stream_due(stream) > due);
		due = ann_stream_due(stream);
	}
}

/* In memory of its own, so that the address sanitizer sees who looks further. */
static void feed(struct ann_stream *stream, struct ann_span piece, uint64_t now_ns)
{
	char *copy = malloc(piece.len);

	memcpy(copy, piece.ptr, piece.len);
	ck_assert_int_eq(ann_stream_feed(stream, (struct ann_span){copy, piece.len},
				 now_ns, now_ns),
		ANN_OK);
	free(copy);
}

void test_drip(const struct test_drip *drip, struct ann_scan *scan,
	const struct ann_render_options *options, struct ann_span text,
	struct ann_buf *out)
{
	static const struct ann_stream_events events = {.batch = take};
	const struct ann_stream_options how = {
		.line_limit = drip->limit,
		.idle_ns = TEST_IDLE_NS,
		.late_ns = TEST_LATE_NS,
	};
	struct drain drain = {.out = out};
	struct ann_stream *stream = ann_stream_new(scan, &how, &events, &drain);
	size_t piece = drip->first;
	uint64_t now_ns = 1;

	ck_assert_ptr_nonnull(stream);
	ann_renderer_init(&drain.renderer, options);
	while (text.len > 0) {
		piece = piece == 0 || piece > text.len ? text.len : piece;
		feed(stream, (struct ann_span){text.ptr, piece}, now_ns);
		text.ptr += piece;
		text.len -= piece;
		piece = drip->others;
		now_ns += drip->pause_ns;
		pass_time(stream, now_ns);
	}
	ann_stream_break(stream, false);
	ann_stream_free(stream);
	ck_assert(!out->failed);
}
