#include "sink_watcher.h"

#include "io/sink/sinks.h"

#include "loop.h"
#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECORDS_MOST = 4096 };

static void check_there(const struct test_sink_watcher *w)
{
	ck_assert_msg(!w->is_offering, "an event from inside an offer");
	ck_assert_msg(w->closed == 0, "an event after the sink was gone");
}

static void check(const struct test_sink_watcher *w)
{
	check_there(w);
	ck_assert_msg(!w->sink->closing, "an event after the close");
}

static void on_room(void *user)
{
	struct test_sink_watcher *w = user;

	check(w);
	w->rooms++;
}

static void on_end(void *user, const struct ann_error *why)
{
	struct test_sink_watcher *w = user;

	check_there(w);
	ck_assert_msg(!w->sink->closing || why != NULL, "an end after the close");
	ck_assert_uint_eq(w->ends, 0);
	w->ends++;
	w->has_failed = why != NULL;
	if (why != NULL) {
		w->why = *why;
	}
}

static struct ann_chunk *on_announce(void *user, uint64_t lines, uint64_t bytes)
{
	struct test_sink_watcher *w = user;
	char text[64];

	ck_assert(lines + bytes > 0);
	(void)snprintf(
		text, sizeof(text), "DROPPED %" PRIu64 " %" PRIu64 "\n", lines, bytes);

	struct ann_chunk *chunk = test_chunk(text);

	if (chunk != NULL) {
		w->announced_lines += lines;
		w->announced_bytes += bytes;
		chunk->lines = 0;
		chunk->in_bytes = 0;
	}
	return chunk;
}

const struct ann_sink_events test_sink_events = {
	.room = on_room, .end = on_end, .announce = on_announce};

static enum ann_err make(struct test_sink_watcher *w, uv_loop_t *loop, const char *spec,
	int fd, struct ann_error *err)
{
	const struct ann_sink_context context = {
		.loop = loop, .queue_bytes = ANN_QUEUE_BYTES, .fd = fd};
	enum ann_err failed = ANN_OK;

	*w = (struct test_sink_watcher){.loop = loop};
	failed = ann_endpoint_init(&w->endpoint, "out", spec, NULL, err);
	if (failed == ANN_OK) {
		failed = ann_sink_new(
			&w->sink, &context, &w->endpoint, &test_sink_events, w, err);
	}
	return failed;
}

void test_sink_open(
	struct test_sink_watcher *watcher, uv_loop_t *loop, const char *spec, int fd)
{
	struct ann_error err = {0};

	ck_assert_msg(make(watcher, loop, spec, fd, &err) == ANN_OK, "%s", err.text);
	ck_assert_msg(ann_sink_start(watcher->sink, &err) == ANN_OK, "%s", err.text);
}

const char *test_sink_refusal(uv_loop_t *loop, const char *spec)
{
	static struct ann_error err;
	struct test_sink_watcher watcher;
	enum ann_err failed = make(&watcher, loop, spec, -1, &err);

	if (failed == ANN_OK) {
		failed = ann_sink_start(watcher.sink, &err);
	}
	ck_assert_msg(failed != ANN_OK, "%s was not refused", spec);
	test_sink_close(&watcher, 0);
	return err.text;
}

struct ann_chunk *test_chunk(const char *text)
{
	size_t ends[RECORDS_MOST];
	size_t records = 0;
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			ck_assert_uint_lt(records, RECORDS_MOST);
			ends[records++] = i + 1;
		}
	}
	bool partial = len > 0 && text[len - 1] != '\n';

	ck_assert_msg(!partial || records == 0, "a partial chunk holds one line");

	struct ann_chunk *chunk =
		ann_chunk_new((struct ann_span){text, len}, ends, records);

	if (chunk != NULL) {
		chunk->partial = partial;
		chunk->lines = records;
		chunk->in_bytes = len;
	}
	return chunk;
}

bool test_offer(struct test_sink_watcher *watcher, const char *text, bool can_wait)
{
	struct ann_chunk *chunk = test_chunk(text);
	bool room = true;

	if (chunk == NULL) {
		return true;
	}
	watcher->offered_lines += chunk->lines;
	watcher->is_offering = true;
	room = ann_sink_offer(watcher->sink, chunk, can_wait);
	watcher->is_offering = false;
	ann_chunk_unref(chunk);
	return room;
}

static void on_closed(void *user)
{
	struct test_sink_watcher *w = user;

	w->closed++;
	w->sink = NULL;
}

static bool is_closed(void *user)
{
	return ((struct test_sink_watcher *)user)->closed > 0;
}

void test_sink_close(struct test_sink_watcher *watcher, uint64_t drain_ms)
{
	if (watcher->sink != NULL) {
		ann_sink_close(watcher->sink, drain_ms, on_closed, watcher);
		ck_assert_msg(watcher->closed == 0, "closed from inside the close");
		test_loop_until(
			watcher->loop, "the sink to be gone", is_closed, watcher);
		ck_assert_uint_eq(watcher->closed, 1);
	}
	ann_endpoint_deinit(&watcher->endpoint);
}
