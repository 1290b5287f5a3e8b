/* Lines, values, and time: the small things that all formats stand on. */
#include "annotty/lines.h"

#include "annotty/render.h"

#include "chance.h"
#include "match/value.h"
#include "suite.h"

static void expect_line(const char *text, size_t start, size_t end, size_t next)
{
	struct ann_line line = ann_line_at(ann_span(text), start);

	ck_assert_uint_eq(line.start, start);
	ck_assert_uint_eq(line.end, end);
	ck_assert_uint_eq(line.next, next);
	for (size_t at = start; at < next; at++) {
		struct ann_line around = ann_line_around(ann_span(text), at);

		/* The LF of a CR LF is no line of its own, but nobody asks for it. */
		if (at == start || text[at - 1] != '\r') {
			ck_assert_uint_eq(around.start, start);
			ck_assert_uint_eq(around.next, next);
		}
	}
}

START_TEST(lines_have_a_start_an_end_and_a_next)
{
	expect_line("ab\ncd", 0, 2, 3);
	expect_line("ab\ncd", 3, 5, 5);
	expect_line("ab\r\ncd\r\n", 0, 2, 4);
	expect_line("ab\r\ncd\r\n", 4, 6, 8);
	expect_line("ab\rcd\n", 0, 2, 3);
	expect_line("ab\rcd\n", 3, 5, 6);
	expect_line("\n\n", 0, 0, 1);
	expect_line("a\n\r", 2, 2, 3);
	expect_line("a\r\r\n", 2, 2, 4);
}
END_TEST

START_TEST(line_ends_are_counted)
{
	static const struct {
		const char *text;
		uint64_t lines;
	} cases[] = {{"", 0}, {"a", 0}, {"a\n", 1}, {"a\nb", 1}, {"a\r\nb\r\n", 2},
		{"\r", 1}, {"a\rb\r", 2}, {"\n\r", 2}, {"\r\r\n", 2}, {"\n\n\n", 3}};

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		ck_assert_uint_eq(
			ann_lines_count(ann_span(cases[i].text)), cases[i].lines);
	}
}
END_TEST

START_TEST(counting_and_walking_agree)
{
	struct test_chance chance = test_chance(_i);

	for (int round = 0; round < 1000; round++) {
		struct ann_buf text = {0};
		uint64_t lines = 0;

		test_scatter(&chance, "ab\r\n", 4, 1 + test_below(&chance, 40), &text);
		struct ann_line_counter counter = {ann_buf_all(&text), 0, 1};

		for (size_t at = 0; at < text.len;) {
			struct ann_line line = ann_line_at(ann_buf_all(&text), at);

			ck_assert_uint_eq(ann_line_number(&counter, at), lines + 1);
			lines += line.next > line.end;
			ck_assert_uint_gt(line.next, at);
			at = line.next;
		}
		ck_assert_uint_eq(ann_lines_count(ann_buf_all(&text)), lines);
		ann_buf_deinit(&text);
	}
}
END_TEST

static void expect_value(
	const char *digits, enum ann_base base, size_t count, uint64_t a, uint64_t b)
{
	uint64_t found[2] = {0};

	ck_assert_msg(
		ann_value_read(ann_span(digits), base, found) == count, "%s", digits);
	ck_assert(count < 1 || found[0] == a);
	ck_assert(count < 2 || found[1] == b);
}

START_TEST(values_are_read_as_people_print_them)
{
	static const char *const same[] = {
		"0x107", "0X107", "0x0107", "0x00000107", "107h", "107H", "0107h"};

	for (size_t i = 0; i < ANN_LEN(same); i++) {
		expect_value(same[i], ANN_BASE_AUTO, 1, 0x107, 0);
		expect_value(same[i], ANN_BASE_HEX, 1, 0x107, 0);
		expect_value(same[i], ANN_BASE_DEC, 1, 0x107, 0);
	}
	expect_value("107", ANN_BASE_AUTO, 2, 107, 0x107);
	expect_value("107", ANN_BASE_DEC, 1, 107, 0);
	expect_value("107", ANN_BASE_HEX, 1, 0x107, 0);
	expect_value("0107", ANN_BASE_AUTO, 1, 0x107, 0);
	expect_value("0107", ANN_BASE_DEC, 1, 107, 0);
	expect_value("1a", ANN_BASE_AUTO, 1, 0x1a, 0);
	expect_value("7", ANN_BASE_AUTO, 1, 7, 0);
	expect_value("0", ANN_BASE_AUTO, 1, 0, 0);
}
END_TEST

START_TEST(what_is_no_number_has_no_value)
{
	static const char *const none[] = {"", "x", "0x", "0xg", "h", "1 ", "-1", "1.2",
		"0x12345678901234567", "0x1h"};

	for (size_t i = 0; i < ANN_LEN(none); i++) {
		expect_value(none[i], ANN_BASE_AUTO, 0, 0, 0);
	}
	expect_value("1a", ANN_BASE_DEC, 0, 0, 0);
	expect_value("18446744073709551615", ANN_BASE_AUTO, 1, UINT64_MAX, 0);
	expect_value("18446744073709551616", ANN_BASE_DEC, 0, 0, 0);
	expect_value("0xFFFFFFFFFFFFFFFF", ANN_BASE_DEC, 1, UINT64_MAX, 0);
}
END_TEST

START_TEST(two_prints_of_one_number_are_the_same)
{
	ck_assert(ann_value_same(ann_span("0x107"), ann_span("263")));
	ck_assert(ann_value_same(ann_span("107"), ann_span("263")));
	ck_assert(ann_value_same(ann_span("107"), ann_span("107h")));
	ck_assert(!ann_value_same(ann_span("0x107"), ann_span("264")));
	ck_assert(!ann_value_same(ann_span("x"), ann_span("x")));
}
END_TEST

START_TEST(times_are_written_with_as_many_digits_as_asked)
{
	struct ann_buf out = {0};

	ann_render_time(1795383067123456789, 9, &out);
	ann_render_time(1795383067023456789, 3, &out);
	ann_render_time(0, 6, &out);
	ck_assert(ann_span_is(ann_buf_all(&out), "2026-11-22T21:31:07.123456789Z"
						 "2026-11-22T21:31:07.023Z"
						 "1970-01-01T00:00:00.000000Z"));
	ann_buf_deinit(&out);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, lines_have_a_start_an_end_and_a_next);
	test_add(suite, line_ends_are_counted);
	test_add_loop(suite, counting_and_walking_agree, 2);
	test_add(suite, values_are_read_as_people_print_them);
	test_add(suite, what_is_no_number_has_no_value);
	test_add(suite, two_prints_of_one_number_are_the_same);
	test_add(suite, times_are_written_with_as_many_digits_as_asked);
}
