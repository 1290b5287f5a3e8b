/* The ways to find literals in a text: those of ours and the obvious one. */
#include "match/scanner.h"

#include "annotty/alloc.h"

#include "chance.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct ann_literal literal(const char *text, const char *edges)
{
	struct ann_literal made = {.len = (uint8_t)strlen(text)};

	memcpy(made.text, text, made.len);
	made.word_start = strchr(edges, '<') != NULL;
	made.word_end = strchr(edges, '>') != NULL;
	return made;
}

static int compare_triggers(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ann_trigger));
}

static void sort(struct ann_triggers *triggers)
{
	if (triggers->count > 1) {
		qsort(triggers->at, triggers->count, sizeof(*triggers->at),
			compare_triggers);
	}
}

static bool is_letter_at(struct ann_span text, size_t at)
{
	return at < text.len && ann_is_letter((unsigned char)text.ptr[at]);
}

static bool is_word_at(struct ann_span text, size_t at)
{
	return at < text.len && ann_is_word((unsigned char)text.ptr[at]);
}

static void search_plainly(const struct ann_literal *literals, size_t count,
	struct ann_span text, struct ann_triggers *found)
{
	found->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct ann_span wanted = {literals[i].text, literals[i].len};

		for (size_t at = 0; at + wanted.len <= text.len; at++) {
			struct ann_span here = {text.ptr + at, wanted.len};

			if (!ann_span_equal_nocase(here, wanted) ||
				(literals[i].word_start && at > 0 &&
					is_word_at(text, at - 1)) ||
				(literals[i].letter_start && at > 0 &&
					is_letter_at(text, at - 1)) ||
				(literals[i].letter_end &&
					is_letter_at(text, at + wanted.len)) ||
				(literals[i].word_end &&
					is_word_at(text, at + wanted.len))) {
				continue;
			}
			ck_assert_int_eq(ann_grow((void **)&found->at, &found->room,
						 found->count, sizeof(*found->at)),
				0);
			found->at[found->count++] =
				(struct ann_trigger){(uint32_t)at, (uint32_t)i};
		}
	}
}

static void check_ascending(
	const struct ann_literal *literals, const struct ann_triggers *triggers)
{
	for (size_t i = 1; i < triggers->count; i++) {
		const struct ann_trigger *a = &triggers->at[i - 1];
		const struct ann_trigger *b = &triggers->at[i];

		ck_assert_uint_le(a->at + literals[a->literal].len,
			b->at + literals[b->literal].len);
	}
}

static void expect_same(struct ann_triggers *found, const struct ann_triggers *expected)
{
	sort(found);
	ck_assert_uint_eq(found->count, expected->count);
	for (size_t i = 0; i < found->count; i++) {
		ck_assert_uint_eq(found->at[i].at, expected->at[i].at);
		ck_assert_uint_eq(found->at[i].literal, expected->at[i].literal);
	}
}

struct scanners {
	const struct ann_literal *literals;
	size_t count;
	struct ann_automaton *automaton;
	struct ann_vectorscan
		*vectorscan;     /* NULL: not built in, or not on this machine */
	struct ann_sieve *sieve; /* NULL: not for these literals, or this machine */
	struct ann_vectorscan_space *space;
	struct ann_triggers found;
	struct ann_triggers expected;
};

static struct scanners start(const struct ann_literal *literals, size_t count)
{
	struct scanners s = {
		.literals = literals,
		.count = count,
		.automaton = ann_automaton_new(literals, count),
		.vectorscan = ann_vectorscan_new(literals, count),
		.sieve = ann_sieve_new(literals, NULL, count),
	};

	ck_assert_ptr_nonnull(s.automaton);
	if (s.vectorscan != NULL) {
		s.space = ann_vectorscan_space_new(s.vectorscan);
		ck_assert_ptr_nonnull(s.space);
	}
	return s;
}

static void stop(struct scanners *s)
{
	ann_triggers_deinit(&s->found);
	ann_triggers_deinit(&s->expected);
	ann_vectorscan_space_free(s->space);
	ann_vectorscan_free(s->vectorscan);
	ann_sieve_free(s->sieve);
	ann_automaton_free(s->automaton);
}

static void check_beginnings_ascend(const struct ann_triggers *triggers)
{
	for (size_t i = 1; i < triggers->count; i++) {
		ck_assert_uint_le(triggers->at[i - 1].at, triggers->at[i].at);
	}
}

