/*
 * drip - a live stream in pieces with silences between, as text.
 */
#ifndef TESTS_DRIP_H
#define TESTS_DRIP_H

#include "annotty/render.h"
#include "annotty/stream.h"

enum {
	TEST_IDLE_NS = 20 * 1000 * 1000,
	TEST_LATE_NS = 500 * 1000 * 1000,
};

struct test_drip {
	size_t limit;      /* of a line */
	size_t first;      /* length of the first piece */
	size_t others;     /* length of the others; 0: all that is left */
	uint64_t pause_ns; /* the silence behind each; what is due in it is done */
};

/*
 * Appends to `out` what the stream of `text` looks like, half line at the end
 * included. `scan` is borrowed.
 */
void test_drip(const struct test_drip *drip, struct ann_scan *scan,
	const struct ann_render_options *options, struct ann_span text,
	struct ann_buf *out);

#endif
