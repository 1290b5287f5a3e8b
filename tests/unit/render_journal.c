/* The journal's native fields, read back as journald reads them. */
#include "annotty/message_ids.h"
#include "annotty/render.h"

#include "base/utf8.h"
#include "chance.h"
#include "kit.h"
#include "suite.h"

#include <string.h>

enum { FIELDS_MOST = 80 };

static const char rules[] = "[rule r]\npattern = (?i)\\brc\\b\\W{0,3}(?<code>\\w+)\n";

struct field {
	struct ann_span name;
	struct ann_span value;
};

static struct {
	struct ann_buf out; /* what was rendered */
	struct field fields[FIELDS_MOST];
	size_t count;
} t;

/* Reads the fields of t.out; whatever is no field fails the test. */
static void parse(void)
{
	struct ann_span rest = ann_buf_all(&t.out);

	ck_assert(!t.out.failed);
	t.count = 0;
	while (rest.len > 0) {
		struct ann_span line = ann_span_next(&rest, '\n');
		struct field *field = &t.fields[t.count++];
		uint64_t len = 0;

		ck_assert_uint_le(t.count, FIELDS_MOST);
		field->value = line;
		field->name = ann_span_next(&field->value, '=');
		if (field->name.len == line.len) {
			ck_assert_uint_ge(rest.len, 8);
			for (int i = 7; i >= 0; i--) {
				len = len << 8 | (unsigned char)rest.ptr[i];
			}
			ck_assert_uint_le(len + 9, rest.len);
			field->value = (struct ann_span){rest.ptr + 8, len};
			ck_assert_int_eq(rest.ptr[8 + len], '\n');
			rest.ptr += len + 9;
			rest.len -= len + 9;
		}
		for (size_t i = 0; i < field->name.len; i++) {
			char c = field->name.ptr[i];

			ck_assert((c >= 'A' && c <= 'Z') || c == '_');
		}
	}
}

static void render(struct ann_span line)
{
	const struct ann_render_options options = {
		.format = ANN_FORMAT_JOURNAL, .source = "dut3"};
	const struct ann_batch batch = {
		.bytes = line, .seq = 7, .offset = 100, .wall_ns = 1795383067123456789};
	struct ann_renderer renderer;
	struct test_kit kit;

	test_kit_start(&kit, rules);
	test_kit_scan(&kit, line);
	ann_renderer_init(&renderer, &options);
	ann_buf_clear(&t.out);
	ann_render_batch(&renderer, &batch, kit.hits.at, kit.hits.count, &t.out);
	parse();
	test_kit_deinit(&kit);
}

/* Value number `which` of a field; NULL with length 0: there are not so many. */
static struct ann_span value(const char *name, size_t which)
{
	for (size_t i = 0; i < t.count; i++) {
		if (ann_span_is(t.fields[i].name, name) && which-- == 0) {
			return t.fields[i].value;
		}
	}
	return (struct ann_span){0};
}

static void expect_nth(const char *name, size_t which, const char *expected)
{
	struct ann_span got = value(name, which);

	ck_assert_msg(got.ptr != NULL, "%s is missing", name);
	ck_assert_msg(
		ann_span_is(got, expected), "%s is %.*s", name, ANN_SPAN_ARG(got));
}

static void expect(const char *name, const char *expected)
{
	expect_nth(name, 0, expected);
	ck_assert_msg(value(name, 1).ptr == NULL, "%s is there twice", name);
}

static void expect_none(const char *name)
{
	ck_assert_msg(value(name, 0).ptr == NULL, "%s is there", name);
}

START_TEST(a_line_has_fields)
{
	render(ann_span("boot\r\n"));
	expect("MESSAGE", "boot");
	expect("PRIORITY", "6");
	expect("SYSLOG_IDENTIFIER", "annotty");
	expect("ANNOTTY_TIME", "2026-11-22T21:31:07.123456789Z");
	expect("ANNOTTY_SOURCE", "dut3");
	expect("ANNOTTY_SEQ", "7");
	expect("ANNOTTY_OFFSET", "100");
	expect("ANNOTTY_LINE", "boot");
	expect_none("MESSAGE_ID");
	expect_none("ANNOTTY_CODE");
}
END_TEST

