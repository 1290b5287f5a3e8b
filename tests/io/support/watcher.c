#include "watcher.h"

#include "loop.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static void on_source_closed(void *user)
{
	struct test_watcher *w = user;

	w->closed++;
	w->source = NULL;
}

/* What holds for all events. */
static void check(const struct test_watcher *w)
{
	ck_assert_msg(!w->is_starting, "an event from inside the start");
	ck_assert_msg(w->closed == 0, "an event after the source was gone");
	ck_assert_msg(!w->source->closing, "an event after the close");
	ck_assert_msg(w->ends == 0, "an event after the end");
}

static void close_at(struct test_watcher *w, enum test_moment moment)
{
	if (w->close_at == moment) {
		ann_source_close(w->source, on_source_closed, w);
		ck_assert_msg(w->closed == 0, "closed from inside the close");
	}
}

static void on_bytes(
	void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	struct test_watcher *w = user;

	check(w);
	ck_assert_msg(!w->is_paused, "bytes while paused");
	ck_assert(bytes.len > 0 && wall_ns > 0 && mono_ns > 0);
	ck_assert_uint_le(bytes.len, sizeof(w->bytes) - w->len);
	memcpy(w->bytes + w->len, bytes.ptr, bytes.len);
	w->len += bytes.len;
	w->calls++;
	if (w->pause_at_bytes) {
		test_watcher_pause(w);
	}
	close_at(w, TEST_AT_BYTES);
}

static void on_event(void *user, const struct ann_event *event)
{
	struct test_watcher *w = user;

	check(w);
	ck_assert(event->wall_ns > 0 && event->mono_ns > 0);
	snprintf(w->reason, sizeof(w->reason), "%s",
		event->reason == NULL ? "" : event->reason);
	w->away_ns = event->away_ns;
	switch (event->kind) {
	case ANN_EVENT_CONNECTED:
		ck_assert_msg(w->connected == w->disconnected, "connected twice");
		w->connected++;
		break;
	case ANN_EVENT_DISCONNECTED:
		ck_assert_msg(w->connected > w->disconnected, "disconnected twice");
		w->disconnected++;
		break;
	case ANN_EVENT_GAP:
		w->gaps++;
		break;
	case ANN_EVENT_DROPPED:
		ck_abort_msg("nothing is dropped by a source");
	}
	close_at(w, TEST_AT_EVENT);
}

static void on_end(void *user, const struct ann_error *why)
{
	struct test_watcher *w = user;

	check(w);
	w->ends++;
	w->has_failed = why != NULL;
	if (why != NULL) {
		w->why = *why;
	}
	close_at(w, TEST_AT_END);
}

const struct ann_source_events test_watcher_events = {
	.bytes = on_bytes,
	.event = on_event,
	.end = on_end,
};

void test_watcher_start(struct test_watcher *w)
{
	struct ann_error err = {0};

	w->is_starting = true;
	ck_assert_msg(ann_source_start(w->source, &err) == ANN_OK, "%s", err.text);
	w->is_starting = false;
}

void test_watcher_pause(struct test_watcher *w)
{
	w->is_paused = true;
	ann_source_pause(w->source);
}

void test_watcher_resume(struct test_watcher *w)
{
	w->is_paused = false;
	ann_source_resume(w->source);
}

static bool is_closed(void *user)
{
	return ((struct test_watcher *)user)->closed > 0;
}

void test_watcher_close(struct test_watcher *w)
{
	ann_source_close(w->source, on_source_closed, w);
	if (w->source != NULL) {
		ck_assert_msg(w->closed == 0, "closed from inside the close");
		test_loop_until(w->loop, "closed", is_closed, w);
	}
	ck_assert_uint_eq(w->closed, 1);
}

/* --- waiting -------------------------------------------------------------------- */

struct wish {
	const struct test_watcher *watcher;
	size_t count;
};

static bool has_bytes(void *user)
{
	const struct wish *wish = user;

	return wish->watcher->len >= wish->count;
}

static bool has_connected(void *user)
{
	const struct wish *wish = user;

	return wish->watcher->connected >= wish->count;
}

static bool has_disconnected(void *user)
{
	const struct wish *wish = user;

	return wish->watcher->disconnected >= wish->count;
}

static bool has_ended(void *user)
{
	const struct wish *wish = user;

	return wish->watcher->ends > 0;
}

static void await(struct test_watcher *w, const char *what, bool (*done)(void *user),
	size_t count)
{
	test_loop_until(w->loop, what, done, &(struct wish){w, count});
}

void test_watcher_await_bytes(struct test_watcher *w, struct ann_span all)
{
	await(w, "bytes", has_bytes, all.len);
	test_watcher_expect(w, all);
}

void test_watcher_await_connected(struct test_watcher *w, unsigned times)
{
	await(w, "connected", has_connected, times);
}

void test_watcher_await_disconnected(struct test_watcher *w, unsigned times)
{
	await(w, "disconnected", has_disconnected, times);
}

void test_watcher_await_end(struct test_watcher *w)
{
	await(w, "the end", has_ended, 1);
}

void test_watcher_expect(const struct test_watcher *w, struct ann_span all)
{
	struct ann_span found = {w->bytes, w->len};

	ck_assert_msg(ann_span_equal(found, all), "found:\n%.*s\ninstead of\n%.*s",
		ANN_SPAN_ARG(found), ANN_SPAN_ARG(all));
}
