/*
 * capture_sink - a sink that remembers.
 */
#ifndef TESTS_CAPTURE_SINK_H
#define TESTS_CAPTURE_SINK_H

#include "annotty/buf.h"
#include "annotty/sink.h"

struct test_sink {
	struct ann_sink sink; /* to be handed out */
	struct ann_buf bytes; /* of all chunks */
	struct ann_buf ends;  /* size_t each: where records end in `bytes` */
	size_t chunks;
	size_t records;
	size_t partial; /* chunks that left a half line */
	uint64_t lines;
	uint64_t in_bytes;
	bool waited; /* `can_wait` of the last offer */

	bool full; /* offers are taken, and answered with false */
	bool deaf; /* offers are not taken */
};

void test_sink_init(struct test_sink *sink);
void test_sink_deinit(struct test_sink *sink);

/* What has come since the last call, until the next call. */
const char *test_sink_text(struct test_sink *sink);

/* The event `end`, without a reason or with this one. */
void test_sink_die(struct test_sink *sink, const struct ann_error *why);

#endif
