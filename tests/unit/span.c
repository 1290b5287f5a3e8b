/* Tests of span, buf, error and alloc: what everything else stands on. */
#include "annotty/span.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"
#include "annotty/error.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct ann_span empty = {NULL, 0};

static void expect(struct ann_span span, const char *text)
{
	ck_assert_msg(ann_span_is(span, text), "\"%.*s\" is not \"%s\"",
		ANN_SPAN_ARG(span), text);
}

START_TEST(equality_is_of_bytes)
{
	struct ann_span nul = {"a\0b", 3};

	ck_assert(ann_span_equal(ann_span("ab"), ann_span("ab")));
	ck_assert(!ann_span_equal(ann_span("ab"), ann_span("aB")));
	ck_assert(!ann_span_equal(ann_span("ab"), ann_span("abc")));
	ck_assert(ann_span_equal(empty, ann_span("")));
	ck_assert(ann_span_is(ann_span(NULL), ""));
	ck_assert(!ann_span_is(nul, "a"));
	ck_assert(ann_span_equal(nul, nul));
}
END_TEST

START_TEST(equality_without_case_is_of_letters)
{
	ck_assert(ann_span_equal_nocase(ann_span("aB_1"), ann_span("Ab_1")));
	ck_assert(!ann_span_equal_nocase(ann_span("a"), ann_span("b")));
	ck_assert(!ann_span_equal_nocase(ann_span("@"), ann_span("`")));
	ck_assert(ann_span_equal_nocase(empty, empty));
}
END_TEST

START_TEST(find_finds_the_first)
{
	ck_assert_int_eq(ann_span_find_nocase(ann_span("xTLStls"), ann_span("tls")), 1);
	ck_assert_int_eq(ann_span_find_nocase(ann_span("tl"), ann_span("tls")), -1);
	ck_assert_int_eq(ann_span_find_nocase(ann_span("xtls"), ann_span("TLS")), 1);
	ck_assert_int_eq(ann_span_find_nocase(ann_span("abc"), ann_span("")), 0);
	ck_assert_int_eq(ann_span_find_nocase(empty, ann_span("a")), -1);
	ck_assert_int_eq(ann_span_find_nocase(empty, empty), 0);
}
END_TEST

START_TEST(trim_takes_blanks_off_both_ends)
{
	expect(ann_span_trim(ann_span(" \ta b\r\n")), "a b");
	expect(ann_span_trim(ann_span(" \t")), "");
	expect(ann_span_trim(empty), "");
}
END_TEST

START_TEST(next_takes_pieces_off_the_front)
{
	struct ann_span rest = ann_span("a,,b,");

	expect(ann_span_next(&rest, ','), "a");
	expect(ann_span_next(&rest, ','), "");
	expect(ann_span_next(&rest, ','), "b");
	ck_assert_ptr_nonnull(rest.ptr);
	expect(ann_span_next(&rest, ','), "");
	ck_assert_ptr_null(rest.ptr);
	expect(ann_span_next(&rest, ','), "");
}
END_TEST

START_TEST(numbers_are_decimal_or_hex)
{
	static const struct {
		const char *text;
		bool valid;
		uint64_t value;
	} cases[] = {
		{"0", true, 0},
		{"283", true, 283},
		{"010", true, 10},
		{"0x11b", true, 0x11b},
		{"0X11B", true, 0x11b},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"99999999999999999999", false, 0},
		{"0xFFFFFFFFFFFFFFFF", true, UINT64_MAX},
		{"0x10000000000000000", false, 0},
		{"0x00000000000000000001", true, 1},
		{"", false, 0},
		{"0x", false, 0},
		{"0xg", false, 0},
		{"1f", false, 0},
		{"+1", false, 0},
		{"-1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
	};

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		uint64_t value = 0;
		bool valid = ann_span_number(ann_span(cases[i].text), &value);

		ck_assert_msg(valid == cases[i].valid && value == cases[i].value, "%s",
			cases[i].text);
	}
}
END_TEST

START_TEST(digits_are_those_of_the_base)
{
	uint64_t value = 1;

	ck_assert(!ann_span_digits(ann_span("9f"), 10, &value));
	ck_assert(!ann_span_digits(ann_span("8"), 8, &value));
	ck_assert(!ann_span_digits(empty, 16, &value));
	ck_assert(ann_span_digits(ann_span("9f"), 16, &value));
	ck_assert_uint_eq(value, 0x9f);
	ck_assert(ann_span_digits(ann_span("777"), 8, &value));
	ck_assert_uint_eq(value, 0777);
}
END_TEST

START_TEST(words_are_ascii)
{
	static const char word[] = "abzAZ019_";

	for (const char *p = word; *p != '\0'; p++) {
		ck_assert(ann_is_word((unsigned char)*p));
	}
	ck_assert(!ann_is_word('-'));
	ck_assert(!ann_is_word('\0'));
	ck_assert(!ann_is_word(0xe4));
}
END_TEST

