/* The last lines of a stream, however it comes in chunks. */
#include "io/sink/backlog.h"

#include "annotty/alloc.h"

#include "chance.h"
#include "sink_watcher.h"
#include "suite.h"

#include <string.h>

static void take(void *user, struct ann_chunk *chunk)
{
	ann_buf_span(user, chunk->bytes);
}

/* What a late reader gets; until the next call. */
static const char *given(const struct ann_backlog *backlog, bool *in_line)
{
	static struct ann_buf all;

	ann_buf_clear(&all);
	*in_line = ann_backlog_give(backlog, take, &all);
	ann_buf_char(&all, '\0');
	return all.ptr;
}

static void add(struct ann_backlog *backlog, const char *bytes, size_t len)
{
	struct ann_chunk *chunk = ann_chunk_new((struct ann_span){bytes, len}, NULL, 0);

	ck_assert_ptr_nonnull(chunk);
	ann_backlog_add(backlog, chunk);
	ann_chunk_unref(chunk);
}

static void expect(struct ann_backlog *backlog, const char *lines, bool in_line)
{
	bool is_in_line = false;

	ck_assert_str_eq(given(backlog, &is_in_line), lines);
	ck_assert_int_eq(is_in_line, in_line);
	ann_backlog_deinit(backlog);
}

START_TEST(it_keeps_the_last_lines)
{
	struct ann_backlog backlog = {.most_lines = 3, .most_bytes = 1000};

	add(&backlog, "1\n", 2);
	add(&backlog, "2\n3\n", 4);
	add(&backlog, "4\n5\n", 4);
	expect(&backlog, "3\n4\n5\n", false);
}
END_TEST

START_TEST(one_chunk_can_hold_more_than_is_kept)
{
	struct ann_backlog backlog = {.most_lines = 2, .most_bytes = 1000};

	add(&backlog, "1\n2\n3\n4\n", 8);
	expect(&backlog, "3\n4\n", false);
}
END_TEST

START_TEST(a_line_that_is_not_over_comes_with_them)
{
	struct ann_backlog backlog = {.most_lines = 1, .most_bytes = 1000};

	add(&backlog, "1\n", 2);
	add(&backlog, "2\n", 2);
	add(&backlog, "pro", 3);
	add(&backlog, "mpt", 3);
	expect(&backlog, "2\nprompt", false);
}
END_TEST

START_TEST(a_line_whose_front_is_gone_does_not_come)
{
	struct ann_backlog backlog = {.most_lines = 9, .most_bytes = 10};

	add(&backlog, "long ", 5);
	add(&backlog, "line ", 5);
	add(&backlog, "\n1\n2\n", 5);
	expect(&backlog, "1\n2\n", false);
}
END_TEST

START_TEST(without_a_backlog_it_still_tells_where_the_stream_is)
{
	struct ann_backlog backlog = {.most_lines = 0, .most_bytes = 10};

	expect(&backlog, "", false);
	add(&backlog, "pro", 3);
	expect(&backlog, "", true);
	add(&backlog, "mpt\n", 4);
	expect(&backlog, "", false);
}
END_TEST

START_TEST(what_is_too_long_for_it_is_not_kept)
{
	struct ann_backlog backlog = {.most_lines = 5, .most_bytes = 4};

	add(&backlog, "1\n", 2);
	add(&backlog, "123456", 6);
	expect(&backlog, "", true);
	add(&backlog, "7\n8\n", 4);
	add(&backlog, "9\n", 2);
	expect(&backlog, "9\n", false);
}
END_TEST

START_TEST(memory_that_is_missing_costs_only_the_backlog)
{
	struct ann_backlog backlog = {.most_lines = 5, .most_bytes = 100};
	struct ann_chunk *one = ann_chunk_new(ann_span("1\n"), NULL, 0);
	struct ann_chunk *half = ann_chunk_new(ann_span("2"), NULL, 0);

	ann_backlog_add(&backlog, one);
	test_heap_begin(0);
	ann_backlog_add(&backlog, half);
	ck_assert_ptr_null(backlog.first);
	ann_heap_set(NULL);
	add(&backlog, "3\n4\n", 4);
	expect(&backlog, "4\n", false);
	ann_chunk_unref(one);
	ann_chunk_unref(half);
}
END_TEST

/* The last `most` whole lines of `all`, and what is behind them. */
static const char *tail_of(const char *all, size_t most)
{
	const char *at = all + strlen(all);

	for (; at > all; at--) {
		if (at[-1] == '\n' && most-- == 0) {
			break;
		}
	}
	return at;
}

START_TEST(however_the_stream_is_cut_the_lines_are_the_same)
{
	struct test_chance chance = test_chance(_i);
	struct ann_buf all = {0};
	bool in_line = false;

	for (int round = 0; round < 200; round++) {
		uint64_t most = 1 + test_below(&chance, 4);
		struct ann_backlog backlog = {.most_lines = most, .most_bytes = 100000};

		ann_buf_clear(&all);
		for (int i = 0; i < 20; i++) {
			size_t before = all.len;

			test_scatter(
				&chance, "abc\n", 4, 1 + test_below(&chance, 6), &all);
			add(&backlog, all.ptr + before, all.len - before);
		}
		ann_buf_char(&all, '\0');
		/* Of a line that is not over, it has the beginning. */
		ck_assert_str_eq(
			given(&backlog, &in_line), tail_of(all.ptr, (size_t)most));
		ck_assert(!in_line);
		ann_backlog_deinit(&backlog);
	}
	ann_buf_deinit(&all);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, it_keeps_the_last_lines);
	test_add(suite, one_chunk_can_hold_more_than_is_kept);
	test_add(suite, a_line_that_is_not_over_comes_with_them);
	test_add(suite, a_line_whose_front_is_gone_does_not_come);
	test_add(suite, without_a_backlog_it_still_tells_where_the_stream_is);
	test_add(suite, what_is_too_long_for_it_is_not_kept);
	test_add(suite, memory_that_is_missing_costs_only_the_backlog);
	test_add_loop(suite, however_the_stream_is_cut_the_lines_are_the_same, 3);
}
