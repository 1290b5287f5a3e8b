/* From sources to one output: who writes where, and what a reader can rely on. */
#include "annotty/route.h"

#include "annotty/stream.h"

#include "capture_sink.h"
#include "kit.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES = 2, MS = 1000 * 1000 };

static const char rules[] = "[rule r]\npattern = rc (?<code>\\w+)\n"
			    "[rule late]\npattern = of (?<code>\\w+) failed\n";

static const char *const names[SOURCES] = {"dut1", "dut2"};

/* Two sources that feed one output. */
struct world {
	struct test_kit kit;
	struct test_sink sink;
	struct ann_route *route;
	struct ann_tap *taps[SOURCES];
	struct ann_stream *streams[SOURCES];
	uint64_t now_ns;
	bool room; /* the last answer */
};

struct feeder {
	struct world *world;
	int source;
};

static struct feeder feeders[SOURCES];

static void take(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count)
{
	struct feeder *feeder = user;
	struct world *w = feeder->world;

	w->room = ann_tap_batch(w->taps[feeder->source], batch, hits, count);
}

/* Also when some of it cannot be had for want of memory. */
static bool try_start(struct world *w, const struct ann_route_options *options)
{
	static const struct ann_stream_events events = {.batch = take};
	static const struct ann_stream_options streaming = {
		.line_limit = 80, .idle_ns = 20 * MS, .late_ns = 500 * MS};

	w->now_ns = 1000 * (uint64_t)MS;
	test_sink_init(&w->sink);
	w->route = ann_route_new(options, &w->sink.sink);
	for (int i = 0; i < SOURCES && w->route != NULL; i++) {
		feeders[i] = (struct feeder){w, i};
		w->taps[i] = ann_tap_new(w->route, names[i], i == 1);
		w->streams[i] =
			ann_stream_new(w->kit.scan, &streaming, &events, &feeders[i]);
		if (w->taps[i] == NULL || w->streams[i] == NULL) {
			return false;
		}
	}
	return w->route != NULL;
}

static void start(struct world *w, struct ann_route_options options)
{
	options.render.names_only = true;
	*w = (struct world){0};
	test_kit_start(&w->kit, rules);
	ck_assert(try_start(w, &options));
}

static void stop(struct world *w)
{
	for (int i = 0; i < SOURCES; i++) {
		ann_stream_free(w->streams[i]);
		ann_tap_free(w->taps[i]);
	}
	ann_route_free(w->route);
	test_sink_deinit(&w->sink);
	test_kit_deinit(&w->kit);
}

static void send_bytes(struct world *w, int source, const char *text, size_t len)
{
	ck_assert_int_eq(ann_stream_feed(w->streams[source - 1],
				 (struct ann_span){text, len}, w->now_ns, w->now_ns),
		ANN_OK);
}

static void say(struct world *w, int source, const char *text)
{
	send_bytes(w, source, text, strlen(text));
}

static void wait_ms(struct world *w, unsigned ms)
{
	w->now_ns += (uint64_t)ms * MS;
	for (int i = 0; i < SOURCES; i++) {
		ann_stream_tick(w->streams[i], w->now_ns);
	}
}

static void tell(struct world *w, int source, struct ann_event event)
{
	if (event.kind != ANN_EVENT_CONNECTED) {
		ann_stream_break(w->streams[source - 1], true);
	}
	event.wall_ns = w->now_ns;
	event.mono_ns = w->now_ns;
	w->room = ann_tap_event(w->taps[source - 1], &event);
}

static const struct ann_event unplugged = {
	.kind = ANN_EVENT_DISCONNECTED, .reason = "unplugged"};

static void expect(struct world *w, const char *text)
{
	ck_assert_str_eq(test_sink_text(&w->sink), text);
}

/* --- lines of several sources ---------------------------------------------------- */

START_TEST(lines_are_labelled_and_counted)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "one\nrc 1\r\n");
	ck_assert(w.room && !w.sink.waited);
	say(&w, 2, "two\n");
	ck_assert(w.sink.waited);
	expect(&w, "[dut1] one\n[dut1] rc 1 [DEV_BUSY | NET_DOWN]\r\n[dut2] two\n");
	ck_assert_uint_eq(w.sink.lines, 3);
	ck_assert_uint_eq(w.sink.in_bytes, 14);
	ck_assert_uint_eq(w.sink.chunks, 2);
	ck_assert_uint_eq(w.sink.records, 2);
	w.sink.full = true;
	say(&w, 1, "three\n");
	ck_assert(!w.room);
	stop(&w);
}
END_TEST

