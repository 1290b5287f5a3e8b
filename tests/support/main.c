#include "suite.h"

#include "annotty/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Threads allocate as well. */
static struct {
	atomic_long fail_at; /* which allocation fails, -1: none */
	atomic_long taken;   /* allocations asked for */
	atomic_long out;     /* blocks not given back */
} counted;

static void *counted_resize(void *user, void *block, size_t size)
{
	(void)user;
	if (counted.taken++ == counted.fail_at) {
		return NULL;
	}
	void *grown = realloc(block, size);

	if (block == NULL && grown != NULL) {
		counted.out++;
	}
	return grown;
}

static void counted_release(void *user, void *block)
{
	(void)user;
	if (block != NULL) {
		counted.out--;
	}
	free(block);
}

static const struct ann_heap counting_heap = {
	.resize = counted_resize,
	.release = counted_release,
};

void test_heap_begin(long fail_at)
{
	counted.fail_at = fail_at;
	counted.taken = 0;
	counted.out = 0;
	ann_heap_set(&counting_heap);
}

bool test_heap_end(void)
{
	ann_heap_set(NULL);
	ck_assert_int_eq(counted.out, 0);
	return counted.fail_at >= 0 && counted.taken > counted.fail_at;
}

void test_heap_fail(long fail_at)
{
	counted.fail_at = fail_at;
	counted.taken = 0;
}

void test_add_loop(Suite *suite, const TTest *test, int times)
{
	TCase *one = tcase_create(test->name);

	tcase_set_timeout(one, 60);
	tcase_add_loop_test(one, test, 0, times);
	suite_add_tcase(suite, one);
}

void test_add(Suite *suite, const TTest *test)
{
	test_add_loop(suite, test, 1);
}

int main(void)
{
	Suite *suite = suite_create("annotty");

	test_cases(suite);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
