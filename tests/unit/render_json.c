/* JSON Lines, to the byte. */
#include "annotty/render.h"

#include "annotty/table.h"

#include "base/utf8.h"
#include "chance.h"
#include "kit.h"
#include "suite.h"

#include <stdio.h>

static const char rules[] = "[rule r]\npattern = (?i)\\brc\\b\\W{0,3}(?<code>\\w+)\n"
			    "[rule \"n\"]\npattern = \\b(?<name>[A-Z]+_[A-Z]+)\\b\n";

#define HEAD "{\"ts\":\"2026-11-22T21:31:07.123456789Z\",\"source\":\"dut3\",\"seq\":"

static void expect_batch(const struct ann_batch *batch, const char *expected)
{
	const struct ann_render_options options = {
		.format = ANN_FORMAT_JSON, .source = "dut3"};
	struct ann_renderer renderer;
	struct test_kit kit;

	test_kit_start(&kit, rules);
	test_kit_scan(&kit, batch->bytes);
	ann_renderer_init(&renderer, &options);
	ann_render_batch(&renderer, batch, kit.hits.at, kit.hits.count, &kit.out);
	ann_buf_char(&kit.out, '\0');
	ck_assert_str_eq(kit.out.ptr, expected);
	test_kit_deinit(&kit);
}

static void expect_bytes(struct ann_span text, const char *expected)
{
	const struct ann_batch batch = {.bytes = text,
		.seq = 812,
		.offset = 60213,
		.wall_ns = 1795383067123456789};

	expect_batch(&batch, expected);
}

static void expect(const char *text, const char *expected)
{
	expect_bytes(ann_span(text), expected);
}

START_TEST(a_line_is_an_object)
{
	expect("boot\n",
		HEAD "812,\"offset\":60213,\"line\":\"boot\",\"annotations\":[]}\n");
	expect("", "");
}
END_TEST

START_TEST(lines_count_on_from_those_of_the_batch)
{
	expect("a\r\n\rb",
		HEAD "812,\"offset\":60213,\"line\":\"a\",\"annotations\":[]}\n" HEAD
		     "813,\"offset\":60216,\"line\":\"\",\"annotations\":[]}\n" HEAD
		     "814,\"offset\":60217,\"line\":\"b\",\"annotations\":[]}\n");
}
END_TEST

START_TEST(a_hit_has_all_there_is_to_know)
{
	expect("x\nrc 0x107\n", HEAD
		"812,\"offset\":60213,\"line\":\"x\",\"annotations\":[]}\n" HEAD
		"813,\"offset\":60215,\"line\":\"rc 0x107\",\"annotations\":["
		"{\"start\":3,\"end\":8,\"value\":263,\"code\":\"0x107\",\"name\":\"DEV_LOST\","
		"\"description\":\"The link is gone.\",\"family\":\"dev\",\"severity\":\"error\","
		"\"rule\":\"r\",\"alternatives\":["
		"{\"value\":263,\"code\":\"0x107\",\"name\":\"DEV_GONE\","
		"\"description\":\"The same by another name.\",\"family\":\"dev\","
		"\"severity\":\"error\"},"
		"{\"value\":263,\"code\":\"0x107\",\"name\":\"NET_TIMEOUT\","
		"\"description\":\"Nobody answered.\",\"family\":\"net\","
		"\"severity\":\"warning\"},"
		"{\"value\":263,\"code\":\"0x107\",\"name\":\"SYS_FAULT\","
		"\"description\":\"A fault.\",\"family\":\"sys\",\"severity\":\"error\"}]}]}\n");
}
END_TEST

