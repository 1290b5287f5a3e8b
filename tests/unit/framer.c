/* A stream becomes lines, and the same ones however it is cut into blocks. */
#include "annotty/framer.h"

#include "annotty/lines.h"

#include "chance.h"
#include "feed.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* Notes each line of the batches: "offset/seq:text|", a cut one with "~". */
struct notes {
	struct ann_buf text;
	uint64_t offset; /* where the next batch has to begin */
};

static void note_batch(void *user, const struct ann_batch *batch)
{
	struct notes *notes = user;
	uint64_t seq = batch->seq;

	ck_assert_uint_eq(batch->offset, notes->offset);
	notes->offset += batch->bytes.len;
	for (size_t at = 0; at < batch->bytes.len;) {
		struct ann_line line = ann_line_at(batch->bytes, at);
		struct ann_span whole = {batch->bytes.ptr + at, line.next - at};

		ann_buf_u64(&notes->text, batch->offset + at);
		ann_buf_char(&notes->text, '/');
		ann_buf_u64(&notes->text, seq++);
		ann_buf_char(&notes->text, ':');
		ann_buf_span(&notes->text, whole);
		ann_buf_str(&notes->text,
			batch->cut && line.next == batch->bytes.len ? "~" : "|");
		at = line.next;
	}
	/* Only one piece of one line is ever cut. */
	ck_assert(!batch->cut || ann_lines_count(batch->bytes) == 0);
}

static struct ann_buf lines_of(
	struct ann_span stream, size_t limit, size_t first, size_t others)
{
	struct test_feed feed = {limit, true, first, others};
	struct notes notes = {.offset = 0};

	test_feed(&feed, stream, note_batch, &notes);
	ck_assert_uint_eq(notes.offset, stream.len);
	return notes.text;
}

static void expect_same(const struct ann_buf *expected, struct ann_span stream,
	size_t limit, size_t first, size_t others)
{
	struct ann_buf found = lines_of(stream, limit, first, others);

	ck_assert_msg(ann_span_equal(ann_buf_all(&found), ann_buf_all(expected)),
		"cut at %zu, then every %zu, limit %zu:\n%.*s\ninstead of\n%.*s", first,
		others, limit, (int)found.len, found.ptr, (int)expected->len,
		expected->ptr);
	ann_buf_deinit(&found);
}

/* In one piece, in two, in three, and byte by byte. */
static void check_cuts(struct ann_span stream, size_t limit)
{
	struct ann_buf whole = lines_of(stream, limit, stream.len, 0);

	for (size_t cut = 0; cut <= stream.len; cut++) {
		expect_same(&whole, stream, limit, cut, 0);
		expect_same(&whole, stream, limit, cut, 7);
	}
	expect_same(&whole, stream, limit, 1, 1);
	expect_same(&whole, stream, limit, 2, 2);
	ann_buf_deinit(&whole);
}

static void expect_bytes(struct ann_span stream, size_t limit, const char *expected)
{
	struct ann_buf found = lines_of(stream, limit, stream.len, 0);

	ck_assert_msg(ann_span_is(ann_buf_all(&found), expected),
		"\"%.*s\" is not \"%s\"", (int)found.len, found.ptr, expected);
	ann_buf_deinit(&found);
	check_cuts(stream, limit);
}

static void expect(const char *stream, size_t limit, const char *expected)
{
	expect_bytes(ann_span(stream), limit, expected);
}

START_TEST(lines_end_at_lf_crlf_and_cr)
{
	expect("a\nb\n", 0, "0/1:a\n|2/2:b\n|");
	expect("a\r\nb\r\n", 0, "0/1:a\r\n|3/2:b\r\n|");
	expect("a\rb\r", 0, "0/1:a\r|2/2:b\r|");
	expect("a\n\rb", 0, "0/1:a\n|2/2:\r|3/3:b|");
	expect("a\r\r\nb", 0, "0/1:a\r|2/2:\r\n|4/3:b|");
	expect("\n\n\r\n", 0, "0/1:\n|1/2:\n|2/3:\r\n|");
	expect("a\rb\nc\r\nd\n\r", 0, "0/1:a\r|2/2:b\n|4/3:c\r\n|7/4:d\n|9/5:\r|");
}
END_TEST

START_TEST(the_last_line_needs_no_end)
{
	expect("a\nb", 0, "0/1:a\n|2/2:b|");
	expect("a", 0, "0/1:a|");
	expect("\r", 0, "0/1:\r|");
	expect("a\r", 0, "0/1:a\r|");
}
END_TEST

START_TEST(an_empty_stream_has_no_lines)
{
	struct ann_framer framer;
	struct ann_batch batch;

	expect("", 0, "");
	ann_framer_init(&framer, 0, true);
	ck_assert(!ann_framer_next(&framer, ann_span(""), false, &batch));
	ck_assert(!ann_framer_next(&framer, ann_span(""), true, &batch));
	ann_framer_deinit(&framer);
}
END_TEST