START_TEST(a_half_line_is_ended_when_another_source_writes)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "login: ");
	wait_ms(&w, 500);
	expect(&w, "[dut1] login: ");
	say(&w, 2, "status\n");
	expect(&w, "\n[dut2] status\n");
	say(&w, 1, "root\n");
	expect(&w, "[dut1] root\n");
	say(&w, 2, "next\n");
	expect(&w, "[dut2] next\n");
	ck_assert_uint_eq(w.sink.partial, 1);
	ck_assert_uint_eq(w.sink.lines, 3);
	ck_assert_uint_eq(w.sink.in_bytes, 12 + 7 + 5);
	stop(&w);
}
END_TEST

START_TEST(a_half_line_goes_on_when_its_own_source_does)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "login: ");
	wait_ms(&w, 500);
	say(&w, 1, "ro");
	wait_ms(&w, 500);
	say(&w, 1, "ot\n");
	expect(&w, "[dut1] login: root\n");
	stop(&w);
}
END_TEST

START_TEST(a_half_line_of_several_sources_is_shown_only_after_a_long_silence)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "temperature ");
	wait_ms(&w, 20);
	say(&w, 2, "status rc ");
	wait_ms(&w, 400);
	expect(&w, "");
	say(&w, 1, "21 degrees\n");
	say(&w, 2, "1\n");
	expect(&w, "[dut1] temperature 21 degrees\n"
		   "[dut2] status rc 1 [DEV_BUSY | NET_DOWN]\n");
	say(&w, 1, "login: ");
	wait_ms(&w, 499);
	expect(&w, "");
	wait_ms(&w, 1);
	expect(&w, "[dut1] login: ");
	stop(&w);
}
END_TEST

START_TEST(a_half_line_of_a_single_source_is_shown_after_a_short_silence)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	ann_tap_free(w.taps[1]);
	w.taps[1] = NULL;
	say(&w, 1, "login: ");
	wait_ms(&w, 20);
	expect(&w, "[dut1] login: ");
	wait_ms(&w, 500);
	say(&w, 1, "root\n");
	expect(&w, "root\n");
	stop(&w);
}
END_TEST

/* It was there when the line was shown to others, which has nothing new since. */
START_TEST(a_value_is_annotated_where_half_lines_are_shown_late)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "rc 1 ");
	wait_ms(&w, 20);
	wait_ms(&w, 480);
	expect(&w, "[dut1] rc 1 [DEV_BUSY | NET_DOWN] ");
	say(&w, 1, "rc 1\r");
	wait_ms(&w, 20);
	/* Nothing can follow on that line. */
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN]");
	say(&w, 2, "x\n");
	say(&w, 1, "\n");
	expect(&w, "\n[dut2] x\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_end_that_somebody_else_has_given_is_not_repeated)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "login: ");
	wait_ms(&w, 500);
	say(&w, 2, "x\n");
	say(&w, 1, "\r\n");
	expect(&w, "[dut1] login: \n[dut2] x\n");
	say(&w, 1, "next\n");
	expect(&w, "[dut1] next\n");
	stop(&w);
}
END_TEST

START_TEST(two_half_lines_take_turns)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "a ");
	wait_ms(&w, 500);
	say(&w, 2, "b ");
	wait_ms(&w, 500);
	say(&w, 1, "c ");
	wait_ms(&w, 500);
	say(&w, 2, "d\n");
	say(&w, 1, "e\n");
	expect(&w, "[dut1] a \n[dut2] b \n[dut1] c \n[dut2] d\n[dut1] e\n");
	stop(&w);
}
END_TEST

START_TEST(an_annotation_finds_its_line_again)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "of 1");
	wait_ms(&w, 500);
	say(&w, 2, "x\n");
	say(&w, 1, " failed\n");
	expect(&w, "[dut1] of 1\n[dut2] x\n[dut1]  [DEV_BUSY | NET_DOWN] failed\n");
	stop(&w);
}
END_TEST

START_TEST(annotations_below_are_labelled_too)
{
	struct world w;

	start(&w, (struct ann_route_options){
			  .label = true, .render.placement = ANN_BELOW});
	say(&w, 1, "it is rc 1\n");
	expect(&w, "[dut1] it is rc 1\n[dut1]          ^ [DEV_BUSY | NET_DOWN]\n");
	stop(&w);
}
END_TEST

START_TEST(labels_stand_before_timestamps)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true,
			  .events = true,
			  .render.timestamp = ANN_TIMESTAMP_EPOCH});
	say(&w, 1, "a\nb");
	wait_ms(&w, 20);
	tell(&w, 1, unplugged);
	expect(&w, "[dut1] 1.000000 a\n[dut1] 1.000000 b\n"
		   "[annotty] 1.020000 dut1: disconnected: unplugged\n");
	stop(&w);
}
END_TEST