START_TEST(several_hits_are_a_list)
{
	expect("rc 11B DEV_ISSUER\n", HEAD
		"812,\"offset\":60213,\"line\":\"rc 11B DEV_ISSUER\",\"annotations\":["
		"{\"start\":3,\"end\":6,\"value\":283,\"code\":\"0x11B\",\"name\":\"DEV_ISSUER\","
		"\"description\":\"Who signed this?\",\"family\":\"dev\",\"severity\":\"error\","
		"\"rule\":\"r\",\"alternatives\":[]},"
		"{\"start\":7,\"end\":17,\"value\":283,\"code\":\"0x11B\",\"name\":\"DEV_ISSUER\","
		"\"description\":\"Who signed this?\",\"family\":\"dev\",\"severity\":\"error\","
		"\"rule\":\"\\\"n\\\"\",\"alternatives\":[]}]}\n");
}
END_TEST

START_TEST(control_characters_are_escaped)
{
	static const char text[] = "\"\\\b\f\t\0\033\x7f/\n";

	expect_bytes((struct ann_span){text, sizeof(text) - 1}, HEAD
		"812,\"offset\":60213,"
		"\"line\":\"\\\"\\\\\\b\\f\\t\\u0000\\u001b\\u007f/\",\"annotations\":[]}\n");
}
END_TEST

static const struct {
	const char *line;
	const char *string; /* as it stands in the object */
} hostile[] = {
	{"x\",\"event\":\"dropped\",\"lost_lines\":9,\"y\":\"",
		"x\\\",\\\"event\\\":\\\"dropped\\\",\\\"lost_lines\\\":9,\\\"y\\\":\\\""},
	{"x\"}", "x\\\"}"},
	{"{\"event\":\"gap\"}", "{\\\"event\\\":\\\"gap\\\"}"},
	{"x\\\",\"source\":\"dut2", "x\\\\\\\",\\\"source\\\":\\\"dut2"},
	{"x\\", "x\\\\"},
	{"x\\u0022,\\n", "x\\\\u0022,\\\\n"},
	{"::error::forged", "::error::forged"},
	{"\033[2J\033]0;title\a", "\\u001b[2J\\u001b]0;title\\u0007"},
	{"\302\2332J \302\200 \302\240", "\\u009b2J \\u0080 \302\240"},
};

START_TEST(hostile_lines_stay_a_string_of_one_object)
{
	char expected[512];

	(void)snprintf(expected, sizeof(expected),
		HEAD "812,\"offset\":60213,\"line\":\"%s\",\"annotations\":[]}\n",
		hostile[_i].string);
	expect(hostile[_i].line, expected);
}
END_TEST

START_TEST(valid_utf8_passes)
{
	expect("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", HEAD
		"812,\"offset\":60213,"
		"\"line\":\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\",\"annotations\":[]}\n");
}
END_TEST

START_TEST(what_is_no_utf8_is_replaced_and_given_raw)
{
	expect("a\xff",
		HEAD "812,\"offset\":60213,\"line\":\"a\xef\xbf\xbd\",\"raw\":\"Yf8=\","
		     "\"annotations\":[]}\n");
	expect("\xe2\x82",
		HEAD "812,\"offset\":60213,"
		     "\"line\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"raw\":\"4oI=\","
		     "\"annotations\":[]}\n");
	expect("\xed\xa0\x80", HEAD "812,\"offset\":60213,\"line\":"
				    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
				    "\"raw\":\"7aCA\",\"annotations\":[]}\n");
	expect("\xfe\n", HEAD "812,\"offset\":60213,\"line\":\"\xef\xbf\xbd\","
			      "\"raw\":\"/g==\",\"annotations\":[]}\n");
}
END_TEST

START_TEST(pieces_of_a_cut_line_say_so)
{
	const struct ann_batch first = {.bytes = ann_span("rc 0x11B "),
		.seq = 3,
		.offset = 20,
		.wall_ns = 1795383067123456789,
		.cut = true};

	expect_batch(&first, HEAD
		"3,\"offset\":20,\"line\":\"rc 0x11B \",\"cut\":true,\"annotations\":["
		"{\"start\":3,\"end\":8,\"value\":283,\"code\":\"0x11B\",\"name\":\"DEV_ISSUER\","
		"\"description\":\"Who signed this?\",\"family\":\"dev\",\"severity\":\"error\","
		"\"rule\":\"r\",\"alternatives\":[]}]}\n");
}
END_TEST

