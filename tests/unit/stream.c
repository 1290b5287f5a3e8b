/* A live stream: whole lines at once, half lines when it falls silent. */
#include "annotty/stream.h"

#include "annotty/lines.h"

#include "cases.h"
#include "chance.h"
#include "drip.h"
#include "kit.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS = 1000 * 1000 };

static const char rules[] =
	"[rule status]\n"
	"pattern = (?i)\\b(?:status|error|rc)\\b\\W{0,3}(?<code>\\w+)(?! ms)\n"
	"unless = HTTP\n"
	"[rule any]\n"
	"pattern = (?<code>0x[0-9a-f]+)\n"
	"when = lost\n"
	"[rule closed]\n"
	"pattern = \\[(?<code>\\w+) was it\\]\n"
	"[family net]\n"
	"words = (?i)socket\n";

/* --- one stream, step by step ---------------------------------------------------- */

struct world {
	struct test_kit kit;
	struct ann_stream *stream;
	struct ann_renderer renderer;
	struct ann_buf text; /* what has been rendered since it was last looked at */
	struct ann_batch last;
	unsigned batches;
	unsigned stops;
	uint64_t now_ns;
};

static void take(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count)
{
	struct world *w = user;

	w->batches++;
	w->last = *batch;
	ann_render_batch(&w->renderer, batch, hits, count, &w->text);
}

static void on_stopped(void *user)
{
	((struct world *)user)->stops++;
}

static const struct ann_stream_events events = {take, on_stopped};

static void start_with(struct world *w, const struct ann_render_options *render,
	const struct ann_matcher_options *matching, size_t limit)
{
	const struct ann_stream_options options = {
		.line_limit = limit, .idle_ns = 20 * MS, .late_ns = 500 * MS};

	*w = (struct world){.now_ns = 1000 * (uint64_t)MS};
	test_kit_init(&w->kit, test_tables, rules);
	test_kit_compile(&w->kit, matching);
	ann_renderer_init(&w->renderer, render);
	w->stream = ann_stream_new(w->kit.scan, &options, &events, w);
	ck_assert_ptr_nonnull(w->stream);
}

static void start(struct world *w)
{
	static const struct ann_render_options render = {.names_only = true};

	start_with(w, &render, NULL, 0);
}

static void stop(struct world *w)
{
	ann_stream_free(w->stream);
	ann_buf_deinit(&w->text);
	test_kit_deinit(&w->kit);
}

static void feed(struct world *w, const char *text)
{
	ck_assert_int_eq(
		ann_stream_feed(w->stream, ann_span(text), w->now_ns + 7, w->now_ns),
		ANN_OK);
}

static void wait_ms(struct world *w, unsigned ms)
{
	w->now_ns += (uint64_t)ms * MS;
	ann_stream_tick(w->stream, w->now_ns);
}

static void expect(struct world *w, const char *text)
{
	ann_buf_char(&w->text, '\0');
	ck_assert_str_eq(w->text.ptr, text);
	ann_buf_clear(&w->text);
}

START_TEST(a_prompt_is_shown_when_the_line_falls_silent)
{
	struct world w;

	start(&w);
	feed(&w, "boot\nlogin: ");
	expect(&w, "boot\n");
	ck_assert_uint_eq(ann_stream_due(w.stream), w.now_ns + 20 * MS);
	wait_ms(&w, 19);
	expect(&w, "");
	wait_ms(&w, 1);
	expect(&w, "login: ");
	ck_assert(w.last.partial && !w.last.broken && w.last.shown == 0);
	ck_assert_uint_eq(w.last.offset, 5);
	ck_assert_uint_eq(w.last.seq, 2);
	ck_assert_int_eq(w.last.silence, ANN_SILENCE_SHORT);
	/* For outputs that show half lines only late. */
	ck_assert_uint_eq(ann_stream_due(w.stream), w.now_ns + 480 * MS);
	feed(&w, "ro");
	wait_ms(&w, 20);
	expect(&w, "ro");
	ck_assert_uint_eq(w.last.shown, 7);
	feed(&w, "ot\nnext\n");
	expect(&w, "ot\nnext\n");
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	stop(&w);
}
END_TEST

