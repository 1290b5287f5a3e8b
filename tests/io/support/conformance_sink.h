/*
 * conformance_sink - the tests that every kind of sink passes.
 *
 * A test of a kind describes how to make one and how its peer behaves, and calls
 * test_sink_conformance() from test_cases().
 */
#ifndef TESTS_CONFORMANCE_SINK_H
#define TESTS_CONFORMANCE_SINK_H

#include "annotty/endpoint.h"
#include "annotty/sink.h"

#include <check.h>
#include <uv.h>

struct test_sink_kind {
	const char *name;

	/*
	 * The world that the sink writes to: a directory, the address of a peer that is
	 * not there yet, the endpoint with these settings (`queue=4096&…`). From then
	 * on it allocates nothing from annotty/alloc.h.
	 */
	void *(*begin)(uv_loop_t *loop, const char *settings);
	/* The sink, not started. */
	enum ann_err (*make)(void *world, struct ann_sink **sink,
		const struct ann_sink_events *events, void *user,
		struct ann_error *err);
	/* The sink has been started: the peer comes, again after it has gone. */
	void (*arrive)(void *world);
	/* The peer dies. */
	void (*leave)(void *world);
	/*
	 * The peer takes some of what has come. Returns all that has come in this
	 * session, as lines of text; valid until the next call.
	 */
	struct ann_span (*receive)(void *world);
	/* The sink is closed, the loop still stands. */
	void (*end)(void *world);

	bool is_away;    /* its peer has to arrive, and can leave and come back */
	bool is_slow;    /* its peer can be too slow, and nothing is lost then */
	bool needs_peer; /* what comes while nobody is there is for nobody */
};

/* `kinds` has to stay. */
void test_sink_conformance(Suite *suite, const struct test_sink_kind *kinds, int count);

#endif
