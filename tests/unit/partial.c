/* What is shown of a line before it is over, and what is left for its end. */
#include "annotty/partial.h"

#include "kit.h"
#include "suite.h"

#include <string.h>

static const char rules[] =
	"[rule status]\npattern = rc (?<code>\\w+)(?! ms)\nunless = HTTP\n";

struct world {
	struct test_kit kit;
	struct ann_partial partial;
	struct ann_partial ended;
	struct ann_batch batch;
};

static void start(struct world *w)
{
	*w = (struct world){0};
	test_kit_start(&w->kit, rules);
}

static void stop(struct world *w)
{
	ann_partial_deinit(&w->partial);
	ann_partial_deinit(&w->ended);
	test_kit_deinit(&w->kit);
}

static bool show(struct world *w, const char *line, bool late)
{
	return ann_partial_show(
		&w->partial, w->kit.scan, ann_span(line), late, &w->batch);
}

/* All that is shown of the line is `shown` then, which had been `before`. */
static void expect_shown(
	struct world *w, const char *line, bool late, size_t before, const char *shown)
{
	ck_assert(show(w, line, late));
	ck_assert(w->batch.partial);
	ck_assert_uint_eq(w->batch.shown, before);
	ck_assert_msg(ann_span_is(w->batch.bytes, shown), "%.*s instead of %s",
		ANN_SPAN_ARG(w->batch.bytes), shown);
	ck_assert_uint_eq(w->partial.shown, strlen(shown));
}

static void end(struct world *w, const char *line, bool cut)
{
	w->batch = (struct ann_batch){.bytes = ann_span(line), .cut = cut};
	ann_partial_end(&w->partial, &w->batch, &w->ended);
	test_kit_scan(&w->kit, w->batch.bytes);
	ann_partial_tell(&w->ended, &w->kit.hits);
}

START_TEST(a_line_without_a_value_is_shown_at_once)
{
	struct world w;

	start(&w);
	expect_shown(&w, "login: ", false, 0, "login: ");
	ck_assert(!w.partial.held);
	ck_assert(!show(&w, "login: ", false));
	ck_assert(!show(&w, "login: ", true));
	expect_shown(&w, "login: r", false, 7, "login: r");
	end(&w, "login: r\n", false);
	ck_assert_uint_eq(w.batch.shown, 8);
	ck_assert_uint_eq(w.partial.shown, 0);
	stop(&w);
}
END_TEST

START_TEST(what_stands_behind_a_value_is_held)
{
	struct world w;

	start(&w);
	expect_shown(&w, "rc 1, rc 1 HTT", false, 0, "rc 1");
	ck_assert(w.partial.held);
	ck_assert_uint_eq(w.partial.hits.count, 0);
	ck_assert(!show(&w, "rc 1, rc 1 HTTP", false));
	ck_assert(w.partial.held);
	end(&w, "rc 1, rc 1 HTTP\n", false);
	ck_assert_uint_eq(w.batch.shown, 4);
	ck_assert_uint_eq(w.kit.hits.count, 0);
	stop(&w);
}
END_TEST

START_TEST(a_value_that_is_ruled_out_for_now_is_held_too)
{
	struct world w;

	start(&w);
	expect_shown(&w, "rc 1 ms", false, 0, "rc 1");
	ck_assert(w.partial.held);
	stop(&w);
}
END_TEST

