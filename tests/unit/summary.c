/* Which codes came, how often, where first and where last. */
#include "annotty/summary.h"

#include "kit.h"
#include "suite.h"

static const char rules[] =
	"[rule r]\nfamilies = dev net\npattern = rc (?<code>\\w+)\n";

struct counted {
	struct test_kit kit;
	struct ann_summary *summary;
};

static void start(struct counted *c)
{
	test_kit_start(&c->kit, rules);
	c->summary = ann_summary_new(c->kit.book);
	ck_assert_ptr_nonnull(c->summary);
}

static void stop(struct counted *c)
{
	ann_summary_free(c->summary);
	test_kit_deinit(&c->kit);
}

static void add(struct counted *c, const char *source, const char *text, uint64_t seq)
{
	const struct ann_batch batch = {.bytes = ann_span(text), .seq = seq};

	test_kit_scan(&c->kit, batch.bytes);
	ann_summary_add(c->summary, source, &batch, c->kit.hits.at, c->kit.hits.count);
}

static void expect(
	const struct counted *c, enum ann_summary_format format, const char *expected)
{
	struct ann_buf out = {0};

	ann_summary_write(c->summary, format, &out);
	ann_buf_char(&out, '\0');
	ck_assert_str_eq(out.ptr, expected);
	ann_buf_deinit(&out);
}

START_TEST(an_empty_stream_has_a_summary)
{
	struct counted c;

	start(&c);
	expect(&c, ANN_SUMMARY_TEXT, "0 status values of 0 codes on 0 of 0 lines\n");
	expect(&c, ANN_SUMMARY_MARKDOWN,
		"0 status values of 0 codes on 0 of 0 lines\n");
	expect(&c, ANN_SUMMARY_JSON,
		"{\"lines\":0,\"lines_annotated\":0,\"values\":0,\"codes\":[]}\n");
	stop(&c);
}
END_TEST

START_TEST(one_of_each_is_not_plural)
{
	struct counted c;

	start(&c);
	add(&c, "a", "rc 1\n", 1);
	expect(&c, ANN_SUMMARY_TEXT,
		"1 status value of 1 code on 1 of 1 line\n"
		"   count      first       last  code\n"
		"       1          1          1  0x01 DEV_BUSY\n");
	stop(&c);
}
END_TEST

static void add_two_batches(struct counted *c, const char *second_source)
{
	add(c, "boot.log", "x\nrc 0x11B rc 1\r\nrc 0x20004\rx\nrc 1\n", 1);
	add(c, second_source, "rc 0x11B\nx\n\nrc 1", 6);
}

START_TEST(the_commonest_comes_first)
{
	struct counted c;

	start(&c);
	add_two_batches(&c, "boot.log");
	expect(&c, ANN_SUMMARY_TEXT,
		"6 status values of 3 codes on 5 of 9 lines\n"
		"   count      first       last  code\n"
		"       3          2          9  0x01 DEV_BUSY\n"
		"       2          2          6  0x11B DEV_ISSUER\n"
		"       1          3          3  0x20004 NET_CLOSED\n");
	expect(&c, ANN_SUMMARY_MARKDOWN,
		"6 status values of 3 codes on 5 of 9 lines\n\n"
		"| count | code | name | meaning | first | last |\n"
		"| ---: | --- | --- | --- | ---: | ---: |\n"
		"| 3 | 0x01 | DEV_BUSY | Try again. | 2 | 9 |\n"
		"| 2 | 0x11B | DEV_ISSUER | Who signed this? | 2 | 6 |\n"
		"| 1 | 0x20004 | NET_CLOSED | The peer is done. | 3 | 3 |\n");
	stop(&c);
}
END_TEST

START_TEST(equal_counts_come_by_value_then_by_family)
{
	static const char *const tables[] = {
		"# family: later\n1\tL_ONE\t\n2\tL_TWO\t\n",
		"# family: dev\n1\tD_ONE\t\n", "# family: net\n1\tN_ONE\t\n", NULL};
	static const char by_name[] = "[rule r]\npattern = (?<name>[A-Z]+_[A-Z]+)\n";
	struct counted c;

	test_kit_init(&c.kit, tables, by_name);
	test_kit_compile(&c.kit, NULL);
	c.summary = ann_summary_new(c.kit.book);
	add(&c, "a", "L_TWO N_ONE D_ONE L_ONE\n", 1);
	expect(&c, ANN_SUMMARY_TEXT,
		"4 status values of 4 codes on 1 of 1 line\n"
		"   count      first       last  code\n"
		"       1          1          1  0x01 L_ONE\n"
		"       1          1          1  0x01 D_ONE\n"
		"       1          1          1  0x01 N_ONE\n"
		"       1          1          1  0x02 L_TWO\n");
	stop(&c);
}
END_TEST

START_TEST(several_sources_are_named)
{
	struct counted c;

	start(&c);
	add_two_batches(&c, "run.log");
	expect(&c, ANN_SUMMARY_TEXT,
		"6 status values of 3 codes on 5 of 9 lines\n"
		"   count      first       last  code\n"
		"       3 boot.log:2 run.log:9  0x01 DEV_BUSY\n"
		"       2 boot.log:2 run.log:6  0x11B DEV_ISSUER\n"
		"       1 boot.log:3 boot.log:3  0x20004 NET_CLOSED\n");
	expect(&c, ANN_SUMMARY_MARKDOWN,
		"6 status values of 3 codes on 5 of 9 lines\n\n"
		"| count | code | name | meaning | first | last |\n"
		"| ---: | --- | --- | --- | ---: | ---: |\n"
		"| 3 | 0x01 | DEV_BUSY | Try again. | boot.log:2 | run.log:9 |\n"
		"| 2 | 0x11B | DEV_ISSUER | Who signed this? | boot.log:2 | run.log:6 |\n"
		"| 1 | 0x20004 | NET_CLOSED | The peer is done. | boot.log:3 | boot.log:3 |\n");
	stop(&c);
}
END_TEST

