/* Which words of a text can be numbers: all that the tables' words are asked for. */
#include "match/numbers.h"

#include "annotty/buf.h"

#include "chance.h"
#include "suite.h"

#include <string.h>

/* The words found, each with a blank behind it; those with a prefix in brackets. */
static void list(struct ann_span text, struct ann_buf *found)
{
	struct ann_numbers numbers = {0};

	ann_buf_clear(found);
	for (size_t at = 0; at < text.len; at = numbers.next) {
		ann_numbers_read(&numbers, text, at);
		ck_assert_uint_eq(numbers.at, at);
		ck_assert(numbers.next > at || numbers.line_ends);
		if (numbers.long_word) {
			ann_buf_str(found, "long ");
		}
		for (uint64_t each =
				numbers.long_word ? 0 : numbers.ends | numbers.prefixes;
			each != 0; each &= each - 1) {
			bool prefixed = (numbers.prefixes & each & (~each + 1)) != 0;

			ann_buf_str(found, prefixed ? "(" : "");
			ann_buf_span(found, ann_numbers_first(&numbers, text, each));
			ann_buf_str(found, prefixed ? ") " : " ");
		}
		if (numbers.line_ends) {
			break;
		}
	}
	ann_buf_char(found, '\0');
}

static void expect(const char *text, const char *expected)
{
	struct ann_buf found = {0};

	list(ann_span(text), &found);
	ck_assert_msg(strcmp(found.ptr, expected) == 0, "\"%s\": found \"%s\"", text,
		found.ptr);
	ann_buf_deinit(&found);
}

START_TEST(words_of_digits_are_found)
{
	expect("status = 107, 0x1a, 1Fh or 12", "107 (0x1a) 1Fh 12 ");
	expect("12", "12 ");
	expect("-1.5e3_4 face:b0", "1 face b0 ");
	expect("fast feed add", "feed add ");
	expect("", "");
	/* Some are no numbers. */
	expect("0x 5g 0X1 and", "0x 5g (0X1) (and) ");
}
END_TEST

START_TEST(a_line_end_ends_the_text)
{
	expect("12\n34", "12 ");
	expect("5 lines\r12", "5 ");
	expect("\n12", "");
}
END_TEST

START_TEST(the_last_word_is_the_one_that_ends_last)
{
	struct ann_span text = ann_span("  12 x 0x34 56 ");
	struct ann_numbers numbers;
	struct ann_span word;

	ann_numbers_read(&numbers, text, 0);
	word = ann_numbers_last(&numbers, text, numbers.ends);
	ck_assert(ann_span_is(word, "56"));
	ck_assert_ptr_eq(word.ptr, text.ptr + 12);
	word = ann_numbers_first(&numbers, text, numbers.ends);
	ck_assert(ann_span_is(word, "12"));
}
END_TEST

START_TEST(a_word_may_stand_anywhere_in_its_block)
{
	static const char *const words[] = {"0x1a2", "77", "7", "12h"};

	for (size_t i = 0; i < ANN_LEN(words); i++) {
		for (size_t before = 0; before < 140; before++) {
			struct ann_buf text = {0};
			struct ann_buf found = {0};
			struct ann_buf expected = {0};

			ann_buf_fill(&text, ' ', before);
			ann_buf_str(&text, words[i]);
			ann_buf_printf(&expected, i == 0 ? "(%s) " : "%s ", words[i]);
			ann_buf_char(&expected, '\0');
			for (size_t behind = 0; behind < 70; behind++) {
				list(ann_buf_all(&text), &found);
				ck_assert_str_eq(found.ptr, expected.ptr);
				ann_buf_char(&text, ' ');
			}
			ann_buf_deinit(&text);
			ann_buf_deinit(&found);
			ann_buf_deinit(&expected);
		}
	}
}
END_TEST

START_TEST(a_word_as_long_as_a_block_is_told_of)
{
	for (size_t len = 60; len < 70; len++) {
		struct ann_buf text = {0};
		struct ann_buf found = {0};

		ann_buf_fill(&text, '1', len);
		list(ann_buf_all(&text), &found);
		ck_assert_int_eq(strncmp(found.ptr, "long ", 5) == 0, len >= 64);
		ann_buf_deinit(&text);
		ann_buf_deinit(&found);
	}
}
END_TEST

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Whether a word is one of digits only, with 0x before or an h behind or without. */
static bool can_be_number(struct ann_span word)
{
	bool prefixed =
		word.len > 2 && word.ptr[0] == '0' && (word.ptr[1] | 0x20) == 'x';
	size_t digits = 0;

	if (prefixed) {
		word.ptr += 2;
		word.len -= 2;
	}
	while (digits < word.len && is_hex(word.ptr[digits])) {
		digits++;
	}
	return digits > 0 &&
	       (digits == word.len || (!prefixed && digits + 1 == word.len &&
					      (word.ptr[digits] | 0x20) == 'h'));
}

/* Whether the word that begins at `start` was found by a read from `from` on. */
static bool was_found(struct ann_span text, size_t from, size_t start)
{
	struct ann_numbers numbers = {.next = from};

	do {
		ann_numbers_read(&numbers, text, numbers.next);
		for (uint64_t each = numbers.ends | numbers.prefixes;
			!numbers.long_word && each != 0; each &= each - 1) {
			if (ann_numbers_first(&numbers, text, each).ptr ==
				text.ptr + start) {
				return true;
			}
		}
	} while (!numbers.line_ends && numbers.next < text.len);
	return false;
}

START_TEST(no_number_is_missed)
{
	static const char bytes[] = "001ab9Fxxhg_ .:\xff";
	struct test_chance chance = test_chance(_i);
	size_t checked = 0;

	for (int round = 0; round < 400; round++) {
		struct ann_buf buf = {0};

		test_scatter(&chance, bytes, sizeof(bytes) - 1,
			1 + test_below(&chance, 200), &buf);

		struct ann_span text = ann_buf_all(&buf);

		for (size_t at = 0; at < text.len;) {
			size_t start = at;

			while (at < text.len &&
				ann_is_word((unsigned char)text.ptr[at])) {
				at++;
			}
			if (at > start && at - start < 64 &&
				can_be_number((struct ann_span){
					text.ptr + start, at - start})) {
				checked++;
				ck_assert_msg(was_found(text, 0, start),
					"\"%.*s\" at %zu", ANN_SPAN_ARG(text), start);
			}
			at += at == start;
		}
		ann_buf_deinit(&buf);
	}
	ck_assert_uint_gt(checked, 1000);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, words_of_digits_are_found);
	test_add(suite, a_line_end_ends_the_text);
	test_add(suite, the_last_word_is_the_one_that_ends_last);
	test_add(suite, a_word_may_stand_anywhere_in_its_block);
	test_add(suite, a_word_as_long_as_a_block_is_told_of);
	test_add_loop(suite, no_number_is_missed, 4);
}
