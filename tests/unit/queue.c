/* A queue in front of a slow reader: what it keeps, what it drops, what it tells. */
#include "annotty/queue.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

struct world {
	struct ann_queue *queue;
	struct ann_buf out;
	unsigned asked; /* for announcements */
	bool mute;      /* none are given */
};

static struct ann_chunk *chunk_of(const char *text)
{
	struct ann_chunk *chunk = ann_chunk_new(ann_span(text), NULL, 0);

	ck_assert_ptr_nonnull(chunk);
	return chunk;
}

static struct ann_chunk *announce(void *user, uint64_t lines, uint64_t bytes)
{
	struct world *w = user;
	char text[64];

	w->asked++;
	snprintf(text, sizeof(text), "<%llu lines, %llu bytes>",
		(unsigned long long)lines, (unsigned long long)bytes);
	return w->mute ? NULL : chunk_of(text);
}

static void start(struct world *w, enum ann_queue_policy policy, uint64_t limit)
{
	*w = (struct world){0};
	w->queue =
		ann_queue_new(&(struct ann_queue_options){policy, limit, announce, w});
	ck_assert_ptr_nonnull(w->queue);
}

static void stop(struct world *w)
{
	ann_queue_free(w->queue);
	ann_buf_deinit(&w->out);
}

/* A line, or with a `+` behind it the piece of one; both carry ten bytes for a byte. */
static bool put_from(struct world *w, const char *text, bool can_wait)
{
	size_t len = strcspn(text, "+");
	struct ann_chunk *chunk = ann_chunk_new((struct ann_span){text, len}, NULL, 0);

	ck_assert_ptr_nonnull(chunk);
	chunk->partial = text[len] == '+';
	chunk->lines = !chunk->partial;
	chunk->in_bytes = len * 10;

	bool room = ann_queue_put(w->queue, chunk, can_wait);

	ann_chunk_unref(chunk);
	return room;
}

static bool put(struct world *w, const char *text)
{
	return put_from(w, text, false);
}

/* The front as text; NULL: nothing waits. */
static const char *front(struct world *w)
{
	struct ann_chunk *chunk = ann_queue_front(w->queue);

	ann_buf_clear(&w->out);
	if (chunk == NULL) {
		return NULL;
	}
	ck_assert_ptr_eq(ann_queue_front(w->queue), chunk);
	ann_buf_span(&w->out, chunk->bytes);
	ann_buf_char(&w->out, '\0');
	return w->out.ptr;
}

static void expect_front(struct world *w, const char *expected)
{
	const char *found = front(w);

	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found, expected);
}

/* All that is left, with `|` between. */
static void expect_all(struct world *w, const char *expected)
{
	struct ann_buf all = {0};
	struct ann_chunk *chunk;

	while ((chunk = ann_queue_front(w->queue)) != NULL) {
		ann_buf_str(&all, all.len > 0 ? "|" : "");
		ann_buf_span(&all, chunk->bytes);
		ann_queue_pop(w->queue);
	}
	ann_buf_char(&all, '\0');
	ck_assert_str_eq(all.ptr, expected);
	ck_assert_uint_eq(ann_queue_bytes(w->queue), 0);
	ann_buf_deinit(&all);
}

static void expect_dropped(const struct world *w, uint64_t lines, uint64_t bytes)
{
	ck_assert_uint_eq(ann_queue_dropped_lines(w->queue), lines);
	ck_assert_uint_eq(ann_queue_dropped_bytes(w->queue), bytes);
}

START_TEST(what_goes_in_comes_out_in_order)
{
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 100);
	ck_assert_ptr_null(ann_queue_front(w.queue));
	ck_assert(!ann_queue_pop(w.queue));
	ck_assert(put(&w, "one") && put(&w, "two") && put(&w, "three"));
	ck_assert_uint_eq(ann_queue_bytes(w.queue), 11);
	expect_all(&w, "one|two|three");
	ck_assert_ptr_null(ann_queue_front(w.queue));
	ck_assert_uint_eq(w.asked, 0);
	stop(&w);
}
END_TEST