START_TEST(bytes_that_never_stop_coming_are_shown_from_time_to_time)
{
	struct world w;

	start(&w);
	for (int i = 0; i < 25; i++) {
		feed(&w, ".");
		wait_ms(&w, 10);
	}
	expect(&w, "...................."); /* of 200 ms */
	wait_ms(&w, 20);
	feed(&w, " rc 1");
	wait_ms(&w, 1);
	feed(&w, "2\n");
	expect(&w, "..... rc 12\n");
	stop(&w);
}
END_TEST

START_TEST(bytes_that_keep_coming_put_the_silence_off)
{
	struct world w;

	start(&w);
	for (int i = 0; i < 10; i++) {
		feed(&w, "a");
		wait_ms(&w, 19);
	}
	expect(&w, "");
	wait_ms(&w, 1);
	expect(&w, "aaaaaaaaaa");
	stop(&w);
}
END_TEST

START_TEST(a_value_is_shown_before_it_is_annotated)
{
	struct world w;

	start(&w);
	feed(&w, "status 0x1");
	wait_ms(&w, 20);
	expect(&w, "status 0x1");
	ck_assert_uint_eq(ann_stream_due(w.stream), w.now_ns + 480 * MS);
	feed(&w, "07 from");
	wait_ms(&w, 20);
	expect(&w, "07");
	feed(&w, " a socket\n");
	expect(&w, " [NET_TIMEOUT | DEV_LOST | DEV_GONE | SYS_FAULT] from a socket\n");
	stop(&w);
}
END_TEST

START_TEST(when_it_is_late_all_is_shown_and_told_once)
{
	struct world w;

	start(&w);
	feed(&w, "status 0x11B and");
	wait_ms(&w, 20);
	expect(&w, "status 0x11B");
	wait_ms(&w, 480);
	expect(&w, " [DEV_ISSUER] and");
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	feed(&w, " rc 1 more");
	wait_ms(&w, 20);
	expect(&w, " rc 1");
	wait_ms(&w, 480);
	expect(&w, " [DEV_BUSY | NET_DOWN] more");
	feed(&w, ".\r\n");
	expect(&w, ".\r\n");
	feed(&w, "status 0x11B\n");
	expect(&w, "status 0x11B [DEV_ISSUER]\n");
	stop(&w);
}
END_TEST

START_TEST(an_annotation_comes_late_without_a_new_byte)
{
	struct world w;

	start(&w);
	feed(&w, "status 0x11B");
	wait_ms(&w, 20);
	expect(&w, "status 0x11B");
	wait_ms(&w, 480);
	expect(&w, " [DEV_ISSUER]");
	wait_ms(&w, 1000);
	feed(&w, "\n");
	expect(&w, "\n");
	stop(&w);
}
END_TEST

START_TEST(a_tick_long_overdue_shows_all_at_once)
{
	struct world w;

	start(&w);
	feed(&w, "status 0x11B and");
	wait_ms(&w, 3000);
	expect(&w, "status 0x11B [DEV_ISSUER] and");
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	stop(&w);
}
END_TEST

START_TEST(what_follows_can_rule_a_value_out_or_in)
{
	struct world w;

	start(&w);
	feed(&w, "status 0x11B ");
	wait_ms(&w, 20);
	expect(&w, "status 0x11B");
	feed(&w, "of HTTP\n");
	expect(&w, " of HTTP\n");
	feed(&w, "it is 0x20004 ");
	wait_ms(&w, 20);
	expect(&w, "it is 0x20004");
	feed(&w, "that was lost\n");
	expect(&w, " [NET_CLOSED] that was lost\n");
	feed(&w, "rc 1 ms");
	wait_ms(&w, 20);
	expect(&w, "rc 1");
	feed(&w, "\n");
	expect(&w, " ms\n");
	stop(&w);
}
END_TEST

