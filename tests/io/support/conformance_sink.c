#include "conformance_sink.h"

#include "io/clock.h"
#include "io/log.h"

#include "loop.h"
#include "sink_watcher.h"
#include "suite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOCATIONS = 32, LINE_BYTES = 1024, LINES_MOST = 20000, LONG_MS = 20000 };

static const struct test_sink_kind *kinds;

/* The kinds that a test is about. */
struct choice {
	int at[16];
	int count;
};
static struct choice slow;    /* their peer can be too slow */
static struct choice waiting; /* they keep what comes while the peer is away */
static struct choice dying;   /* their peer can die while being written to */
static struct choice lasting; /* both */

struct session {
	const struct test_sink_kind *kind;
	uv_loop_t loop;
	void *world;
	struct test_sink_watcher watcher;
	const char *expected; /* of receive() */
};

/* One per process: Check forks. */
static struct session session;

static struct session *open_session(int which, const char *settings)
{
	struct session *s = &session;
	struct ann_error err = {0};

	memset(s, 0, sizeof(*s));
	s->kind = &kinds[which];
	ann_log_start(ANN_LOG_ERROR);
	test_loop_init(&s->loop);
	s->watcher.loop = &s->loop;
	s->world = s->kind->begin(&s->loop, settings);
	ck_assert_msg(s->kind->make(s->world, &s->watcher.sink, &test_sink_events,
			      &s->watcher, &err) == ANN_OK,
		"%s", err.text);
	return s;
}

static void start(struct session *s)
{
	struct ann_error err = {0};

	ck_assert_msg(ann_sink_start(s->watcher.sink, &err) == ANN_OK, "%s", err.text);
}

static bool is_connected(void *user)
{
	struct session *s = user;
	struct ann_sink_stats stats;

	ann_sink_stats(s->watcher.sink, &stats);
	return stats.connected;
}

static bool is_not_connected(void *user)
{
	return !is_connected(user);
}

static void arrive(struct session *s)
{
	if (s->kind->is_away) {
		s->kind->arrive(s->world);
	}
	test_loop_until(&s->loop, "the peer to be connected", is_connected, s);
}

static void close_session(struct session *s, uint64_t drain_ms)
{
	test_sink_close(&s->watcher, drain_ms);
	s->kind->end(s->world);
	test_loop_deinit(&s->loop);
}

static bool has_come(void *user)
{
	struct session *s = user;
	struct ann_span all = s->kind->receive(s->world);

	return all.len >= strlen(s->expected);
}

/* The peer gets exactly this. */
static void expect(struct session *s, const char *lines)
{
	struct ann_span all = {0};

	s->expected = lines;
	test_loop_until(&s->loop, "the lines to come", has_come, s);
	all = s->kind->receive(s->world);
	ck_assert_msg(ann_span_is(all, lines), "expected:\n%sgot:\n%.*s", lines,
		ANN_SPAN_ARG(all));
}

/* --- closing at awkward moments -------------------------------------------------- */

START_TEST(it_can_be_closed_before_it_starts)
{
	struct session *s = open_session(_i, "");

	close_session(s, (uint64_t)0);
}
END_TEST

START_TEST(it_can_be_closed_right_after_the_start)
{
	struct session *s = open_session(_i, "");

	start(s);
	close_session(s, LONG_MS);
}
END_TEST

START_TEST(what_was_offered_before_the_close_is_written)
{
	struct session *s = open_session(_i, "");

	start(s);
	arrive(s);
	(void)test_offer(&s->watcher, "one\ntwo\n", false);
	test_sink_close(&s->watcher, LONG_MS);
	expect(s, "one\ntwo\n");
	close_session(s, 0);
}
END_TEST

START_TEST(it_can_be_closed_again_with_less_time)
{
	struct session *s = open_session(_i, "");

	/* Most kinds have nowhere to write this to. */
	start(s);
	(void)test_offer(&s->watcher, "one\n", false);
	ann_sink_close(s->watcher.sink, LONG_MS, NULL, NULL);
	ann_sink_close(s->watcher.sink, LONG_MS, NULL, NULL);
	ann_sink_close(s->watcher.sink, 0, NULL, NULL);

	uint64_t before = ann_clock_mono_ns();

	uv_run(&s->loop, UV_RUN_DEFAULT);
	ck_assert_uint_lt(ann_clock_mono_ns() - before, LONG_MS / 2 * 1000000ULL);
	s->kind->end(s->world);
	test_loop_deinit(&s->loop);
}
END_TEST

