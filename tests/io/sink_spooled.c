/* Sinks with a spool: what every sink passes, and what waits on disk. */
#include "io/sink/sinks.h"

#include "io/log.h"
#include "io/net/listening.h"
#include "io/net/unix.h"

#include "conformance_sink.h"
#include "logged.h"
#include "loop.h"
#include "scratch.h"
#include "sink_watcher.h"
#include "suite.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECEIVED_MOST = 32 << 20, LONG_MS = 20000, RECEIVE_BUFFER = 65536 };

/* --- a collector ------------------------------------------------------------------ */

struct world {
	uv_loop_t *loop;
	struct test_scratch scratch;
	unsigned port; /* 0: a Unix socket */
	char socket[96];
	int listener;
	int peer;
	struct ann_endpoint endpoint;
	struct test_sink_watcher watcher; /* of the tests here */
	char *text;                       /* of all sessions */
	size_t len;
};

static struct world world;

static void arrive(void *user)
{
	const struct ann_unix_access all = {.mode = 0600};
	struct world *w = user;
	struct ann_error err = {0};
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", w->port);
	ck_assert_msg((w->port == 0 ? ann_listen_unix(&w->listener, w->socket, &all,
					      "peer", &err)
				    : ann_listen_tcp(&w->listener, "", port, "peer",
					      &err)) == ANN_OK,
		"%s", err.text);
}

static void leave(void *user)
{
	struct world *w = user;

	close(w->listener);
	w->listener = -1;
	if (w->peer >= 0) {
		close(w->peer);
	}
	w->peer = -1;
}

static void read_some(struct world *w, size_t most)
{
	ssize_t got = 1;

	if (w->peer < 0 && w->listener >= 0) {
		w->peer = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK);
	}
	while (got > 0 && w->peer >= 0 && most > 0) {
		ck_assert_uint_lt(w->len, RECEIVED_MOST);
		got = read(w->peer, w->text + w->len, most);
		w->len += got > 0 ? (size_t)got : 0;
		most -= got > 0 ? (size_t)got : 0;
	}
	if (got == 0) { /* the next one */
		close(w->peer);
		w->peer = -1;
	}
}

static struct ann_span receive(void *user)
{
	struct world *w = user;

	read_some(w, RECEIVED_MOST - w->len);
	return (struct ann_span){w->text, w->len};
}

static void begin_world(struct world *w, uv_loop_t *loop, bool tcp)
{
	*w = (struct world){.loop = loop, .listener = -1, .peer = -1};
	test_scratch_init(&w->scratch);
	w->text = malloc(RECEIVED_MOST);
	(void)snprintf(w->socket, sizeof(w->socket), "%s/socket", w->scratch.path);
	if (tcp) {
		struct sockaddr_in address;
		socklen_t len = sizeof(address);
		struct ann_error err = {0};

		ck_assert_int_eq(
			ann_listen_tcp(&w->listener, "", "0", "peer", &err), ANN_OK);
		ck_assert_int_eq(
			getsockname(w->listener, (struct sockaddr *)&address, &len), 0);
		w->port = ntohs(address.sin_port);
		leave(w);
	}
}

static void end_world(struct world *w)
{
	leave(w);
	free(w->text);
	test_scratch_deinit(&w->scratch);
}

static const char *spec_of(const struct world *w, const char *settings)
{
	static char spec[512];
	char place[128];

	if (w->port == 0) {
		(void)snprintf(place, sizeof(place), "unix:%.90s", w->socket);
	} else {
		(void)snprintf(place, sizeof(place), "tcp://127.0.0.1:%u", w->port);
	}
	(void)snprintf(spec, sizeof(spec),
		"%s?spool=1M&retry=10ms&retry-most=50ms&spool-directory=%.60s/a/b&%.100s",
		place, w->scratch.path, settings);
	return spec;
}

/* --- as every sink ---------------------------------------------------------------- */

static void *begin(uv_loop_t *loop, const char *settings, bool tcp)
{
	struct world *w = &world;
	struct ann_error err = {0};

	begin_world(w, loop, tcp);
	ck_assert_msg(ann_endpoint_init(&w->endpoint, NULL, spec_of(w, settings), NULL,
			      &err) == ANN_OK,
		"%s", err.text);
	return w;
}

static void *begin_tcp(uv_loop_t *loop, const char *settings)
{
	return begin(loop, settings, true);
}

static void *begin_unix(uv_loop_t *loop, const char *settings)
{
	return begin(loop, settings, false);
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

	ann_endpoint_deinit(&w->endpoint);
	end_world(w);
}

