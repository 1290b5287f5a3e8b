#include "conformance_source.h"

#include "loop.h"
#include "suite.h"
#include "watcher.h"

#include <stdio.h>
#include <string.h>

enum { PORTIONS = 64, PORTION_BYTES = 512, ALLOCATIONS = 24 };

static const struct test_source_kind *kinds;

struct session {
	const struct test_source_kind *kind;
	uv_loop_t loop;
	void *world;
	struct test_watcher watcher;
	struct ann_source *source; /* also when the watcher has closed it */
};

/* One per process: Check forks. */
static struct session session;

static const struct ann_span hello = {"hello\n", 6};

static struct session *open_session(int which)
{
	struct session *s = &session;

	memset(s, 0, sizeof(*s));
	s->kind = &kinds[which];
	test_loop_init(&s->loop);
	s->watcher.loop = &s->loop;
	s->world = s->kind->begin(&s->loop);
	return s;
}

static void make(struct session *s)
{
	struct ann_error err = {0};

	ck_assert_msg(s->kind->make(s->world, &s->source, &test_watcher_events,
			      &s->watcher, &err) == ANN_OK,
		"%s", err.text);
	s->watcher.source = s->source;
}

static void close_session(struct session *s)
{
	test_watcher_close(&s->watcher);
	s->kind->end(s->world);
	test_loop_deinit(&s->loop);
}

/* The source exists and the device has said `bytes`, or says so now. */
static void start_and_feed(struct session *s, struct ann_span bytes)
{
	if (s->kind->is_stored) {
		s->kind->feed(s->world, bytes);
		s->kind->finish(s->world);
	}
	make(s);
	test_watcher_start(&s->watcher);
	if (!s->kind->is_stored) {
		s->kind->feed(s->world, bytes);
	}
}

static void finish(struct session *s)
{
	if (!s->kind->is_stored) {
		s->kind->finish(s->world);
	}
}

/* Ended once, as it should, and nothing comes after it. */
static void expect_end(struct session *s)
{
	test_watcher_await_end(&s->watcher);
	test_loop_settle(&s->loop);
	ck_assert_uint_eq(s->watcher.ends, 1);
	ck_assert_msg(s->watcher.has_failed == s->kind->ends_with_error,
		"ended with: %s",
		s->watcher.has_failed ? s->watcher.why.text : "no error");
	ck_assert(!s->watcher.has_failed || s->watcher.why.text[0] != '\0');
}

/* --- closing at awkward moments ------------------------------------------------- */

START_TEST(it_can_be_closed_before_it_starts)
{
	struct session *s = open_session(_i);

	make(s);
	close_session(s);
}
END_TEST

START_TEST(it_can_be_closed_right_after_the_start)
{
	struct session *s = open_session(_i);

	start_and_feed(s, hello);
	close_session(s);
	ck_assert_uint_eq(s->watcher.len, 0);
}
END_TEST

static void close_at(int which, enum test_moment moment)
{
	struct session *s = open_session(which);

	s->watcher.close_at = moment;
	start_and_feed(s, hello);
	if (moment == TEST_AT_END) {
		test_watcher_await_bytes(&s->watcher, hello);
		finish(s);
	}
	while (s->watcher.source != NULL) {
		ck_assert_msg(
			uv_run(&s->loop, UV_RUN_ONCE) != 0 || s->watcher.source == NULL,
			"the loop has nothing more to do");
	}
	close_session(s);
}

START_TEST(it_can_be_closed_in_the_first_bytes)
{
	close_at(_i, TEST_AT_BYTES);
	ck_assert_uint_eq(session.watcher.calls, 1);
}
END_TEST

START_TEST(it_can_be_closed_in_the_first_event)
{
	if (kinds[_i].connects) {
		close_at(_i, TEST_AT_EVENT);
		ck_assert_uint_eq(session.watcher.connected, 1);
		ck_assert_uint_eq(session.watcher.calls, 0);
	}
}
END_TEST

START_TEST(it_can_be_closed_in_its_end)
{
	close_at(_i, TEST_AT_END);
	ck_assert_uint_eq(session.watcher.ends, 1);
}
END_TEST