START_TEST(a_value_that_is_told_too_late_stands_at_the_end)
{
	struct world w;

	start(&w);
	feed(&w, "[1 was ");
	wait_ms(&w, 20);
	expect(&w, "[1 was ");
	feed(&w, "it] rc 1 x");
	wait_ms(&w, 500);
	expect(&w, "it] rc 1 [DEV_BUSY | NET_DOWN] x");
	feed(&w, "\r\n");
	expect(&w, " [DEV_BUSY | NET_DOWN]\r\n");
	stop(&w);
}
END_TEST

START_TEST(a_longer_value_behind_a_late_one_is_told_as_well)
{
	struct world w;

	start(&w);
	feed(&w, "status 1");
	wait_ms(&w, 500);
	expect(&w, "status 1 [DEV_BUSY | NET_DOWN]");
	feed(&w, "07\n");
	expect(&w,
		"07 [DEV_DECIMAL | DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]\n");
	stop(&w);
}
END_TEST

START_TEST(a_lone_cr_ends_the_line_as_soon_as_it_is_silent)
{
	struct world w;

	start(&w);
	feed(&w, "rc 1 50%\r");
	expect(&w, "");
	wait_ms(&w, 20);
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN] 50%");
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	feed(&w, "rc 1 60%\r");
	expect(&w, "\r");
	wait_ms(&w, 20);
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN] 60%");
	feed(&w, "\n");
	expect(&w, "\r\n");
	ck_assert_uint_eq(w.last.seq, 2);
	stop(&w);
}
END_TEST

START_TEST(an_unfinished_character_or_sequence_waits)
{
	struct world w;

	start(&w);
	feed(&w, "gr\xc3");
	wait_ms(&w, 20);
	expect(&w, "gr");
	feed(&w, "\xbc\xc3\x9f \033[3");
	wait_ms(&w, 20);
	expect(&w, "\xc3\xbc\xc3\x9f ");
	feed(&w, "1mred\033");
	wait_ms(&w, 20);
	expect(&w, "\033[31mred");
	wait_ms(&w, 480);
	expect(&w, "\033");
	feed(&w, "c\xf0\x9f\x98");
	wait_ms(&w, 20);
	expect(&w, "c");
	feed(&w, "\x80 \xe4\n");
	expect(&w, "\xf0\x9f\x98\x80 \xe4\n");
	stop(&w);
}
END_TEST