static const struct test_sink_kind kinds[] = {
	{.name = "tcp with a spool",
		.begin = begin_tcp,
		.make = make,
		.arrive = arrive,
		.leave = leave,
		.receive = receive,
		.end = end,
		.is_away = true},
	{.name = "unix with a spool",
		.begin = begin_unix,
		.make = make,
		.arrive = arrive,
		.leave = leave,
		.receive = receive,
		.end = end,
		.is_away = true},
};

/* --- what waits on disk ----------------------------------------------------------- */

static uv_loop_t loop;

static struct world *open_world(bool tcp)
{
	struct world *w = &world;

	test_loop_init(&loop);
	begin_world(w, &loop, tcp);
	test_log_begin();
	return w;
}

static void run(struct world *w, const char *settings)
{
	test_sink_open(&w->watcher, &loop, spec_of(w, settings), -1);
}

static void close_world(struct world *w)
{
	end_world(w);
	test_loop_deinit(&loop);
}

static struct ann_sink_stats stats_of(struct world *w)
{
	struct ann_sink_stats stats;

	ann_sink_stats(w->watcher.sink, &stats);
	return stats;
}

/* Offers the numbers `from` to `to`, each a line of 20 bytes, as a chunk. */
static bool offer(struct world *w, unsigned from, unsigned to)
{
	static char text[1 << 20];
	size_t len = 0;

	for (unsigned i = from; i <= to; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%019u\n", i);
	}
	return test_offer(&w->watcher, text, true);
}

/* What has come: each line is whole; counts those that are missing or come again. */
struct count {
	unsigned next; /* all below have come, or are missing */
	unsigned missing;
	unsigned repeated;
	unsigned dropped; /* as announced */
};

static struct count count(struct world *w)
{
	struct ann_span rest = receive(w);
	struct count c = {.next = 1};

	while (rest.len > 0 && memchr(rest.ptr, '\n', rest.len) != NULL) {
		struct ann_span line = ann_span_next(&rest, '\n');
		uint64_t number = 0;

		if (line.len > 8 && memcmp(line.ptr, "DROPPED ", 8) == 0) {
			c.dropped += (unsigned)strtoul(line.ptr + 8, NULL, 10);
			continue;
		}
		if (line.len != 19) {
			continue; /* the connection broke in it */
		}
		ck_assert(ann_span_digits(line, 10, &number));
		if (number < c.next) {
			c.repeated++;
		} else {
			c.missing += (unsigned)number - c.next;
			c.next = (unsigned)number + 1;
		}
	}
	return c;
}

static unsigned last_number;

static bool has_last(void *user)
{
	struct ann_span all = receive(user);
	char line[32];
	int len = snprintf(line, sizeof(line), "%019u\n", last_number);

	return all.len >= (size_t)len &&
	       memcmp(all.ptr + all.len - len, line, (size_t)len) == 0;
}

static void until(struct world *w, unsigned number)
{
	last_number = number;
	test_loop_until(&loop, "the last line", has_last, w);
}

static bool is_on_disk(void *user)
{
	struct ann_sink_stats stats = stats_of(user);

	return stats.queued_bytes == 0 && stats.spooled_bytes > 0;
}