START_TEST(a_line_that_was_broken_off_is_ended_before_what_comes_next)
{
	struct world w;

	start(&w, (struct ann_route_options){.events = true});
	say(&w, 1, "half");
	wait_ms(&w, 20);
	tell(&w, 1, unplugged);
	expect(&w, "half\n[annotty] dut1: disconnected: unplugged\n");
	say(&w, 1, "rc 1");
	tell(&w, 1, unplugged);
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN]\n"
		   "[annotty] dut1: disconnected: unplugged\n");
	stop(&w);

	start(&w, (struct ann_route_options){0});
	say(&w, 1, "half");
	tell(&w, 1, unplugged);
	expect(&w, "half");
	say(&w, 1, "whole\n");
	expect(&w, "\nwhole\n");
	stop(&w);

	/* The same when all of it has been shown before. */
	start(&w, (struct ann_route_options){0});
	say(&w, 1, "half");
	wait_ms(&w, 20);
	tell(&w, 1, unplugged);
	expect(&w, "half");
	say(&w, 1, "whole\n");
	expect(&w, "\nwhole\n");
	stop(&w);
}
END_TEST

START_TEST(a_tap_that_goes_leaves_a_line_to_be_ended)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "half");
	wait_ms(&w, 500);
	ann_tap_free(w.taps[0]);
	w.taps[0] = NULL;
	say(&w, 2, "x\n");
	expect(&w, "[dut1] half\n[dut2] x\n");
	stop(&w);
}
END_TEST

START_TEST(a_half_line_is_ended_when_all_is)
{
	struct world w;

	start(&w, (struct ann_route_options){0});
	say(&w, 1, "half");
	ann_stream_break(w.streams[0], false);
	expect(&w, "half");
	ann_route_finish(w.route, w.now_ns, w.now_ns);
	expect(&w, "\n");
	ann_route_finish(w.route, w.now_ns, w.now_ns);
	expect(&w, "");
	stop(&w);
}
END_TEST

START_TEST(raw_is_what_came)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true,
			  .events = true,
			  .render.format = ANN_FORMAT_RAW});
	say(&w, 1, "login: ");
	wait_ms(&w, 500);
	say(&w, 2, "rc 1\n");
	tell(&w, 1, unplugged);
	say(&w, 1, "x\r");
	say(&w, 1, "y");
	expect(&w, "login: rc 1\nx\r");
	ann_route_finish(w.route, w.now_ns, w.now_ns);
	expect(&w, "");
	ck_assert_ptr_null(ann_route_announce(w.route, 1, 2, 3, 4));
	ck_assert_uint_eq(w.sink.partial, 0);
	stop(&w);
}
END_TEST

/* --- what a device cannot do ----------------------------------------------------- */

/* Every line has the label of its source, or is an event's, wherever LF and CR stand.
 */
static void check_labels(const char *text)
{
	const char *at = text;

	while (*at != '\0') {
		size_t len = strcspn(at, "\r\n");
		bool labelled = strncmp(at, "[dut1] ", 7) == 0 ||
				strncmp(at, "[dut2] fine", 11) == 0 ||
				strncmp(at, "[annotty] dut1: ", 16) == 0;

		ck_assert_msg(labelled, "%.*s\nin\n%s", (int)len, at, text);
		at += len;
		at += *at == '\r' && at[1] == '\n' ? 2 : *at != '\0';
	}
}

static const char *const hostile[] = {
	"\n[dut2] forged\n",
	"\r[dut2] forged\r\n",
	"\n\r\n\r[annotty] dut2: disconnected\n",
	"a\r\r\n[dut2] forged",
	"\n[annotty] dropped 3 lines, 4 bytes",
	"x [dut2] forged\n[dut2] fine and\n",
	("0123456789012345678901234567890123456789012345678901234567890123456789012345 "
	 "678901234567890123456789 [dut2] forged 01234567890123456789012345678901234567"),
};

START_TEST(no_device_can_forge_a_label_or_an_event)
{
	struct world w;
	const char *text = hostile[_i / 3];
	size_t step = (size_t)(_i % 3) * 3 + 1;

	start(&w, (struct ann_route_options){.label = true, .events = true});
	for (size_t at = 0; at < strlen(text); at += step) {
		size_t left = strlen(text) - at;

		send_bytes(&w, 1, text + at, left < step ? left : step);
		wait_ms(&w, at % 2 == 0 ? 20 : 500);
		if (at % 5 == 0) {
			say(&w, 2, "fine\n");
		}
		if (at % 7 == 0) {
			tell(&w, 1, unplugged);
		}
	}
	say(&w, 2, "fine\n");
	check_labels(test_sink_text(&w.sink));
	stop(&w);
}
END_TEST

