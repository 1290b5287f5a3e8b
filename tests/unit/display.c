/* What a terminal is shown when a program uses it as one. */
#include "annotty/route.h"
#include "annotty/stream.h"

#include "capture_sink.h"
#include "chance.h"
#include "kit.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

enum { MS = 1000 * 1000 };

static const char rules[] = "[rule r]\npattern = rc (?<code>\\w+)\n";

/* The annotation of `rc 1`. */
#define BUSY " [DEV_BUSY | NET_DOWN]"

struct world {
	struct test_kit kit;
	struct test_sink sink;
	struct ann_route *route;
	struct ann_tap *tap;
	struct ann_stream *stream;
	uint64_t now_ns;
};

static void take(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count)
{
	struct world *w = user;

	(void)ann_tap_batch(w->tap, batch, hits, count);
}

static bool try_start(struct world *w, const struct ann_route_options *options)
{
	static const struct ann_stream_events events = {.batch = take};
	static const struct ann_stream_options streaming = {
		.line_limit = 80, .idle_ns = 20 * MS, .late_ns = 500 * MS};

	w->now_ns = MS;
	test_sink_init(&w->sink);
	w->route = ann_route_new(options, &w->sink.sink);
	w->tap = w->route == NULL ? NULL : ann_tap_new(w->route, "dut", false);
	w->stream = ann_stream_new(w->kit.scan, &streaming, &events, w);
	if (w->tap == NULL || w->stream == NULL) {
		return false;
	}
	ann_stream_set_eager(w->stream, ann_tap_is_eager(w->tap));
	return true;
}

static void start(struct world *w, struct ann_route_options options)
{
	options.terminal = true;
	options.render.names_only = true;
	*w = (struct world){0};
	test_kit_start(&w->kit, rules);
	ck_assert(try_start(w, &options));
}

/* A terminal that obeys. */
static void start_obeying(struct world *w)
{
	start(w, (struct ann_route_options){0});
	ck_assert(ann_tap_is_eager(w->tap));
}

static void start_masking(struct world *w)
{
	start(w, (struct ann_route_options){.render.mask_controls = true});
	ck_assert(!ann_tap_is_eager(w->tap));
}

static void stop(struct world *w)
{
	ann_stream_free(w->stream);
	ann_tap_free(w->tap);
	ann_route_free(w->route);
	test_sink_deinit(&w->sink);
	test_kit_deinit(&w->kit);
}

static void say(struct world *w, const char *text)
{
	ck_assert_int_eq(
		ann_stream_feed(w->stream, ann_span(text), w->now_ns, w->now_ns),
		ANN_OK);
}

/* Some of it is lost for want of memory. */
static void say_what_fits(struct world *w, const char *text)
{
	enum ann_err failed =
		ann_stream_feed(w->stream, ann_span(text), w->now_ns, w->now_ns);

	ck_assert(failed == ANN_OK || failed == ANN_ENOMEM);
}

static void wait_ms(struct world *w, unsigned ms)
{
	w->now_ns += (uint64_t)ms * MS;
	ann_stream_tick(w->stream, w->now_ns);
}

static void expect(struct world *w, const char *text)
{
	ck_assert_str_eq(test_sink_text(&w->sink), text);
}

/* --- lines that are edited ------------------------------------------------------- */

