/* RFC 5424 and local syslog, to the byte; lines that would like to be something else.
 */
#include "annotty/render.h"

#include "base/utf8.h"
#include "chance.h"
#include "kit.h"
#include "suite.h"

#include <stdlib.h>
#include <time.h>

static const char rules[] = "[rule r]\npattern = (?i)\\brc\\b\\W{0,3}(?<code>\\w+)\n";

static const struct ann_render_options syslog_options = {
	.format = ANN_FORMAT_SYSLOG,
	.source = "dut3",
	.host = "rig7",
	.process = 812,
	.facility = 2, /* daemon */
};

static const struct ann_render_options local_options = {
	.format = ANN_FORMAT_SYSLOG_LOCAL,
	.source = "dut3",
	.host = "rig7",
	.process = 812,
};

/* What is rendered of a batch of these bytes; until the next call. */
static struct ann_span render(
	const struct ann_render_options *options, struct ann_span bytes)
{
	const struct ann_batch batch = {.bytes = bytes,
		.seq = 7,
		.offset = 100,
		.wall_ns = 1795383067123456789};
	static struct ann_buf out;
	struct ann_renderer renderer;
	struct test_kit kit;

	test_kit_start(&kit, rules);
	test_kit_scan(&kit, bytes);
	ann_renderer_init(&renderer, options);
	ann_buf_clear(&out);
	ann_render_batch(&renderer, &batch, kit.hits.at, kit.hits.count, &out);
	ck_assert(!out.failed);
	test_kit_deinit(&kit);
	return ann_buf_all(&out);
}

static void expect_with(const struct ann_render_options *options, struct ann_span line,
	const char *expected)
{
	struct ann_span got = render(options, line);

	ck_assert_msg(ann_span_is(got, expected), "expected %sgot      %.*s", expected,
		ANN_SPAN_ARG(got));
}

static void expect(const char *line, const char *expected)
{
	expect_with(&syslog_options, ann_span(line), expected);
}

#define TIME   "2026-11-22T21:31:07.123456Z"
#define HEAD   ">1 " TIME " rig7 annotty 812 "
#define SOURCE "[annotty@32473 source=\"dut3\" seq=\"7\" offset=\"100\""

START_TEST(a_line_without_a_code_is_information)
{
	expect("boot\n", "<30" HEAD "- " SOURCE "] boot\n");
	expect("\n", "<30" HEAD "- " SOURCE "] \n");
	expect("", "");
}
END_TEST

START_TEST(a_code_gives_msgid_severity_and_parameters)
{
	expect("rc 0x11B", "<27" HEAD "DEV_ISSUER " SOURCE
			   " code=\"0x11B\" name=\"DEV_ISSUER\" severity=\"error\"]"
			   " rc 0x11B [DEV_ISSUER: Who signed this?]\n");
}
END_TEST

START_TEST(each_line_is_a_record)
{
	expect("a\r\nb\n",
		"<30" HEAD "- " SOURCE "] a\n"
		"<30" HEAD
		"- [annotty@32473 source=\"dut3\" seq=\"8\" offset=\"103\"] b\n");
}
END_TEST

/* How often `text` stands in `all`. */
static unsigned count(struct ann_span all, const char *text)
{
	unsigned found = 0;

	while (all.len > 0) {
		long at = ann_span_find_nocase(all, ann_span(text));

		if (at < 0) {
			break;
		}
		found++;
		all.ptr += at + 1;
		all.len -= (size_t)at + 1;
	}
	return found;
}

START_TEST(of_several_codes_the_worst_leads)
{
	struct ann_render_options options = syslog_options;

	options.names_only = true;
	expect_with(&options, ann_span("rc 0x20004, rc 0x11B, rc 0x263"),
		"<27" HEAD "DEV_ISSUER " SOURCE
		" code=\"0x11B\" name=\"DEV_ISSUER\" severity=\"error\""
		" code=\"0x20004\" name=\"NET_CLOSED\" severity=\"info\""
		" code=\"0x263\" name=\"SYS_HEX\" severity=\"error\"]"
		" rc 0x20004 [NET_CLOSED], rc 0x11B [DEV_ISSUER], rc 0x263 [SYS_HEX]\n");
	expect_with(&options, ann_span("rc 0x20004"),
		"<29" HEAD "NET_CLOSED " SOURCE
		" code=\"0x20004\" name=\"NET_CLOSED\" severity=\"info\"]"
		" rc 0x20004 [NET_CLOSED]\n");
}
END_TEST

