/*
 * sink_watcher - the one who offers to a sink, and what the sink has told.
 */
#ifndef TESTS_SINK_WATCHER_H
#define TESTS_SINK_WATCHER_H

#include "annotty/sink.h"

#include <uv.h>

struct test_sink_watcher {
	uv_loop_t *loop;
	struct ann_sink *sink; /* NULL: gone */
	unsigned rooms;
	unsigned ends;
	bool has_failed; /* the end had a reason */
	struct ann_error why;
	unsigned closed;
	bool is_offering;
	uint64_t offered_lines;
	uint64_t announced_lines; /* told by `announce` */
	uint64_t announced_bytes;
};

/* For a sink with a watcher as its user. Drops are announced as `DROPPED lines bytes`.
 */
extern const struct ann_sink_events test_sink_events;

/* A chunk of the lines of `text`, each a record; a last one without LF makes it
 * partial. NULL: no memory.
 */
struct ann_chunk *test_chunk(const char *text);

/* Offers such a chunk. */
bool test_offer(struct test_sink_watcher *watcher, const char *text, bool can_wait);

/* Closes the sink and waits until it is gone. */
void test_sink_close(struct test_sink_watcher *watcher, uint64_t drain_ms);

#endif
