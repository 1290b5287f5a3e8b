/* From bytes to annotated text: the same output however the input is cut. */
#include "feed.h"
#include "kit.h"
#include "suite.h"

static const char rules[] =
	"[rule name]\n"
	"pattern = \\b(?<name>[A-Z]+_[A-Z]+)\\b\n"
	"[rule status]\n"
	"pattern = (?i)\\b(?:status|error|rc)\\b\\W{0,3}(?<code>\\w+)\n"
	"unless-before = port \n"
	"[rule any]\n"
	"pattern = \\((?<code>0x[0-9a-f]+)\\)\n"
	"[family net]\n"
	"words = (?i)socket\n";

static const char sample[] =
	"boot\r\n"
	"TLS failed, status = 0x11B\n"
	"\033[31mError: 0x107\033[0m (0x20003) and DEV_BUSY\r"
	"rc=263 socket (0x107)\n\r"
	"\n"
	"nothing\0here\xff\xc3\n"
	"a rather long line without an end to it, with status 0x107, which is cut, and "
	"error 0x263 is told; rc 1\r\n"
	"sta\033[1mtus 0x1\033[0m07 rc\r\r\n"
	"DEV_LOST rc 107h";

struct pipeline {
	struct test_kit *kit;
	struct ann_renderer renderer;
	struct ann_buf out;
};

static void pass(void *user, const struct ann_batch *batch)
{
	struct pipeline *p = user;

	test_kit_scan(p->kit, batch->bytes);
	ann_render_batch(
		&p->renderer, batch, p->kit->hits.at, p->kit->hits.count, &p->out);
}

static struct ann_buf run(struct test_kit *kit,
	const struct ann_render_options *options, const struct test_feed *feed)
{
	struct pipeline p = {.kit = kit};

	ann_renderer_init(&p.renderer, options);
	test_feed(feed, (struct ann_span){sample, sizeof(sample) - 1}, pass, &p);
	ck_assert(!p.out.failed);
	return p.out;
}

static const struct ann_render_options options[] = {
	{.format = ANN_FORMAT_TEXT},
	{.format = ANN_FORMAT_TEXT, .placement = ANN_SUFFIX, .names_only = true},
	{.format = ANN_FORMAT_TEXT, .placement = ANN_BELOW, .color = true},
	{.format = ANN_FORMAT_TEXT, .timestamp = ANN_TIMESTAMP_EPOCH, .color = true},
	{.format = ANN_FORMAT_TEXT,
		.timestamp = ANN_TIMESTAMP_DELTA,
		.placement = ANN_BELOW,
		.mask_controls = true},
	{.format = ANN_FORMAT_JSON, .source = "a"},
	{.format = ANN_FORMAT_RAW},
};

static void compare(struct test_kit *kit, const struct ann_render_options *how,
	struct test_feed feed, struct ann_span expected)
{
	struct ann_buf found = run(kit, how, &feed);

	ck_assert_msg(ann_span_equal(ann_buf_all(&found), expected),
		"cut at %zu, then every %zu, limit %zu:\n%.*s\ninstead of\n%.*s",
		feed.first, feed.others, feed.limit, (int)found.len, found.ptr,
		(int)expected.len, expected.ptr);
	ann_buf_deinit(&found);
}

static void check_cuts(
	struct test_kit *kit, const struct ann_render_options *how, size_t limit)
{
	struct test_feed feed = {limit, true, sizeof(sample), 0};
	struct ann_buf whole = run(kit, how, &feed);
	struct ann_span expected = ann_buf_all(&whole);

	for (feed.first = 0; feed.first < sizeof(sample); feed.first++) {
		compare(kit, how, feed, expected);
	}
	compare(kit, how, (struct test_feed){limit, true, 1, 1}, expected);
	compare(kit, how, (struct test_feed){limit, true, 3, 3}, expected);
	compare(kit, how, (struct test_feed){limit, true, 10, 31}, expected);
	ann_buf_deinit(&whole);
}

START_TEST(the_output_is_the_same_however_the_input_is_cut)
{
	struct test_kit kit;

	test_kit_start(&kit, rules);
	if (_i % 2 == 1) {
		ann_matcher_accelerate(kit.matcher);
	}
	check_cuts(&kit, &options[_i / 2], 0);
	check_cuts(&kit, &options[_i / 2], 40);
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(the_sample_is_annotated)
{
	static const char expected[] =
		"boot\r\n"
		"TLS failed, status = 0x11B [DEV_ISSUER]\n"
		"\033[31mError: 0x107 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]\033[0m "
		"(0x20003 [NET_ROUTE | SYS_ROUTE]) and DEV_BUSY [0x01]\r"
		"rc=263 [NET_TIMEOUT | DEV_LOST | DEV_GONE | SYS_FAULT | SYS_HEX] socket "
		"(0x107 [NET_TIMEOUT | DEV_LOST | DEV_GONE | SYS_FAULT])\n\r"
		"\n"
		"nothing\0here\xff\xc3\n"
		"a rather long line without an end to it, with status 0x107 [DEV_LOST | "
		"DEV_GONE | NET_TIMEOUT | SYS_FAULT], which is cut, and error 0x263 "
		"[SYS_HEX] is told; rc 1 [DEV_BUSY | NET_DOWN]\r\n"
		"sta\033[1mtus 0x1\033[0m07 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT] "
		"rc\r\r\n"
		"DEV_LOST [0x107] rc 107h [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]";
	const struct ann_render_options plain = {.names_only = true};
	struct test_kit kit;

	test_kit_start(&kit, rules);
	compare(&kit, &plain, (struct test_feed){0, true, sizeof(sample), 0},
		(struct ann_span){expected, sizeof(expected) - 1});
	test_kit_deinit(&kit);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, the_sample_is_annotated);
	test_add_loop(suite, the_output_is_the_same_however_the_input_is_cut,
		2 * (int)ANN_LEN(options));
}