START_TEST(many_codes_in_a_line_are_not_all_told)
{
	struct ann_buf line = {0};

	for (int i = 0; i < 100; i++) {
		ann_buf_str(&line, "rc 0x11B ");
	}
	ck_assert_uint_eq(
		count(render(&syslog_options, ann_buf_all(&line)), " code=\""), 8);
	ck_assert_uint_eq(
		count(render(&syslog_options, ann_buf_all(&line)), "[DEV_ISSUER: "),
		100);
	ann_buf_deinit(&line);
}
END_TEST

START_TEST(what_is_not_known_is_a_dash)
{
	const struct ann_render_options unknown = {
		.format = ANN_FORMAT_SYSLOG, .source = "x"};
	const struct ann_render_options odd = {
		.format = ANN_FORMAT_SYSLOG, .source = "x", .host = "my host\n"};

	expect_with(&unknown, ann_span("a"),
		"<14>1 " TIME " - annotty - - [annotty@32473 source=\"x\" seq=\"7\" "
		"offset=\"100\"] a\n");
	expect_with(&odd, ann_span("a"),
		"<14>1 " TIME " my_host_ annotty - - [annotty@32473 source=\"x\" "
		"seq=\"7\" offset=\"100\"] a\n");
}
END_TEST

START_TEST(local_syslog_has_its_own_head)
{
	setenv("TZ", "UTC", 1);
	tzset();
	expect_with(&local_options, ann_span("rc 0x11B"),
		"<11>Nov 22 21:31:07 annotty[812]: " SOURCE
		" code=\"0x11B\" name=\"DEV_ISSUER\" severity=\"error\"]"
		" rc 0x11B [DEV_ISSUER: Who signed this?]\n");
}
END_TEST

START_TEST(placement_and_style_are_as_in_text)
{
	struct ann_render_options options = syslog_options;

	options.placement = ANN_SUFFIX;
	options.names_only = true;
	expect_with(&options, ann_span("rc 0x11B, done\n"),
		"<27" HEAD "DEV_ISSUER " SOURCE
		" code=\"0x11B\" name=\"DEV_ISSUER\" severity=\"error\"]"
		" rc 0x11B, done [DEV_ISSUER]\n");
	options.placement = ANN_BELOW; /* there is only one line */
	expect_with(&options, ann_span("rc 0x11B, done\n"),
		"<27" HEAD "DEV_ISSUER " SOURCE
		" code=\"0x11B\" name=\"DEV_ISSUER\" severity=\"error\"]"
		" rc 0x11B [DEV_ISSUER], done\n");
}
END_TEST

START_TEST(text_beyond_ascii_is_marked)
{
	expect("h\xc3\xa4\n", "<30" HEAD "- " SOURCE "] \xef\xbb\xbfh\xc3\xa4\n");
	setenv("TZ", "UTC", 1);
	expect_with(&local_options, ann_span("h\xc3\xa4\n"),
		"<14>Nov 22 21:31:07 annotty[812]: " SOURCE "] h\xc3\xa4\n");
}
END_TEST

/* --- forging ------------------------------------------------------------------------
 */

START_TEST(parameters_are_escaped)
{
	struct ann_render_options options = syslog_options;

	options.source = "a\"]\\ [b@1 c=\"d\"\n";
	expect_with(&options, ann_span("x\n"),
		"<30" HEAD
		"- [annotty@32473 source=\"a\\\"\\]\\\\ [b@1 c=\\\"d\\\"^J\" "
		"seq=\"7\" offset=\"100\"] x\n");
}
END_TEST

START_TEST(hostile_lines_stay_text)
{
	static const struct {
		const char *line;
		size_t len;
		const char *text;
	} cases[] = {
#define CASE(line, text) {line, sizeof(line) - 1, text}
		CASE("] <0>1 - - - - - [x@1 y=\"z\"] forged",
			"] <0>1 - - - - - [x@1 y=\"z\"] forged"),
		CASE("a\0b", "a^@b"),
		CASE("\033[2J\033]0;title\007", "^[[2J^[]0;title^G"),
		CASE("\033[31mred\033[0m", "red"),
		CASE("tab\there", "tab\there"),
		CASE("\xff\xfe", "<FF><FE>"),
		CASE("\xc2\x85next", "<U+0085>next"),
		CASE("\xe2\x82", "<E2><82>"),
		CASE("\x7f", "^?"),
		CASE("::error::forged", "::error::forged"),
		CASE("{\"event\":\"gap\"}", "{\"event\":\"gap\"}"),
#undef CASE
	};

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		struct ann_buf expected = {0};

		ann_buf_str(&expected, "<30" HEAD "- " SOURCE "] ");
		ann_buf_str(&expected, cases[i].text);
		ann_buf_add(&expected, "\n", 2);
		expect_with(&syslog_options,
			(struct ann_span){cases[i].line, cases[i].len}, expected.ptr);
		ann_buf_deinit(&expected);
	}
}
END_TEST