START_TEST(what_is_late_is_shown_and_told_once)
{
	struct world w;

	start(&w);
	expect_shown(&w, "rc 1, rc 0x107 x", true, 0, "rc 1, rc 0x107 x");
	ck_assert(!w.partial.held);
	ck_assert_uint_eq(w.partial.hits.count, 2);
	ck_assert(!w.partial.hits.at[0].told && !w.partial.hits.at[1].told);
	ck_assert(!show(&w, "rc 1, rc 0x107 x", true));
	expect_shown(&w, "rc 1, rc 0x107 x rc 1", false, 16, "rc 1, rc 0x107 x rc 1");
	ck_assert(w.partial.held);
	ck_assert(show(&w, "rc 1, rc 0x107 x rc 1", true));
	ck_assert_uint_eq(w.batch.shown, w.batch.bytes.len);
	ck_assert(w.partial.hits.at[1].told && !w.partial.hits.at[2].told);
	end(&w, "rc 1, rc 0x107 x rc 1, rc 1\n", false);
	ck_assert_uint_eq(w.kit.hits.count, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert(w.kit.hits.at[i].told == (i < 3));
	}
	stop(&w);
}
END_TEST

START_TEST(a_line_that_a_cr_has_ended_is_late_at_once)
{
	struct world w;

	start(&w);
	expect_shown(&w, "rc 1 x\r", false, 0, "rc 1 x");
	ck_assert(!w.partial.held);
	ck_assert_uint_eq(w.partial.hits.count, 1);
	stop(&w);
}
END_TEST

START_TEST(of_an_overlong_line_only_the_first_piece_is_shown)
{
	struct world w;

	start(&w);
	w.partial.least = 6;
	expect_shown(&w, "abcdef", false, 0, "abcdef");
	ck_assert(!w.partial.held);
	ck_assert(!show(&w, "abcdefg", false));
	ck_assert(w.partial.held);
	expect_shown(&w, "abcdefg", true, 6, "abcdefg");
	ck_assert(!w.partial.held);
	stop(&w);
}
END_TEST

START_TEST(what_is_told_goes_on_behind_a_cut)
{
	struct world w;

	start(&w);
	expect_shown(&w, "rc 1 x rc 1 y", true, 0, "rc 1 x rc 1 y");
	end(&w, "rc 1 x ", true);
	ck_assert_uint_eq(w.batch.shown, 7);
	ck_assert_uint_eq(w.kit.hits.count, 1);
	ck_assert(w.kit.hits.at[0].told);
	ck_assert_uint_eq(w.partial.shown, 6);
	end(&w, "rc 1 y rc 1\n", false);
	ck_assert_uint_eq(w.batch.shown, 6);
	ck_assert_uint_eq(w.kit.hits.count, 2);
	ck_assert(w.kit.hits.at[0].told && !w.kit.hits.at[1].told);
	ck_assert_uint_eq(w.partial.shown, 0);
	stop(&w);
}
END_TEST

enum { ALLOCATIONS = 2 }; /* hits, and those that have been told */

START_TEST(without_memory_nothing_is_shown_or_told)
{
	struct world w;

	test_heap_begin(-1);
	start(&w);
	test_kit_scan(&w.kit, ann_span("rc 1")); /* the patterns are compiled then */
	test_heap_fail(_i);
	bool some = show(&w, "rc 1 and more", true);

	if (some) {
		ck_assert_uint_eq(w.partial.told.count, 1);
	} else {
		ck_assert_uint_eq(w.partial.shown, 0);
		ck_assert_uint_eq(w.partial.told.count, 0);
		ck_assert(show(&w, "rc 1 and more", true));
	}
	stop(&w);
	/* Every failure costs the show; the last round has memory enough. */
	ck_assert(test_heap_end() == !some);
	ck_assert(some == (_i >= ALLOCATIONS));
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_line_without_a_value_is_shown_at_once);
	test_add(suite, what_stands_behind_a_value_is_held);
	test_add(suite, a_value_that_is_ruled_out_for_now_is_held_too);
	test_add(suite, what_is_late_is_shown_and_told_once);
	test_add(suite, a_line_that_a_cr_has_ended_is_late_at_once);
	test_add(suite, of_an_overlong_line_only_the_first_piece_is_shown);
	test_add(suite, what_is_told_goes_on_behind_a_cut);
	test_add_loop(suite, without_memory_nothing_is_shown_or_told, ALLOCATIONS + 1);
}