START_TEST(nul_and_invalid_utf8_are_bytes_like_others)
{
	static const char stream[] = "a\0b\n\0\xff\xfe\r\n\0";
	struct ann_span bytes = {stream, sizeof(stream) - 1};
	struct ann_buf found = lines_of(bytes, 0, bytes.len, 0);
	static const char expected[] = "0/1:a\0b\n|4/2:\0\xff\xfe\r\n|9/3:\0|";

	ck_assert_uint_eq(found.len, sizeof(expected) - 1);
	ck_assert_mem_eq(found.ptr, expected, sizeof(expected) - 1);
	ann_buf_deinit(&found);
	check_cuts(bytes, 0);
}
END_TEST

START_TEST(a_half_line_waits_for_the_rest)
{
	struct ann_framer framer;
	struct ann_batch batch;
	char block[16];

	ann_framer_init(&framer, 0, false);
	ck_assert(!ann_framer_next(&framer, ann_span("ab"), false, &batch));
	ck_assert_int_eq(ann_framer_end(&framer, ann_span("ab")), ANN_OK);
	ck_assert_uint_eq(ann_framer_begin(&framer, block), 2);
	ck_assert_mem_eq(block, "ab", 2);
	ck_assert_uint_eq(ann_framer_begin(&framer, block), 0);
	ann_framer_deinit(&framer);
}
END_TEST

START_TEST(a_cr_at_the_end_waits_for_its_lf)
{
	struct ann_framer framer;
	struct ann_batch batch;

	ann_framer_init(&framer, 0, false);
	ck_assert(!ann_framer_next(&framer, ann_span("a\r"), false, &batch));
	ck_assert(ann_framer_next(&framer, ann_span("a\rb\r"), false, &batch));
	ck_assert_uint_eq(batch.bytes.len, 2);
	ck_assert(ann_framer_next(&framer, ann_span("b\r\n"), false, &batch));
	ck_assert_uint_eq(batch.bytes.len, 3);
	ck_assert(ann_framer_next(&framer, ann_span("\r"), true, &batch));
	ck_assert_uint_eq(batch.seq, 0);
	ann_framer_deinit(&framer);
}
END_TEST

START_TEST(lines_up_to_the_limit_stay_whole)
{
	expect("1234567\n", 8, "0/1:1234567\n|");
	expect("12345678\n", 8, "0/1:12345678\n|");
	expect("12345678\r\n", 8, "0/1:12345678\r\n|");
	expect("12345678\r", 8, "0/1:12345678\r|");
	expect("12345678", 8, "0/1:12345678|");
	expect("a\n12345678\nb\n12345678\n", 8,
		"0/1:a\n|2/2:12345678\n|11/3:b\n|13/4:12345678\n|");
}
END_TEST

START_TEST(longer_lines_are_cut_at_the_limit)
{
	expect("123456789\n", 8, "0/1:12345678~8/2:9\n|");
	expect("123456789", 8, "0/1:12345678~8/2:9|");
	expect("123456789\r\nx\n", 8, "0/1:12345678~8/2:9\r\n|11/3:x\n|");
	expect("a\n123456789abcdefgh\nb", 8,
		"0/1:a\n|2/2:12345678~10/3:9abcdefg~18/4:h\n|20/5:b|");
	expect("123456781234567812345678\n", 8,
		"0/1:12345678~8/2:12345678~16/3:12345678\n|");
}
END_TEST

START_TEST(a_cut_leaves_words_and_characters_whole)
{
	expect("abc defgh\n", 8, "0/1:abc ~4/2:defgh\n|");
	expect("abc de fgh\n", 8, "0/1:abc de ~7/2:fgh\n|");
	expect("x=0x107 12\n", 8, "0/1:x=0x107 ~8/2:12\n|");
	expect("ab \xc3\xa4\xc3\xb6\xc3\xbc\n", 8,
		"0/1:ab ~3/2:\xc3\xa4\xc3\xb6\xc3\xbc\n|");
	expect("\xe2\x82\xac-\xe2\x82\xac\xe2\x82\xac\n", 8,
		"0/1:\xe2\x82\xac-~4/2:\xe2\x82\xac\xe2\x82\xac\n|");
}
END_TEST

START_TEST(a_cut_moves_back_by_a_word_and_no_further)
{
	char stream[400];
	struct ann_buf found;

	memset(stream, 'x', sizeof(stream));
	stream[30] = ' '; /* more than 64 bytes before the limit */
	found = lines_of((struct ann_span){stream, 150}, 100, 150, 0);
	ck_assert_ptr_nonnull(memmem(found.ptr, found.len, "~100/2:", 7));
	ann_buf_deinit(&found);
	stream[40] = ' ';
	found = lines_of((struct ann_span){stream, 150}, 100, 150, 0);
	ck_assert_ptr_nonnull(memmem(found.ptr, found.len, "~41/2:", 6));
	ann_buf_deinit(&found);
	check_cuts((struct ann_span){stream, sizeof(stream)}, 100);
}
END_TEST