START_TEST(suffixes_and_json_wait_for_the_end_of_the_line)
{
	static const struct ann_render_options suffix = {
		.names_only = true, .placement = ANN_SUFFIX};
	static const struct ann_render_options below = {
		.names_only = true, .placement = ANN_BELOW};
	static const struct ann_render_options json = {.format = ANN_FORMAT_JSON};
	static const struct ann_render_options raw = {.format = ANN_FORMAT_RAW};
	struct world w;

	start_with(&w, &suffix, NULL, 0);
	feed(&w, "rc 1 x");
	wait_ms(&w, 500);
	expect(&w, "rc 1 x");
	feed(&w, "y\n");
	expect(&w, "y [DEV_BUSY | NET_DOWN]\n");
	stop(&w);

	start_with(&w, &below, NULL, 0);
	feed(&w, "rc 1 x");
	wait_ms(&w, 500);
	expect(&w, "rc 1 x");
	feed(&w, "y\n");
	expect(&w, "y\n   ^ [DEV_BUSY | NET_DOWN]\n");
	stop(&w);

	start_with(&w, &json, NULL, 0);
	feed(&w, "rc 1 x");
	wait_ms(&w, 500);
	expect(&w, "");
	feed(&w, "\n");
	ann_buf_char(&w.text, '\0');
	ck_assert_ptr_nonnull(strstr(w.text.ptr, "\"line\":\"rc 1 x\""));
	ck_assert_ptr_nonnull(strstr(w.text.ptr, "\"start\":3"));
	stop(&w);

	start_with(&w, &raw, NULL, 0);
	feed(&w, "rc 1 x");
	wait_ms(&w, 500);
	expect(&w, "rc 1 x");
	feed(&w, "y\n");
	expect(&w, "y\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_has_the_time_of_its_first_byte)
{
	struct world w;
	uint64_t began = 0;

	start(&w);
	began = w.now_ns;
	feed(&w, "one ");
	wait_ms(&w, 100);
	ck_assert_uint_eq(w.last.mono_ns, began);
	feed(&w, "line");
	wait_ms(&w, 100);
	ck_assert_uint_eq(w.last.mono_ns, began);
	w.batches = 0;
	feed(&w, " here\nsecond\nthird\nha");
	ck_assert_uint_eq(w.batches, 2);
	ck_assert_uint_eq(w.last.mono_ns, w.now_ns);
	ck_assert_uint_eq(w.last.wall_ns, w.now_ns + 7);
	ck_assert_uint_eq(w.last.bytes.len, strlen("second\nthird\n"));
	began = w.now_ns;
	wait_ms(&w, 5);
	feed(&w, "lf\n");
	ck_assert_uint_eq(w.last.mono_ns, began);
	ck_assert_uint_eq(w.last.wall_ns, began + 7);
	stop(&w);
}
END_TEST

START_TEST(a_break_ends_the_half_line)
{
	struct ann_stream_stats stats;
	struct world w;

	start(&w);
	ann_stream_break(w.stream, false);
	ck_assert_uint_eq(w.batches, 0);
	feed(&w, "one\nstatus 0x11B");
	wait_ms(&w, 20);
	ann_stream_break(w.stream, true);
	expect(&w, "one\nstatus 0x11B [DEV_ISSUER]");
	ck_assert(w.last.broken && !w.last.partial);
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	feed(&w, "three\nfour\r");
	ck_assert(!w.last.broken);
	ck_assert_uint_eq(w.last.seq, 3);
	ck_assert_uint_eq(w.last.offset, 16);
	ann_stream_break(w.stream, false);
	ck_assert(!w.last.broken);
	ck_assert_uint_eq(w.last.seq, 4);
	feed(&w, "\n");
	ck_assert_uint_eq(w.last.seq, 5);
	ck_assert_uint_eq(w.last.offset, 27);
	ann_stream_stats(w.stream, &stats);
	ck_assert_uint_eq(stats.lines, 5);
	ck_assert_uint_eq(stats.bytes, 28);
	ck_assert_uint_eq(stats.hits, 1);
	ck_assert_uint_eq(stats.gaps, 1);
	ck_assert_uint_eq(stats.last_hit_wall_ns, 1000 * (uint64_t)MS + 7);
	stop(&w);
}
END_TEST

START_TEST(nothing_comes_behind_the_line_to_stop_at)
{
	static const struct ann_render_options render = {.names_only = true};
	static const char *const stop_at[] = {"^done"};
	static const struct ann_matcher_options matching = {
		.stop_at = stop_at, .stop_count = 1};
	struct world w;

	start_with(&w, &render, &matching, 0);
	feed(&w, "a\ndo");
	wait_ms(&w, 20);
	feed(&w, "ne");
	wait_ms(&w, 20);
	ck_assert_uint_eq(w.stops, 0);
	feed(&w, " rc 1\nb\nc");
	ck_assert_uint_eq(w.stops, 1);
	feed(&w, "d\ne\ndone\n");
	wait_ms(&w, 1000);
	ann_stream_break(w.stream, false);
	ck_assert_uint_eq(w.stops, 1);
	expect(&w, "a\ndone rc 1 [DEV_BUSY | NET_DOWN]\n");
	stop(&w);

	start_with(&w, &render, &matching, 0);
	feed(&w, "a\ndone\nb\n");
	ck_assert_uint_eq(w.stops, 1);
	expect(&w, "a\ndone\n");
	stop(&w);
}
END_TEST

START_TEST(a_prompt_to_stop_at_is_a_line_when_it_is_late)
{
	static const struct ann_render_options render = {.names_only = true};
	static const char *const stop_at[] = {"login: $"};
	static const struct ann_matcher_options matching = {
		.stop_at = stop_at, .stop_count = 1};
	struct world w;

	start_with(&w, &render, &matching, 0);
	feed(&w, "rc 1\nlogin: ");
	wait_ms(&w, 20);
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN]\nlogin: ");
	ck_assert_uint_eq(w.stops, 0);
	ck_assert_uint_gt(ann_stream_due(w.stream), w.now_ns);
	w.now_ns = ann_stream_due(w.stream);
	wait_ms(&w, 0);
	ck_assert_uint_eq(w.stops, 1);
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	feed(&w, "late\n");
	expect(&w, "");
	stop(&w);

	start_with(&w, &render, &matching, 0);
	feed(&w, "login: ");
	wait_ms(&w, 20);
	feed(&w, "root\n");
	wait_ms(&w, 1000);
	ck_assert_uint_eq(w.stops, 0);
	expect(&w, "login: root\n");
	stop(&w);
}
END_TEST

START_TEST(other_rules_hold_from_the_next_line_on)
{
	struct test_kit other;
	struct world w;

	start(&w);
	test_kit_start(&other, "[rule r]\npattern = is (?<code>\\w+)\n");
	feed(&w, "rc 1 is 0x11B\n");
	ann_stream_set_scan(w.stream, other.scan);
	feed(&w, "rc 1 is 0x11B\n");
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN] is 0x11B\nrc 1 is 0x11B [DEV_ISSUER]\n");
	stop(&w);
	test_kit_deinit(&other);
}
END_TEST

