/* Waits grow, stay within their limits, and begin anew after a good connection. */
#include "io/net/backoff.h"

#include "suite.h"

START_TEST(waits_double_up_to_the_limit)
{
	struct ann_backoff backoff;
	uint64_t most_ms = 100;

	ann_backoff_init(&backoff, 100, 30000, (uint64_t)_i);
	for (int i = 0; i < 20; i++) {
		uint64_t wait_ms = ann_backoff_next(&backoff);

		ck_assert_uint_ge(wait_ms, most_ms / 2);
		ck_assert_uint_le(wait_ms, most_ms);
		most_ms = most_ms * 2 > 30000 ? 30000 : most_ms * 2;
	}
}
END_TEST

START_TEST(different_seeds_wait_differently)
{
	struct ann_backoff one;
	struct ann_backoff other;
	unsigned same = 0;

	ann_backoff_init(&one, 1000, 1000, 1);
	ann_backoff_init(&other, 1000, 1000, 2);
	for (int i = 0; i < 100; i++) {
		same += ann_backoff_next(&one) == ann_backoff_next(&other);
	}
	ck_assert_uint_lt(same, 10);
}
END_TEST

START_TEST(a_good_connection_makes_the_wait_short_again)
{
	struct ann_backoff backoff;

	ann_backoff_init(&backoff, 100, 30000, 7);
	for (int i = 0; i < 20; i++) {
		(void)ann_backoff_next(&backoff);
	}
	ann_backoff_lost(&backoff, ANN_BACKOFF_LASTED_MS - 1);
	ck_assert_uint_ge(ann_backoff_next(&backoff), 15000);
	ann_backoff_lost(&backoff, ANN_BACKOFF_LASTED_MS);
	ck_assert_uint_le(ann_backoff_next(&backoff), 100);
}
END_TEST

START_TEST(odd_limits_are_put_right)
{
	struct ann_backoff backoff;

	ann_backoff_init(&backoff, 0, 0, 0);
	ck_assert_uint_eq(ann_backoff_next(&backoff), 1);
	ck_assert_uint_eq(ann_backoff_next(&backoff), 1);
	ann_backoff_init(&backoff, 500, 20, 0);
	(void)ann_backoff_next(&backoff);
	ck_assert_uint_le(ann_backoff_next(&backoff), 500);
	ann_backoff_init(&backoff, 1, UINT64_MAX, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_gt(ann_backoff_next(&backoff), 0);
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, waits_double_up_to_the_limit, 50);
	test_add(suite, different_seeds_wait_differently);
	test_add(suite, a_good_connection_makes_the_wait_short_again);
	test_add(suite, odd_limits_are_put_right);
}