START_TEST(a_chunk_lives_as_long_as_the_queue_holds_it)
{
	struct ann_chunk *chunk = chunk_of("shared");
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 100);
	ann_queue_put(w.queue, chunk, true);
	ann_queue_put(w.queue, chunk, true);
	ck_assert_uint_eq(chunk->refs, 3);
	expect_front(&w, "shared");
	ck_assert_uint_eq(chunk->refs, 3);
	ann_queue_pop(w.queue);
	ck_assert_uint_eq(chunk->refs, 2);
	stop(&w);
	ck_assert_uint_eq(chunk->refs, 1);
	ann_chunk_unref(chunk);
}
END_TEST

START_TEST(the_oldest_make_room_for_the_new_one)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 10);
	ck_assert(put(&w, "aaa") && put(&w, "bbb") && put(&w, "ccc"));
	put(&w, "dddd");
	expect_dropped(&w, 1, 30);
	put(&w, "eeeee");
	expect_dropped(&w, 3, 90);
	expect_all(&w, "<3 lines, 90 bytes>|dddd|eeeee");
	stop(&w);
}
END_TEST

START_TEST(the_new_one_goes_when_it_does_not_fit)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_NEWEST, 10);
	ck_assert(put(&w, "aaaa") && put(&w, "bbbb"));
	ck_assert(!put(&w, "cccc"));
	ck_assert(!put(&w, "dddd"));
	ck_assert(!put(&w, "ee")); /* which fits, and fills it */
	ck_assert(!put(&w, "f"));
	expect_dropped(&w, 3, 90);
	expect_all(&w, "aaaa|bbbb|<2 lines, 80 bytes>|ee|<1 lines, 10 bytes>");
	stop(&w);
}
END_TEST

START_TEST(what_can_wait_is_taken_although_it_is_full)
{
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 10);
	ck_assert(put_from(&w, "aaaaa", true));
	ck_assert(!put_from(&w, "bbbbb", true));
	ck_assert(!put_from(&w, "ccccc", true));
	expect_dropped(&w, 0, 0);
	expect_all(&w, "aaaaa|bbbbb|ccccc");
	stop(&w);
}
END_TEST

START_TEST(of_sources_that_wait_nothing_is_dropped_for_those_that_cannot)
{
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 10);
	put_from(&w, "file", true);
	put(&w, "port");
	put(&w, "more");
	expect_dropped(&w, 1, 40);
	put_from(&w, "file 2", true);
	put(&w, "lost");
	expect_dropped(&w, 2, 80);
	expect_all(&w, "file|<1 lines, 40 bytes>|more|file 2|<1 lines, 40 bytes>");
	stop(&w);
}
END_TEST

START_TEST(what_has_been_begun_is_not_dropped)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 10);
	put(&w, "aaaaa");
	put(&w, "bbbbb");
	expect_front(&w, "aaaaa");
	put(&w, "ccccc");
	put(&w, "dddddddd"); /* would not fit beside the front */
	expect_all(&w, "aaaaa|<1 lines, 50 bytes>|ccccc|<1 lines, 80 bytes>");
	stop(&w);
}
END_TEST

START_TEST(a_large_chunk_is_taken_by_an_empty_queue)
{
	struct world w;

	start(&w, (enum ann_queue_policy)_i, 4);
	ck_assert(!put(&w, "too large"));
	expect_dropped(&w, 0, 0);
	expect_front(&w, "too large");
	ck_assert(!put(&w, "and another"));
	expect_dropped(&w, 1, 110);
	ck_assert(ann_queue_pop(w.queue));
	expect_all(&w, "<1 lines, 110 bytes>");
	stop(&w);
}
END_TEST

