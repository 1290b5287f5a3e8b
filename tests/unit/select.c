/* Only lines with a hit and their context, however the stream comes in batches. */
#include "annotty/select.h"

#include "annotty/lines.h"

#include "chance.h"
#include "feed.h"
#include "kit.h"
#include "suite.h"

#include <string.h>

static const char rules[] = "[rule r]\nfamilies = dev\npattern = rc (?<code>\\w+)\n";

struct seen {
	struct test_kit kit;
	struct ann_select *select;
	struct ann_buf out;
};

/* "--\n" for a gap; each line with its offset and number; hits as "<value>". */
static void show(void *user, const struct ann_batch *batch, const struct ann_hit *hits,
	size_t count, bool gap)
{
	struct seen *seen = user;
	uint64_t seq = batch->seq;
	size_t used = 0;

	ann_buf_str(&seen->out, gap ? "--\n" : "");
	for (size_t at = 0; at < batch->bytes.len;) {
		struct ann_line line = ann_line_at(batch->bytes, at);

		ann_buf_printf(&seen->out, "%llu/%llu:%.*s",
			(unsigned long long)(batch->offset + at),
			(unsigned long long)seq++, (int)(line.end - at),
			batch->bytes.ptr + at);
		for (; used < count && hits[used].start < line.next; used++) {
			ck_assert_uint_eq(hits[used].line_start, line.start);
			ck_assert_uint_eq(hits[used].line_end, line.end);
			ann_buf_printf(&seen->out, "<%.*s>",
				(int)(hits[used].end - hits[used].start),
				batch->bytes.ptr + hits[used].start);
		}
		ann_buf_str(&seen->out, batch->cut ? "~\n" : "\n");
		at = line.next;
	}
	ck_assert_uint_eq(used, count);
}

static void take(void *user, const struct ann_batch *batch)
{
	struct seen *seen = user;

	test_kit_scan(&seen->kit, batch->bytes);
	ck_assert_int_eq(ann_select_batch(seen->select, batch, seen->kit.hits.at,
				 seen->kit.hits.count, show, seen),
		ANN_OK);
}

static void expect_fed(const struct test_feed *feed, size_t before, size_t after,
	const char *text, const char *expected)
{
	struct seen seen = {.select = ann_select_new(before, after)};

	ck_assert_ptr_nonnull(seen.select);
	test_kit_start(&seen.kit, rules);
	test_feed(feed, ann_span(text), take, &seen);
	ann_buf_char(&seen.out, '\0');
	ck_assert_str_eq(seen.out.ptr, expected);
	ann_buf_deinit(&seen.out);
	ann_select_free(seen.select);
	test_kit_deinit(&seen.kit);
}

/* In one piece, and cut everywhere. */
static void expect(size_t before, size_t after, const char *text, const char *expected)
{
	struct test_feed feed = {0, true, 0, 0};

	for (feed.first = 0; feed.first <= strlen(text); feed.first++) {
		expect_fed(&feed, before, after, text, expected);
	}
	expect_fed(&(struct test_feed){0, true, 1, 1}, before, after, text, expected);
}

START_TEST(lines_without_a_hit_are_left_out)
{
	expect(0, 0, "a\nrc 1\nb\nc\nrc 0x107 rc 1\n",
		"2/2:rc 1<1>\n--\n11/5:rc 0x107 rc 1<0x107><1>\n");
	expect(0, 0, "rc 1\nrc 1\n", "0/1:rc 1<1>\n5/2:rc 1<1>\n");
	expect(0, 0, "a\nb\n", "");
	expect(0, 0, "a\r\nrc 1", "3/2:rc 1<1>\n");
}
END_TEST

START_TEST(context_stands_on_both_sides)
{
	static const char text[] = "a\nb\nc\nrc 1\nd\ne\nf\ng\nh\nrc 1\ni\n";

	expect(1, 0, text, "4/3:c\n6/4:rc 1<1>\n--\n19/9:h\n21/10:rc 1<1>\n");
	expect(2, 0, text,
		"2/2:b\n4/3:c\n6/4:rc 1<1>\n--\n17/8:g\n19/9:h\n21/10:rc 1<1>\n");
	expect(0, 1, text, "6/4:rc 1<1>\n11/5:d\n--\n21/10:rc 1<1>\n26/11:i\n");
	expect(1, 1, text,
		"4/3:c\n6/4:rc 1<1>\n11/5:d\n--\n19/9:h\n21/10:rc 1<1>\n26/11:i\n");
}
END_TEST

START_TEST(contexts_that_touch_leave_no_gap)
{
	static const char text[] = "a\nrc 1\nb\nc\nd\nrc 1\ne\n";
	static const char all[] =
		"0/1:a\n2/2:rc 1<1>\n7/3:b\n9/4:c\n11/5:d\n13/6:rc 1<1>\n18/7:e\n";

	expect(2, 1, text, all);
	expect(1, 2, text, all);
	expect(9, 9, text, all);
	expect(1, 1, text,
		"0/1:a\n2/2:rc 1<1>\n7/3:b\n--\n11/5:d\n13/6:rc 1<1>\n18/7:e\n");
}
END_TEST

START_TEST(pieces_of_a_long_line_are_lines)
{
	struct test_feed feed = {8, true, 100, 0};

	expect_fed(&feed, 0, 0, "aaaa bbbbb rc 1 dddd eeee\n", "11/3:rc 1 <1>~\n");
	expect_fed(&feed, 1, 1, "aaaa bbbbb ccccc rc 1 dddd eeee\n",
		"11/3:ccccc \n17/4:rc 1 <1>~\n22/5:dddd ~\n");
}
END_TEST

START_TEST(random_streams_show_the_same_however_cut)
{
	static const char *const words[] = {
		"a\n", "b\r\n", "\n", "rc 1\n", "rc 0x107 x\r\n"};
	struct test_chance chance = test_chance(_i);

	for (int round = 0; round < 20; round++) {
		struct test_feed feed = {0, true, 0, 0};
		size_t before = test_below(&chance, 4);
		size_t after = test_below(&chance, 4);
		struct ann_buf text = {0};
		struct seen seen = {.select = ann_select_new(before, after)};

		for (int i = 0; i < 30; i++) {
			ann_buf_str(&text, test_pick(&chance, words));
		}
		ann_buf_char(&text, '\0');
		test_kit_start(&seen.kit, rules);
		feed.first = text.len;
		test_feed(&feed, ann_span(text.ptr), take, &seen);
		ann_buf_char(&seen.out, '\0');
		for (feed.others = 1; feed.others < 20; feed.others++) {
			feed.first = feed.others;
			expect_fed(&feed, before, after, text.ptr, seen.out.ptr);
		}
		ann_buf_deinit(&seen.out);
		ann_buf_deinit(&text);
		ann_select_free(seen.select);
		test_kit_deinit(&seen.kit);
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, lines_without_a_hit_are_left_out);
	test_add(suite, context_stands_on_both_sides);
	test_add(suite, contexts_that_touch_leave_no_gap);
	test_add(suite, pieces_of_a_long_line_are_lines);
	test_add_loop(suite, random_streams_show_the_same_however_cut, 2);
}