START_TEST(ordinary_and_coloured_lines_are_annotated)
{
	struct world w;

	start_obeying(&w);
	say(&w, "rc 1 x\r\n\033[31mrc 1\033[0m\r\n\033[01;31m\033[Kerror:\033[m\033[K rc 1\r\n");
	expect(&w, "rc 1" BUSY " x\r\n\033[31mrc 1" BUSY "\033[0m\r\n"
		   "\033[01;31m\033[Kerror:\033[m\033[K rc 1" BUSY "\r\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_with_cursor_movement_is_passed_as_it_is)
{
	struct world w;

	start_obeying(&w);
	say(&w, "rc 1 \033[3C!\r\nrc 1\r\nrc 2\b1\r\n\033[A\rrc 1\r\n");
	expect(&w, "rc 1 \033[3C!\r\nrc 1" BUSY "\r\nrc 2\b1\r\n\033[A\rrc 1\r\n");
	stop(&w);
}
END_TEST

START_TEST(on_the_alternate_screen_all_is_passed_at_once)
{
	struct world w;

	start_obeying(&w);
	say(&w, "rc 1\r\n$ vi\r\n");
	expect(&w, "rc 1" BUSY "\r\n$ vi\r\n");
	say(&w, "\033[?10");
	expect(&w, "");
	say(&w, "49hrc 1\r\nrc 1 \r");
	expect(&w, "\033[?1049hrc 1\r\nrc 1 \r");
	say(&w, "more");
	expect(&w, "more");
	say(&w, " rc 1\n");
	expect(&w, " rc 1\n");
	say(&w, "\033[?1049lrc 1\r\nrc 1\r\n");
	expect(&w, "\033[?1049lrc 1\r\nrc 1" BUSY "\r\n");
	stop(&w);
}
END_TEST

START_TEST(what_is_drawn_has_no_stamps)
{
	struct world w;

	start(&w, (struct ann_route_options){
			  .render.timestamp = ANN_TIMESTAMP_MONOTONIC});
	say(&w, "one\r\n\033[?1049htwo\r\nthree\r\n\033[?1049l\r\nfour\r\n");
	expect(&w, "    0.001000 one\r\n\033[?1049htwo\r\nthree\r\n\033[?1049l\r\n"
		   "    0.001000 four\r\n");
	stop(&w);
}
END_TEST

START_TEST(an_endless_drawing_is_shown_in_pieces_that_lack_nothing)
{
	struct world w;
	size_t len = 0;

	start_obeying(&w);
	say(&w, "\033[?1049h");
	for (int i = 0; i < 200; i++) {
		say(&w, "\033[1;1Hrc 1 ");
	}
	len = strlen(test_sink_text(&w.sink));
	ck_assert_uint_eq(len, 8 + 200 * 11);
	stop(&w);
}
END_TEST

/* --- lines that are overwritten -------------------------------------------------- */

START_TEST(a_line_that_is_overwritten_is_not_annotated)
{
	struct world w;

	for (int masks = 0; masks < 2; masks++) {
		(masks ? start_masking : start_obeying)(&w);
		say(&w, "\rrc 1 10%\rrc 1 20%\r");
		say(&w, "rc 1 30%\r\nrc 1\r\n");
		expect(&w,
			"\rrc 1 10%\rrc 1 20%\rrc 1" BUSY " 30%\r\nrc 1" BUSY "\r\n");
		stop(&w);
	}
}
END_TEST

START_TEST(a_line_that_ends_with_several_crs_is_annotated_at_its_end)
{
	static const char text[] = "rc 1 x\r\r\nrc 1\n\r";
	struct world w;

	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		char front[sizeof(text)] = {0};

		memcpy(front, text, cut);
		start_masking(&w);
		say(&w, front);
		say(&w, text + cut);
		say(&w, "y\n");
		expect(&w, "rc 1 x" BUSY "\r\r\nrc 1" BUSY "\n\ry\n");
		stop(&w);
	}
}
END_TEST

START_TEST(a_pause_behind_a_cr_changes_nothing)
{
	struct world w;

	for (int masks = 0; masks < 2; masks++) {
		(masks ? start_masking : start_obeying)(&w);
		say(&w, "rc 1 10%\r");
		wait_ms(&w, 20);
		wait_ms(&w, 480);
		expect(&w, "rc 1 10%");
		say(&w, "rc 1 20%\r");
		wait_ms(&w, 500);
		expect(&w, "\rrc 1 20%");
		say(&w, "\n");
		expect(&w, BUSY "\r\n");
		say(&w, "x\r");
		wait_ms(&w, 500);
		say(&w, "\ry\n");
		expect(&w, "x\r\ry\n");
		stop(&w);
	}
}
END_TEST

START_TEST(a_line_that_nothing_overwrites_any_more_is_annotated)
{
	struct world w;

	start_masking(&w);
	say(&w, "rc 1 10%\rrc 1 20%\r");
	ann_stream_break(w.stream, false);
	expect(&w, "rc 1 10%\rrc 1 20%");
	ck_assert(ann_tap_end(w.tap, w.now_ns, w.now_ns));
	expect(&w, BUSY "\r\n");
	ck_assert(ann_tap_end(w.tap, w.now_ns, w.now_ns));
	say(&w, "login: ");
	wait_ms(&w, 20);
	ck_assert(ann_tap_end(w.tap, w.now_ns, w.now_ns));
	expect(&w, "login: ");
	stop(&w);
}
END_TEST

START_TEST(annotations_below_wait_as_well)
{
	struct world w;

	start(&w, (struct ann_route_options){.render.placement = ANN_BELOW});
	say(&w, "rc 1 10%\rrc 1 20%\r\r\n");
	expect(&w, "rc 1 10%\rrc 1 20%\n   ^" BUSY "\r\r\n");
	stop(&w);
}
END_TEST

/* --- lines that are not over ----------------------------------------------------- */

START_TEST(what_is_typed_is_not_held_up_and_annotated_when_it_is_over)
{
	struct world w;

	start_obeying(&w);
	say(&w, "$ rc 1");
	wait_ms(&w, 20);
	expect(&w, "$ rc 1");
	say(&w, " |");
	wait_ms(&w, 20);
	expect(&w, " |");
	wait_ms(&w, 1000);
	expect(&w, "");
	say(&w, " x\r\n");
	expect(&w, " x" BUSY "\r\n");
	say(&w, "$ rc 1");
	wait_ms(&w, 500);
	say(&w, "\b \b");
	expect(&w, "$ rc 1\b \b"); /* at once */
	say(&w, "\r\n");
	expect(&w, "\r\n");
	stop(&w);
}
END_TEST

START_TEST(where_nobody_types_a_half_line_is_annotated_after_a_long_silence)
{
	struct world w;

	start_masking(&w);
	say(&w, "rc 1 and");
	wait_ms(&w, 20);
	expect(&w, "rc 1");
	wait_ms(&w, 480);
	expect(&w, BUSY " and");
	say(&w, " rc 1\r\r\n");
	expect(&w, " rc 1" BUSY "\r\r\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_that_breaks_off_is_annotated)
{
	struct world w;

	start_obeying(&w);
	say(&w, "rc 1");
	wait_ms(&w, 20);
	ann_stream_break(w.stream, false);
	expect(&w, "rc 1" BUSY);
	stop(&w);
}
END_TEST

/* --- whatever comes -------------------------------------------------------------- */

/* What a program may print, half of it awkward. */
static void make_text(struct test_chance *chance, struct ann_buf *text)
{
	static const char *const words[] = {"rc 1", "x ", "\r", "\n", "\r\n", "\r\r\n",
		"\033[A", "\033[?1049h", "\033[?1049l", "\b", "\033[31m", "\033]0;t\a",
		"a word ", "rc 1 50%\r", "\033", "and more and more of the same "};

	while (text->len < 400) {
		ann_buf_str(text, test_pick(chance, words));
	}
	ann_buf_str(text, "\033\\\n"); /* so that nothing is owed */
}

static void take_out(char *text, const char *what)
{
	size_t len = strlen(what);

	for (char *at = strstr(text, what); at != NULL; at = strstr(at, what)) {
		memmove(at, at + len, strlen(at + len) + 1);
	}
}

START_TEST(without_the_annotations_all_is_there_and_nothing_else)
{
	static const unsigned silences[] = {0, 1, 20, 500};
	struct test_chance chance = test_chance(_i);
	struct ann_buf text = {0};
	struct world w;
	char *shown = NULL;

	make_text(&chance, &text);
	start_obeying(&w);
	for (size_t at = 0; at < text.len;) {
		char piece[32] = {0};
		size_t len = 1 + test_below(&chance, sizeof(piece) - 1);

		len = len < text.len - at ? len : text.len - at;
		memcpy(piece, text.ptr + at, len);
		say(&w, piece);
		wait_ms(&w, test_pick(&chance, silences));
		at += len;
	}
	ann_buf_char(&text, '\0');
	shown = strdup(test_sink_text(&w.sink));
	take_out(shown, BUSY);
	ck_assert_str_eq(shown, text.ptr);
	free(shown);
	ann_buf_deinit(&text);
	stop(&w);
}
END_TEST

/* --- others ---------------------------------------------------------------------- */

START_TEST(what_is_owed_to_a_line_that_another_one_ends_is_dropped)
{
	const struct ann_event unplugged = {.kind = ANN_EVENT_GAP, .reason = "overrun"};
	struct world w;

	start(&w, (struct ann_route_options){.events = true});
	say(&w, "rc 1 10%\rrc 1 20%\rx");
	expect(&w, "rc 1 10%\rrc 1 20%");
	(void)ann_tap_event(w.tap, &unplugged);
	test_sink_text(&w.sink);
	say(&w, "y\n");
	expect(&w, "xy\n");
	stop(&w);
}
END_TEST

START_TEST(raw_is_raw)
{
	struct world w;

	start(&w, (struct ann_route_options){.render.format = ANN_FORMAT_RAW});
	say(&w, "rc 1\rrc 1\r\nx");
	expect(&w, "rc 1\rrc 1\r\n");
	wait_ms(&w, 20);
	expect(&w, "x");
	stop(&w);
}
END_TEST

enum { ALLOCATIONS = 30 };

START_TEST(without_memory_what_comes_behind_is_as_ever)
{
	const struct ann_route_options options = {
		.terminal = true, .render.names_only = true};
	struct world w = {0};

	test_kit_start(&w.kit, rules);
	test_kit_scan(&w.kit, ann_span("rc 1")); /* the patterns are compiled then */
	test_heap_fail(_i);
	if (try_start(&w, &options)) {
		say_what_fits(&w, "rc 1\rrc 1\r\r\nrc 1 \033[A");
		test_sink_text(&w.sink);
		test_heap_fail(-1);
		say(&w, "\nrc 1\n");
		ck_assert_ptr_nonnull(
			strstr(test_sink_text(&w.sink), "rc 1" BUSY "\n"));
	}
	stop(&w);
	(void)test_heap_end();
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, ordinary_and_coloured_lines_are_annotated);
	test_add(suite, a_line_with_cursor_movement_is_passed_as_it_is);
	test_add(suite, on_the_alternate_screen_all_is_passed_at_once);
	test_add(suite, what_is_drawn_has_no_stamps);
	test_add(suite, an_endless_drawing_is_shown_in_pieces_that_lack_nothing);
	test_add(suite, a_line_that_is_overwritten_is_not_annotated);
	test_add(suite, a_line_that_ends_with_several_crs_is_annotated_at_its_end);
	test_add(suite, a_pause_behind_a_cr_changes_nothing);
	test_add(suite, a_line_that_nothing_overwrites_any_more_is_annotated);
	test_add(suite, annotations_below_wait_as_well);
	test_add(suite, what_is_typed_is_not_held_up_and_annotated_when_it_is_over);
	test_add(suite,
		where_nobody_types_a_half_line_is_annotated_after_a_long_silence);
	test_add(suite, a_line_that_breaks_off_is_annotated);
	test_add(suite, what_is_owed_to_a_line_that_another_one_ends_is_dropped);
	test_add_loop(
		suite, without_the_annotations_all_is_there_and_nothing_else, 400);
	test_add(suite, raw_is_raw);
	test_add_loop(suite, without_memory_what_comes_behind_is_as_ever, ALLOCATIONS);
}