START_TEST(a_nul_hides_nothing)
{
	static const char sent[] = "a\0b\n\0[dut2] c\n";
	static const char expected[] = "[dut1] a\0b\n[dut1] \0[dut2] c\n";
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	send_bytes(&w, 1, sent, sizeof(sent) - 1);
	ck_assert_uint_eq(w.sink.bytes.len, sizeof(expected) - 1);
	ck_assert_int_eq(memcmp(w.sink.bytes.ptr, expected, sizeof(expected) - 1), 0);
	stop(&w);
}
END_TEST

START_TEST(a_line_that_ends_with_cr_is_not_overwritten)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	say(&w, 1, "10%\r20%\r.");
	say(&w, 2, "x\n");
	say(&w, 1, "\n");
	expect(&w, "[dut1] 10%\r[dut1] 20%\r\n[dut2] x\n[dut1] .\n");
	ck_assert_uint_eq(w.sink.partial, 0);
	stop(&w);
}
END_TEST

/* --- whole records --------------------------------------------------------------- */

static void expect_records(struct world *w, const char *const *expected)
{
	const size_t *ends = (const size_t *)(const void *)w->sink.ends.ptr;
	size_t start_at = 0;
	size_t count = w->sink.ends.len / sizeof(*ends);

	for (size_t i = 0; i < count; i++) {
		struct ann_span record = {
			w->sink.bytes.ptr + start_at, ends[i] - start_at};

		ck_assert_ptr_nonnull(expected[i]);
		ck_assert_msg(ann_span_is(record, expected[i]), "%.*s instead of %s",
			ANN_SPAN_ARG(record), expected[i]);
		start_at = ends[i];
	}
	ck_assert_ptr_null(expected[count]);
	ck_assert_uint_eq(start_at, w->sink.bytes.len);
}

START_TEST(records_are_whole_lines)
{
	static const char *const expected[] = {"one\n",
		"rc 1 [DEV_BUSY | NET_DOWN]\r\n", "three\r\n", "\n", "login: root\n",
		"[annotty] dut1: disconnected: unplugged\n", "half\n",
		"[annotty] dut2: disconnected: unplugged\n", NULL};
	struct world w;

	start(&w, (struct ann_route_options){.whole_records = true, .events = true});
	say(&w, 1, "one\nrc 1\r\nthree\r\n\nlogin: ");
	wait_ms(&w, 500);
	say(&w, 1, "root\n");
	tell(&w, 1, unplugged);
	say(&w, 2, "half");
	wait_ms(&w, 500);
	tell(&w, 2, unplugged);
	expect_records(&w, expected);
	ck_assert_uint_eq(w.sink.partial, 0);
	ck_assert_uint_eq(w.sink.lines, 6);
	stop(&w);
}
END_TEST

START_TEST(records_of_json_are_objects_with_their_numbers)
{
	struct world w;

	start(&w, (struct ann_route_options){
			  .whole_records = true, .render.format = ANN_FORMAT_JSON});
	say(&w, 1, "one\nrc 1 x rc 1\nthree\n");
	ck_assert_uint_eq(w.sink.ends.len, 3 * sizeof(size_t));
	size_t *ends = (size_t *)(void *)w.sink.ends.ptr;
	struct ann_span second = {w.sink.bytes.ptr + ends[0], ends[1] - ends[0]};
	char *line = strndup(second.ptr, second.len);

	ck_assert_ptr_nonnull(
		strstr(line, "\"source\":\"dut1\",\"seq\":2,\"offset\":4,"));
	ck_assert_ptr_nonnull(strstr(line, "\"start\":10,\"end\":11"));
	ck_assert_ptr_null(strstr(line, "three"));
	free(line);
	stop(&w);
}
END_TEST

START_TEST(pieces_of_an_overlong_line_are_records)
{
	struct world w;

	start(&w, (struct ann_route_options){.whole_records = true, .label = true});
	for (int i = 0; i < 20; i++) {
		say(&w, 1, "[dut2] x ");
	}
	say(&w, 1, "\n");
	check_labels(test_sink_text(&w.sink));
	ck_assert_uint_eq(w.sink.records, w.sink.lines);
	ck_assert_uint_ge(w.sink.records, 3);
	stop(&w);
}
END_TEST

/* --- chosen lines ---------------------------------------------------------------- */