/* A description and a source that would be something else as they are. */
static void start_awkward(struct counted *c)
{
	static const char *const tables[] = {
		"# family: dev\n1\tDEV_ONE\t100% of a|b, <c>\n", NULL};

	test_kit_init(&c->kit, tables, "[rule r]\npattern = rc (?<code>\\w+)\n");
	test_kit_compile(&c->kit, NULL);
	c->summary = ann_summary_new(c->kit.book);
	add(c, "a|b\n::c", "rc 1\n", 1);
	add(c, "d", "rc 1\n", 1);
}

START_TEST(a_cell_of_markdown_holds_whatever_it_is)
{
	struct counted c;

	start_awkward(&c);
	expect(&c, ANN_SUMMARY_MARKDOWN,
		"2 status values of 1 code on 2 of 2 lines\n\n"
		"| count | code | name | meaning | first | last |\n"
		"| ---: | --- | --- | --- | ---: | ---: |\n"
		"| 2 | 0x01 | DEV_ONE | 100% of a\\|b, \\<c> | a\\|b ::c:1 | d:1 |\n");
	stop(&c);
}
END_TEST

START_TEST(github_has_a_command_for_each)
{
	struct counted c;

	start(&c);
	add_two_batches(&c, "boot.log");
	expect(&c, ANN_SUMMARY_GITHUB,
		"6 status values of 3 codes on 5 of 9 lines\n"
		"::warning title=DEV_BUSY::0x01 at boot.log:2 to boot.log:9, 3 times: Try again.\n"
		"::error title=DEV_ISSUER::0x11B at boot.log:2 to boot.log:6, 2 times: Who signed this?\n"
		"::notice title=NET_CLOSED::0x20004 at boot.log:3: The peer is done.\n");
	stop(&c);
}
END_TEST

START_TEST(a_command_for_github_is_one_line_whatever_it_says)
{
	struct counted c;

	start_awkward(&c);
	expect(&c, ANN_SUMMARY_GITHUB,
		"2 status values of 1 code on 2 of 2 lines\n"
		"::error title=DEV_ONE::0x01 at a|b%0A::c:1 to d:1, 2 times: 100%25 of a|b, <c>\n");
	stop(&c);
}
END_TEST

START_TEST(json_has_the_meaning_of_each)
{
	struct counted c;

	start(&c);
	add(&c, "a\"b", "rc 0x11B\nx\nrc 0x11B\nrc 1\n", 1);
	expect(&c, ANN_SUMMARY_JSON,
		"{\"lines\":4,\"lines_annotated\":3,\"values\":3,\"codes\":["
		"{\"count\":2,\"first\":{\"source\":\"a\\\"b\",\"line\":1},"
		"\"last\":{\"source\":\"a\\\"b\",\"line\":3},\"meaning\":"
		"{\"value\":283,\"code\":\"0x11B\",\"name\":\"DEV_ISSUER\",\"description\":"
		"\"Who signed this?\",\"family\":\"dev\",\"severity\":\"error\",\"hint\":\"\"}},"
		"{\"count\":1,\"first\":{\"source\":\"a\\\"b\",\"line\":4},"
		"\"last\":{\"source\":\"a\\\"b\",\"line\":4},\"meaning\":"
		"{\"value\":1,\"code\":\"0x01\",\"name\":\"DEV_BUSY\",\"description\":"
		"\"Try again.\",\"family\":\"dev\",\"severity\":\"warning\",\"hint\":\"\"}}]}\n");
	stop(&c);
}
END_TEST

START_TEST(a_line_without_an_end_is_counted)
{
	struct counted c;

	start(&c);
	add(&c, "a", "x", 1);
	expect(&c, ANN_SUMMARY_TEXT, "0 status values of 0 codes on 0 of 1 line\n");
	add(&c, "a", "x\ny", 2);
	expect(&c, ANN_SUMMARY_TEXT, "0 status values of 0 codes on 0 of 3 lines\n");
	stop(&c);
}
END_TEST

START_TEST(without_memory_there_is_no_summary)
{
	struct counted c;
	struct ann_buf out = {0};

	start(&c);
	test_kit_scan(&c.kit, ann_span("rc 1\n"));
	test_heap_begin(0);
	ann_summary_add(c.summary, "a",
		&(struct ann_batch){.bytes = ann_span("rc 1\n"), .seq = 1},
		c.kit.hits.at, 1);
	ck_assert(test_heap_end());
	ann_summary_write(c.summary, ANN_SUMMARY_TEXT, &out);
	ck_assert(out.failed);
	stop(&c);

	ann_buf_clear(&out);
	start(&c);
	add(&c, "a", "rc 1\n", 2);
	test_heap_begin(0);
	ann_summary_write(c.summary, ANN_SUMMARY_TEXT, &out);
	ck_assert(test_heap_end());
	ck_assert(out.failed);
	stop(&c);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, an_empty_stream_has_a_summary);
	test_add(suite, one_of_each_is_not_plural);
	test_add(suite, the_commonest_comes_first);
	test_add(suite, equal_counts_come_by_value_then_by_family);
	test_add(suite, several_sources_are_named);
	test_add(suite, a_cell_of_markdown_holds_whatever_it_is);
	test_add(suite, github_has_a_command_for_each);
	test_add(suite, a_command_for_github_is_one_line_whatever_it_says);
	test_add(suite, json_has_the_meaning_of_each);
	test_add(suite, a_line_without_an_end_is_counted);
	test_add(suite, without_memory_there_is_no_summary);
}
