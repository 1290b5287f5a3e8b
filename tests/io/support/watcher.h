/*
 * watcher - the user of a source under test: notes what comes, acts on cue.
 */
#ifndef TESTS_WATCHER_H
#define TESTS_WATCHER_H

#include "annotty/source.h"

#include <uv.h>

/* Moments at which a watcher can close the source. */
enum test_moment {
	TEST_NEVER,
	TEST_AT_BYTES,
	TEST_AT_EVENT,
	TEST_AT_END,
};

struct test_watcher {
	uv_loop_t *loop;
	struct ann_source *source; /* NULL once it is closed */
	enum test_moment close_at;
	bool pause_at_bytes;

	/* What has happened; bytes are at most what `bytes` has room for. */
	char bytes[1 << 16];
	size_t len;
	unsigned calls; /* of `bytes` */
	unsigned connected;
	unsigned disconnected;
	unsigned gaps;
	unsigned ends;
	char reason[32]; /* of the last event, empty: none */
	uint64_t away_ns;
	bool has_failed; /* the end had a reason, which is in: */
	struct ann_error why;
	unsigned closed;
	bool is_paused;   /* to assert that nothing comes then */
	bool is_starting; /* nor from inside the start */
};

extern const struct ann_source_events test_watcher_events;

/* Must succeed. */
void test_watcher_start(struct test_watcher *watcher);
void test_watcher_pause(struct test_watcher *watcher);
void test_watcher_resume(struct test_watcher *watcher);

/* Closes the source and waits until it is gone. */
void test_watcher_close(struct test_watcher *watcher);

/* Wait for it, as test_loop_until() does. */
void test_watcher_await_bytes(struct test_watcher *watcher, struct ann_span all);
void test_watcher_await_connected(struct test_watcher *watcher, unsigned times);
void test_watcher_await_disconnected(struct test_watcher *watcher, unsigned times);
void test_watcher_await_end(struct test_watcher *watcher);

/* The bytes that came so far are these. */
void test_watcher_expect(const struct test_watcher *watcher, struct ann_span all);

#endif