START_TEST(an_output_can_take_only_lines_with_a_hit)
{
	struct world w;

	start(&w, (struct ann_route_options){.only_hits = true, .label = true});
	say(&w, 1, "a\nrc 1\nb\nrc 1");
	wait_ms(&w, 500);
	expect(&w, "[dut1] rc 1 [DEV_BUSY | NET_DOWN]\n");
	say(&w, 1, "\n");
	expect(&w, "[dut1] rc 1 [DEV_BUSY | NET_DOWN]\n");
	ck_assert_uint_eq(w.sink.lines, 2);
	ck_assert_uint_eq(w.sink.in_bytes, 10);
	stop(&w);
}
END_TEST

START_TEST(hits_below_the_severity_do_not_count)
{
	struct world w;

	start(&w, (struct ann_route_options){.only_hits = true,
			  .severity = ANN_SEVERITY_WARNING,
			  .after = 1});
	say(&w, 1, "rc 0x20004\nrc 1\nrc 0x20004\nrc 0x20004\nx\nrc 0x107\n");
	expect(&w, "rc 1 [DEV_BUSY | NET_DOWN]\nrc 0x20004 [NET_CLOSED]\n--\n"
		   "rc 0x107 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]\n");
	stop(&w);

	start(&w, (struct ann_route_options){
			  .only_hits = true, .severity = ANN_SEVERITY_ERROR});
	say(&w, 1, "rc 1\nrc 0x107\n");
	expect(&w, "rc 0x107 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]\n");
	stop(&w);
}
END_TEST

START_TEST(context_is_kept_for_each_source)
{
	struct world w;

	start(&w, (struct ann_route_options){
			  .only_hits = true, .before = 1, .label = true});
	say(&w, 1, "a\nb\n");
	say(&w, 2, "c\n");
	say(&w, 1, "rc 1\n");
	say(&w, 2, "rc 1\n");
	expect(&w, "[dut1] b\n[dut1] rc 1 [DEV_BUSY | NET_DOWN]\n"
		   "[dut2] c\n[dut2] rc 1 [DEV_BUSY | NET_DOWN]\n");
	stop(&w);
}
END_TEST

/* --- events ---------------------------------------------------------------------- */

static const struct {
	struct ann_event event;
	const char *text;
	const char *json;
} events[] = {
	{{.kind = ANN_EVENT_CONNECTED}, "connected",
		"\"event\":\"connected\",\"ts\":T"},
	{{.kind = ANN_EVENT_CONNECTED,
		 .away_ns = 3240 * (uint64_t)MS,
		 .lost_bytes = 120},
		"connected after 3.2 s, 120 bytes lost",
		"\"event\":\"connected\",\"ts\":T,\"away\":3.240,\"lost_bytes\":120"},
	{{.kind = ANN_EVENT_CONNECTED, .away_ns = MS}, "connected after 0.0 s",
		"\"event\":\"connected\",\"ts\":T,\"away\":0.001"},
	{{.kind = ANN_EVENT_DISCONNECTED, .reason = "unplugged"},
		"disconnected: unplugged",
		"\"event\":\"disconnected\",\"reason\":\"unplugged\",\"ts\":T"},
	{{.kind = ANN_EVENT_GAP, .reason = "overrun", .lost_bytes = 7},
		"gap: overrun, 7 bytes lost",
		"\"event\":\"gap\",\"reason\":\"overrun\",\"ts\":T,\"lost_bytes\":7"},
	{{.kind = ANN_EVENT_GAP}, "gap", "\"event\":\"gap\",\"ts\":T"},
	{{.kind = ANN_EVENT_DROPPED, .lost_lines = 12, .lost_bytes = 340},
		"dropped 12 lines, 340 bytes",
		"\"event\":\"dropped\",\"ts\":T,\"lost_lines\":12,\"lost_bytes\":340"},
	{{.kind = ANN_EVENT_DROPPED, .reason = "queue", .lost_lines = 1},
		"dropped: queue, 1 line",
		"\"event\":\"dropped\",\"reason\":\"queue\",\"ts\":T,\"lost_lines\":1"},
};