START_TEST(distance_counts_edits)
{
	char longest[200];

	memset(longest, 'a', sizeof(longest));
	ck_assert_uint_eq(
		ann_span_distance(ann_span("kitten"), ann_span("sitting")), 3);
	ck_assert_uint_eq(ann_span_distance(ann_span("NX_dns"), ann_span("nx_DNS")), 0);
	ck_assert_uint_eq(ann_span_distance(empty, ann_span("abc")), 3);
	ck_assert_uint_eq(ann_span_distance(ann_span("abc"), empty), 3);
	ck_assert_uint_eq(ann_span_distance(ann_span("ab"), ann_span("ba")), 2);
	ck_assert_uint_eq(
		ann_span_distance((struct ann_span){longest, 200}, ann_span("aaa")),
		60);
}
END_TEST

START_TEST(the_nearest_word_is_the_first_of_the_most_alike)
{
	static const char *const known[] = {"relp", "tcp", "udp"};

	ck_assert_str_eq(ann_span_nearest(ann_span("TPC"), known, 3, 2), "tcp");
	ck_assert_str_eq(ann_span_nearest(ann_span("xcp"), known, 3, 2), "tcp");
	ck_assert_str_eq(ann_span_nearest(ann_span("p"), known, 3, 2), "tcp");
	ck_assert_ptr_null(ann_span_nearest(ann_span("p"), known, 3, 1));
	ck_assert_ptr_null(ann_span_nearest(ann_span("p"), known, 0, 9));
}
END_TEST

START_TEST(a_buffer_takes_all_kinds)
{
	struct ann_buf buf = {0};

	expect(ann_buf_all(&buf), "");
	ann_buf_str(&buf, "a");
	ann_buf_char(&buf, 'b');
	ann_buf_add(&buf, "cd", 2);
	ann_buf_add(&buf, NULL, 0);
	ann_buf_span(&buf, ann_span("e"));
	ann_buf_span(&buf, empty);
	ann_buf_fill(&buf, '.', 3);
	ann_buf_fill(&buf, '.', 0);
	ann_buf_u64(&buf, 0);
	ann_buf_u64(&buf, UINT64_MAX);
	ann_buf_printf(&buf, "<%s %d>", "f", -1);
	ann_buf_printf(&buf, "%s", "");
	expect(ann_buf_all(&buf), "abcde...018446744073709551615<f -1>");
	ck_assert(!buf.failed);
	ann_buf_deinit(&buf);
	ck_assert_ptr_null(buf.ptr);
}
END_TEST

START_TEST(a_buffer_grows)
{
	struct ann_buf buf = {0};

	for (int i = 0; i < 1000; i++) {
		ann_buf_printf(&buf, "%04d", i);
	}
	ck_assert_uint_eq(buf.len, 4000);
	ck_assert_mem_eq(buf.ptr + 3996, "0999", 4);

	size_t room = buf.room;

	ann_buf_clear(&buf);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_uint_eq(buf.room, room);
	ann_buf_deinit(&buf);
}
END_TEST

START_TEST(an_empty_buffer_takes_nothing_well)
{
	struct ann_buf buf = {0};

	ann_buf_fill(&buf, 'x', 0);
	ann_buf_str(&buf, "");
	ck_assert_uint_eq(buf.len, 0);
	ck_assert(!buf.failed);
	ann_buf_deinit(&buf);
}
END_TEST

START_TEST(a_buffer_without_memory_says_so_at_the_end)
{
	struct ann_buf buf = {0};

	test_heap_begin(0);
	ann_buf_str(&buf, "lost");
	ann_buf_str(&buf, "too");
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.len, 0);
	ann_buf_clear(&buf);
	ann_buf_str(&buf, "kept");
	ck_assert(!buf.failed);
	expect(ann_buf_all(&buf), "kept");
	ann_buf_deinit(&buf);
	ck_assert(test_heap_end());
}
END_TEST

START_TEST(more_than_there_can_be_is_refused)
{
	struct ann_buf buf = {0};

	ann_buf_char(&buf, 'a');
	ck_assert_ptr_null(ann_buf_reserve(&buf, SIZE_MAX - 1));
	ck_assert(buf.failed);
	expect(ann_buf_all(&buf), "a");
	ann_buf_deinit(&buf);
	ck_assert_ptr_null(ann_resize_array(NULL, SIZE_MAX / 2, 3));
}
END_TEST

START_TEST(blocks_are_zeroed_or_copied)
{
	char *copy = ann_copy("ab\0c", 4);
	char *nothing = ann_copy(NULL, 0);
	char *zeroed = ann_alloc(3);

	ck_assert_mem_eq(copy, "ab\0c", 5);
	ck_assert_str_eq(nothing, "");
	ck_assert_mem_eq(zeroed, "\0\0\0", 3);
	ann_free(copy);
	ann_free(nothing);
	ann_free(zeroed);
	ann_free(NULL);
}
END_TEST