START_TEST(lines_around_the_default_limit_are_measured_in_bytes)
{
	static const size_t lengths[] = {ANN_LINE_LIMIT - 1, ANN_LINE_LIMIT,
		ANN_LINE_LIMIT + 1, 3 * ANN_LINE_LIMIT};
	static const uint64_t pieces[] = {1, 1, 2, 3};
	size_t len = lengths[_i];
	char *stream = malloc(len + 1);
	struct test_feed feed = {0, true, 1000, 100000};
	struct notes notes = {.offset = 0};

	memset(stream, '.', len);
	stream[len] = '\n';
	test_feed(&feed, (struct ann_span){stream, len + 1}, note_batch, &notes);

	uint64_t found = 0;

	for (size_t i = 0; i < notes.text.len; i++) {
		found += notes.text.ptr[i] == '|' || notes.text.ptr[i] == '~';
	}
	ck_assert_uint_eq(found, pieces[_i]);
	ann_buf_deinit(&notes.text);
	free(stream);
}
END_TEST

START_TEST(a_full_block_always_yields_a_batch)
{
	static const char fills[] = {'x', '.', '\r', (char)0x80};
	struct ann_framer framer;
	struct ann_batch batch;

	for (size_t limit = 1; limit < 400000; limit = limit * 3 + 1) {
		ann_framer_init(&framer, limit, false);

		size_t len = ann_framer_block_bytes(&framer);
		char *block = malloc(len);

		for (size_t i = 0; i < sizeof(fills); i++) {
			memset(block, fills[i], len);
			ck_assert(ann_framer_next(
				&framer, (struct ann_span){block, len}, false, &batch));
			/* What is left and a line of full length fit in again. */
			ck_assert_uint_ge(batch.bytes.len, limit == 1 ? 1 : limit / 2);
		}
		free(block);
		ann_framer_deinit(&framer);
	}
}
END_TEST

START_TEST(random_streams_have_the_same_lines_however_cut)
{
	static const char bytes[] = "ab \n\r\n\r.\0\xc3\xa4xyz0123456789";
	struct test_chance chance = test_chance(_i);

	for (int i = 0; i < 60; i++) {
		struct ann_buf stream = {0};
		size_t limit = 1 + test_below(&chance, 12);

		test_scatter(&chance, bytes, sizeof(bytes) - 1,
			1 + test_below(&chance, 60), &stream);
		check_cuts(ann_buf_all(&stream), limit);
		ann_buf_deinit(&stream);
	}
}
END_TEST

START_TEST(the_first_line_can_be_taken_alone)
{
	static const struct {
		const char *text;
		bool final;
		const char *line;
	} cases[] = {
		{"a\nb\n", false, "a\n"},
		{"a\r\nb\r\n", false, "a\r\n"},
		{"a\rb\n", false, "a\r"},
		{"\nb\n", false, "\n"},
		{"a\n", false, "a\n"},
		{"a\r", false, NULL},
		{"a\r", true, "a\r"},
		{"a", false, NULL},
		{"a", true, "a"},
		{"", true, NULL},
		{"0123456789\nb\n", false, "01234567"},
	};
	struct ann_framer framer;
	struct ann_batch batch;

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		bool taken = false;

		ann_framer_init(&framer, 8, true);
		taken = ann_framer_next_line(
			&framer, ann_span(cases[i].text), cases[i].final, &batch);
		ck_assert(taken == (cases[i].line != NULL));
		ck_assert(!taken || ann_span_is(batch.bytes, cases[i].line));
		ann_framer_deinit(&framer);
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, lines_end_at_lf_crlf_and_cr);
	test_add(suite, the_last_line_needs_no_end);
	test_add(suite, an_empty_stream_has_no_lines);
	test_add(suite, nul_and_invalid_utf8_are_bytes_like_others);
	test_add(suite, a_half_line_waits_for_the_rest);
	test_add(suite, a_cr_at_the_end_waits_for_its_lf);
	test_add(suite, lines_up_to_the_limit_stay_whole);
	test_add(suite, longer_lines_are_cut_at_the_limit);
	test_add(suite, a_cut_leaves_words_and_characters_whole);
	test_add(suite, a_cut_moves_back_by_a_word_and_no_further);
	test_add_loop(suite, lines_around_the_default_limit_are_measured_in_bytes, 4);
	test_add(suite, a_full_block_always_yields_a_batch);
	test_add_loop(suite, random_streams_have_the_same_lines_however_cut, 4);
	test_add(suite, the_first_line_can_be_taken_alone);
}