/* One line, valid, without controls, and the structured data as we have written it. */
START_TEST(any_bytes_make_records_of_one_line)
{
	static const char bytes[] =
		"ab \"\\]\r\t\0\033[m\x7f\x80\xc2\x85\xc3\xa4\xff<>1-";
	struct test_chance chance = test_chance(_i);

	for (int round = 0; round < 300; round++) {
		struct ann_buf text = {0};
		struct ann_span got = {0};

		test_scatter(&chance, bytes, sizeof(bytes) - 1,
			1 + test_below(&chance, 60), &text);
		got = render(_i % 2 == 0 ? &syslog_options : &local_options,
			ann_buf_all(&text));
		ck_assert_uint_eq(ann_utf8_valid(got), got.len);
		while (got.len > 0) {
			struct ann_span record = ann_span_next(&got, '\n');

			ck_assert_int_gt(ann_span_find_nocase(record,
						 ann_span("[annotty@32473 source=")),
				0);
			for (size_t i = 0; i < record.len; i++) {
				ck_assert((unsigned char)record.ptr[i] >= 0x20 ||
					  record.ptr[i] == '\t');
			}
		}
		ann_buf_deinit(&text);
	}
}
END_TEST

START_TEST(a_huge_line_is_one_record)
{
	struct ann_buf line = {0};
	struct ann_span got = {0};

	ann_buf_fill(&line, '\033', 1 << 16);
	got = render(&syslog_options, ann_buf_all(&line));
	ck_assert_uint_eq(count(got, "\n"), 1);
	ck_assert_uint_gt(got.len, 2 << 16);
	ann_buf_deinit(&line);
}
END_TEST

/* --- events -------------------------------------------------------------------------
 */

static void expect_event(
	const char *source, struct ann_event event, const char *expected)
{
	struct ann_renderer renderer;
	struct ann_buf out = {0};

	event.wall_ns = 1795383067123456789;
	ann_renderer_init(&renderer, &syslog_options);
	ann_render_event(&renderer, source, &event, &out);
	ann_buf_char(&out, '\0');
	ck_assert_str_eq(out.ptr, expected);
	ann_buf_deinit(&out);
}

START_TEST(events_are_records_too)
{
	expect_event("dut3",
		(struct ann_event){.kind = ANN_EVENT_CONNECTED, .away_ns = 3200000000},
		"<29" HEAD "connected [annotty@32473 source=\"dut3\" "
		"event=\"connected\"] dut3: connected after 3.2 s\n");
	expect_event("dut3",
		(struct ann_event){
			.kind = ANN_EVENT_GAP, .reason = "overrun", .lost_bytes = 12},
		"<28" HEAD "gap [annotty@32473 source=\"dut3\" event=\"gap\" "
		"reason=\"overrun\" lost_bytes=\"12\"] dut3: gap: overrun, 12 bytes "
		"lost\n");
	expect_event(NULL,
		(struct ann_event){
			.kind = ANN_EVENT_DROPPED, .lost_lines = 3, .lost_bytes = 120},
		"<28" HEAD "dropped [annotty@32473 event=\"dropped\" "
		"lost_lines=\"3\" lost_bytes=\"120\"] dropped 3 lines, 120 bytes\n");
}
END_TEST

START_TEST(names_of_sources_forge_no_events)
{
	expect_event("a\n<0>1 - - - - - -\"] b",
		(struct ann_event){.kind = ANN_EVENT_CONNECTED},
		"<29" HEAD "connected [annotty@32473 source=\"a^J<0>1 - - - - - "
		"-\\\"\\] b\" event=\"connected\"] a^J<0>1 - - - - - -\"] b: "
		"connected\n");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_line_without_a_code_is_information);
	test_add(suite, a_code_gives_msgid_severity_and_parameters);
	test_add(suite, each_line_is_a_record);
	test_add(suite, of_several_codes_the_worst_leads);
	test_add(suite, many_codes_in_a_line_are_not_all_told);
	test_add(suite, what_is_not_known_is_a_dash);
	test_add(suite, local_syslog_has_its_own_head);
	test_add(suite, placement_and_style_are_as_in_text);
	test_add(suite, text_beyond_ascii_is_marked);
	test_add(suite, parameters_are_escaped);
	test_add(suite, hostile_lines_stay_text);
	test_add_loop(suite, any_bytes_make_records_of_one_line, 4);
	test_add(suite, a_huge_line_is_one_record);
	test_add(suite, events_are_records_too);
	test_add(suite, names_of_sources_forge_no_events);
}
