/*
 * sink_watcher - the one who offers to a sink, and what the sink has told.
 */
#ifndef TESTS_SINK_WATCHER_H
#define TESTS_SINK_WATCHER_H

#include "annotty/endpoint.h"
#include "annotty/sink.h"

#include <uv.h>

struct test_sink_watcher {
	uv_loop_t *loop;
	struct ann_sink *sink;        /* NULL: gone */
	struct ann_endpoint endpoint; /* of test_sink_open() */
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

/*
 * Makes and starts a sink as the user would name it, on the descriptor `fd` if it is
 * not -1. Both must succeed.
 */
void test_sink_open(
	struct test_sink_watcher *watcher, uv_loop_t *loop, const char *spec, int fd);

/* The message with which a sink is refused, or fails to start; until the next call. */
const char *test_sink_refusal(uv_loop_t *loop, const char *spec);

/* A chunk of the lines of `text`, each a record; a last one without LF makes it
 * partial. NULL: no memory.
 */
struct ann_chunk *test_chunk(const char *text);

/* Offers such a chunk. */
bool test_offer(struct test_sink_watcher *watcher, const char *text, bool can_wait);

/* Closes the sink, waits until it is gone, and frees the endpoint. */
void test_sink_close(struct test_sink_watcher *watcher, uint64_t drain_ms);

#endif
