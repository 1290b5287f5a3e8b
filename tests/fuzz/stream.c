/*
 * Any bytes in pieces of any sizes, with silences between: the text is that of the
 * whole at once as long as no silence is late, and when some are, what differs are
 * annotations. The first byte is the limit of a line, the second and third begin the
 * sequence of sizes and silences.
 */
#include "annotty/stream.h"

#include "annotty/lines.h"
#include "annotty/render.h"
#include "annotty/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IDLE_NS = 20, LATE_NS = 500 };

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* Made once. A pattern that wants something behind its value would not do. */
static struct ann_scan *scan_of_rules(void)
{
	static const char rules_text[] =
		"[rule word]\n"
		"pattern = (?<![a-z])rc\\W{0,3}(?<code>\\w+)(?![.:]\\d| ?ms\\b)\n"
		"unless = http\nunless-after = \\s?s\\b\nunless-before = port \n"
		"[rule hex]\n"
		"pattern = (?<code>0x[0-9a-f]+)\nwhen = lost\n"
		"[family b]\nwords = bus\n";
	static struct ann_scan *scan;
	/* Kept to the end of the program, which the leak checker sees. */
	static struct ann_rules *rules;
	struct ann_codebook *book = ann_codebook_new();
	struct ann_matcher *matcher = NULL;
	const struct ann_matcher_options options = {0};

	rules = ann_rules_new();
	must(ann_rules_add(rules, ann_span(rules_text), "a.rules", NULL) == ANN_OK);
	must(ann_table_add(book,
		     ann_span("# family: a\n1\tA_ONE\tOne.\n16\tA_X\t\n26\tA_Y\t\n"),
		     "a.tsv", NULL) == ANN_OK);
	must(ann_table_add(book, ann_span("# family: b\n1\tB_ONE\t\n2\tB_TWO\t\n"),
		     "b.tsv", NULL) == ANN_OK);
	must(ann_codebook_index(book) == ANN_OK);
	must(ann_matcher_new(&matcher, rules, book, &options, NULL) == ANN_OK);
	scan = ann_scan_new(matcher);
	must(scan != NULL);
	return scan;
}

struct output {
	struct ann_renderer renderer;
	struct ann_buf bytes; /* as they came, by the batches */
	struct ann_buf text;  /* rendered, without brackets of its own */
	uint64_t seq;
	size_t shown; /* of the half line */
};

static void take(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count)
{
	struct output *out = user;

	must(batch->shown == out->shown || !batch->partial);
	must(batch->shown <= batch->bytes.len);
	must(batch->offset == out->bytes.len && batch->seq == out->seq);
	for (size_t i = 0; i < count; i++) {
		must(!hits[i].told || hits[i].end <= batch->shown);
	}
	ann_render_batch(&out->renderer, batch, hits, count, &out->text);
	out->shown = batch->partial ? batch->bytes.len
		     : batch->cut   ? out->shown - batch->shown
				    : 0;
	if (!batch->partial) {
		ann_buf_span(&out->bytes, batch->bytes);
		out->seq +=
			ann_lines_count(batch->bytes) + (batch->cut || batch->broken);
	}
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static void feed(struct ann_stream *stream, struct ann_span piece, uint64_t now)
{
	char *copy = malloc(piece.len + !piece.len);

	memcpy(copy, piece.ptr, piece.len);
	must(ann_stream_feed(stream, (struct ann_span){copy, piece.len}, now, now) ==
		ANN_OK);
	free(copy);
}

/* Pieces of up to `most` bytes (0: all) with silences of up to `silence`. */
static void run(struct ann_scan *scan, struct ann_span bytes, size_t limit, size_t most,
	uint64_t silence, uint32_t state, struct output *out)
{
	static const struct ann_stream_events events = {.batch = take};
	static const struct ann_render_options render = {.names_only = true};
	const struct ann_stream_options options = {limit, IDLE_NS, LATE_NS};
	struct ann_stream *stream = ann_stream_new(scan, &options, &events, out);
	uint64_t now = 1;

	must(stream != NULL);
	*out = (struct output){.seq = 1};
	ann_renderer_init(&out->renderer, &render);
	while (bytes.len > 0) {
		size_t len = most == 0 ? bytes.len : 1 + next(&state) % most;

		len = len > bytes.len ? bytes.len : len;
		feed(stream, (struct ann_span){bytes.ptr, len}, now);
		bytes.ptr += len;
		bytes.len -= len;
		now += silence == 0 ? 0 : next(&state) % silence;
		ann_stream_tick(stream, now);
	}
	ann_stream_break(stream, false);
	ann_stream_free(stream);
}

/* Without annotations: ` [A_ONE | B_ONE]`. What is fed holds no `[`. */
static void strip(const struct ann_buf *text, struct ann_buf *out)
{
	for (size_t at = 0; at < text->len; at++) {
		if (text->ptr[at] == ' ' && at + 1 < text->len &&
			text->ptr[at + 1] == '[') {
			const char *end = memchr(text->ptr + at, ']', text->len - at);

			must(end != NULL);
			at = (size_t)(end - text->ptr);
		} else {
			ann_buf_char(out, text->ptr[at]);
		}
	}
}

static void check(struct ann_scan *scan, struct ann_span bytes, size_t limit,
	size_t most, uint64_t silence, uint32_t state, const struct output *whole)
{
	struct ann_buf stripped = {0};
	struct output found;

	run(scan, bytes, limit, most, silence, state, &found);
	must(ann_span_equal(ann_buf_all(&found.bytes), bytes));
	if (silence < LATE_NS) {
		must(ann_span_equal(
			ann_buf_all(&found.text), ann_buf_all(&whole->text)));
	}
	strip(&found.text, &stripped);
	must(ann_span_equal(ann_buf_all(&stripped), bytes));
	ann_buf_deinit(&stripped);
	ann_buf_deinit(&found.bytes);
	ann_buf_deinit(&found.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ann_scan *scan;
	char *bytes = NULL;
	struct ann_span text;
	struct output whole;

	if (size < 3) {
		return 0;
	}
	if (scan == NULL) {
		scan = scan_of_rules();
	}
	bytes = malloc(size);
	for (size_t i = 3; i < size; i++) {
		bytes[i - 3] = data[i] == '[' ? '(' : (char)data[i];
	}
	text = (struct ann_span){bytes, size - 3};

	size_t limit = data[0] + 1u;
	uint32_t state = data[1] * 256u + data[2];

	run(scan, text, limit, 0, 0, 0, &whole);
	must(ann_span_equal(ann_buf_all(&whole.bytes), text));
	check(scan, text, limit, 1, IDLE_NS + 1, state, &whole);
	check(scan, text, limit, 2, LATE_NS - 1, state, &whole);
	check(scan, text, limit, 30, LATE_NS - 1, state, &whole);
	check(scan, text, limit, 30, 3 * LATE_NS, state, &whole);
	ann_buf_deinit(&whole.bytes);
	ann_buf_deinit(&whole.text);
	free(bytes);
	return 0;
}
