/*
 * scratch - a directory of this test's own, and what stands in it.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "annotty/span.h"

struct test_scratch {
	char path[64];
};

void test_scratch_init(struct test_scratch *scratch);

/* With all that is in it. */
void test_scratch_deinit(struct test_scratch *scratch);

/* The path of `name` in it; good for eight more calls. */
const char *test_scratch_path(const struct test_scratch *scratch, const char *name);

/* Appends to the file, which is made if it is not there. */
void test_scratch_append(
	const struct test_scratch *scratch, const char *name, struct ann_span bytes);

/* rename(2). */
void test_scratch_move(
	const struct test_scratch *scratch, const char *from, const char *to);

#endif