START_TEST(a_code_is_told_with_all_that_the_catalog_shows)
{
	render(ann_span("rc 0x107 rc 0x20003\n"));
	expect("MESSAGE", "rc 0x107 [DEV_LOST: The link is gone. | DEV_GONE: The same "
			  "by another name. | NET_TIMEOUT: Nobody answered. | "
			  "SYS_FAULT: A fault.] rc 0x20003 [NET_ROUTE | SYS_ROUTE: "
			  "Another one.]");
	expect("PRIORITY", "3");
	expect("MESSAGE_ID", ANN_MESSAGE_ID_STATUS);
	expect_nth("ANNOTTY_CODE", 0, "0x107");
	expect_nth("ANNOTTY_NAME", 0, "DEV_LOST");
	expect_nth("ANNOTTY_DESCRIPTION", 0, "The link is gone.");
	expect_nth("ANNOTTY_HINT", 0, "Check the cable.");
	expect_nth("ANNOTTY_FAMILY", 0, "dev");
	expect_nth("ANNOTTY_SEVERITY", 0, "error");
	expect_nth("ANNOTTY_RULE", 0, "r");
	expect_nth("ANNOTTY_CODE", 1, "0x20003");
	expect_nth("ANNOTTY_NAME", 1, "NET_ROUTE");
	expect_nth("ANNOTTY_DESCRIPTION", 1, "");
	expect_nth("ANNOTTY_HINT", 1, "");
}
END_TEST

START_TEST(of_several_codes_the_worst_leads)
{
	render(ann_span("rc 0x20004 rc 0x11B\n"));
	expect("PRIORITY", "3");
	expect_nth("ANNOTTY_CODE", 0, "0x11B");
	expect_nth("ANNOTTY_CODE", 1, "0x20004");
	render(ann_span("rc 0x20004\n"));
	expect("PRIORITY", "5");
}
END_TEST

/* --- forging ------------------------------------------------------------------------
 */

static const struct ann_span hostile[] = {
#define LINE(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	LINE("PRIORITY=0"),
	LINE("x\\nPRIORITY=0"),
	LINE("x\rMESSAGE_ID=5c6dfa3b23e9452a81765f1f148e6c54"),
	LINE("\0\1\0\0\0\0\0\0\0"),
	LINE("a=b=c"),
	LINE("\xff\xfePRIORITY=0"),
	LINE("\033]0;PRIORITY=0\007"),
	LINE("\xc2\x85PRIORITY=0"),
	LINE("{\"PRIORITY\":\"0\"}"),
#undef LINE
};

START_TEST(no_line_becomes_a_field)
{
	struct ann_span line = hostile[_i];
	struct ann_span message;

	render(line);
	message = value("MESSAGE", 0);
	ck_assert_uint_eq(ann_utf8_valid(message), message.len);
	for (size_t i = 0; i < t.count; i++) {
		if (ann_span_is(t.fields[i].name, "PRIORITY")) {
			ck_assert(ann_span_is(t.fields[i].value, "6"));
		}
	}
	expect_none("MESSAGE_ID");
}
END_TEST

START_TEST(a_newline_ends_a_record_and_no_field)
{
	render(ann_span("x\nPRIORITY=0\r\nMESSAGE\n"));
	expect_nth("MESSAGE", 0, "x");
	expect_nth("MESSAGE", 1, "PRIORITY=0");
	expect_nth("MESSAGE", 2, "MESSAGE");
	for (size_t i = 0; i < 3; i++) {
		expect_nth("PRIORITY", i, "6");
	}
	ck_assert_ptr_null(value("PRIORITY", 3).ptr);
	ck_assert_ptr_null(value("MESSAGE", 3).ptr);
}
END_TEST

START_TEST(the_raw_line_is_there_byte_for_byte)
{
	static const char bytes[] = "a=\0\1\2\033[m\x7f\x80\xc2\x85\xff";
	struct test_chance chance = test_chance(_i);

	for (int round = 0; round < 300; round++) {
		struct ann_buf line = {0};
		struct ann_span got;

		test_scatter(&chance, bytes, sizeof(bytes) - 1,
			1 + test_below(&chance, 60), &line);
		render(ann_buf_all(&line));
		got = value("ANNOTTY_LINE", 0);
		ck_assert(ann_span_equal(got, ann_buf_all(&line)));
		ann_buf_deinit(&line);
	}
}
END_TEST