START_TEST(a_code_has_its_hint_too)
{
	struct ann_buf out = {0};
	struct test_kit kit;

	test_kit_start(&kit, rules);
	ann_render_code(ann_codebook_find_name(kit.book, ann_span("DEV_LOST")), &out);
	ann_buf_char(&out, '\0');
	ck_assert_str_eq(out.ptr,
		"{\"value\":263,\"code\":\"0x107\",\"name\":\"DEV_LOST\",\"description\":"
		"\"The link is gone.\",\"family\":\"dev\",\"severity\":\"error\","
		"\"hint\":\"Check the cable.\"}");
	ann_buf_deinit(&out);
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(any_bytes_make_a_valid_string)
{
	static const char bytes[] =
		"ab\"\\\n\0\x1f\x7f\x80\xbf\xc2\xc3\xa4\xe0\xa0\xed\xf0\x9f\xf4"
		"\xff";
	struct test_chance chance = test_chance(_i);

	for (int round = 0; round < 500; round++) {
		struct ann_buf text = {0};
		struct ann_buf out = {0};

		test_scatter(&chance, bytes, sizeof(bytes) - 1, test_below(&chance, 30),
			&text);
		ann_render_json_string(ann_buf_all(&text), &out);
		ck_assert_uint_eq(ann_utf8_valid(ann_buf_all(&out)), out.len);
		ck_assert_int_eq(out.ptr[0], '"');
		ck_assert_int_eq(out.ptr[out.len - 1], '"');
		for (size_t i = 1; i + 1 < out.len; i++) {
			ck_assert_uint_ge((unsigned char)out.ptr[i], 0x20);
			ck_assert_int_ne(out.ptr[i], '"');
			i += out.ptr[i] == '\\';
		}
		ann_buf_deinit(&text);
		ann_buf_deinit(&out);
	}
}
END_TEST

START_TEST(utf8_is_what_unicode_says)
{
	static const struct {
		const char *text;
		size_t len; /* of the first character, 0: none */
	} cases[] = {
		{"", 0},
		{"a", 1},
		{"\x7f", 1},
		{"\x80", 0},
		{"\xbf", 0},
		{"\xc0\x80", 0},
		{"\xc1\xbf", 0},
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xc2", 0},
		{"\xc2x", 0},
		{"\xe0\x9f\xbf", 0},
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xed\xa0\x80", 0},
		{"\xee\x80\x80", 3},
		{"\xef\xbf\xbf", 3},
		{"\xe1\x80", 0},
		{"\xe1\x80x", 0},
		{"\xf0\x8f\xbf\xbf", 0},
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\xf4\x90\x80\x80", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\xf1\x80\x80", 0},
		{"\xff", 0},
	};

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		ck_assert_msg(ann_utf8_char(ann_span(cases[i].text)) == cases[i].len,
			"case %zu", i);
	}
	ck_assert_uint_eq(ann_utf8_valid(ann_span("plain text \xc3\xa4 and \xff")), 18);
	ck_assert_uint_eq(ann_utf8_valid(ann_span("12345678\xc3")), 8);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_line_is_an_object);
	test_add(suite, lines_count_on_from_those_of_the_batch);
	test_add(suite, a_hit_has_all_there_is_to_know);
	test_add(suite, several_hits_are_a_list);
	test_add(suite, control_characters_are_escaped);
	test_add_loop(suite, hostile_lines_stay_a_string_of_one_object,
		(int)ANN_LEN(hostile));
	test_add(suite, valid_utf8_passes);
	test_add(suite, what_is_no_utf8_is_replaced_and_given_raw);
	test_add(suite, pieces_of_a_cut_line_say_so);
	test_add(suite, a_code_has_its_hint_too);
	test_add_loop(suite, any_bytes_make_a_valid_string, 2);
	test_add(suite, utf8_is_what_unicode_says);
}
