/*
 * suite - one Check suite a program.
 *
 * A file under tests/unit/ defines test_cases(); support/main.c runs it. Every test
 * that takes a heap from here is also counted for leaks.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds the cases of this program to `suite`. */
void test_cases(Suite *suite);

/* Adds a case of one plain test; to be called from test_cases(). */
void test_add(Suite *suite, const TTest *test);

/* Adds a case of one loop test, run with _i from 0 to `times` - 1. */
void test_add_loop(Suite *suite, const TTest *test, int times);

/*
 * A heap that counts the blocks that are out, and fails the allocation number `fail_at`
 * (from 0; -1: none). test_heap_end() puts the C library's heap back, asserts that no
 * block is left, and says whether the failing allocation was reached.
 */
void test_heap_begin(long fail_at);
bool test_heap_end(void);

/* Another allocation fails, counted from now on; what is out stays counted. */
void test_heap_fail(long fail_at);

#endif