START_TEST(it_can_be_closed_while_paused)
{
	struct session *s = open_session(_i);

	s->watcher.pause_at_bytes = true;
	start_and_feed(s, hello);
	test_watcher_await_bytes(&s->watcher, hello);
	close_session(s);
}
END_TEST

START_TEST(it_can_be_closed_twice)
{
	struct session *s = open_session(_i);

	start_and_feed(s, hello);
	test_watcher_await_bytes(&s->watcher, hello);
	ann_source_close(s->source, NULL, NULL);
	ann_source_close(s->source, NULL, NULL);
	/* The first close counts, so the watcher is not told. */
	s->kind->end(s->world);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	test_loop_deinit(&s->loop);
	ck_assert_uint_eq(s->watcher.closed, 0);
}
END_TEST

START_TEST(after_the_close_it_takes_no_orders)
{
	struct session *s = open_session(_i);

	start_and_feed(s, hello);
	test_watcher_await_bytes(&s->watcher, hello);
	ann_source_close(s->source, NULL, NULL);
	ann_source_pause(s->source);
	ann_source_resume(s->source);
	ck_assert(!ann_source_write(s->source, hello));
	s->kind->end(s->world);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	test_loop_deinit(&s->loop);
}
END_TEST

/* --- flow ----------------------------------------------------------------------- */

START_TEST(bytes_come_in_order_and_then_the_end)
{
	struct session *s = open_session(_i);
	struct ann_source_stats stats;

	start_and_feed(s, hello);
	test_watcher_await_bytes(&s->watcher, hello);
	ann_source_stats(s->source, &stats);
	ck_assert_uint_eq(s->watcher.connected, s->kind->connects);
	if (s->kind->connects) {
		ck_assert(stats.connected);
		ck_assert_uint_eq(stats.connects, 1);
		ck_assert_uint_eq(s->watcher.away_ns, 0);
	}
	finish(s);
	expect_end(s);
	test_watcher_expect(&s->watcher, hello);
	ck_assert_uint_eq(s->watcher.disconnected, s->kind->connects);
	close_session(s);
}
END_TEST

/* Line `which`, PORTION_BYTES long. */
static struct ann_span portion(char *text, int which)
{
	memset(text, 'x', PORTION_BYTES);
	text[snprintf(text, PORTION_BYTES, "line %d", which)] = ' ';
	text[PORTION_BYTES - 1] = '\n';
	return (struct ann_span){text, PORTION_BYTES};
}

static struct ann_span all_portions(char *text)
{
	for (int i = 0; i < PORTIONS; i++) {
		(void)portion(text + (size_t)i * PORTION_BYTES, i);
	}
	return (struct ann_span){text, (size_t)PORTIONS * PORTION_BYTES};
}

static void feed_portions(struct session *s)
{
	char text[PORTION_BYTES];

	for (int i = 0; i < PORTIONS; i++) {
		s->kind->feed(s->world, portion(text, i));
	}
}

/* Nothing comes while it is paused; then it goes on. */
static void rest_and_go_on(struct session *s)
{
	size_t before = s->watcher.len;

	test_watcher_pause(&s->watcher); /* once more is fine */
	test_loop_settle(&s->loop);
	ck_assert_uint_eq(s->watcher.len, before);
	test_watcher_resume(&s->watcher);
	test_watcher_resume(&s->watcher);
}

static bool is_paused_or_ended(void *user)
{
	const struct session *s = user;

	return s->watcher.is_paused || s->watcher.ends > 0;
}

static void await_pause(struct session *s)
{
	test_loop_until(&s->loop, "bytes or the end", is_paused_or_ended, s);
}