START_TEST(without_a_delay_lines_are_shown_when_they_end)
{
	static const struct ann_stream_options options = {0};
	struct world w;

	start(&w);
	ann_stream_free(w.stream);
	w.stream = ann_stream_new(w.kit.scan, &options, &events, &w);
	feed(&w, "half");
	ck_assert_uint_eq(ann_stream_due(w.stream), 0);
	wait_ms(&w, 10000);
	ck_assert_uint_eq(w.batches, 0);
	stop(&w);
}
END_TEST

START_TEST(an_overlong_line_is_shown_in_pieces)
{
	static const struct ann_render_options render = {.names_only = true};
	struct world w;

	start_with(&w, &render, NULL, 100);
	for (int i = 0; i < 40; i++) {
		feed(&w, "abc def ");
		wait_ms(&w, _i == 0 ? 20 : 500);
	}
	ck_assert_uint_gt(w.last.seq, 3);
	feed(&w, "rc 1\n");
	ck_assert_uint_eq(w.text.len, 40 * 8 + strlen("rc 1 [DEV_BUSY | NET_DOWN]\n"));
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(memcmp(w.text.ptr + i * 8, "abc def ", 8), 0);
	}
	stop(&w);
}
END_TEST

/* --- the same whatever the timing ------------------------------------------------ */

static const char sample[] =
	"boot\r\n"
	"TLS failed, status = 0x11B\n"
	"\033[31mError: 0x107\033[0m (0x20003) and DEV_BUSY\r"
	"rc=263 socket (0x107)\n\r"
	"\n"
	"nothing\0here\xff\xc3\n"
	"a rather long line without an end to it, with status 0x107, which is cut, and "
	"error 0x263 is told; rc 1\r\n"
	"sta\033[1mtus 0x1\033[0m07 rc\r\r\n"
	"0x11B 0x107 0x1 0x263 are lost, rc 1 ms, rc 107 HTTP\n"
	"DEV_LOST rc 107h";

static void compare(struct test_kit *kit, const struct ann_render_options *render,
	struct test_drip drip, struct ann_span text, struct ann_span expected)
{
	struct ann_buf found = {0};

	test_drip(&drip, kit->scan, render, text, &found);
	ck_assert_msg(ann_span_equal(ann_buf_all(&found), expected),
		"cut at %zu, then every %zu, silent for %llu ms, limit %zu:\n%.*s\n"
		"instead of\n%.*s",
		drip.first, drip.others, (unsigned long long)drip.pause_ns / MS,
		drip.limit, (int)found.len, found.ptr, (int)expected.len, expected.ptr);
	ann_buf_deinit(&found);
}

