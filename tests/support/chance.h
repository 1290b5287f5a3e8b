/*
 * chance - numbers for tests that use chance.
 *
 * The seed is printed, and TEST_SEED in the environment sets another one.
 */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include "annotty/buf.h"

struct test_chance {
	uint64_t state;
};

/* `which` tells the runs of a loop test apart: each has numbers of its own. */
struct test_chance test_chance(int which);

/* From 0 to `most` - 1. */
uint32_t test_below(struct test_chance *chance, uint32_t most);

/* True once in `times`. */
bool test_once_in(struct test_chance *chance, uint32_t times);

/* One of the strings of an array. */
#define test_pick(chance, array) (array)[test_below(chance, ANN_LEN(array))]

/* Appends `count` bytes, each one of the `len` bytes of `alphabet`. */
void test_scatter(struct test_chance *chance, const char *alphabet, size_t len,
	size_t count, struct ann_buf *out);

#endif
