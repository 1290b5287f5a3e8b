/* Peers that talk while the connection ends get all the same what was written. */
#include "io/sink/sinks.h"

#include "logged.h"
#include "loop.h"
#include "net.h"
#include "scratch.h"
#include "sink_watcher.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINES = 300,
	LINE_BYTES = 1024,
	BITE = 16384, /* that the peer reads at a time */
	LONG_MS = 20000,
	SMALL_BUFFER = 4096,
};

static struct {
	uv_loop_t loop;
	struct test_scratch scratch;
	struct test_sink_watcher watcher;
	int listener;
	int peer;
	size_t got;
	bool ended; /* in good order */
	bool closed;
} t;

/* --- kinds of connections --------------------------------------------------------- */

static void shrink(int fd)
{
	const int bytes = SMALL_BUFFER;

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
}

static void open_collector(const char *settings)
{
	char spec[160];
	unsigned port = 0;

	t.listener = test_net_listen_tcp(&port);
	shrink(t.listener);
	(void)snprintf(spec, sizeof(spec), "tcp://127.0.0.1:%u%s", port, settings);
	test_sink_open(&t.watcher, &t.loop, spec, -1);
	t.peer = test_net_accept(&t.loop, t.listener);
}

static void open_plain(void)
{
	open_collector("");
}

static void open_spooled(void)
{
	char settings[96];

	(void)snprintf(settings, sizeof(settings), "?spool=1M&spool-directory=%s",
		t.scratch.path);
	open_collector(settings);
}

static void open_unix(void)
{
	char spec[96];
	const char *path = test_scratch_path(&t.scratch, "socket");

	t.listener = test_net_listen_unix(path);
	(void)snprintf(spec, sizeof(spec), "unix:%s", path);
	test_sink_open(&t.watcher, &t.loop, spec, -1);
	t.peer = test_net_accept(&t.loop, t.listener);
}

static bool has_reader(void *user)
{
	struct ann_sink_stats stats;

	(void)user;
	ann_sink_stats(t.watcher.sink, &stats);
	return stats.readers == 1;
}

static void open_reader(void)
{
	unsigned port = 0;
	int fd = test_net_listen_tcp(&port);

	test_sink_open(&t.watcher, &t.loop, "tcp-listen://127.0.0.1:0", fd);
	t.peer = test_net_connect_tcp(port);
	test_loop_until(&t.loop, "the reader", has_reader, NULL);
}

static void (*const kinds[])(void) = {open_plain, open_spooled, open_unix, open_reader};

/* --- the peer --------------------------------------------------------------------- */

/* Says something, reads a bite; never closes its side. */
static bool has_seen_the_end(void *user)
{
	static char bite[BITE];
	ssize_t got = 0;

	(void)user;
	(void)send(t.peer, "y\n", 2, MSG_DONTWAIT | MSG_NOSIGNAL);
	got = recv(t.peer, bite, sizeof(bite), MSG_DONTWAIT);
	if (got > 0) {
		t.got += (size_t)got;
	} else if (got == 0) {
		t.ended = true;
	} else {
		ck_assert_msg(
			errno == EAGAIN, "after %zu bytes: %s", t.got, strerror(errno));
	}
	return t.ended;
}

static bool has_taken_some(void *user)
{
	(void)has_seen_the_end(user);
	return t.got >= LINE_BYTES;
}

/* --- the end ------------------------------------------------------------------------
 */

static void on_closed(void *user)
{
	(void)user;
	t.closed = true;
}

static bool is_closed(void *user)
{
	(void)user;
	return t.closed;
}

static void begin(int kind)
{
	memset(&t, 0, sizeof(t));
	t.listener = -1;
	test_log_begin();
	test_loop_init(&t.loop);
	test_scratch_init(&t.scratch);
	kinds[kind]();
}

static void offer_lines(void)
{
	char line[LINE_BYTES + 1];

	memset(line, '.', LINE_BYTES);
	(void)snprintf(line + LINE_BYTES - 1, 2, "\n");
	for (int i = 0; i < LINES; i++) {
		(void)test_offer(&t.watcher, line, true);
	}
}

static void end(void)
{
	test_loop_until(&t.loop, "the sink to be gone", is_closed, NULL);
	t.watcher.sink = NULL;
	test_sink_close(&t.watcher, 0);
	close(t.peer);
	if (t.listener >= 0) {
		close(t.listener);
	}
	test_scratch_deinit(&t.scratch);
	test_loop_deinit(&t.loop);
}

START_TEST(a_peer_that_talks_to_the_end_gets_all_lines_and_then_the_end)
{
	begin(_i);
	offer_lines();
	test_loop_until(&t.loop, "some lines", has_taken_some, NULL);
	ann_sink_close(t.watcher.sink, LONG_MS, on_closed, NULL);
	test_loop_until(&t.loop, "the end", has_seen_the_end, NULL);
	ck_assert_uint_eq(t.got, LINES * LINE_BYTES);
	end();
}
END_TEST

/* The time is not a proof, but ten times what is allowed. */
START_TEST(a_peer_that_does_not_close_is_not_waited_for)
{
	uint64_t since_ns = uv_hrtime();

	begin(_i);
	(void)test_offer(&t.watcher, "one\n", true);
	ann_sink_close(t.watcher.sink, LONG_MS, on_closed, NULL);
	end();
	ck_assert_uint_lt(uv_hrtime() - since_ns, 10ULL * 1000 * 1000 * 1000);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite,
		a_peer_that_talks_to_the_end_gets_all_lines_and_then_the_end,
		(int)ANN_LEN(kinds));
	test_add_loop(suite, a_peer_that_does_not_close_is_not_waited_for,
		(int)ANN_LEN(kinds));
}
