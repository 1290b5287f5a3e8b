/* What text looks like, to the byte; and that the input is still in it. */
#include "annotty/render.h"

#include "chance.h"
#include "kit.h"
#include "suite.h"

#include <stdlib.h>
#include <time.h>

static const char rules[] = "[rule r]\nfamilies = dev\n"
			    "pattern = (?i)\\brc\\b\\W{0,3}(?<code>\\w+)\n"
			    "[rule all]\npattern = \\((?<code>\\w+)\\)\n"
			    "[rule name]\npattern = \\b(?<name>[A-Z]+_[A-Z]+)\\b\n";

static struct ann_span bytes_of(const char *text, size_t size)
{
	return (struct ann_span){text, size - 1};
}

/* Renders `batch` with its hits behind what is in kit->out. */
static void render(struct test_kit *kit, struct ann_renderer *renderer,
	const struct ann_batch *batch)
{
	test_kit_scan(kit, batch->bytes);
	ann_render_batch(renderer, batch, kit->hits.at, kit->hits.count, &kit->out);
	ck_assert(!kit->out.failed);
}

static void expect_bytes(const struct ann_render_options *options, struct ann_span text,
	struct ann_span expected)
{
	const struct ann_batch batch = {.bytes = text};
	struct ann_renderer renderer;
	struct test_kit kit;

	test_kit_start(&kit, rules);
	ann_renderer_init(&renderer, options);
	render(&kit, &renderer, &batch);
	ck_assert_msg(ann_span_equal(ann_buf_all(&kit.out), expected),
		"found\n%.*s\ninstead of\n%.*s", (int)kit.out.len, kit.out.ptr,
		(int)expected.len, expected.ptr);
	test_kit_deinit(&kit);
}

static void expect(const struct ann_render_options *options, const char *text,
	const char *expected)
{
	expect_bytes(options, ann_span(text), ann_span(expected));
}

static const struct ann_render_options inline_full = {.placement = ANN_INLINE};
static const struct ann_render_options suffix = {
	.placement = ANN_SUFFIX, .names_only = true};
static const struct ann_render_options below = {
	.placement = ANN_BELOW, .names_only = true};
static const struct ann_render_options colored = {.names_only = true, .color = true};
static const struct ann_render_options masked = {
	.names_only = true, .mask_controls = true};

START_TEST(inline_stands_behind_the_value)
{
	expect(&inline_full, "rc 0x11B!\r\n",
		"rc 0x11B [DEV_ISSUER: Who signed this?]!\r\n");
	expect(&inline_full, "rc 0x107",
		"rc 0x107 [DEV_LOST: The link is gone. | DEV_GONE: The same by another name.]");
	expect(&inline_full, "(0x20003)",
		"(0x20003 [NET_ROUTE | SYS_ROUTE: Another one.])");
	expect(&inline_full, "DEV_LOST\n", "DEV_LOST [0x107: The link is gone.]\n");
	expect(&inline_full, "nothing\n", "nothing\n");
	expect(&inline_full, "", "");
}
END_TEST

START_TEST(suffixes_stand_at_the_end_of_the_line)
{
	expect(&suffix, "rc 0x11B, rc 1\r\nx\n",
		"rc 0x11B, rc 1 [DEV_ISSUER] [DEV_BUSY]\r\nx\n");
	expect(&suffix, "rc 0x11B.", "rc 0x11B. [DEV_ISSUER]");
	expect(&suffix, "rc 1 a\rrc 0x11B b\r",
		"rc 1 a [DEV_BUSY]\rrc 0x11B b [DEV_ISSUER]\r");
}
END_TEST