/* Cut once at every place, or all the time, with shorter and longer silences. */
static void compare_all(struct test_kit *kit, const struct ann_render_options *render,
	size_t limit, struct ann_span text)
{
	static const uint64_t pauses[] = {0, TEST_IDLE_NS, TEST_LATE_NS - 1};
	struct ann_buf whole = {0};

	test_drip(&(struct test_drip){limit, 0, 0, 0}, kit->scan, render, text, &whole);
	for (size_t i = 0; i < ANN_LEN(pauses); i++) {
		struct ann_span expected = ann_buf_all(&whole);

		for (size_t cut = 1; cut < text.len; cut++) {
			compare(kit, render,
				(struct test_drip){limit, cut, 0, pauses[i]}, text,
				expected);
		}
		for (size_t step = 1; step < 32; step = step * 2 + 1) {
			compare(kit, render,
				(struct test_drip){limit, step, step, pauses[i]}, text,
				expected);
		}
	}
	ann_buf_deinit(&whole);
}

START_TEST(the_text_is_the_same_whatever_the_timing)
{
	static const struct ann_render_options renders[] = {
		{.names_only = true},
		{.color = true, .mask_controls = true},
		{.placement = ANN_SUFFIX, .names_only = true},
		{.placement = ANN_BELOW, .names_only = true, .label = "dut"},
		{.format = ANN_FORMAT_RAW},
	};
	static const size_t limits[] = {0, 40, 100};
	const struct ann_render_options *render = &renders[_i / ANN_LEN(limits)];
	struct test_kit kit;

	ck_assert_uint_lt((size_t)_i, ANN_LEN(renders) * ANN_LEN(limits));
	test_kit_start(&kit, rules);
	compare_all(&kit, render, limits[_i % ANN_LEN(limits)],
		(struct ann_span){sample, sizeof(sample) - 1});
	test_kit_deinit(&kit);
}
END_TEST

static void drip_line(struct test_kit *kit, const char *line)
{
	static const struct ann_render_options render = {.names_only = true};
	const struct ann_span text = ann_span(line);
	struct ann_buf whole = {0};

	test_drip(&(struct test_drip){0}, kit->scan, &render, text, &whole);
	compare(kit, &render, (struct test_drip){0, 1, 1, TEST_IDLE_NS}, text,
		ann_buf_all(&whole));
	for (size_t cut = 1; cut < text.len; cut += 1 + text.len / 16) {
		compare(kit, &render, (struct test_drip){0, cut, 0, TEST_LATE_NS - 1},
			text, ann_buf_all(&whole));
	}
	ann_buf_deinit(&whole);
}

static void drip_case(void *user, const struct test_case *one)
{
	drip_line(user, one->input);
}

START_TEST(the_default_rules_say_the_same_of_lines_that_drip)
{
	struct test_kit kit;

	test_kit_start_default(&kit);
	test_cases_read(TEST_DATA "/default_rules.cases", drip_case, &kit);
	test_kit_deinit(&kit);
}
END_TEST

/* What stands behind the tabs is a line of a console. */
START_TEST(the_consoles_say_the_same_when_they_drip)
{
	FILE *file = fopen(TEST_DATA "/corpus/console.tsv", "r");
	struct test_kit kit;
	char *line = NULL;
	size_t room = 0;
	size_t lines = 0;

	ck_assert_ptr_nonnull(file);
	test_kit_start_default(&kit);
	while (getline(&line, &room, file) > 0) {
		const char *tab = strrchr(line, '\t');

		drip_line(&kit, tab == NULL ? line : tab + 1);
		lines++;
	}
	ck_assert_uint_gt(lines, 200);
	free(line);
	fclose(file);
	test_kit_deinit(&kit);
}
END_TEST

