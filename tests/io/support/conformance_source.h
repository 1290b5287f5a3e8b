/*
 * conformance_source - the tests that every kind of source passes.
 *
 * A test of a kind describes how to make one and how its device speaks, and calls
 * test_source_conformance() from test_cases().
 */
#ifndef TESTS_CONFORMANCE_SOURCE_H
#define TESTS_CONFORMANCE_SOURCE_H

#include "annotty/source.h"

#include <check.h>
#include <uv.h>

struct test_source_kind {
	const char *name;

	/*
	 * The world that the source reads from: a file, a pseudo-terminal, a server.
	 * What it allocates is its own business: not from annotty/alloc.h while the
	 * source lives.
	 */
	void *(*begin)(uv_loop_t *loop);
	/* A source that does not wait for what went away, not started. */
	enum ann_err (*make)(void *world, struct ann_source **source,
		const struct ann_source_events *events, void *user,
		struct ann_error *err);
	/* The device says something; at most 512 bytes, which it can say at once. */
	void (*feed)(void *world, struct ann_span bytes);
	/* The device has nothing more to say, ever: what ends the source. */
	void (*finish)(void *world);
	/* The source is closed, the loop still stands. */
	void (*end)(void *world);

	/* Its world is complete before it starts, as a file is: fed and finished first.
	 */
	bool is_stored;
	/* Its end is an error, as that of a port is. */
	bool ends_with_error;
	/* It says that it is connected before its first byte. */
	bool connects;
};

/* `kinds` has to stay. */
void test_source_conformance(
	Suite *suite, const struct test_source_kind *kinds, int count);

#endif