START_TEST(below_points_up_at_the_value)
{
	expect(&below, "rc: 0x11B.\nx\n",
		"rc: 0x11B.\n"
		"    ^~~~~ [DEV_ISSUER]\n"
		"x\n");
	expect(&below, "rc 0x11B, rc 1\n",
		"rc 0x11B, rc 1\n"
		"   ^~~~~ [DEV_ISSUER]\n"
		"             ^ [DEV_BUSY]\n");
	expect(&below, "rc 0x11B", "rc 0x11B\n   ^~~~~ [DEV_ISSUER]");
	expect(&below, "rc 0x11B\r\nx\r\n",
		"rc 0x11B\r\n   ^~~~~ [DEV_ISSUER]\r\nx\r\n");
	expect(&below, "rc 0x11B\rx", "rc 0x11B\n   ^~~~~ [DEV_ISSUER]\rx");
}
END_TEST

START_TEST(below_counts_columns_not_bytes)
{
	expect(&below, "\ta\trc 0x11B\n",
		"\ta\trc 0x11B\n\t \t   ^~~~~ [DEV_ISSUER]\n");
	expect(&below, "\xc3\xa4\xe2\x82\xac rc 1\n",
		"\xc3\xa4\xe2\x82\xac rc 1\n      ^ [DEV_BUSY]\n");
	expect(&below, "\033[1mrc\033[0m 0x11B\n",
		"\033[1mrc\033[0m 0x11B\n   ^~~~~ [DEV_ISSUER]\n");
	/* Two wide characters, and an accent on a letter. */
	expect(&below, "\xe6\xbc\xa2\xe5\xad\x97 rc 1\n",
		"\xe6\xbc\xa2\xe5\xad\x97 rc 1\n        ^ [DEV_BUSY]\n");
	expect(&below, "e\xcc\x81 rc 1\n", "e\xcc\x81 rc 1\n     ^ [DEV_BUSY]\n");
	expect(&below, "\xff rc 1\n", "\xff rc 1\n     ^ [DEV_BUSY]\n");
}
END_TEST

START_TEST(below_makes_room_for_what_is_shown)
{
	struct ann_render_options options = below;

	options.mask_controls = true;
	expect(&options, "\a\177\trc 1\n", "^G^?\trc 1\n    \t   ^ [DEV_BUSY]\n");
	expect(&options, "\x9b\xc2\x9b\xc3\xa4 rc 1\n",
		"<9B><U+009B>\xc3\xa4 rc 1\n                 ^ [DEV_BUSY]\n");
	options.timestamp = ANN_TIMESTAMP_EPOCH;
	expect(&options, "rc 1\n", "0.000000 rc 1\n            ^ [DEV_BUSY]\n");
}
END_TEST

START_TEST(colour_is_that_of_the_severity)
{
	expect(&colored, "rc 1 x", "rc 1 \033[33m[DEV_BUSY]\033[39m x");
	expect(&colored, "rc 0x11B", "rc 0x11B \033[31m[DEV_ISSUER]\033[39m");
	expect(&colored, "(0x20004)", "(0x20004 \033[36m[NET_CLOSED]\033[39m)");
}
END_TEST

START_TEST(the_colours_of_the_line_come_back)
{
	expect(&colored, "\033[1;34mrc 1 x\033[0m",
		"\033[1;34mrc 1 \033[33m[DEV_BUSY]\033[39m\033[1;34m x\033[0m");
	expect(&colored, "\033[32ma \033[4mrc 1",
		"\033[32ma \033[4mrc 1 \033[33m[DEV_BUSY]\033[39m\033[32m\033[4m");
	expect(&colored, "\033[32m\033[4mrc 1",
		"\033[32m\033[4mrc 1 \033[33m[DEV_BUSY]\033[39m\033[32m\033[4m");
	/* Of this line only, and only what is a colour. */
	expect(&colored, "\033[34m\n\033[2K\033rc 1",
		"\033[34m\n\033[2K\033rc 1 \033[33m[DEV_BUSY]\033[39m");
}
END_TEST