/* Takes ` [NAME | NAME]` out of the text. */
static void strip(const struct ann_buf *text, struct ann_buf *out)
{
	size_t at = 0;

	while (at < text->len) {
		size_t len = 0;

		if (text->len - at > 2 && text->ptr[at] == ' ' &&
			text->ptr[at + 1] == '[' && text->ptr[at + 2] >= 'A' &&
			text->ptr[at + 2] <= 'Z') {
			len = (size_t)((char *)memchr(
					       text->ptr + at, ']', text->len - at) -
				       (text->ptr + at)) +
			      1;
		}
		if (len == 0) {
			ann_buf_char(out, text->ptr[at]);
		}
		at += len > 0 ? len : 1;
	}
}

/* With silences of every length: then only annotations can differ. */
START_TEST(the_bytes_are_the_same_however_long_the_silences)
{
	static const struct ann_render_options render = {.names_only = true};
	const struct ann_span text = {sample, sizeof(sample) - 1};
	struct test_kit kit;

	test_kit_start(&kit, rules);
	for (size_t cut = 1; cut < text.len; cut++) {
		struct ann_buf found = {0};
		struct ann_buf stripped = {0};

		test_drip(&(struct test_drip){_i == 0 ? 0 : 50, cut, (size_t)_i * 7,
				  TEST_LATE_NS},
			kit.scan, &render, text, &found);
		strip(&found, &stripped);
		ck_assert_msg(ann_span_equal(ann_buf_all(&stripped), text),
			"cut at %zu:\n%.*s", cut, (int)found.len, found.ptr);
		ann_buf_deinit(&found);
		ann_buf_deinit(&stripped);
	}
	test_kit_deinit(&kit);
}
END_TEST

/* --- numbers and memory ---------------------------------------------------------- */

struct count {
	uint64_t offset;
	uint64_t seq;
	uint64_t shown;
};

static void check_numbers(void *user, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct count *c = user;

	(void)hits;
	(void)count;
	ck_assert_uint_eq(batch->offset, c->offset);
	ck_assert_uint_eq(batch->seq, c->seq);
	ck_assert_uint_eq(batch->shown, c->shown);
	c->shown = batch->bytes.len;
	if (!batch->partial) {
		c->shown = 0;
		c->offset += batch->bytes.len;
		c->seq += ann_lines_count(batch->bytes) + (batch->cut || batch->broken);
	}
}

START_TEST(lines_and_bytes_are_counted_without_gaps)
{
	static const struct ann_stream_events checks = {.batch = check_numbers};
	static const struct ann_stream_options options = {
		.idle_ns = TEST_IDLE_NS, .late_ns = TEST_LATE_NS};
	struct test_chance chance = test_chance(_i);
	struct count count = {.seq = 1};
	struct ann_stream_stats stats;
	struct test_kit kit;

	test_kit_start(&kit, rules);
	struct ann_stream *stream = ann_stream_new(kit.scan, &options, &checks, &count);
	uint64_t now = 1;

	for (int i = 0; i < 2000; i++) {
		size_t at = test_below(&chance, sizeof(sample) - 1);
		size_t len = test_below(&chance, 40);

		len = len > sizeof(sample) - at ? sizeof(sample) - at : len;
		ck_assert_int_eq(ann_stream_feed(stream,
					 (struct ann_span){sample + at, len}, now, now),
			ANN_OK);
		now += test_once_in(&chance, 3) ? TEST_IDLE_NS : MS;
		now += test_once_in(&chance, 9) ? TEST_LATE_NS : MS;
		ann_stream_tick(stream, now);
		if (test_once_in(&chance, 20)) {
			ann_stream_break(stream, true);
		}
	}
	ann_stream_break(stream, false);
	ann_stream_stats(stream, &stats);
	ck_assert_uint_eq(stats.bytes, count.offset);
	ck_assert_uint_eq(stats.lines, count.seq - 1);
	ann_stream_free(stream);
	test_kit_deinit(&kit);
}
END_TEST