START_TEST(pausing_at_every_chunk_loses_nothing)
{
	static char expected[PORTIONS * PORTION_BYTES];
	char text[PORTION_BYTES];
	struct session *s = open_session(_i);

	s->watcher.pause_at_bytes = true;
	if (s->kind->is_stored) {
		feed_portions(s);
		s->kind->finish(s->world);
	}
	make(s);
	test_watcher_start(&s->watcher);
	for (int i = 0; i < PORTIONS && !s->kind->is_stored; i++) {
		s->kind->feed(s->world, portion(text, i));
		await_pause(s);
		rest_and_go_on(s);
	}
	finish(s);
	while (s->watcher.ends == 0) {
		await_pause(s);
		if (s->watcher.ends == 0) {
			rest_and_go_on(s);
		}
	}
	test_watcher_expect(&s->watcher, all_portions(expected));
	expect_end(s);
	close_session(s);
}
END_TEST

START_TEST(pausing_before_the_start_holds_all_bytes)
{
	struct session *s = open_session(_i);

	if (s->kind->is_stored) {
		s->kind->feed(s->world, hello);
		s->kind->finish(s->world);
	}
	make(s);
	test_watcher_pause(&s->watcher);
	test_watcher_start(&s->watcher);
	if (!s->kind->is_stored) {
		s->kind->feed(s->world, hello);
	}
	test_loop_settle(&s->loop);
	ck_assert_uint_eq(s->watcher.len, 0);
	test_watcher_resume(&s->watcher);
	test_watcher_await_bytes(&s->watcher, hello);
	close_session(s);
}
END_TEST

START_TEST(a_write_before_the_start_is_refused)
{
	struct session *s = open_session(_i);

	make(s);
	ck_assert(!ann_source_write(s->source, hello));
	close_session(s);
}
END_TEST

/* --- memory --------------------------------------------------------------------- */

static bool has_all_or_lost_some(void *user)
{
	const struct test_watcher *w = user;

	return w->len >= hello.len || w->ends > 0 || w->gaps > 0;
}

/* The heap counts from before the source is made until it is gone. */
static void live_with_heap(struct session *s)
{
	struct ann_error err = {0};
	enum ann_err failed = s->kind->make(
		s->world, &s->source, &test_watcher_events, &s->watcher, &err);

	if (failed != ANN_OK) {
		ck_assert_int_eq(failed, ANN_ENOMEM);
		ck_assert(err.text[0] != '\0');
		return;
	}
	s->watcher.source = s->source;
	if (ann_source_start(s->source, &err) == ANN_OK) {
		if (!s->kind->is_stored) {
			s->kind->feed(s->world, hello);
		}
		test_loop_until(&s->loop, "bytes, a gap or the end",
			has_all_or_lost_some, &s->watcher);
	}
	test_watcher_close(&s->watcher);
}

START_TEST(it_survives_when_an_allocation_fails)
{
	struct session *s = open_session(_i / ALLOCATIONS);

	if (s->kind->is_stored) {
		s->kind->feed(s->world, hello);
		s->kind->finish(s->world);
	}
	test_heap_begin(_i % ALLOCATIONS);
	live_with_heap(s);
	test_heap_end();
	s->kind->end(s->world);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	test_loop_deinit(&s->loop);
}
END_TEST

void test_source_conformance(
	Suite *suite, const struct test_source_kind *of_kinds, int count)
{
	kinds = of_kinds;
	test_add_loop(suite, it_can_be_closed_before_it_starts, count);
	test_add_loop(suite, it_can_be_closed_right_after_the_start, count);
	test_add_loop(suite, it_can_be_closed_in_the_first_bytes, count);
	test_add_loop(suite, it_can_be_closed_in_the_first_event, count);
	test_add_loop(suite, it_can_be_closed_in_its_end, count);
	test_add_loop(suite, it_can_be_closed_while_paused, count);
	test_add_loop(suite, it_can_be_closed_twice, count);
	test_add_loop(suite, after_the_close_it_takes_no_orders, count);
	test_add_loop(suite, bytes_come_in_order_and_then_the_end, count);
	test_add_loop(suite, pausing_at_every_chunk_loses_nothing, count);
	test_add_loop(suite, pausing_before_the_start_holds_all_bytes, count);
	test_add_loop(suite, a_write_before_the_start_is_refused, count);
	test_add_loop(suite, it_survives_when_an_allocation_fails, count * ALLOCATIONS);
}