START_TEST(controls_are_shown_not_obeyed)
{
	static const char text[] = "a\0b\a\b\033]0;t\a\177\033[2J\033c\n";

	expect_bytes(&masked, bytes_of(text, sizeof(text)),
		ann_span("a^@b^G^H^[]0;t^G^?^[[2J^[c\n"));
	expect(&masked, "\23331m\x85", "<9B>31m<85>");
	expect(&masked, "\xc2\x9b\xc2\x85\xc2\xa0", "<U+009B><U+0085>\xc2\xa0");
	expect(&masked, "\xe2\x82\x9b\xc3\x9b\xf0\x9f\x98\x80",
		"\xe2\x82\x9b\xc3\x9b\xf0\x9f\x98\x80");
	expect(&masked, "\xe2\x82", "\xe2<82>");
	expect(&masked, "\xc2", "\xc2");
	expect(&masked, "\xc2x\xff", "\xc2x\xff");
}
END_TEST

START_TEST(tabs_line_ends_and_colours_pass)
{
	expect(&masked, "a\tb\r\nc\rd\n", "a\tb\r\nc\rd\n");
	expect(&masked, "\033[1;31;48:5:2mrc 1\033[m",
		"\033[1;31;48:5:2mrc 1 [DEV_BUSY]\033[m");
	expect(&masked, "\033[31", "^[[31");
	expect(&masked, "\033[?25h", "^[[?25h");
	expect(&masked, "\033[", "^[[");
}
END_TEST

static const struct ann_batch times[] = {
	{.bytes = {"a\nb\n", 4},
		.wall_ns = 1795383067123456789,
		.mono_ns = 12345678901},
	{.bytes = {"c", 1},
		.wall_ns = 1795383067500000000,
		.mono_ns = 12722222222,
		.cut = true},
	{.bytes = {"d\n", 2}, .wall_ns = 1795383068000000000, .mono_ns = 13222222222},
	{.bytes = {"e\n", 2}, .wall_ns = 1795383069000000001, .mono_ns = 14222222222},
};

static void expect_times(enum ann_timestamp timestamp, const char *expected)
{
	const struct ann_render_options options = {.timestamp = timestamp};
	struct ann_renderer renderer;
	struct ann_buf out = {0};

	ann_renderer_init(&renderer, &options);
	for (size_t i = 0; i < ANN_LEN(times); i++) {
		ann_render_batch(&renderer, &times[i], NULL, 0, &out);
	}
	ann_buf_char(&out, '\0');
	ck_assert_str_eq(out.ptr, expected);
	ann_buf_deinit(&out);
}

START_TEST(every_line_has_its_time)
{
	setenv("TZ", "UTC-2", 1);
	tzset();
	expect_times(ANN_TIMESTAMP_NONE, "a\nb\ncd\ne\n");
	expect_times(ANN_TIMESTAMP_ISO8601,
		"2026-11-22T21:31:07.123456Z a\n2026-11-22T21:31:07.123456Z b\n"
		"2026-11-22T21:31:07.500000Z cd\n2026-11-22T21:31:09.000000Z e\n");
	expect_times(ANN_TIMESTAMP_TIME,
		"23:31:07.123 a\n23:31:07.123 b\n23:31:07.500 cd\n23:31:09.000 e\n");
	setenv("TZ", "UTC", 1);
	tzset();
	expect_times(ANN_TIMESTAMP_TIME,
		"21:31:07.123 a\n21:31:07.123 b\n21:31:07.500 cd\n21:31:09.000 e\n");
	expect_times(ANN_TIMESTAMP_EPOCH,
		"1795383067.123456 a\n1795383067.123456 b\n1795383067.500000 cd\n"
		"1795383069.000000 e\n");
	expect_times(ANN_TIMESTAMP_MONOTONIC,
		"   12.345678 a\n   12.345678 b\n   12.722222 cd\n   14.222222 e\n");
	expect_times(ANN_TIMESTAMP_DELTA,
		"   0.000000 a\n   0.000000 b\n   0.376543 cd\n   1.000000 e\n");
}
END_TEST

START_TEST(raw_is_the_input)
{
	const struct ann_render_options options = {.format = ANN_FORMAT_RAW};

	expect(&options, "rc 0x11B\r\n\033[2J\n", "rc 0x11B\r\n\033[2J\n");
}
END_TEST