START_TEST(a_huge_line_is_one_record)
{
	struct ann_buf line = {0};

	ann_buf_fill(&line, '=', 1 << 16);
	render(ann_buf_all(&line));
	ck_assert_uint_eq(value("ANNOTTY_LINE", 0).len, 1 << 16);
	ck_assert_uint_eq(value("MESSAGE", 0).len, 1 << 16);
	ann_buf_deinit(&line);
}
END_TEST

/* --- events -------------------------------------------------------------------------
 */

static void render_event(const char *source, struct ann_event event)
{
	const struct ann_render_options options = {
		.format = ANN_FORMAT_JOURNAL, .output = "collector"};
	struct ann_renderer renderer;

	ann_renderer_init(&renderer, &options);
	ann_buf_clear(&t.out);
	ann_render_event(&renderer, source, &event, &t.out);
	parse();
}

START_TEST(events_have_the_fields_of_their_kind)
{
	render_event("dut3", (struct ann_event){.kind = ANN_EVENT_DISCONNECTED,
				     .reason = "unplugged"});
	expect("MESSAGE", "dut3: disconnected: unplugged");
	expect("PRIORITY", "4");
	expect("MESSAGE_ID", ANN_MESSAGE_ID_DISCONNECTED);
	expect("ANNOTTY_SOURCE", "dut3");
	expect("ANNOTTY_REASON", "unplugged");
	render_event("dut3", (struct ann_event){.kind = ANN_EVENT_CONNECTED});
	expect("PRIORITY", "5");
	expect("MESSAGE_ID", ANN_MESSAGE_ID_CONNECTED);
	expect("ANNOTTY_REASON", "");
	render_event("dut3", (struct ann_event){.kind = ANN_EVENT_GAP});
	expect("MESSAGE_ID", ANN_MESSAGE_ID_GAP);
	render_event(NULL,
		(struct ann_event){
			.kind = ANN_EVENT_DROPPED, .lost_lines = 3, .lost_bytes = 120});
	expect("MESSAGE", "dropped 3 lines, 120 bytes");
	expect("MESSAGE_ID", ANN_MESSAGE_ID_DROPPED);
	expect("ANNOTTY_OUTPUT", "collector");
	expect("ANNOTTY_LINES", "3");
	expect("ANNOTTY_BYTES", "120");
}
END_TEST

START_TEST(fields_that_the_catalog_shows_are_not_longer_than_it_can)
{
	struct ann_buf name = {0};
	struct ann_span got;

	for (int i = 0; i < 200; i++) {
		ann_buf_str(&name, "\xc3\xa4");
	}
	ann_buf_char(&name, '\0');
	render_event(name.ptr, (struct ann_event){.kind = ANN_EVENT_CONNECTED});
	got = value("ANNOTTY_SOURCE", 0);
	ck_assert_uint_le(got.len, ANN_MESSAGE_FIELD_BYTES - strlen("ANNOTTY_SOURCE="));
	ck_assert_uint_gt(
		got.len, ANN_MESSAGE_FIELD_BYTES - strlen("ANNOTTY_SOURCE=") - 2);
	ck_assert_uint_eq(ann_utf8_valid(got), got.len);
	ann_buf_deinit(&name);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_line_has_fields);
	test_add(suite, a_code_is_told_with_all_that_the_catalog_shows);
	test_add(suite, of_several_codes_the_worst_leads);
	test_add(suite, a_newline_ends_a_record_and_no_field);
	test_add_loop(suite, no_line_becomes_a_field, (int)ANN_LEN(hostile));
	test_add_loop(suite, the_raw_line_is_there_byte_for_byte, 2);
	test_add(suite, a_huge_line_is_one_record);
	test_add(suite, events_have_the_fields_of_their_kind);
	test_add(suite, fields_that_the_catalog_shows_are_not_longer_than_it_can);
}
