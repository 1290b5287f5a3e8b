/*
 * Any bytes in blocks of any sizes: nothing is lost, and the lines are those of the
 * whole stream at once. The first byte is the limit of a line, the second begins the
 * sequence of sizes.
 */
#include "annotty/framer.h"
#include "annotty/lines.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* What came out: the bytes, and where and how each line ends. */
struct output {
	struct ann_buf bytes;
	struct ann_buf ends;
	uint64_t seq;
	size_t limit;
};

static void add_batch(struct output *out, const struct ann_batch *batch)
{
	must(batch->offset == out->bytes.len && batch->seq == out->seq);
	for (size_t at = 0; at < batch->bytes.len;) {
		struct ann_line line = ann_line_at(batch->bytes, at);
		bool cut = batch->cut && line.next == batch->bytes.len;

		must(line.end - line.start <= out->limit);
		must(!cut || line.next == line.end);
		at = line.next;
		ann_buf_u64(&out->ends, batch->offset + at);
		ann_buf_char(&out->ends, cut ? '~' : '|');
		out->seq++;
	}
	ann_buf_span(&out->bytes, batch->bytes);
}

/* Pieces of `least` to `most` bytes, by a small generator. */
static void feed(
	struct ann_span stream, size_t most, uint32_t state, struct output *out)
{
	struct ann_framer framer;

	ann_framer_init(&framer, out->limit, true);
	out->seq = 1;
	while (stream.len > 0 || framer.rest.len > 0) {
		state = state * 1664525 + 1013904223;

		size_t piece = most == 0 ? stream.len : 1 + (state >> 16) % most;

		piece = piece > stream.len ? stream.len : piece;
		size_t len = framer.rest.len + piece;
		char *block = malloc(len + !len);
		struct ann_span rest = {block, len};
		struct ann_batch batch;

		memcpy(block + ann_framer_begin(&framer, block), stream.ptr, piece);
		stream.ptr += piece;
		stream.len -= piece;
		while (ann_framer_next(&framer, rest, stream.len == 0, &batch)) {
			must(batch.bytes.ptr == rest.ptr &&
				batch.bytes.len <= rest.len);
			add_batch(out, &batch);
			rest.ptr += batch.bytes.len;
			rest.len -= batch.bytes.len;
		}
		must(stream.len > 0 || rest.len == 0);
		must(ann_framer_end(&framer, rest) == ANN_OK);
		/* A line, and the byte behind it that says whether it is one. */
		must(framer.rest.len <= out->limit + 1);
		free(block);
	}
	ann_framer_deinit(&framer);
}

static void compare(struct ann_span stream, size_t most, uint32_t state,
	const struct output *expected)
{
	struct output found = {.limit = expected->limit};

	feed(stream, most, state, &found);
	must(ann_span_equal(ann_buf_all(&found.bytes), stream));
	must(ann_span_equal(ann_buf_all(&found.ends), ann_buf_all(&expected->ends)));
	ann_buf_deinit(&found.bytes);
	ann_buf_deinit(&found.ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	struct ann_span stream = {(const char *)data + 2, size - 2};
	struct output whole = {.limit = data[0] + 1u};

	feed(stream, 0, 0, &whole);
	must(ann_span_equal(ann_buf_all(&whole.bytes), stream));
	compare(stream, 1, 0, &whole);
	compare(stream, 2, data[1], &whole);
	compare(stream, 300, data[1], &whole);
	ann_buf_deinit(&whole.bytes);
	ann_buf_deinit(&whole.ends);
	return 0;
}