START_TEST(events_say_what_happened)
{
	struct ann_renderer text = {.options.format = ANN_FORMAT_TEXT};
	struct ann_renderer json = {.options.format = ANN_FORMAT_JSON};
	struct ann_renderer raw = {.options.format = ANN_FORMAT_RAW};
	struct ann_buf out = {0};
	char expected[256];

	snprintf(expected, sizeof(expected), "[annotty] dut: %s\n", events[_i].text);
	ann_render_event(&text, "dut", &events[_i].event, &out);
	ck_assert(ann_span_is(ann_buf_all(&out), expected));
	ann_buf_clear(&out);
	snprintf(expected, sizeof(expected), "[annotty] %s\n", events[_i].text);
	ann_render_event(&text, NULL, &events[_i].event, &out);
	ck_assert(ann_span_is(ann_buf_all(&out), expected));

	ann_buf_clear(&out);
	ann_render_event(&json, NULL, &events[_i].event, &out);
	ann_buf_char(&out, '\0');
	const char *at = strstr(events[_i].json, "T");

	snprintf(expected, sizeof(expected),
		"{%.*s\"1970-01-01T00:00:00.000000000Z\"%s}\n",
		(int)(at - events[_i].json), events[_i].json, at + 1);
	ck_assert_str_eq(out.ptr, expected);

	ann_buf_clear(&out);
	ann_render_event(&raw, "dut", &events[_i].event, &out);
	ck_assert_uint_eq(out.len, 0);
	ann_buf_deinit(&out);
}
END_TEST

START_TEST(text_tells_events_if_asked_and_drops_always)
{
	const struct ann_event dropped = {.kind = ANN_EVENT_DROPPED, .lost_lines = 2};
	struct world w;

	start(&w, (struct ann_route_options){0});
	tell(&w, 1, unplugged);
	tell(&w, 1, dropped);
	expect(&w, "[annotty] dut1: dropped 2 lines\n");
	stop(&w);

	start(&w, (struct ann_route_options){.render.format = ANN_FORMAT_JSON});
	tell(&w, 2, unplugged);
	expect(&w, "{\"event\":\"disconnected\",\"reason\":\"unplugged\","
		   "\"ts\":\"1970-01-01T00:00:01.000000000Z\",\"source\":\"dut2\"}\n");
	ck_assert_uint_eq(w.sink.records, 1);
	ck_assert_uint_eq(w.sink.lines, 0);
	stop(&w);
}
END_TEST

START_TEST(an_announcement_tells_what_a_queue_dropped)
{
	struct ann_chunk *chunk = NULL;
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	chunk = ann_route_announce(w.route, 3, 40, 1, 1);
	ck_assert_ptr_nonnull(chunk);
	ck_assert(ann_span_is(chunk->bytes, "[annotty] dropped 3 lines, 40 bytes\n"));
	ck_assert_uint_eq(chunk->records, 1);
	ck_assert_uint_eq(chunk->ends[0], chunk->bytes.len);
	ck_assert_uint_eq(chunk->lines, 0);
	ann_chunk_unref(chunk);
	stop(&w);
}
END_TEST

/* --- options --------------------------------------------------------------------- */

START_TEST(an_output_can_name_its_sources)
{
	struct ann_route_options options = {0};

	ck_assert(ann_route_takes(&options, "dut1"));
	options.sources = "dut1, dut3";
	ck_assert(ann_route_takes(&options, "dut1"));
	ck_assert(ann_route_takes(&options, "dut3"));
	ck_assert(!ann_route_takes(&options, "dut2"));
	ck_assert(!ann_route_takes(&options, "dut"));
	options.sources = "";
	ck_assert(!ann_route_takes(&options, "dut1"));
}
END_TEST

static void give(struct ann_settings *settings, const char *key, const char *value)
{
	ck_assert_int_eq(ann_settings_set(settings, ann_span(key), ann_span(value),
				 "a.conf:7", NULL),
		ANN_OK);
}

static const struct {
	const char *keys[2][2];
	uint64_t before;
	uint64_t after;
	bool only_hits;
} contexts[] = {
	{{{"label", "yes"}}, 0, 0, false},
	{{{"severity", "error"}}, 0, 0, true},
	{{{"before", "2"}}, 2, 0, true},
	{{{"after", "3"}}, 0, 3, true},
	{{{"context", "4"}}, 4, 4, true},
	{{{"context", "4"}, {"before", "1"}}, 1, 4, true},
	{{{"after", "0"}, {"context", "10000"}}, 10000, 0, true},
};

START_TEST(keys_about_lines_with_a_hit_imply_only_those)
{
	struct ann_route_options options = {0};
	struct ann_settings settings = {0};
	struct ann_error err = {0};

	for (size_t i = 0; i < 2 && contexts[_i].keys[i][0] != NULL; i++) {
		give(&settings, contexts[_i].keys[i][0], contexts[_i].keys[i][1]);
	}
	ck_assert_msg(
		ann_route_read(&options, &settings, &err) == ANN_OK, "%s", err.text);
	ck_assert_uint_eq(options.before, contexts[_i].before);
	ck_assert_uint_eq(options.after, contexts[_i].after);
	ck_assert(options.only_hits == contexts[_i].only_hits);
	ann_settings_deinit(&settings);
}
END_TEST

