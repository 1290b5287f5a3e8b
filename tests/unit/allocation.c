/*
 * From tables and rules to output and back to nothing, with every allocation failing
 * once: a clean error, and nothing left behind. (Vectorscan's heap is not ours.)
 */
#include "annotty/alloc.h"
#include "annotty/header.h"
#include "annotty/select.h"
#include "annotty/summary.h"
#include "annotty/table.h"

#include "kit.h"
#include "suite.h"

#include <string.h>

enum { LAST = 500 }; /* more than there are allocations, which the test asserts */

static const char rules_text[] =
	"[define]\nword = status|rc\nmore = %{word}|error\n"
	"[rule a]\npattern = (?i)\\b(?:%{more})\\W{0,3}(?<code>\\w+)\n"
	"when = .\nunless = HTTP\nunless-before = port \nunless-after = \\s?ms\n"
	"families = net dev\n"
	"[rule b]\npattern = (?<name>[A-Z]+_[A-Z]+)\n"
	"[family net]\nwords = socket\n"
	"[family dev]\nwords = device\n";

static const char later_text[] = "[rule b]\npattern = is (?<name>\\w+)\n";

static const char stream[] =
	"before\n"
	"\033[31mstatus\033[0m = 0x107 (socket) rc 1 rc 1 rc 1 rc 1 rc 1 rc 1 rc 1 rc 1\n"
	"between\n\xff\xfe\n"
	"it is DEV_LOST; rc 0x20003\n";

/* What the scenario builds, all of which can be missing. */
struct world {
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher;
	struct ann_scan *scan;
	struct ann_select *select;
	struct ann_summary *summary;
	struct ann_framer framer;
	struct ann_hits hits;
	struct ann_renderer text;
	struct ann_renderer json;
	struct ann_buf text_out;
	struct ann_buf json_out;
	struct ann_buf summary_out;
	struct ann_error err;
};

static enum ann_err build_book(struct world *w)
{
	static const struct ann_header header = {
		.text = {"#define H_TWO 2 /* two */\n#define H_ONE 1\n", 42},
		.origin = "h.h",
	};
	enum ann_err failed = ANN_OK;

	w->book = ann_codebook_new();
	if (w->book == NULL) {
		return ANN_ENOMEM;
	}
	for (size_t i = 0; test_tables[i] != NULL && failed == ANN_OK; i++) {
		failed = ann_table_add(
			w->book, ann_span(test_tables[i]), "t.tsv", &w->err);
	}
	if (failed == ANN_OK) {
		failed = ann_header_add(w->book, ann_span("h"), &header, 1,
			ann_span(NULL), NULL, NULL, &w->err);
	}
	return failed == ANN_OK ? ann_codebook_index(w->book) : failed;
}

static enum ann_err build_matcher(struct world *w)
{
	static const char *const stop_at[] = {"never there", "nor this"};
	static const struct ann_matcher_options options = {
		.stop_at = stop_at, .stop_count = ANN_LEN(stop_at)};
	enum ann_err failed = ANN_OK;

	w->rules = ann_rules_new();
	if (w->rules == NULL) {
		return ANN_ENOMEM;
	}
	failed = ann_rules_add(w->rules, ann_span(rules_text), "a.rules", &w->err);
	if (failed == ANN_OK) {
		failed = ann_rules_add(
			w->rules, ann_span(later_text), "b.rules", &w->err);
	}
	if (failed == ANN_OK) {
		failed = ann_matcher_new(
			&w->matcher, w->rules, w->book, &options, &w->err);
	}
	return failed;
}

static enum ann_err build_rest(struct world *w)
{
	static const struct ann_render_options text = {.placement = ANN_BELOW,
		.timestamp = ANN_TIMESTAMP_EPOCH,
		.color = true};
	static const struct ann_render_options json = {
		.format = ANN_FORMAT_JSON, .source = "a"};

	w->scan = ann_scan_new(w->matcher);
	w->select = ann_select_new(1, 1);
	w->summary = ann_summary_new(w->book);
	ann_framer_init(&w->framer, 0, true);
	ann_renderer_init(&w->text, &text);
	ann_renderer_init(&w->json, &json);
	return w->scan == NULL || w->select == NULL || w->summary == NULL ? ANN_ENOMEM
									  : ANN_OK;
}

static void show(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count, bool gap)
{
	struct world *w = user;

	ann_buf_str(&w->text_out, gap ? "--\n" : "");
	ann_render_batch(&w->text, batch, hits, count, &w->text_out);
	ann_render_batch(&w->json, batch, hits, count, &w->json_out);
}

static enum ann_err take_batch(struct world *w, const struct ann_batch *batch)
{
	size_t end = 0;
	bool stopped = false;
	enum ann_err failed =
		ann_scan_batch(w->scan, batch->bytes, &w->hits, &end, &stopped);