START_TEST(many_tiny_chunks_are_too_many)
{
	enum { LIMIT = 1600, FIT = LIMIT / 16 };
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, LIMIT);
	for (int i = 0; i < LIMIT; i++) {
		put(&w, "a");
	}
	ck_assert_uint_ge(ann_queue_bytes(w.queue), FIT);
	ck_assert_uint_lt(ann_queue_bytes(w.queue), 2 * FIT);
	expect_dropped(&w, LIMIT - ann_queue_bytes(w.queue),
		10 * (LIMIT - ann_queue_bytes(w.queue)));
	stop(&w);
}
END_TEST

START_TEST(room_is_told_once_it_is_half_empty)
{
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 10);
	for (int i = 0; i < 5; i++) {
		ck_assert(put_from(&w, "aa", true) == (i < 4));
	}
	for (int i = 0; i < 5; i++) {
		expect_front(&w, "aa");
		/* 8 6 4 bytes are left: now it is less than 5. */
		ck_assert(ann_queue_pop(w.queue) == (i == 2));
	}
	put_from(&w, "aa", true);
	expect_front(&w, "aa");
	ck_assert(!ann_queue_pop(w.queue));
	stop(&w);
}
END_TEST

START_TEST(room_is_told_of_the_smallest_queue)
{
	struct world w;

	start(&w, ANN_QUEUE_BLOCK, 1);
	ck_assert(!put_from(&w, "a", true));
	expect_front(&w, "a");
	ck_assert(ann_queue_pop(w.queue));
	stop(&w);
}
END_TEST

START_TEST(without_an_announcement_drops_are_counted)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 4);
	w.mute = true;
	put(&w, "aaa");
	put(&w, "bbb");
	expect_all(&w, "bbb");
	expect_dropped(&w, 1, 30);
	ck_assert_uint_eq(w.asked, 1);
	stop(&w);
}
END_TEST

START_TEST(drops_behind_an_announcement_are_another_one)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 4);
	put(&w, "aaa");
	put(&w, "bbb");
	expect_front(&w, "<1 lines, 30 bytes>");
	put(&w, "ccc");
	put(&w, "ddd");
	expect_all(&w, "<1 lines, 30 bytes>|<2 lines, 60 bytes>|ddd");
	stop(&w);
}
END_TEST

START_TEST(a_rewound_front_is_whole_again_and_may_go)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 6);
	put(&w, "aaa");
	expect_front(&w, "aaa");
	ann_queue_rewind(w.queue);
	expect_front(&w, "aaa");
	ann_queue_rewind(w.queue);
	put(&w, "bbb");
	put(&w, "ccc");
	expect_front(&w, "<1 lines, 30 bytes>");
	ann_queue_rewind(w.queue);
	put(&w, "ddd");
	expect_all(&w, "<2 lines, 60 bytes>|ccc|ddd");
	stop(&w);
}
END_TEST