START_TEST(the_keys_of_an_output_set_its_options)
{
	static const char *const given[][2] = {{"format", "json"},
		{"annotate", "below"}, {"style", "name"}, {"timestamp", "delta"},
		{"color", "yes"}, {"lines", "hits"}, {"severity", "warning"},
		{"label", "yes"}, {"events", "on"}, {"sources", "a b"}};
	struct ann_route_options options = {0};
	struct ann_settings settings = {0};
	struct ann_error err = {0};

	for (size_t i = 0; i < ANN_LEN(given); i++) {
		give(&settings, given[i][0], given[i][1]);
	}
	ck_assert_msg(
		ann_route_read(&options, &settings, &err) == ANN_OK, "%s", err.text);
	ck_assert_int_eq(options.render.format, ANN_FORMAT_JSON);
	ck_assert_int_eq(options.render.placement, ANN_BELOW);
	ck_assert_int_eq(options.render.timestamp, ANN_TIMESTAMP_DELTA);
	ck_assert_int_eq(options.severity, ANN_SEVERITY_WARNING);
	ck_assert(options.render.names_only && options.render.color);
	ck_assert(options.only_hits && options.label && options.events);
	ck_assert_str_eq(options.sources, "a b");
	ann_settings_deinit(&settings);

	settings = (struct ann_settings){0};
	give(&settings, "lines", "some");
	ck_assert_int_eq(ann_route_read(&options, &settings, &err), ANN_ECONFIG);
	ck_assert_str_eq(err.text,
		"a.conf:7: lines: \"some\" does not fit; expected all or hits");
	ann_settings_deinit(&settings);
}
END_TEST

/* --- gathering ------------------------------------------------------------------- */

START_TEST(gathered_lines_become_one_chunk)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	ann_route_gather(w.route);
	say(&w, 1, "one\n");
	say(&w, 1, "rc 1\n");
	expect(&w, "");
	ck_assert(ann_route_flush(w.route));
	expect(&w, "[dut1] one\n[dut1] rc 1 [DEV_BUSY | NET_DOWN]\n");
	ck_assert_uint_eq(w.sink.chunks, 1);
	ck_assert_uint_eq(w.sink.records, 2);
	ck_assert_uint_eq(
		((size_t *)(void *)w.sink.ends.ptr)[0], strlen("[dut1] one\n"));
	ck_assert_uint_eq(w.sink.lines, 2);
	ck_assert_uint_eq(w.sink.in_bytes, 9);
	ck_assert(!w.sink.waited);
	w.sink.full = true;
	ck_assert(ann_route_flush(w.route)); /* there is nothing to be full of */
	say(&w, 1, "three\n");
	ck_assert(!ann_route_flush(w.route));
	stop(&w);
}
END_TEST

START_TEST(half_lines_do_not_wait_and_what_waits_goes_before_them)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	ann_route_gather(w.route);
	say(&w, 1, "one\nlogin: ");
	expect(&w, "");
	wait_ms(&w, 500);
	expect(&w, "[dut1] one\n[dut1] login: ");
	ck_assert_uint_eq(w.sink.partial, 1);
	say(&w, 1, "root\n");
	expect(&w, "root\n");
	say(&w, 1, "two\n");
	expect(&w, "");
	ck_assert(ann_route_flush(w.route));
	expect(&w, "[dut1] two\n");
	stop(&w);
}
END_TEST

START_TEST(sources_that_wait_are_not_gathered_with_others)
{
	struct world w;

	start(&w, (struct ann_route_options){.label = true});
	ann_route_gather(w.route);
	say(&w, 1, "one\n");
	say(&w, 2, "two\n");
	expect(&w, "[dut1] one\n");
	ck_assert(!w.sink.waited);
	ck_assert(ann_route_flush(w.route));
	expect(&w, "[dut2] two\n");
	ck_assert_uint_eq(w.sink.chunks, 2);
	ck_assert(w.sink.waited);
	stop(&w);
}
END_TEST

START_TEST(a_chunks_worth_does_not_wait)
{
	struct world w;
	size_t said = 0;

	start(&w, (struct ann_route_options){0});
	ann_route_gather(w.route);
	while (w.sink.chunks == 0 && said < 1000) {
		say(&w, 1, "what fills a chunk in the end\n");
		said++;
	}
	ck_assert_uint_gt(said, 100);
	ck_assert_uint_lt(said, 200);
	ck_assert(ann_route_flush(w.route));
	ck_assert_uint_eq(w.sink.lines, said);
	stop(&w);
}
END_TEST