START_TEST(closing_waits_for_a_peer_that_is_away_but_not_for_ever)
{
	struct session *s = open_session(_i, "");

	start(s);
	(void)test_offer(&s->watcher, "one\n", false);
	close_session(s, 50);
}
END_TEST

START_TEST(while_closing_it_takes_no_orders)
{
	struct session *s = open_session(_i, "");
	struct ann_sink_stats stats;

	start(s);
	arrive(s);
	(void)test_offer(&s->watcher, "one\n", false);
	ann_sink_close(s->watcher.sink, LONG_MS, NULL, NULL);
	ck_assert(test_offer(&s->watcher, "two\n", true));
	ann_sink_reopen(s->watcher.sink);
	ann_sink_stats(s->watcher.sink, &stats);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	expect(s, "one\n");
	s->kind->end(s->world);
	test_loop_deinit(&s->loop);
}
END_TEST

/* --- flow ------------------------------------------------------------------------- */

/* Those that want an answer know only then that it has come. */
static bool has_nothing_queued(void *user)
{
	struct session *s = user;
	struct ann_sink_stats stats;

	ann_sink_stats(s->watcher.sink, &stats);
	return stats.queued_bytes == 0;
}

START_TEST(lines_arrive_in_order_and_are_counted)
{
	struct session *s = open_session(_i, "");
	struct ann_sink_stats stats;

	start(s);
	arrive(s);
	ck_assert(test_offer(&s->watcher, "one\ntwo\n", false));
	ck_assert(test_offer(&s->watcher, "three\n", true));
	expect(s, "one\ntwo\nthree\n");
	test_loop_until(&s->loop, "the queue to be empty", has_nothing_queued, s);
	ann_sink_stats(s->watcher.sink, &stats);
	ck_assert(stats.connected);
	ck_assert_uint_eq(stats.connects, 1);
	ck_assert_uint_ge(stats.written_bytes, strlen("onetwothree"));
	ck_assert_uint_eq(stats.dropped_lines, 0);
	close_session(s, LONG_MS);
	ck_assert_uint_eq(s->watcher.ends, 0);
}
END_TEST

START_TEST(what_is_offered_before_the_peer_comes_waits)
{
	struct session *s = open_session(waiting.at[_i], "");

	start(s);
	ck_assert(test_offer(&s->watcher, "one\n", false));
	ck_assert(test_offer(&s->watcher, "two\n", false));
	test_loop_settle(&s->loop);
	arrive(s);
	expect(s, "one\ntwo\n");
	close_session(s, 0);
}
END_TEST

/* Line `which`, LINE_BYTES long. */
static const char *long_line(uint64_t which)
{
	static char line[LINE_BYTES + 1];

	memset(line, '.', LINE_BYTES);
	line[snprintf(line, LINE_BYTES, "%08llu", (unsigned long long)which)] = '.';
	line[LINE_BYTES - 1] = '\n';
	return line;
}

/* Offers lines to a peer that does not read until there is no room. */
static void fill(struct session *s, bool can_wait)
{
	struct ann_sink_stats stats = {0};
	bool room = true;

	while (room && stats.dropped_lines == 0) {
		room = test_offer(
			&s->watcher, long_line(s->watcher.offered_lines), can_wait);
		ck_assert_uint_lt(s->watcher.offered_lines, LINES_MOST);
		ann_sink_stats(s->watcher.sink, &stats);
		uv_run(&s->loop, UV_RUN_NOWAIT);
	}
}

static bool has_room_and_all(void *user)
{
	struct session *s = user;
	struct ann_span all = s->kind->receive(s->world);

	return s->watcher.rooms > 0 && all.len >= s->watcher.offered_lines * LINE_BYTES;
}

START_TEST(a_full_sink_says_so_and_tells_when_there_is_room)
{
	struct session *s = open_session(slow.at[_i], "queue=65536&policy=block");
	struct ann_span all;

	start(s);
	arrive(s);
	fill(s, true);
	/* Those who can wait lose nothing, even if they do not. */
	for (int i = 0; i < 100; i++) {
		ck_assert(!test_offer(
			&s->watcher, long_line(s->watcher.offered_lines), true));
	}
	ck_assert_uint_eq(s->watcher.rooms, 0);
	test_loop_until(&s->loop, "room", has_room_and_all, s);
	all = s->kind->receive(s->world);
	ck_assert_uint_eq(all.len, s->watcher.offered_lines * LINE_BYTES);
	for (uint64_t i = 0; i < s->watcher.offered_lines; i++) {
		ck_assert(memcmp(all.ptr + i * LINE_BYTES, long_line(i), LINE_BYTES) ==
			  0);
	}
	ck_assert_uint_eq(s->watcher.rooms, 1);
	ck_assert_uint_eq(s->watcher.announced_lines, 0);
	close_session(s, 0);
}
END_TEST

