/* When ports are many enough to be read together. */
#include "io/source/talkers.h"

#include "suite.h"

enum { MS = 1000 * 1000, TALKERS = 64 };

static struct ann_talkers talkers;
static struct ann_talker talker[TALKERS];

/* The first `count` talk at `at_ms`. Whether the last is told that they are many. */
static bool talk(unsigned count, unsigned at_ms)
{
	bool many = false;

	for (unsigned i = 0; i < count; i++) {
		many = ann_talkers_note(&talkers, &talker[i], (uint64_t)at_ms * MS);
	}
	return many;
}

/* All the time until then, each 16 ms. */
static bool talk_until(unsigned count, unsigned from_ms, unsigned until_ms)
{
	bool many = false;

	for (unsigned at_ms = from_ms; at_ms < until_ms; at_ms += 16) {
		many = talk(count, at_ms);
	}
	return many;
}

START_TEST(a_few_are_not_many)
{
	ck_assert(!talk_until(1, 1000, 2000));
	ck_assert(!talk_until(7, 3000, 4000));
}
END_TEST

START_TEST(one_that_talks_very_often_is_not_many)
{
	for (unsigned i = 0; i < 1000; i++) {
		ck_assert(!talk(1, 1000 + i));
	}
}
END_TEST

START_TEST(those_that_talk_all_the_time_are_many)
{
	ck_assert(talk_until(8, 1000, 2000));
	ck_assert(talk_until(64, 3000, 4000));
}
END_TEST

START_TEST(those_that_say_something_once_are_not_many)
{
	ck_assert(!talk(64, 1000));
	ck_assert(!talk(64, 1001));
	ck_assert(!talk(64, 2000));
}
END_TEST

START_TEST(one_that_joins_many_is_left_alone_at_first)
{
	talk_until(20, 1000, 2000);
	ck_assert(!ann_talkers_note(&talkers, &talker[63], (uint64_t)2000 * MS));
	ck_assert(!ann_talkers_note(&talkers, &talker[63], (uint64_t)2001 * MS));
	talk_until(20, 2016, 2080);
	ck_assert(!ann_talkers_note(&talkers, &talker[63], (uint64_t)2080 * MS));
}
END_TEST

START_TEST(when_the_others_fall_silent_it_is_not_many_any_more)
{
	ck_assert(talk_until(20, 1000, 2000));
	talk_until(1, 2000, 2096);
	ck_assert(!talk(1, 2096));
	ck_assert(!talk_until(1, 2096, 3000));
	ck_assert(talk_until(20, 4000, 5000));
	ck_assert(!talk(1, 9000));
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_few_are_not_many);
	test_add(suite, one_that_talks_very_often_is_not_many);
	test_add(suite, those_that_talk_all_the_time_are_many);
	test_add(suite, those_that_say_something_once_are_not_many);
	test_add(suite, one_that_joins_many_is_left_alone_at_first);
	test_add(suite, when_the_others_fall_silent_it_is_not_many_any_more);
}