/* What stands behind the text can be read, and is not of it. */
static void check_sieve_reads_on(struct scanners *s, struct ann_span text)
{
	enum { MORE = 256 };
	char *bytes = calloc(1, text.len + MORE);

	ck_assert_ptr_nonnull(bytes);
	if (text.len > 0) {
		memcpy(bytes, text.ptr, text.len);
	}
	for (size_t i = 0; i < MORE && s->count > 0; i++) {
		const struct ann_literal *literal = &s->literals[0];

		bytes[text.len + i] = literal->text[(i + 1) % literal->len];
	}
	text.ptr = bytes;
	ann_sieve_scan(s->sieve, text, text.len + MORE, NULL, &s->found);
	ck_assert(!s->found.failed);
	check_beginnings_ascend(&s->found);
	expect_same(&s->found, &s->expected);
	free(bytes);
}

/* How many there are, by all of them. */
static size_t check(struct scanners *s, struct ann_span text)
{
	search_plainly(s->literals, s->count, text, &s->expected);
	sort(&s->expected);
	ann_automaton_scan(s->automaton, text, &s->found);
	ck_assert(!s->found.failed);
	check_ascending(s->literals, &s->found);
	expect_same(&s->found, &s->expected);
	if (s->vectorscan != NULL) {
		ck_assert(
			ann_vectorscan_scan(s->vectorscan, s->space, text, &s->found));
		check_ascending(s->literals, &s->found);
		expect_same(&s->found, &s->expected);
	}
	if (s->sieve != NULL) {
		ann_sieve_scan(s->sieve, text, text.len, NULL, &s->found);
		ck_assert(!s->found.failed);
		check_beginnings_ascend(&s->found);
		expect_same(&s->found, &s->expected);
		check_sieve_reads_on(s, text);
	}
	return s->expected.count;
}

START_TEST(literals_inside_of_each_other_are_all_found)
{
	const struct ann_literal literals[] = {literal("status", ""),
		literal("tat", ""), literal("t", ""), literal("us", ""),
		literal("stat", "<"), literal("stat", "")};
	struct scanners s = start(literals, ANN_LEN(literals));

	/* status 1, tat 1, t 2, us 1, stat 2 */
	ck_assert_uint_eq(check(&s, ann_span("xstatus")), 6);
	ck_assert_uint_eq(check(&s, ann_span("StaTus")), 7);
	ck_assert_uint_eq(check(&s, ann_span("nothing of it")), 2);
	ck_assert_uint_eq(check(&s, ann_span("")), 0);
	stop(&s);
}
END_TEST

START_TEST(edges_are_of_words)
{
	const struct ann_literal literals[] = {literal("rc", "<>"), literal("rc", "<"),
		literal("rc", ">"), literal("rc", "")};
	struct scanners s = start(literals, ANN_LEN(literals));

	ck_assert_uint_eq(check(&s, ann_span("rc")), 4);
	ck_assert_uint_eq(check(&s, ann_span("-RC=")), 4);
	ck_assert_uint_eq(check(&s, ann_span("arc ")), 2);
	ck_assert_uint_eq(check(&s, ann_span("\nrc_")), 2);
	ck_assert_uint_eq(check(&s, ann_span("0rc1")), 1);
	ck_assert_uint_eq(check(&s, ann_span("\xffrc\x80")), 4);
	stop(&s);
}
END_TEST

START_TEST(without_literals_nothing_is_found)
{
	struct scanners s = start(NULL, 0);

	ck_assert_ptr_null(s.vectorscan);
	ck_assert_uint_eq(check(&s, ann_span("anything")), 0);
	stop(&s);
}
END_TEST

START_TEST(any_byte_can_be_in_a_literal)
{
	struct ann_literal literals[] = {literal("\033[", ""), literal("\xff\x80", ""),
		literal("a.b", ""), literal("{^$", ""), {.len = 2, .text = {0, 'x'}}};
	struct scanners s = start(literals, ANN_LEN(literals));
	static const char text[] = "\033[\xff\x80 axb A.B {^$ \0x\0X \0";

	ck_assert_uint_eq(check(&s, (struct ann_span){text, sizeof(text) - 1}), 6);
	stop(&s);
}
END_TEST