START_TEST(arrays_double)
{
	int *array = NULL;
	size_t room = 0;

	for (size_t i = 0; i < 100; i++) {
		ck_assert_int_eq(
			ann_grow((void **)&array, &room, i, sizeof(*array)), 0);
		array[i] = (int)i;
	}
	ck_assert_uint_eq(room, 128);
	ck_assert_int_eq(array[99], 99);
	ann_free(array);
}
END_TEST

START_TEST(an_array_without_memory_stays_as_it_was)
{
	int *array = NULL;
	size_t room = 0;

	test_heap_begin(1);
	ck_assert_int_eq(ann_grow((void **)&array, &room, 0, sizeof(*array)), 0);
	array[0] = 7;
	ck_assert_int_eq(ann_grow((void **)&array, &room, room, sizeof(*array)), -1);
	ck_assert_uint_eq(room, 8);
	ck_assert_int_eq(array[0], 7);
	ann_free(array);
	ck_assert(test_heap_end());
}
END_TEST

START_TEST(an_error_has_code_and_text)
{
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_error_set(&err, ANN_ECONFIG, "%s: %d", "line", 3), ANN_ECONFIG);
	ck_assert_int_eq(err.code, ANN_ECONFIG);
	ck_assert_int_eq(err.os, 0);
	ck_assert_str_eq(err.text, "line: 3");
	ck_assert_int_eq(ann_error_nomem(&err), ANN_ENOMEM);
	ck_assert_str_eq(err.text, "out of memory");
}
END_TEST

START_TEST(an_error_of_the_system_ends_with_its_text)
{
	struct ann_error err = {0};
	char expected[200];

	snprintf(expected, sizeof(expected), "open: %s", strerror(ENOENT));
	ck_assert_int_eq(ann_error_os(&err, ENOENT, "%s", "open"), ANN_ESYS);
	ck_assert_int_eq(err.os, ENOENT);
	ck_assert_str_eq(err.text, expected);
}
END_TEST

START_TEST(context_goes_before_the_story)
{
	struct ann_error err = {0};

	ck_assert_int_eq(ann_error_set(&err, ANN_ESYS, "open: no"), ANN_ESYS);
	ann_error_context(&err, "port \"%s\"", "tty");
	ann_error_context(&err, "a.conf:%d", 12);
	ck_assert_str_eq(err.text, "a.conf:12: port \"tty\": open: no");
	ck_assert_int_eq(err.code, ANN_ESYS);
}
END_TEST

START_TEST(overlong_stories_are_cut)
{
	struct ann_error err = {0};
	char text[sizeof(err.text) * 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(ann_error_set(&err, ANN_EUSE, "%s", text), ANN_EUSE);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ann_error_context(&err, "before");
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ck_assert_mem_eq(err.text, "before: xxx", 11);
	ann_error_context(&err, "%s", text);
	ck_assert_int_eq(ann_error_os(&err, ENOENT, "%s", text), ANN_ESYS);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

START_TEST(nobody_has_to_want_the_story)
{
	ck_assert_int_eq(ann_error_set(NULL, ANN_EUSE, "x"), ANN_EUSE);
	ck_assert_int_eq(ann_error_os(NULL, ENOENT, "x"), ANN_ESYS);
	ck_assert_int_eq(ann_error_nomem(NULL), ANN_ENOMEM);
	ann_error_context(NULL, "x");
}
END_TEST

START_TEST(every_code_has_a_text)
{
	ck_assert_str_eq(ann_err_text(ANN_OK), "no error");
	ck_assert_str_eq(ann_err_text(ANN_ENOTSUP), "not supported by this build");
	ck_assert_str_eq(ann_err_text((enum ann_err)99), "unknown error");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, equality_is_of_bytes);
	test_add(suite, equality_without_case_is_of_letters);
	test_add(suite, find_finds_the_first);
	test_add(suite, trim_takes_blanks_off_both_ends);
	test_add(suite, next_takes_pieces_off_the_front);
	test_add(suite, numbers_are_decimal_or_hex);
	test_add(suite, digits_are_those_of_the_base);
	test_add(suite, words_are_ascii);
	test_add(suite, distance_counts_edits);
	test_add(suite, the_nearest_word_is_the_first_of_the_most_alike);
	test_add(suite, a_buffer_takes_all_kinds);
	test_add(suite, a_buffer_grows);
	test_add(suite, an_empty_buffer_takes_nothing_well);
	test_add(suite, a_buffer_without_memory_says_so_at_the_end);
	test_add(suite, more_than_there_can_be_is_refused);
	test_add(suite, blocks_are_zeroed_or_copied);
	test_add(suite, arrays_double);
	test_add(suite, an_array_without_memory_stays_as_it_was);
	test_add(suite, an_error_has_code_and_text);
	test_add(suite, an_error_of_the_system_ends_with_its_text);
	test_add(suite, context_goes_before_the_story);
	test_add(suite, overlong_stories_are_cut);
	test_add(suite, nobody_has_to_want_the_story);
	test_add(suite, every_code_has_a_text);
}