	if (failed != ANN_OK) {
		return failed;
	}
	ann_summary_add(w->summary, "a", batch, w->hits.at, w->hits.count);
	return ann_select_batch(w->select, batch, w->hits.at, w->hits.count, show, w);
}

/* In two blocks, so that the framer has something to keep. */
static enum ann_err run_stream(struct world *w)
{
	enum { HALF = 20 };
	char block[sizeof(stream)];
	struct ann_span rest = ann_span(stream);
	size_t kept = 0;

	for (int last = 0; last < 2; last++) {
		struct ann_span piece = {rest.ptr, last == 0 ? (size_t)HALF : rest.len};
		struct ann_batch batch;
		enum ann_err failed = ANN_OK;

		kept = ann_framer_begin(&w->framer, block);
		memcpy(block + kept, piece.ptr, piece.len);
		rest.ptr += piece.len;
		rest.len -= piece.len;
		piece = (struct ann_span){block, kept + piece.len};
		while (failed == ANN_OK &&
			ann_framer_next(&w->framer, piece, last == 1, &batch)) {
			failed = take_batch(w, &batch);
			piece.ptr += batch.bytes.len;
			piece.len -= batch.bytes.len;
		}
		if (failed == ANN_OK) {
			failed = ann_framer_end(&w->framer, piece);
		}
		if (failed != ANN_OK) {
			return failed;
		}
	}
	return ANN_OK;
}

static enum ann_err run(struct world *w)
{
	enum ann_err failed = build_book(w);

	failed = failed == ANN_OK ? build_matcher(w) : failed;
	failed = failed == ANN_OK ? build_rest(w) : failed;
	failed = failed == ANN_OK ? run_stream(w) : failed;
	if (failed != ANN_OK) {
		return failed;
	}
	ann_summary_write(w->summary, ANN_SUMMARY_JSON, &w->summary_out);
	return w->text_out.failed || w->json_out.failed || w->summary_out.failed
		       ? ANN_ENOMEM
		       : ANN_OK;
}

static void tear_down(struct world *w)
{
	ann_buf_deinit(&w->text_out);
	ann_buf_deinit(&w->json_out);
	ann_buf_deinit(&w->summary_out);
	ann_hits_deinit(&w->hits);
	ann_framer_deinit(&w->framer);
	ann_summary_free(w->summary);
	ann_select_free(w->select);
	ann_scan_free(w->scan);
	ann_matcher_free(w->matcher);
	ann_rules_free(w->rules);
	ann_codebook_free(w->book);
}

/* Whoever tells of no error has put out what would have come out anyway. */
static void check_same(const struct world *found, const struct world *expected)
{
	ck_assert(ann_span_equal(
		ann_buf_all(&found->text_out), ann_buf_all(&expected->text_out)));
	ck_assert(ann_span_equal(
		ann_buf_all(&found->json_out), ann_buf_all(&expected->json_out)));
	ck_assert(ann_span_equal(
		ann_buf_all(&found->summary_out), ann_buf_all(&expected->summary_out)));
}

/* Fails allocation number `at`. False: there were fewer. */
static bool run_with_failure(int at, const struct world *expected, bool *noticed)
{
	struct world w = {.err = {0}};
	enum ann_err code = ANN_OK;

	test_heap_begin(at);
	code = run(&w);
	*noticed = code != ANN_OK;
	if (code == ANN_OK) {
		check_same(&w, expected);
	} else {
		ck_assert_int_eq(code, ANN_ENOMEM);
		ck_assert(w.err.code == ANN_OK || w.err.code == ANN_ENOMEM);
	}
	tear_down(&w);
	return test_heap_end();
}

START_TEST(every_allocation_fails_once)
{
	struct world expected = {.err = {0}};
	bool noticed = false;

	ck_assert_int_eq(run(&expected), ANN_OK);
	ck_assert_uint_gt(expected.text_out.len, 200);

	bool reached = run_with_failure(_i, &expected, &noticed);

	/* Without a failure nothing is amiss, and the last run is without. */
	ck_assert(reached || !noticed);
	ck_assert(_i < LAST - 1 || !reached);
	tear_down(&expected);
}
END_TEST

START_TEST(only_the_jit_compiler_and_shapes_can_do_without_memory)
{
	/* For each regex that is used both want some of their own. */
	enum { REGEXES = 9, EACH = 8, SHAPES = 4, SHAPE_EACH = 12 };
	struct world expected = {.err = {0}};
	bool reached = true;
	int unnoticed = 0;

	ck_assert_int_eq(run(&expected), ANN_OK);
	for (int at = 0; reached; at++) {
		bool noticed = false;

		reached = run_with_failure(at, &expected, &noticed);
		unnoticed += reached && !noticed;
		ck_assert_int_lt(at, LAST);
	}
	ck_assert_int_le(unnoticed, REGEXES * EACH + SHAPES * SHAPE_EACH);
	tear_down(&expected);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, every_allocation_fails_once, LAST);
	test_add(suite, only_the_jit_compiler_and_shapes_can_do_without_memory);
}