/* --- memory ---------------------------------------------------------------------- */

enum { LAST = 300 }; /* more than there are allocations, which the test asserts */

/* As the application does it. */
static void try_say(struct world *w, int source, const char *text)
{
	const struct ann_event gap = {.kind = ANN_EVENT_GAP, .reason = "memory"};

	if (ann_stream_feed(w->streams[source - 1], ann_span(text), w->now_ns,
		    w->now_ns) != ANN_OK) {
		tell(w, source, gap);
	}
}

static void run_scene(struct world *w)
{
	try_say(w, 1, "one\nrc 1\nhalf");
	wait_ms(w, 20);
	try_say(w, 2, "two\n");
	try_say(w, 1, " more\nrc 1 x");
	wait_ms(w, 500);
	try_say(w, 1, "\n");
	try_say(w, 2, "end\n");
}

static void run_with_failure(
	struct ann_route_options options, bool gathers, int at, bool *reached)
{
	struct world w = {0};

	options.render.names_only = true;
	test_heap_begin(-1);
	test_kit_start(&w.kit, rules);
	test_heap_fail(at);
	if (try_start(&w, &options)) {
		if (gathers) {
			ann_route_gather(w.route);
		}
		run_scene(&w);
		(void)ann_route_flush(w.route);
		test_heap_fail(-1);
		say(&w, 2, "last\n");
		(void)ann_route_flush(w.route);
		ck_assert_uint_ge(w.sink.lines, 1);
		ck_assert(w.sink.lines == 7 ||
			  strstr(test_sink_text(&w.sink), "[annotty] ") != NULL);
	}
	stop(&w);
	*reached = test_heap_end();
}

START_TEST(lines_without_memory_are_announced)
{
	static const struct ann_route_options options[] = {
		{.label = true, .events = true},
		{.whole_records = true, .events = true},
	};
	bool reached = false;

	run_with_failure(options[_i % 2], _i % 4 < 2, _i / 4, &reached);
	ck_assert(!reached || _i < LAST - 4);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, lines_are_labelled_and_counted);
	test_add(suite, a_half_line_is_ended_when_another_source_writes);
	test_add(suite, a_half_line_goes_on_when_its_own_source_does);
	test_add(suite,
		a_half_line_of_several_sources_is_shown_only_after_a_long_silence);
	test_add(suite, a_half_line_of_a_single_source_is_shown_after_a_short_silence);
	test_add(suite, a_value_is_annotated_where_half_lines_are_shown_late);
	test_add(suite, a_line_end_that_somebody_else_has_given_is_not_repeated);
	test_add(suite, two_half_lines_take_turns);
	test_add(suite, an_annotation_finds_its_line_again);
	test_add(suite, annotations_below_are_labelled_too);
	test_add(suite, labels_stand_before_timestamps);
	test_add(suite, a_line_that_was_broken_off_is_ended_before_what_comes_next);
	test_add(suite, a_tap_that_goes_leaves_a_line_to_be_ended);
	test_add(suite, a_half_line_is_ended_when_all_is);
	test_add(suite, raw_is_what_came);
	test_add_loop(suite, no_device_can_forge_a_label_or_an_event,
		3 * (int)ANN_LEN(hostile));
	test_add(suite, a_nul_hides_nothing);
	test_add(suite, a_line_that_ends_with_cr_is_not_overwritten);
	test_add(suite, records_are_whole_lines);
	test_add(suite, records_of_json_are_objects_with_their_numbers);
	test_add(suite, pieces_of_an_overlong_line_are_records);
	test_add(suite, an_output_can_take_only_lines_with_a_hit);
	test_add(suite, hits_below_the_severity_do_not_count);
	test_add(suite, context_is_kept_for_each_source);
	test_add_loop(suite, events_say_what_happened, (int)ANN_LEN(events));
	test_add(suite, text_tells_events_if_asked_and_drops_always);
	test_add(suite, an_announcement_tells_what_a_queue_dropped);
	test_add(suite, an_output_can_name_its_sources);
	test_add_loop(
		suite, keys_about_lines_with_a_hit_imply_only_those, ANN_LEN(contexts));
	test_add(suite, the_keys_of_an_output_set_its_options);
	test_add(suite, gathered_lines_become_one_chunk);
	test_add(suite, half_lines_do_not_wait_and_what_waits_goes_before_them);
	test_add(suite, sources_that_wait_are_not_gathered_with_others);
	test_add(suite, a_chunks_worth_does_not_wait);
	test_add_loop(suite, lines_without_memory_are_announced, LAST);
}