/* Counts the lines, and what is announced as dropped, in `all`. */
static uint64_t count_lines(struct ann_span all, uint64_t *dropped, uint64_t *last)
{
	uint64_t lines = 0;

	*dropped = 0;
	while (all.len > 0) {
		struct ann_span line = ann_span_next(&all, '\n');

		if (line.len > 8 && memcmp(line.ptr, "DROPPED ", 8) == 0) {
			*dropped += strtoull(line.ptr + 8, NULL, 10);
		} else if (line.len > 0) {
			ck_assert_uint_eq(line.len, LINE_BYTES - 1);
			*last = strtoull(line.ptr, NULL, 10);
			ck_assert_uint_eq(*last, lines + *dropped);
			lines++;
		}
	}
	return lines;
}

static bool has_last_line(void *user)
{
	struct session *s = user;
	struct ann_span all = s->kind->receive(s->world);
	uint64_t dropped = 0;
	uint64_t last = 0;

	if (all.len == 0 || all.ptr[all.len - 1] != '\n') {
		return false;
	}
	return count_lines(all, &dropped, &last) + dropped == s->watcher.offered_lines;
}

START_TEST(what_is_dropped_is_announced_in_its_place)
{
	struct session *s = open_session(slow.at[_i], "queue=65536&policy=drop-oldest");
	struct ann_sink_stats stats;

	start(s);
	arrive(s);
	fill(s, false);
	for (int i = 0; i < 200; i++) {
		ck_assert_msg(test_offer(&s->watcher,
				      long_line(s->watcher.offered_lines), true),
			"a sink that drops makes nobody wait");
	}
	test_loop_until(&s->loop, "all lines", has_last_line, s);
	ann_sink_stats(s->watcher.sink, &stats);
	ck_assert_uint_ge(stats.dropped_lines, 200);
	ck_assert_uint_eq(stats.dropped_lines, s->watcher.announced_lines);
	ck_assert_uint_eq(stats.dropped_bytes, s->watcher.announced_bytes);
	close_session(s, 0);
}
END_TEST

START_TEST(a_peer_that_does_not_read_holds_up_the_close_only_for_its_time)
{
	struct session *s = open_session(slow.at[_i], "queue=65536&policy=block");

	start(s);
	arrive(s);
	fill(s, true);
	close_session(s, 50);
}
END_TEST

START_TEST(a_peer_that_dies_while_being_written_to_does_no_harm)
{
	struct session *s =
		open_session(dying.at[_i], "queue=65536&policy=drop-newest");

	start(s);
	arrive(s);
	fill(s, false);
	s->kind->leave(s->world);
	test_loop_until(&s->loop, "the loss", is_not_connected, s);
	ck_assert_uint_eq(s->watcher.ends, 0);
	if (s->kind->needs_peer) {
		arrive(s);
		(void)test_offer(&s->watcher, "again\n", false);
		expect(s, "again\n");
	}
	close_session(s, 0);
}
END_TEST

/* The first line of what the new peer gets is whole, and none is missing from there. */
static bool has_gone_on(void *user)
{
	struct session *s = user;
	struct ann_span all = s->kind->receive(s->world);

	return all.len >= LINE_BYTES &&
	       memcmp(all.ptr + all.len - LINE_BYTES,
		       long_line(s->watcher.offered_lines - 1), LINE_BYTES) == 0;
}

START_TEST(the_next_peer_gets_the_line_that_was_begun_from_its_beginning)
{
	struct session *s = open_session(lasting.at[_i], "queue=65536&policy=block");
	struct ann_span all;
	uint64_t first = 0;

	start(s);
	arrive(s);
	fill(s, true);
	s->kind->leave(s->world);
	test_loop_until(&s->loop, "the loss", is_not_connected, s);
	arrive(s);
	test_loop_until(&s->loop, "the last line", has_gone_on, s);
	all = s->kind->receive(s->world);
	ck_assert_uint_eq(all.len % LINE_BYTES, 0);
	first = strtoull(all.ptr, NULL, 10);
	for (uint64_t i = 0; i < all.len / LINE_BYTES; i++) {
		ck_assert(memcmp(all.ptr + i * LINE_BYTES, long_line(first + i),
				  LINE_BYTES) == 0);
	}
	ck_assert_uint_eq(first + all.len / LINE_BYTES, s->watcher.offered_lines);
	close_session(s, 0);
}
END_TEST