enum { LAST = 500 }; /* more than there are allocations, which the test asserts */

static void run_sample(struct ann_stream *stream, enum ann_err *failed)
{
	uint64_t now = 1;

	for (size_t at = 0; at < sizeof(sample) - 1; at += 10) {
		size_t left = sizeof(sample) - 1 - at;
		enum ann_err result = ann_stream_feed(stream,
			(struct ann_span){sample + at, left < 10 ? left : 10}, now,
			now);

		*failed = *failed == ANN_OK ? result : *failed;
		now += at % 3 == 0 ? TEST_LATE_NS : TEST_IDLE_NS;
		ann_stream_tick(stream, now);
	}
	ann_stream_break(stream, false);
}

static void count_line(void *user, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct count *c = user;

	(void)hits;
	(void)count;
	if (!batch->partial) {
		ck_assert_uint_ge(batch->offset, c->offset);
		c->offset = batch->offset + batch->bytes.len;
		c->seq = batch->seq + ann_lines_count(batch->bytes) +
			 (batch->cut || batch->broken);
	}
}

START_TEST(every_allocation_fails_once)
{
	static const struct ann_stream_events counts = {.batch = count_line};
	static const struct ann_stream_options options = {
		.line_limit = 60, .idle_ns = TEST_IDLE_NS, .late_ns = TEST_LATE_NS};
	struct count count = {0};
	enum ann_err failed = ANN_OK;
	struct ann_stream *stream = NULL;
	struct test_kit kit;

	test_heap_begin(-1);
	test_kit_start(&kit, rules);
	test_heap_fail(_i);
	stream = ann_stream_new(kit.scan, &options, &counts, &count);
	if (stream != NULL) {
		run_sample(stream, &failed);
		/* What is lost is counted by those who compare offsets. */
		ck_assert_uint_eq(count.offset, sizeof(sample) - 1);
	}
	ann_stream_free(stream);
	test_kit_deinit(&kit);
	ck_assert(!test_heap_end() || _i < LAST - 1);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_prompt_is_shown_when_the_line_falls_silent);
	test_add(suite, bytes_that_never_stop_coming_are_shown_from_time_to_time);
	test_add(suite, bytes_that_keep_coming_put_the_silence_off);
	test_add(suite, a_value_is_shown_before_it_is_annotated);
	test_add(suite, when_it_is_late_all_is_shown_and_told_once);
	test_add(suite, an_annotation_comes_late_without_a_new_byte);
	test_add(suite, a_tick_long_overdue_shows_all_at_once);
	test_add(suite, what_follows_can_rule_a_value_out_or_in);
	test_add(suite, a_value_that_is_told_too_late_stands_at_the_end);
	test_add(suite, a_longer_value_behind_a_late_one_is_told_as_well);
	test_add(suite, a_lone_cr_ends_the_line_as_soon_as_it_is_silent);
	test_add(suite, an_unfinished_character_or_sequence_waits);
	test_add(suite, suffixes_and_json_wait_for_the_end_of_the_line);
	test_add(suite, a_line_has_the_time_of_its_first_byte);
	test_add(suite, a_break_ends_the_half_line);
	test_add(suite, nothing_comes_behind_the_line_to_stop_at);
	test_add(suite, a_prompt_to_stop_at_is_a_line_when_it_is_late);
	test_add(suite, other_rules_hold_from_the_next_line_on);
	test_add(suite, without_a_delay_lines_are_shown_when_they_end);
	test_add_loop(suite, an_overlong_line_is_shown_in_pieces, 2);
	test_add_loop(suite, the_text_is_the_same_whatever_the_timing, 15);
	test_add(suite, the_default_rules_say_the_same_of_lines_that_drip);
	test_add(suite, the_consoles_say_the_same_when_they_drip);
	test_add_loop(suite, the_bytes_are_the_same_however_long_the_silences, 3);
	test_add_loop(suite, lines_and_bytes_are_counted_without_gaps, 4);
	test_add_loop(suite, every_allocation_fails_once, LAST);
}