/* What the options add at one place, made the plain way. */
static void add_insertion(const struct ann_hit *hit,
	const struct ann_render_options *how, struct ann_buf *out)
{
	ann_buf_str(out, " [");
	for (unsigned i = 0; i < hit->count; i++) {
		const struct ann_code *code = hit->codes[i];

		ann_buf_str(out, i > 0 ? " | " : "");
		ann_buf_span(out, hit->symbol ? ann_span(ann_code_hex(code->value).text)
					      : code->name);
		if (!how->names_only && code->description.len > 0) {
			ann_buf_printf(out, ": %.*s", ANN_SPAN_ARG(code->description));
		}
	}
	ann_buf_char(out, ']');
}

/* Walks over output and input side by side; where a hit says so, skips what was added.
 */
static void check_removable(const struct test_kit *kit, struct ann_span input,
	struct ann_span output, const struct ann_render_options *how)
{
	size_t at = 0;
	size_t hit = 0;

	for (size_t i = 0; i <= input.len; i++) {
		for (; hit < kit->hits.count; hit++) {
			const struct ann_hit *h = &kit->hits.at[hit];
			struct ann_buf added = {0};

			if ((how->placement == ANN_INLINE ? h->end : h->line_end) !=
				i) {
				break;
			}
			add_insertion(h, how, &added);
			ck_assert_uint_le(at + added.len, output.len);
			ck_assert_mem_eq(output.ptr + at, added.ptr, added.len);
			at += added.len;
			ann_buf_deinit(&added);
		}
		if (i < input.len) {
			ck_assert_uint_lt(at, output.len);
			ck_assert_int_eq(output.ptr[at++], input.ptr[i]);
		}
	}
	ck_assert_uint_eq(hit, kit->hits.count);
	ck_assert_uint_eq(at, output.len);
}

START_TEST(without_what_was_added_the_input_is_back)
{
	static const char *const words[] = {"rc 0x11B", "rc 1", "(0x107)", "DEV_LOST",
		"(263)", "x", " ", "\n", "\r\n", "\r", "\t", "\033[31m", "\033[0m",
		"[DEV_BUSY]"};
	static const char noise[] = "\0\xff\x80\033[1m\n rc(1)";
	struct test_chance chance = test_chance(_i);
	struct test_kit kit;

	test_kit_start(&kit, rules);
	for (int round = 0; round < 300; round++) {
		struct ann_render_options how = {
			.placement = test_once_in(&chance, 2) ? ANN_SUFFIX : ANN_INLINE,
			.names_only = test_once_in(&chance, 2),
		};
		struct ann_renderer renderer;
		struct ann_buf text = {0};

		for (uint32_t i = test_below(&chance, 40); i > 0; i--) {
			ann_buf_str(&text, test_pick(&chance, words));
			test_scatter(&chance, noise, sizeof(noise) - 1,
				test_below(&chance, 3), &text);
		}
		ann_renderer_init(&renderer, &how);
		ann_buf_clear(&kit.out);
		render(&kit, &renderer,
			&(struct ann_batch){.bytes = ann_buf_all(&text)});
		check_removable(&kit, ann_buf_all(&text), ann_buf_all(&kit.out), &how);
		ann_buf_deinit(&text);
	}
	test_kit_deinit(&kit);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, inline_stands_behind_the_value);
	test_add(suite, suffixes_stand_at_the_end_of_the_line);
	test_add(suite, below_points_up_at_the_value);
	test_add(suite, below_counts_columns_not_bytes);
	test_add(suite, below_makes_room_for_what_is_shown);
	test_add(suite, colour_is_that_of_the_severity);
	test_add(suite, the_colours_of_the_line_come_back);
	test_add(suite, controls_are_shown_not_obeyed);
	test_add(suite, tabs_line_ends_and_colours_pass);
	test_add(suite, every_line_has_its_time);
	test_add(suite, raw_is_the_input);
	test_add_loop(suite, without_what_was_added_the_input_is_back, 4);
}