START_TEST(random_literals_are_found_by_all)
{
	static const char bytes[] = "aabbAB_- 0\n\0\xff";
	struct test_chance chance = test_chance(_i);
	size_t total = 0;

	for (int round = 0; round < 60; round++) {
		struct ann_literal literals[40] = {0};
		size_t count = 1 + test_below(&chance, ANN_LEN(literals));
		/* The sieve is not made for single bytes. */
		uint32_t least = 1 + test_below(&chance, 2);

		for (size_t i = 0; i < count; i++) {
			struct ann_buf text = {0};

			/* Lower case, as literals are. */
			test_scatter(&chance, "aabb_- 0\n\0\xff", 11,
				least + test_below(&chance,
						test_once_in(&chance, 9) ? 23 : 4),
				&text);
			literals[i].len = (uint8_t)text.len;
			memcpy(literals[i].text, text.ptr, text.len);
			literals[i].word_start = test_once_in(&chance, 4);
			literals[i].word_end = test_once_in(&chance, 4);
			literals[i].letter_start = test_once_in(&chance, 4);
			literals[i].letter_end = test_once_in(&chance, 4);
			ann_buf_deinit(&text);
		}
		struct scanners s = start(literals, count);

		for (int texts = 0; texts < 10; texts++) {
			struct ann_buf text = {0};

			test_scatter(&chance, bytes, sizeof(bytes) - 1,
				test_below(
					&chance, test_once_in(&chance, 8) ? 5000 : 200),
				&text);
			ann_buf_reserve(&text, 1); /* vectorscan declines NULL */
			total += check(&s, ann_buf_all(&text));
			ann_buf_deinit(&text);
		}
		stop(&s);
	}
	ck_assert_uint_gt(total, 10000);
}
END_TEST

START_TEST(many_beginnings_or_single_bytes_are_not_for_the_sieve)
{
	struct ann_literal many[65] = {0};
	const struct ann_literal single[] = {literal("a", "")};

	for (size_t i = 0; i < ANN_LEN(many); i++) {
		many[i] = literal("abxx", "");
		many[i].text[2] = (char)(' ' + i % 32);
		many[i].text[3] = (char)('0' + i / 32);
	}
	ck_assert_ptr_null(ann_sieve_new(many, NULL, ANN_LEN(many)));
	ck_assert_ptr_null(ann_sieve_new(single, NULL, ANN_LEN(single)));
}
END_TEST

/* Of the places that are asked for, those before `from` are idle. */
struct asked {
	size_t from;
	size_t last;
	size_t count;
	unsigned traits;
};

static bool is_idle(void *user, size_t at, unsigned traits)
{
	struct asked *asked = user;

	ck_assert(asked->count == 0 || at >= asked->last);
	asked->last = at;
	asked->count++;
	asked->traits |= traits;
	return at < asked->from;
}

START_TEST(what_is_idle_is_left_out)
{
	const struct ann_literal literals[] = {literal("status", ""),
		literal("state", ""), literal("error", ""), literal("code", "")};
	/* Of two literals that begin alike, what one of them has counts for both. */
	const uint8_t traits[] = {1 | 2, 2, 4, 8};
	struct ann_sieve *sieve = ann_sieve_new(literals, traits, ANN_LEN(literals));
	struct ann_span text = ann_span("state error code status error");
	struct asked asked = {.from = 12};
	struct ann_idle idle = {is_idle, &asked};
	struct ann_triggers found = {0};

	if (sieve == NULL) {
		return; /* not on this machine */
	}
	ann_sieve_scan(sieve, text, text.len, &idle, &found);
	ck_assert_uint_eq(asked.count, 5);
	ck_assert_uint_eq(asked.traits, 1 | 2 | 4 | 8);
	ck_assert_uint_eq(found.count, 3);
	ck_assert_uint_eq(found.at[0].at, 12);
	ck_assert_uint_eq(found.at[1].at, 17);
	ck_assert_uint_eq(found.at[2].at, 24);
	ann_triggers_deinit(&found);
	ann_sieve_free(sieve);
}
END_TEST

START_TEST(a_list_that_cannot_grow_says_so)
{
	const struct ann_literal literals[] = {literal("a", "")};
	struct ann_automaton *automaton = ann_automaton_new(literals, 1);
	struct ann_triggers found = {0};

	test_heap_begin(0);
	ann_automaton_scan(automaton, ann_span("a"), &found);
	ck_assert(found.failed);
	ck_assert(test_heap_end());
	ann_automaton_scan(automaton, ann_span("a"), &found);
	ck_assert(!found.failed);
	ck_assert_uint_eq(found.count, 1);
	ann_triggers_deinit(&found);
	ann_automaton_free(automaton);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, literals_inside_of_each_other_are_all_found);
	test_add(suite, edges_are_of_words);
	test_add(suite, without_literals_nothing_is_found);
	test_add(suite, any_byte_can_be_in_a_literal);
	test_add_loop(suite, random_literals_are_found_by_all, 4);
	test_add(suite, many_beginnings_or_single_bytes_are_not_for_the_sieve);
	test_add(suite, what_is_idle_is_left_out);
	test_add(suite, a_list_that_cannot_grow_says_so);
}
