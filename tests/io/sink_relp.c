/* The RELP sink: what every sink passes, and what becomes of records that the server
 * does not answer for. */
#include "io/log.h"
#include "io/sink/relp.h"
#include "io/sink/sinks.h"

#include "conformance_sink.h"
#include "logged.h"
#include "loop.h"
#include "net.h"
#include "relp_peer.h"
#include "scratch.h"
#include "sink_watcher.h"
#include "suite.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_MS = 20000, SMALL_BUFFER = 4096, TICK_MS = 2, AHEAD_BYTES = 8192 };

/* --- a server --------------------------------------------------------------------- */

struct world {
	uv_loop_t *loop;
	unsigned port;
	int listener; /* -1: it is away */
	uv_timer_t ticks;
	struct test_scratch scratch;
	struct test_relp_peer peer;
	struct ann_endpoint endpoint;
	struct test_sink_watcher watcher; /* of the tests here */
};

static struct world world;
static char spec[256];

static int listen_at(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	const int yes = 1;
	const int small = SMALL_BUFFER;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static struct ann_span serve(struct world *w)
{
	if (w->peer.fd < 0 && w->listener >= 0) {
		int fd = accept(w->listener, NULL, NULL);

		if (fd >= 0) {
			test_relp_peer_meet(&w->peer, fd);
		}
	}
	return test_relp_peer_work(&w->peer);
}

/* Without being asked it answers for a few records and for the end of a session. */
static void on_tick(uv_timer_t *ticks)
{
	(void)serve(ticks->data);
}

static void begin_world(struct world *w, uv_loop_t *loop)
{
	*w = (struct world){.loop = loop, .listener = -1};
	test_relp_peer_init(&w->peer);
	test_scratch_init(&w->scratch);
	w->peer.most = AHEAD_BYTES;
	close(listen_at(&w->port));
	uv_timer_init(loop, &w->ticks);
	w->ticks.data = w;
	uv_timer_start(&w->ticks, on_tick, TICK_MS, TICK_MS);
	uv_unref((uv_handle_t *)&w->ticks);
}

static void arrive(void *user)
{
	struct world *w = user;

	w->listener = listen_at(&w->port);
}

/* Of this session, as every session begins with what was not answered before. */
static void arrive_anew(void *user)
{
	struct world *w = user;

	w->peer.lines_len = 0;
	w->peer.most = AHEAD_BYTES;
	arrive(w);
}

static void leave(void *user)
{
	struct world *w = user;

	if (w->peer.fd < 0) {
		int fd = accept(w->listener, NULL, NULL);

		ck_assert_int_ge(fd, 0);
		test_relp_peer_meet(&w->peer, fd);
	}
	close(w->listener);
	w->listener = -1;
	test_relp_peer_leave(&w->peer);
}

static struct ann_span receive(void *user)
{
	struct world *w = user;

	w->peer.most = w->peer.lines_len + AHEAD_BYTES;
	return serve(w);
}

static void end_world(struct world *w)
{
	if (w->listener >= 0) {
		close(w->listener);
	}
	test_relp_peer_deinit(&w->peer);
	test_scratch_deinit(&w->scratch);
	uv_close((uv_handle_t *)&w->ticks, NULL);
	uv_run(w->loop, UV_RUN_DEFAULT);
}

/* --- as every sink ---------------------------------------------------------------- */

static void *begin(uv_loop_t *loop, const char *settings)
{
	struct world *w = &world;
	struct ann_error err = {0};

	begin_world(w, loop);
	(void)snprintf(spec, sizeof(spec),
		"relp://127.0.0.1:%u?spool-directory=%.60s%s%.100s", w->port,
		w->scratch.path, settings[0] == '\0' ? "" : "&", settings);
	ck_assert_msg(ann_endpoint_init(&w->endpoint, NULL, spec, NULL, &err) == ANN_OK,
		"%s", err.text);
	return w;
}

static void *begin_spooled(uv_loop_t *loop, const char *settings)
{
	char more[128];

	(void)snprintf(more, sizeof(more), "spool=1M&retry=10ms%s%.80s",
		settings[0] == '\0' ? "" : "&", settings);
	return begin(loop, more);
}

static enum ann_err make(void *user, struct ann_sink **sink,
	const struct ann_sink_events *events, void *events_user, struct ann_error *err)
{
	struct world *w = user;
	const struct ann_sink_context context = {
		.loop = w->loop, .queue_bytes = ANN_QUEUE_BYTES, .fd = -1};

	return ann_sink_new(sink, &context, &w->endpoint, events, events_user, err);
}

static void end(void *user)
{
	struct world *w = user;

	end_world(w);
	ann_endpoint_deinit(&w->endpoint);
}

static const struct test_sink_kind kinds[] = {
	{.name = "relp",
		.begin = begin,
		.make = make,
		.arrive = arrive_anew,
		.leave = leave,
		.receive = receive,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "relp with a spool",
		.begin = begin_spooled,
		.make = make,
		.arrive = arrive_anew,
		.leave = leave,
		.receive = receive,
		.end = end,
		.is_away = true},
};

/* --- what is not answered --------------------------------------------------------- */

static uv_loop_t loop;

static struct world *open_world(const char *settings)
{
	struct world *w = &world;

	ann_log_start(ANN_LOG_NOTICE);
	test_loop_init(&loop);
	begin_world(w, &loop);
	(void)snprintf(spec, sizeof(spec),
		"relp://127.0.0.1:%u?retry=10ms&spool-directory=%.60s%s%.100s", w->port,
		w->scratch.path, settings[0] == '\0' ? "" : "&", settings);
	arrive(w);
	test_sink_open(&w->watcher, &loop, spec, -1);
	return w;
}

static void close_world(struct world *w)
{
	test_sink_close(&w->watcher, LONG_MS);
	end_world(w);
	test_loop_deinit(&loop);
}

/* What the server has got in the end. */
static const char *expected;

static bool has_all(void *user)
{
	struct ann_span all = receive(user);

	return all.len >= strlen(expected);
}

static void expect(struct world *w, const char *lines)
{
	struct ann_span all;

	expected = lines;
	test_loop_until(&loop, "the records", has_all, w);
	all = receive(w);
	ck_assert_msg(ann_span_is(all, lines), "expected:\n%sgot:\n%.*s", lines,
		ANN_SPAN_ARG(all));
}

static bool refuses_bad(struct ann_span record)
{
	return record.len >= 3 && memcmp(record.ptr, "bad", 3) == 0;
}

static bool has_nothing_queued(void *user)
{
	struct world *w = user;
	struct ann_sink_stats stats;

	ann_sink_stats(w->watcher.sink, &stats);
	return stats.queued_bytes == 0;
}

START_TEST(a_refused_record_is_dropped_announced_and_not_sent_again)
{
	struct world *w = open_world("");
	struct ann_sink_stats stats;

	test_log_begin();
	w->peer.refuses = refuses_bad;
	(void)test_offer(&w->watcher, "one\nbad\ntwo\n", false);
	expect(w, "one\ntwo\nDROPPED 1 4\n");
	(void)test_offer(&w->watcher, "bad again\nthree\n", false);
	expect(w, "one\ntwo\nDROPPED 1 4\nthree\nDROPPED 1 10\n");
	test_loop_until(&loop, "the queue to be empty", has_nothing_queued, w);
	ann_sink_stats(w->watcher.sink, &stats);
	ck_assert_uint_eq(stats.dropped_lines, 2);
	ck_assert_uint_eq(test_logged("refuses records"), 1);
	close_world(w);
	ck_assert_uint_eq(w->watcher.ends, 0);
}
END_TEST

static bool refuses_all(struct ann_span record)
{
	(void)record;
	return true;
}

static bool has_answered_all(void *user)
{
	struct world *w = user;
	struct ann_sink_stats stats;

	(void)receive(w);
	ann_sink_stats(w->watcher.sink, &stats);
	return stats.dropped_lines == 2 && stats.queued_bytes == 0;
}

START_TEST(a_server_that_refuses_everything_is_not_told_so_for_ever)
{
	struct world *w = open_world("");

	w->peer.refuses = refuses_all;
	(void)test_offer(&w->watcher, "one\ntwo\n", false);
	test_loop_until(&loop, "the refusals", has_answered_all, w);
	test_loop_settle(&loop);
	(void)receive(w);
	/* Two records, and at most as many that say that they were dropped. */
	ck_assert_uint_le(w->peer.records, 4);
	w->peer.refuses = NULL;
	close_world(w);
}
END_TEST

START_TEST(what_was_not_answered_comes_again_and_nothing_else)
{
	struct world *w = open_world("window=4");

	w->peer.answers = 2;
	(void)test_offer(&w->watcher, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", false);
	expect(w, "1\n2\n");
	leave(w);
	w->peer.answers = SIZE_MAX;
	arrive(w);
	expect(w, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	close_world(w);
}
END_TEST

static bool is_closed(void *user)
{
	(void)receive(user);
	return ((struct world *)user)->peer.closed;
}

static void on_closed(void *user)
{
	((struct world *)user)->watcher.closed++;
}

START_TEST(closing_waits_for_answers_and_closes_the_session)
{
	struct world *w = open_world("");

	(void)test_offer(&w->watcher, "1\n2\n", false);
	ann_sink_close(w->watcher.sink, LONG_MS, on_closed, w);
	test_loop_until(&loop, "the end of the session", is_closed, w);
	expect(w, "1\n2\n");
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_uint_eq(w->watcher.closed, 1);
	ck_assert_uint_eq(w->watcher.ends, 0);
	w->watcher.sink = NULL;
	close_world(w);
}
END_TEST

START_TEST(what_is_left_at_the_end_is_in_the_spool_if_there_is_one)
{
	struct world *w = open_world("spool=1M");

	w->peer.answers = 2;
	(void)test_offer(&w->watcher, "1\n2\n3\n4\n5\n", false);
	expect(w, "1\n2\n");
	test_sink_close(&w->watcher, 100);
	ck_assert_uint_eq(w->watcher.ends, 0);
	test_relp_peer_leave(&w->peer);
	w->peer.answers = SIZE_MAX;
	test_sink_open(&w->watcher, &loop, spec, -1);
	(void)test_offer(&w->watcher, "6\n", false);
	expect(w, "1\n2\n3\n4\n5\n6\n");
	close_world(w);
}
END_TEST

START_TEST(what_is_left_at_the_end_is_told_and_is_an_error)
{
	struct world *w = open_world("");

	w->peer.answers = 2;
	(void)test_offer(&w->watcher, "1\n2\n3\n4\n5\n", false);
	expect(w, "1\n2\n");
	test_sink_close(&w->watcher, 100);
	ck_assert_uint_eq(w->watcher.ends, 1);
	ck_assert(w->watcher.has_failed);
	ck_assert_ptr_nonnull(
		strstr(w->watcher.why.text, "out: 3 records were not delivered"));
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

static bool is_gone(void *user)
{
	struct world *w = user;
	struct ann_sink_stats stats;

	(void)receive(w);
	ann_sink_stats(w->watcher.sink, &stats);
	return stats.connects > 0 && !stats.connected;
}

START_TEST(a_server_that_talks_something_else_is_one_that_is_away)
{
	struct world *w = open_world("");
	int fd = -1;

	test_log_begin();
	(void)test_offer(&w->watcher, "1\n", false);
	fd = test_net_accept(&loop, w->listener);
	test_net_say(fd, ann_span("220 mail.example.org ESMTP\r\n"));
	test_loop_until(&loop, "the loss", is_gone, w);
	ck_assert_uint_eq(test_logged("relp: "), 1);
	close(fd);
	expect(w, "1\n");
	close_world(w);
}
END_TEST

START_TEST(a_line_without_bytes_and_one_with_too_many_arrive_as_well_as_they_can)
{
	struct world *w = open_world("");
	size_t len = ANN_RELP_RECORD_BYTES + 100;
	char *text = malloc(len + 2);

	memset(text, 'x', len);
	memcpy(text + len, "\n", 2);
	(void)test_offer(&w->watcher, "\n", false);
	(void)test_offer(&w->watcher, text, false);
	(void)test_offer(&w->watcher, "end\n", false);
	text[0] = '\n';
	memcpy(text + 1 + ANN_RELP_RECORD_BYTES, "\nend\n", 6);
	memset(text + 1, 'x', ANN_RELP_RECORD_BYTES);
	expect(w, text);
	free(text);
	close_world(w);
}
END_TEST

START_TEST(settings_that_do_not_fit_are_refused)
{
	test_loop_init(&loop);
	ck_assert_ptr_nonnull(
		strstr(test_sink_refusal(&loop, "relp://h:1?window=0"), "window"));
	ck_assert_ptr_nonnull(
		strstr(test_sink_refusal(&loop, "relp://h:1?windw=1"), "window"));
	test_loop_deinit(&loop);
}
END_TEST

void test_cases(Suite *suite)
{
	test_sink_conformance(suite, kinds, (int)ANN_LEN(kinds));
	test_add(suite, a_refused_record_is_dropped_announced_and_not_sent_again);
	test_add(suite, a_server_that_refuses_everything_is_not_told_so_for_ever);
	test_add(suite, what_was_not_answered_comes_again_and_nothing_else);
	test_add(suite, closing_waits_for_answers_and_closes_the_session);
	test_add(suite, what_is_left_at_the_end_is_in_the_spool_if_there_is_one);
	test_add(suite, what_is_left_at_the_end_is_told_and_is_an_error);
	test_add(suite, a_server_that_talks_something_else_is_one_that_is_away);
	test_add(suite,
		a_line_without_bytes_and_one_with_too_many_arrive_as_well_as_they_can);
	test_add(suite, settings_that_do_not_fit_are_refused);
}
