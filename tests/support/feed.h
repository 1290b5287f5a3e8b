/*
 * feed - a stream given to a framer in pieces, as io does it.
 */
#ifndef TESTS_FEED_H
#define TESTS_FEED_H

#include "annotty/framer.h"

struct test_feed {
	size_t limit;  /* of the framer */
	bool count;    /* of the framer */
	size_t first;  /* length of the first piece */
	size_t others; /* length of the others; 0: all that is left */
};

typedef void (*test_batch_cb)(void *user, const struct ann_batch *batch);

/*
 * Calls `take` with every batch of `stream`. Each block is as long as what is in it, so
 * that the address sanitizer sees who looks further.
 */
void test_feed(const struct test_feed *feed, struct ann_span stream, test_batch_cb take,
	void *user);

#endif
