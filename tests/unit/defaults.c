/* The tables and rules that are compiled in, against the truth tables. */
#include "annotty/embedded.h"
#include "annotty/render.h"
#include "annotty/table.h"

#include "cases.h"
#include "suite.h"

#include <stdlib.h>

struct program {
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher;
	struct ann_scan *scan;
	struct ann_hits hits;
	size_t cases;
	size_t wrong;
	struct ann_buf story; /* of what is wrong */
};

static void start(struct program *p)
{
	static const struct ann_matcher_options options = {0};
	struct ann_error err = {0};

	*p = (struct program){.book = ann_codebook_new(), .rules = ann_rules_new()};
	for (const struct ann_embedded *e = ann_embedded_tables; e->name != NULL; e++) {
		ck_assert_msg(ann_table_add(p->book, e->text, e->name, &err) == ANN_OK,
			"%s", err.text);
	}
	for (const struct ann_embedded *e = ann_embedded_rules; e->name != NULL; e++) {
		ck_assert_msg(ann_rules_add(p->rules, e->text, e->name, &err) == ANN_OK,
			"%s", err.text);
	}
	ck_assert_int_eq(ann_codebook_index(p->book), ANN_OK);
	ck_assert_msg(ann_matcher_new(&p->matcher, p->rules, p->book, &options, &err) ==
			      ANN_OK,
		"%s", err.text);
	p->scan = ann_scan_new(p->matcher);
	ck_assert_ptr_nonnull(p->scan);
}

static void stop(struct program *p)
{
	ann_buf_deinit(&p->story);
	ann_hits_deinit(&p->hits);
	ann_scan_free(p->scan);
	ann_matcher_free(p->matcher);
	ann_rules_free(p->rules);
	ann_codebook_free(p->book);
}

/* The values as the first line of a case lists them. */
static void print_values(const struct ann_hits *hits, struct ann_buf *out)
{
	for (size_t i = 0; i < hits->count; i++) {
		ann_buf_str(out, i > 0 ? " " : "");
		ann_buf_str(out, ann_code_hex(hits->at[i].codes[0]->value).text);
	}
	ann_buf_str(out, hits->count == 0 ? "-" : "");
}

/* Only the leading meaning: which others there are is a matter of the tables. */
static void print_line(struct program *p, const char *input, struct ann_buf *out)
{
	static const struct ann_render_options options = {.names_only = true};
	const struct ann_batch batch = {.bytes = ann_span(input)};
	struct ann_renderer renderer;

	for (size_t i = 0; i < p->hits.count; i++) {
		p->hits.at[i].count = 1;
	}
	ann_renderer_init(&renderer, &options);
	ann_render_batch(&renderer, &batch, p->hits.at, p->hits.count, out);
}

static void run_case(void *user, const struct test_case *one)
{
	struct program *p = user;
	struct ann_buf values = {0};
	struct ann_buf line = {0};
	size_t end = 0;
	bool stopped = false;

	ck_assert_int_eq(
		ann_scan_batch(p->scan, ann_span(one->input), &p->hits, &end, &stopped),
		ANN_OK);
	print_values(&p->hits, &values);
	print_line(p, one->input, &line);
	p->cases++;
	if (!ann_span_is(ann_buf_all(&values), one->about) ||
		!ann_span_is(ann_buf_all(&line), one->expected)) {
		p->wrong++;
		ann_buf_printf(&p->story,
			"%s:%zu: found %.*s:\n  %.*s\ninstead of %s:\n  %s\n",
			one->file, one->line, (int)values.len, values.ptr,
			(int)line.len, line.ptr, one->about, one->expected);
	}
	ann_buf_deinit(&values);
	ann_buf_deinit(&line);
}

START_TEST(the_default_rules_find_what_the_cases_say)
{
	struct program p;

	start(&p);
	if (_i == 1) {
		ann_matcher_accelerate(p.matcher);
	}
	test_cases_read(TEST_DATA "/default_rules.cases", run_case, &p);
	ck_assert_uint_ge(p.cases, 20);
	ck_assert_msg(p.wrong == 0, "%zu of %zu cases are wrong:\n%.*s", p.wrong,
		p.cases, (int)p.story.len, p.story.ptr);
	stop(&p);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, the_default_rules_find_what_the_cases_say, 2);
}