START_TEST(what_waits_on_disk_is_sent_by_the_next_run_before_anything_new)
{
	struct world *w = open_world(_i == 0);
	struct count c;

	run(w, "");
	(void)offer(w, 1, 1000);
	test_loop_until(&loop, "the disk", is_on_disk, w);
	test_sink_close(&w->watcher, LONG_MS);
	ck_assert_uint_eq(w->watcher.ends, 0);
	ck_assert_uint_eq(test_logged("wait in the spool"), 1);
	run(w, "");
	ck_assert_uint_gt(stats_of(w).spooled_bytes, 0);
	(void)offer(w, 1001, 1500);
	arrive(w);
	until(w, 1500);
	c = count(w);
	ck_assert_uint_eq(c.missing + c.repeated + c.dropped, 0);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

START_TEST(what_is_in_memory_at_the_end_goes_to_disk_at_once)
{
	struct world *w = open_world(_i == 0);

	run(w, "");
	(void)offer(w, 1, 3000);
	test_sink_close(&w->watcher, 0);
	ck_assert_uint_eq(w->watcher.ends, 0);
	arrive(w);
	run(w, "");
	until(w, 3000);
	ck_assert_uint_eq(count(w).missing + count(w).repeated, 0);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

static bool has_nothing_left(void *user)
{
	struct ann_sink_stats stats = stats_of(user);

	(void)receive(user);
	return stats.queued_bytes == 0 && stats.spooled_bytes == 0;
}

START_TEST(what_has_arrived_leaves_the_disk)
{
	struct world *w = open_world(_i == 0);

	run(w, "");
	arrive(w);
	(void)offer(w, 1, 1000);
	until(w, 1000);
	test_loop_until(&loop, "the disk to be empty", has_nothing_left, w);
	test_sink_close(&w->watcher, LONG_MS);
	run(w, "");
	(void)offer(w, 1001, 1001);
	until(w, 1001);
	ck_assert_uint_eq(count(w).missing + count(w).repeated, 0);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

static bool is_lost(void *user)
{
	return !stats_of(user).connected;
}

/* Nobody reads: the peer's kernel has some, ours has some, the disk has the rest. */
static bool is_stuck(void *user)
{
	static uint64_t written;
	static unsigned turns;
	uint64_t now = stats_of(user).written_bytes;

	turns = now == written && now > 0 ? turns + 1 : 0;
	written = now;
	return turns > 20;
}

START_TEST(only_what_the_peer_had_and_did_not_read_is_lost)
{
	struct world *w = open_world(_i == 0);
	struct count c;
	int buffered = 0;
	socklen_t len = sizeof(buffered);

	run(w, "spool=64M");
	arrive(w);
	for (unsigned i = 0; i < 100; i++) {
		(void)offer(w, i * 1000 + 1, i * 1000 + 1000);
		test_loop_settle(&loop);
		read_some(w, i < 20 ? 20000 : 0);
	}
	test_loop_until(&loop, "the buffers to be full", is_stuck, w);
	ck_assert_int_eq(
		getsockopt(w->peer, SOL_SOCKET, SO_RCVBUF, &buffered, &len), 0);
	leave(w);
	test_loop_until(&loop, "the loss", is_lost, w);
	arrive(w);
	until(w, 100000);
	c = count(w);
	printf("%s: %u missing, %u repeated, receive buffer %d bytes\n",
		w->port == 0 ? "unix" : "tcp", c.missing, c.repeated, buffered);
	if (w->port == 0) {
		ck_assert_uint_eq(c.missing, 0);
		ck_assert_uint_le(c.repeated * 20, 2 * buffered + 65536);
	} else {
		ck_assert_uint_le(c.missing * 20, buffered);
		ck_assert_uint_le(c.repeated * 20, 4096);
	}
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

START_TEST(a_full_spool_drops_what_its_policy_says_and_tells)
{
	static const char *const policies[] = {
		"policy=drop-oldest&queue=4096", "policy=drop-newest&queue=4096"};
	struct world *w = open_world(true);
	struct count c;

	run(w, policies[_i]);
	for (unsigned i = 0; i < 100; i++) {
		(void)offer(w, i * 1000 + 1, i * 1000 + 1000);
		if (_i == 0) { /* which drops on disk, and not before */
			test_loop_until(&loop, "the disk", is_on_disk, w);
		} else {
			test_loop_settle(&loop);
		}
	}
	ck_assert_uint_gt(stats_of(w).spooled_bytes, 500000);
	arrive(w);
	test_loop_until(&loop, "the disk to be empty", has_nothing_left, w);
	(void)offer(w, 100001, 100001);
	until(w, 100001);
	c = count(w);
	ck_assert_uint_gt(c.missing, 0);
	ck_assert_uint_eq(c.missing, c.dropped);
	ck_assert_uint_eq(c.missing, stats_of(w).dropped_lines);
	ck_assert_uint_eq(c.repeated, 0);
	ck_assert_uint_ge(test_logged("the spool is full"), 1);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

START_TEST(a_full_spool_makes_sources_wait_that_can)
{
	struct world *w = open_world(true);
	unsigned offered = 0;
	bool room = true;

	run(w, "policy=block");
	while (room) {
		room = offer(w, offered + 1, offered + 100);
		offered += 100;
		uv_run(&loop, UV_RUN_NOWAIT);
		ck_assert_uint_lt(offered, 200000);
	}
	ck_assert_uint_gt(offered, 20000);
	arrive(w);
	until(w, offered);
	ck_assert_uint_eq(count(w).missing + count(w).repeated, 0);
	test_loop_until(&loop, "the disk to be empty", has_nothing_left, w);
	ck_assert_uint_ge(w->watcher.rooms, 1);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

/* --- trouble ---------------------------------------------------------------------- */

START_TEST(a_damaged_spool_is_put_aside_told_and_counted)
{
	struct world *w = open_world(true);
	char command[512];

	run(w, "");
	(void)offer(w, 1, 1000);
	test_sink_close(&w->watcher, 0);
	(void)snprintf(command, sizeof(command),
		"for f in %.60s/a/b/out.spool*; do printf garbagegarbage >\"$f\"; done",
		w->scratch.path);
	ck_assert_int_eq(system(command), 0);
	run(w, "");
	ck_assert_uint_eq(test_logged("is damaged; it was moved to"), 1);
	arrive(w);
	(void)offer(w, 1, 10);
	until(w, 10);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

START_TEST(a_spool_that_another_sink_has_is_waited_for)
{
	struct world *w = open_world(true);
	struct test_sink_watcher other;

	test_sink_open(&other, &loop, spec_of(w, ""), -1);
	run(w, "");
	(void)offer(w, 1, 100);
	arrive(w);
	test_loop_settle(&loop);
	test_sink_close(&other, LONG_MS);
	until(w, 100);
	ck_assert_uint_eq(count(w).missing + count(w).repeated, 0);
	test_loop_until(&loop, "the disk to be empty", has_nothing_left, w);
	test_sink_close(&w->watcher, LONG_MS);
	close_world(w);
}
END_TEST

START_TEST(the_file_has_the_name_of_the_output_whatever_that_is)
{
	struct world *w = open_world(true);
	const struct ann_sink_context context = {.loop = &loop,
		.queue_bytes = ANN_QUEUE_BYTES,
		.state_directory = w->scratch.path,
		.fd = -1};
	struct ann_endpoint endpoint = {0};
	struct ann_error err = {0};
	struct stat status;

	ck_assert_int_eq(ann_endpoint_init(&endpoint, "../x y\n%.z",
				 "tcp://127.0.0.1:1?spool=1M", NULL, &err),
		ANN_OK);
	ck_assert_int_eq(ann_sink_new(&w->watcher.sink, &context, &endpoint,
				 &test_sink_events, &w->watcher, &err),
		ANN_OK);
	w->watcher.loop = &loop;
	ck_assert_msg(ann_sink_start(w->watcher.sink, &err) == ANN_OK, "%s", err.text);
	ck_assert_int_eq(
		stat(test_scratch_path(&w->scratch, "%2E.%2Fx%20y%0A%25.z.spool"),
			&status),
		0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	test_sink_close(&w->watcher, 0);
	ann_endpoint_deinit(&endpoint);
	close_world(w);
}
END_TEST

START_TEST(what_cannot_have_a_spool_says_so)
{
	static const struct {
		const char *spec, *message;
	} cases[] = {
		{"file:/tmp/x?spool=1M", "spool= is for outputs that connect"},
		{"-?spool=1M", "spool= is for outputs that connect"},
		{"tcp-listen://1?spool=1M", "spool= is for outputs that connect"},
		{"syslog+udp://h:1?spool=1M", "spool= is for outputs that connect"},
		{"tcp://h:1?spool=1K", "spool: \"1K\""},
		{"tcp://h:1?spool=1M", "needs a directory"},
		{"tcp://h:1?spool=1M&spool-directory=/proc/x", "/proc/x"},
	};
	const char *refusal;

	test_loop_init(&loop);
	refusal = test_sink_refusal(&loop, cases[_i].spec);
	ck_assert_msg(strstr(refusal, cases[_i].message) != NULL, "%s", refusal);
	test_loop_deinit(&loop);
}
END_TEST

void test_cases(Suite *suite)
{
	test_sink_conformance(suite, kinds, (int)ANN_LEN(kinds));
	test_add_loop(suite,
		what_waits_on_disk_is_sent_by_the_next_run_before_anything_new, 2);
	test_add_loop(suite, what_is_in_memory_at_the_end_goes_to_disk_at_once, 2);
	test_add_loop(suite, what_has_arrived_leaves_the_disk, 2);
	test_add_loop(suite, only_what_the_peer_had_and_did_not_read_is_lost, 2);
	test_add_loop(suite, a_full_spool_drops_what_its_policy_says_and_tells, 2);
	test_add(suite, a_full_spool_makes_sources_wait_that_can);
	test_add(suite, a_damaged_spool_is_put_aside_told_and_counted);
	test_add(suite, a_spool_that_another_sink_has_is_waited_for);
	test_add(suite, the_file_has_the_name_of_the_output_whatever_that_is);
	test_add_loop(suite, what_cannot_have_a_spool_says_so, 7);
}