START_TEST(the_rest_of_a_line_goes_with_its_front)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 10);
	put(&w, "aaa+");
	put(&w, "bbb+");
	put(&w, "cc\n");
	put(&w, "dddd\n");
	expect_dropped(&w, 1, 90);
	expect_all(&w, "<1 lines, 90 bytes>|dddd\n");

	/* The rest is still to come. */
	put(&w, "aaaa+");
	put(&w, "bbbb+");
	put(&w, "cccccc+");
	put(&w, "dd\n");
	expect_dropped(&w, 2, 260);
	put(&w, "ee\n");
	expect_all(&w, "<1 lines, 170 bytes>|ee\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_that_goes_on_is_dropped_to_its_end)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_NEWEST, 10);
	put(&w, "aaaaaaaa\n");
	put(&w, "bb+");
	expect_front(&w, "aaaaaaaa\n");
	ann_queue_pop(w.queue);
	put(&w, "cc+");
	put(&w, "dd\n");
	put(&w, "ee\n");
	expect_all(&w, "<1 lines, 70 bytes>|ee\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_that_was_begun_is_ended_before_a_hole)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 10);
	put(&w, "login+");
	expect_front(&w, "login");
	put(&w, "bb\n");
	put(&w, "cccc\n");
	expect_all(&w, "login|\n|<1 lines, 30 bytes>|cccc\n");
	put(&w, "shell+");
	expect_front(&w, "shell");
	ann_queue_pop(w.queue);
	put(&w, "dddd\n");
	put(&w, "eeeeee\n");
	expect_all(&w, "\n|<1 lines, 50 bytes>|eeeeee\n");
	stop(&w);
}
END_TEST

START_TEST(the_next_peer_sees_no_half_line)
{
	struct world w;

	start(&w, ANN_QUEUE_DROP_OLDEST, 100);
	put(&w, "login+");
	expect_front(&w, "login");
	ann_queue_pop(w.queue);
	put(&w, ": \n");
	put(&w, "next\n");
	ann_queue_rewind(w.queue);
	expect_all(&w, "<1 lines, 30 bytes>|next\n");

	put(&w, "login+");
	expect_front(&w, "login");
	ann_queue_pop(w.queue);
	ann_queue_rewind(w.queue);
	put(&w, ": \n");
	put(&w, "next\n");
	expect_all(&w, "<1 lines, 30 bytes>|next\n");

	put(&w, "login+");
	expect_front(&w, "login");
	ann_queue_rewind(w.queue);
	put(&w, ": \n");
	expect_all(&w, "login|: \n");
	stop(&w);
}
END_TEST

START_TEST(every_allocation_fails_once)
{
	static const struct ann_queue_options options = {
		.policy = ANN_QUEUE_DROP_NEWEST, .limit_bytes = 100};
	struct ann_queue *queue;

	test_heap_begin(_i);
	queue = ann_queue_new(&options);
	for (int i = 0; queue != NULL && i < 3; i++) {
		struct ann_chunk *chunk = ann_chunk_new(ann_span("a"), NULL, 0);

		if (chunk != NULL) {
			chunk->lines = 1;
			ann_queue_put(queue, chunk, false);
		}
		ann_chunk_unref(chunk);
	}
	if (queue != NULL) {
		ck_assert_uint_le(
			ann_queue_bytes(queue) + ann_queue_dropped_lines(queue), 3);
		ck_assert_uint_ge(
			ann_queue_bytes(queue) + ann_queue_dropped_lines(queue), 2);
	}
	ann_queue_free(queue);
	ck_assert(test_heap_end() == (_i < 8));
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, what_goes_in_comes_out_in_order);
	test_add(suite, a_chunk_lives_as_long_as_the_queue_holds_it);
	test_add(suite, the_oldest_make_room_for_the_new_one);
	test_add(suite, the_new_one_goes_when_it_does_not_fit);
	test_add(suite, what_can_wait_is_taken_although_it_is_full);
	test_add(suite, of_sources_that_wait_nothing_is_dropped_for_those_that_cannot);
	test_add(suite, what_has_been_begun_is_not_dropped);
	test_add_loop(suite, a_large_chunk_is_taken_by_an_empty_queue, 3);
	test_add(suite, many_tiny_chunks_are_too_many);
	test_add(suite, room_is_told_once_it_is_half_empty);
	test_add(suite, room_is_told_of_the_smallest_queue);
	test_add(suite, without_an_announcement_drops_are_counted);
	test_add(suite, drops_behind_an_announcement_are_another_one);
	test_add(suite, a_rewound_front_is_whole_again_and_may_go);
	test_add(suite, the_rest_of_a_line_goes_with_its_front);
	test_add(suite, a_line_that_goes_on_is_dropped_to_its_end);
	test_add(suite, a_line_that_was_begun_is_ended_before_a_hole);
	test_add(suite, the_next_peer_sees_no_half_line);
	test_add_loop(suite, every_allocation_fails_once, 10);
}