/* --- memory ------------------------------------------------------------------------
 */

static bool has_some(void *user)
{
	struct session *s = user;

	return s->kind->receive(s->world).len > 0;
}

/* Whatever is lost for want of memory, later lines arrive. */
static void live_with_heap(struct session *s)
{
	struct ann_error err = {0};
	enum ann_err failed = s->kind->make(
		s->world, &s->watcher.sink, &test_sink_events, &s->watcher, &err);

	if (failed != ANN_OK) {
		ck_assert_int_eq(failed, ANN_ENOMEM);
		ck_assert(err.text[0] != '\0');
		return;
	}
	/* Readers come later than the sink, others may be there. */
	if (s->kind->is_away && !s->kind->needs_peer) {
		s->kind->arrive(s->world);
	}
	if (ann_sink_start(s->watcher.sink, &err) == ANN_OK) {
		if (s->kind->needs_peer) {
			s->kind->arrive(s->world);
		}
		for (int i = 0; i < 3; i++) {
			test_loop_settle(&s->loop);
			(void)test_offer(&s->watcher, "a line\n", false);
		}
		if (!s->kind->needs_peer) {
			test_loop_until(&s->loop, "some lines", has_some, s);
		}
	}
	test_sink_close(&s->watcher, LONG_MS);
}

START_TEST(it_survives_when_an_allocation_fails)
{
	struct session *s = &session;

	memset(s, 0, sizeof(*s));
	s->kind = &kinds[_i / ALLOCATIONS];
	ann_log_start(ANN_LOG_ERROR);
	test_loop_init(&s->loop);
	s->watcher.loop = &s->loop;
	s->world = s->kind->begin(&s->loop, "");
	test_heap_begin(_i % ALLOCATIONS);
	live_with_heap(s);
	ck_assert_msg(!test_heap_end() || _i % ALLOCATIONS < ALLOCATIONS - 1,
		"there are more allocations to fail");
	s->kind->end(s->world);
	test_loop_deinit(&s->loop);
}
END_TEST

static void choose(struct choice *choice, int which, bool fits)
{
	if (fits) {
		choice->at[choice->count++] = which;
	}
}

static void choose_all(int count)
{
	assert((size_t)count <= ANN_LEN(slow.at));
	for (int i = 0; i < count; i++) {
		const struct test_sink_kind *kind = &kinds[i];
		bool dies = kind->is_slow && kind->is_away;

		choose(&slow, i, kind->is_slow);
		choose(&waiting, i, kind->is_away && !kind->needs_peer);
		choose(&dying, i, dies);
		choose(&lasting, i, dies && !kind->needs_peer);
	}
}

void test_sink_conformance(
	Suite *suite, const struct test_sink_kind *of_kinds, int count)
{
	kinds = of_kinds;
	choose_all(count);
	test_add_loop(suite, it_can_be_closed_before_it_starts, count);
	test_add_loop(suite, it_can_be_closed_right_after_the_start, count);
	test_add_loop(suite, what_was_offered_before_the_close_is_written, count);
	test_add_loop(suite, it_can_be_closed_again_with_less_time, count);
	test_add_loop(
		suite, closing_waits_for_a_peer_that_is_away_but_not_for_ever, count);
	test_add_loop(suite, while_closing_it_takes_no_orders, count);
	test_add_loop(suite, lines_arrive_in_order_and_are_counted, count);
	test_add_loop(
		suite, what_is_offered_before_the_peer_comes_waits, waiting.count);
	test_add_loop(
		suite, a_full_sink_says_so_and_tells_when_there_is_room, slow.count);
	test_add_loop(suite, what_is_dropped_is_announced_in_its_place, slow.count);
	test_add_loop(suite,
		a_peer_that_does_not_read_holds_up_the_close_only_for_its_time,
		slow.count);
	test_add_loop(suite, a_peer_that_dies_while_being_written_to_does_no_harm,
		dying.count);
	test_add_loop(suite,
		the_next_peer_gets_the_line_that_was_begun_from_its_beginning,
		lasting.count);
	test_add_loop(suite, it_survives_when_an_allocation_fails, count * ALLOCATIONS);
}
