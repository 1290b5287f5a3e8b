/* Sources that connect: all that holds for sources, and what is theirs alone. */
#include "io/source/sources.h"

#include "io/log.h"

#include "conformance_source.h"
#include "loop.h"
#include "net.h"
#include "suite.h"
#include "watcher.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ann_span hello = {"hello\n", 6};

/* --- the world: a server ---------------------------------------------------------- */

struct world {
	uv_loop_t *loop;
	char directory[32];
	char path[64];
	unsigned port;
	int listener; /* -1: the server is down */
	int device;   /* -1: nobody has connected */
	struct ann_endpoint endpoint;
};

static struct world *new_world(uv_loop_t *loop)
{
	struct world *w = calloc(1, sizeof(*w));

	*w = (struct world){.loop = loop, .device = -1};
	strcpy(w->directory, "/tmp/annotty-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w->directory));
	snprintf(w->path, sizeof(w->path), "%s/socket", w->directory);
	return w;
}

/* The server at a place with `scheme`, and the endpoint for it. */
static struct world *begin(uv_loop_t *loop, const char *scheme, const char *settings)
{
	struct world *w = new_world(loop);
	struct ann_error err = {0};
	char spec[128];

	if (strcmp(scheme, "unix") == 0) {
		w->listener = test_net_listen_unix(w->path);
		snprintf(spec, sizeof(spec), "unix:%s%s", w->path, settings);
	} else {
		w->listener = test_net_listen_tcp(&w->port);
		snprintf(spec, sizeof(spec), "%s://127.0.0.1:%u%s", scheme, w->port,
			settings);
	}
	ck_assert_msg(ann_endpoint_init(&w->endpoint, NULL, spec, NULL, &err) == ANN_OK,
		"%s", err.text);
	return w;
}

static void drop_device(struct world *w)
{
	if (w->device >= 0) {
		close(w->device);
		w->device = -1;
	}
}

static void stop_server(struct world *w)
{
	if (w->listener >= 0) {
		close(w->listener);
		unlink(w->path);
		w->listener = -1;
	}
}

static void end(void *user)
{
	struct world *w = user;

	drop_device(w);
	stop_server(w);
	rmdir(w->directory);
	ann_endpoint_deinit(&w->endpoint);
	free(w);
}

static void feed(void *user, struct ann_span bytes)
{
	struct world *w = user;

	if (w->device < 0) {
		w->device = test_net_accept(w->loop, w->listener);
	}
	test_net_say(w->device, bytes);
}

static void finish(void *user)
{
	drop_device(user);
}

static enum ann_err make(struct world *w, bool reconnect, struct ann_source **source,
	const struct ann_source_events *events, void *user, struct ann_error *err)
{
	const struct ann_source_context context = {
		.loop = w->loop, .reconnect = reconnect, .fd = -1};

	return ann_source_new(source, &context, &w->endpoint, events, user, err);
}

/* --- conformance ------------------------------------------------------------------ */

static void *begin_tcp(uv_loop_t *loop)
{
	return begin(loop, "tcp", "");
}

static void *begin_unix(uv_loop_t *loop)
{
	return begin(loop, "unix", "");
}

static void *begin_telnet(uv_loop_t *loop)
{
	return begin(loop, "telnet", "");
}

static void *begin_rfc2217(uv_loop_t *loop)
{
	return begin(loop, "rfc2217", "");
}

/* The server's side of telnet is not closed before it has read what it was told, which
 * would be a reset. */
static void finish_rfc2217(void *user)
{
	struct world *w = user;
	char told[256];

	while (recv(w->device, told, sizeof(told), MSG_DONTWAIT) > 0) {
	}
	drop_device(w);
}

/* Resets the connection. */
static void break_off(void *user)
{
	struct world *w = user;

	test_net_reset(w->device);
	w->device = -1;
}

static enum ann_err make_once(void *user, struct ann_source **source,
	const struct ann_source_events *events, void *events_user,
	struct ann_error *err)
{
	return make(user, false, source, events, events_user, err);
}

static const struct test_source_kind kinds[] = {
	{.name = "tcp",
		.begin = begin_tcp,
		.make = make_once,
		.feed = feed,
		.finish = finish,
		.break_off = break_off,
		.end = end,
		.connects = true},
	{.name = "unix",
		.begin = begin_unix,
		.make = make_once,
		.feed = feed,
		.finish = finish,
		.end = end,
		.connects = true},
	{.name = "telnet",
		.begin = begin_telnet,
		.make = make_once,
		.feed = feed,
		.finish = finish,
		.break_off = break_off,
		.end = end,
		.connects = true},
	{.name = "rfc2217",
		.begin = begin_rfc2217,
		.make = make_once,
		.feed = feed,
		.finish = finish_rfc2217,
		.break_off = break_off,
		.end = end,
		.connects = true},
};

/* --- a session ------------------------------------------------------------------- */

static uv_loop_t loop;
static struct test_watcher watcher;
static char logged[4096];

static void take_log(void *user, enum ann_log_level level, const char *text)
{
	size_t used = strlen(logged);

	(void)user;
	snprintf(logged + used, sizeof(logged) - used, "%d %s\n", (int)level, text);
}

static unsigned count_logged(const char *words)
{
	unsigned count = 0;

	for (const char *at = logged; (at = strstr(at, words)) != NULL; at++) {
		count++;
	}
	return count;
}

static struct world *open_world(const char *scheme, const char *settings)
{
	test_loop_init(&loop);
	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ann_log_start(ANN_LOG_INFO);
	ann_log_capture(take_log, NULL);
	return begin(&loop, scheme, settings);
}

static void make_source(struct world *w, bool reconnect)
{
	struct ann_error err = {0};

	ck_assert_msg(make(w, reconnect, &watcher.source, &test_watcher_events,
			      &watcher, &err) == ANN_OK,
		"%s", err.text);
}

static void start(struct world *w, bool reconnect)
{
	make_source(w, reconnect);
	test_watcher_start(&watcher);
}

static void close_world(struct world *w)
{
	test_watcher_close(&watcher);
	end(w);
	test_loop_deinit(&loop);
	ann_log_capture(NULL, NULL);
}

/* --- reconnecting ----------------------------------------------------------------- */

START_TEST(a_server_that_comes_back_is_connected_to_again)
{
	struct world *w = open_world(_i == 0 ? "tcp" : "unix", "?retry=1ms");
	struct ann_source_stats stats;

	start(w, true);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	stop_server(w);
	drop_device(w);
	test_watcher_await_disconnected(&watcher, 1);
	ck_assert_str_eq(watcher.reason, "closed");
	ann_source_stats(watcher.source, &stats);
	ck_assert(!stats.connected);
	test_loop_settle(&loop);
	w->listener =
		_i == 0 ? test_net_listen_tcp(&w->port) : test_net_listen_unix(w->path);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, ann_span("hello\nhello\n"));
	ck_assert_uint_eq(watcher.connected, 2);
	ck_assert_uint_eq(watcher.disconnected, 1);
	ck_assert_uint_gt(watcher.away_ns, 0);
	ck_assert_uint_eq(watcher.ends, 0);
	ann_source_stats(watcher.source, &stats);
	ck_assert_uint_eq(stats.connects, 2);
	close_world(w);
}
END_TEST

static bool has_tried_often(void *user)
{
	/* Each try takes an ephemeral port; counting them is not worth it. */
	uint64_t *until_ms = user;

	return uv_now(&loop) >= *until_ms;
}

START_TEST(a_server_that_is_down_at_first_is_told_once_and_awaited)
{
	struct world *w = open_world("tcp", "?retry=1ms&retry-most=4ms");
	uint64_t until_ms = 0;

	stop_server(w);
	start(w, true);
	until_ms = uv_now(&loop) + 100;
	test_loop_until(&loop, "some tries", has_tried_often, &until_ms);
	ck_assert_uint_eq(count_logged("cannot connect"), 1);
	ck_assert_uint_eq(watcher.disconnected, 0);
	ck_assert_uint_eq(watcher.ends, 0);
	w->listener = test_net_listen_tcp(&w->port);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	ck_assert_uint_eq(count_logged("cannot connect"), 1);
	ck_assert_uint_eq(count_logged(": connected"), 1);
	close_world(w);
}
END_TEST

START_TEST(a_reset_is_told_as_such)
{
	struct world *w = open_world("tcp", "?retry=1ms");

	start(w, true);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	test_net_reset(w->device);
	w->device = -1;
	test_watcher_await_disconnected(&watcher, 1);
	ck_assert_str_eq(watcher.reason, "reset");
	ck_assert_uint_eq(count_logged("connection lost"), 1);
	close_world(w);
}
END_TEST

START_TEST(it_can_be_closed_while_it_waits_to_try_again)
{
	struct world *w = open_world("tcp", "?retry=1h&retry-most=1h");

	stop_server(w);
	start(w, true);
	while (count_logged("cannot connect") == 0) {
		uv_run(&loop, UV_RUN_ONCE);
	}
	close_world(w);
}
END_TEST

START_TEST(it_can_be_closed_while_a_name_is_looked_up)
{
	struct world *w = open_world("tcp", "");

	ann_endpoint_deinit(&w->endpoint);
	ck_assert_int_eq(ann_endpoint_init(&w->endpoint, NULL,
				 "tcp://no-such-host.invalid:7", NULL, NULL),
		ANN_OK);
	start(w, true);
	close_world(w);
}
END_TEST

START_TEST(names_are_looked_up)
{
	struct world *w = open_world("tcp", "");
	char spec[64];

	ann_endpoint_deinit(&w->endpoint);
	snprintf(spec, sizeof(spec), "tcp://localhost:%u", w->port);
	ck_assert_int_eq(
		ann_endpoint_init(&w->endpoint, NULL, spec, NULL, NULL), ANN_OK);
	start(w, true);
	/* ::1 may come first, where nobody listens. */
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	close_world(w);
}
END_TEST

/* --- without reconnecting --------------------------------------------------------- */

START_TEST(without_reconnecting_a_refusal_is_an_error)
{
	struct world *w = open_world(_i == 0 ? "tcp" : "unix", "");

	stop_server(w);
	start(w, false);
	test_watcher_await_end(&watcher);
	ck_assert(watcher.has_failed);
	ck_assert_int_eq(watcher.why.code, ANN_ESYS);
	ck_assert_int_eq(watcher.why.os, _i == 0 ? ECONNREFUSED : ENOENT);
	ck_assert_ptr_nonnull(strstr(watcher.why.text, w->endpoint.name));
	ck_assert_str_eq(logged, "");
	ck_assert_uint_eq(watcher.connected, 0);
	close_world(w);
}
END_TEST

START_TEST(without_reconnecting_a_reset_is_an_error)
{
	struct world *w = open_world("tcp", "");

	start(w, false);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	test_net_reset(w->device);
	w->device = -1;
	test_watcher_await_end(&watcher);
	ck_assert(watcher.has_failed);
	ck_assert_int_eq(watcher.why.os, ECONNRESET);
	ck_assert_uint_eq(watcher.disconnected, 1);
	close_world(w);
}
END_TEST

/* A listener whose queue is full answers nobody. */
START_TEST(a_server_that_does_not_answer_is_given_up)
{
	struct world *w = open_world("tcp", "?connect-timeout=50ms");
	int crowd[16];

	ck_assert_int_eq(listen(w->listener, 0), 0);
	for (size_t i = 0; i < ANN_LEN(crowd); i++) {
		struct sockaddr_in address = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)w->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(crowd[i], (struct sockaddr *)&address, sizeof(address));
	}
	start(w, false);
	test_watcher_await_end(&watcher);
	ck_assert(watcher.has_failed);
	ck_assert_int_eq(watcher.why.os, ETIMEDOUT);
	for (size_t i = 0; i < ANN_LEN(crowd); i++) {
		close(crowd[i]);
	}
	close_world(w);
}
END_TEST

/* --- writing, settings --------------------------------------------------------------
 */

START_TEST(what_is_written_arrives)
{
	struct world *w = open_world(_i == 0 ? "tcp" : "unix", "");
	char much[60000];

	memset(much, 'x', sizeof(much));
	start(w, true);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	ck_assert(ann_source_write(watcher.source, ann_span("ls\r\xff")));
	test_net_hear(&loop, w->device, ann_span("ls\r\xff"));
	/* A device that takes nothing does not make us keep everything. */
	while (ann_source_write(
		watcher.source, (struct ann_span){much, sizeof(much)})) {
		test_loop_settle(&loop);
	}
	drop_device(w);
	test_watcher_await_disconnected(&watcher, 1);
	ck_assert(!ann_source_write(watcher.source, hello));
	close_world(w);
}
END_TEST

START_TEST(telnet_is_taken_out_and_put_in)
{
	static const char from[] = "\xff\xfb\x01login: \xff\xff\r\0\n";
	struct world *w = open_world("telnet", "");

	start(w, true);
	feed(w, (struct ann_span){from, sizeof(from) - 1});
	test_watcher_await_bytes(&watcher, ann_span("login: \xff\r\n"));
	ck_assert(ann_source_write(watcher.source, ann_span("a\xff\r\n")));
	test_net_hear(&loop, w->device,
		ann_span("\xff\xfd\x01"
			 "a\xff\xff\r\n"));
	close_world(w);
}
END_TEST

START_TEST(telnet_begins_anew_with_each_connection)
{
	struct world *w = open_world("telnet", "?retry=1ms");

	start(w, true);
	feed(w, ann_span("a\xff\xfa\x18half a sub-negotiation"));
	test_watcher_await_bytes(&watcher, ann_span("a"));
	drop_device(w);
	test_watcher_await_disconnected(&watcher, 1);
	feed(w, ann_span("b"));
	test_watcher_await_bytes(&watcher, ann_span("ab"));
	close_world(w);
}
END_TEST

START_TEST(a_server_that_breaks_telnet_is_left)
{
	struct world *w = open_world("telnet", "?retry=1ms");

	start(w, true);
	feed(w, ann_span("a\xff\xfa\x56\xff\xf0zzz"));
	test_watcher_await_disconnected(&watcher, 1);
	test_watcher_expect(&watcher, ann_span("a"));
	ck_assert_str_eq(watcher.reason, "protocol");
	close_world(w);
}
END_TEST

START_TEST(an_overrun_at_the_server_is_a_gap)
{
	struct world *w = open_world("rfc2217", "");
	struct ann_source_stats stats;

	start(w, true);
	feed(w, ann_span("a\xff\xfa\x2c\x6a\x02\xff\xf0"));
	test_watcher_await_bytes(&watcher, ann_span("a"));
	ck_assert_uint_eq(watcher.gaps, 1);
	ck_assert_str_eq(watcher.reason, "overrun");
	feed(w, ann_span("b\xff\xfa\x2c\x6a\x10\xff\xf0"));
	test_watcher_await_bytes(&watcher, ann_span("ab"));
	ck_assert_uint_eq(watcher.gaps, 1);
	ann_source_stats(watcher.source, &stats);
	ck_assert_uint_eq(stats.overruns, 1);
	ck_assert_uint_eq(stats.breaks, 1);
	close_world(w);
}
END_TEST

static bool is_told_of_the_port(void *user)
{
	struct world *w = user;

	feed(w, ann_span("."));
	watcher.len = 0;
	return count_logged("does not speak RFC 2217") > 0;
}

START_TEST(a_server_that_cannot_set_its_port_is_told_once)
{
	struct world *w = open_world("rfc2217", "");

	start(w, true);
	feed(w, ann_span("\xff\xfe\x2c")); /* it will not */
	test_loop_until(&loop, "the warning", is_told_of_the_port, w);
	feed(w, ann_span("!"));
	test_loop_settle(&loop);
	ck_assert_uint_eq(count_logged("does not speak RFC 2217"), 1);
	close_world(w);
}
END_TEST

static int option_of_device(const struct world *w, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);
	uv_os_fd_t fd = -1;

	/* The only connected TCP socket of ours that is not the server's. */
	for (int i = 3; i < 64 && fd < 0; i++) {
		struct sockaddr_in peer;
		socklen_t peer_len = sizeof(peer);

		if (getpeername(i, (struct sockaddr *)&peer, &peer_len) == 0 &&
			ntohs(peer.sin_port) == w->port) {
			fd = i;
		}
	}
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

START_TEST(a_silent_server_is_probed)
{
	struct world *w = open_world("tcp", _i == 0 ? "" : "?keepalive=0");

	start(w, true);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	ck_assert_int_eq(option_of_device(w, SOL_SOCKET, SO_KEEPALIVE), _i == 0);
	if (_i == 0) {
		ck_assert_int_eq(option_of_device(w, IPPROTO_TCP, TCP_KEEPIDLE), 15);
		ck_assert_int_eq(option_of_device(w, IPPROTO_TCP, TCP_KEEPINTVL), 5);
		ck_assert_int_eq(option_of_device(w, IPPROTO_TCP, TCP_KEEPCNT), 3);
	}
	close_world(w);
}
END_TEST

static const struct {
	const char *spec;
	const char *words;
} mistakes[] = {
	{"tcp://h:1?retyr=1s", "did you mean \"retry\"?"},
	{"tcp://h:1?baudrate=9600", "unknown key \"baudrate\""},
	{"tcp://h:1?keepalive=often", "keepalive: \"often\" does not fit"},
	{"telnet://h:1?parity=even", "unknown key \"parity\""},
	{"rfc2217://h:1?parity=evne", "none, odd, even, mark or space"},
	{"rfc2217://h:1?baudrate=0", "from 1 to"},
	{"rfc2217://h:1?databits=9", "from 5 to 8"},
	{"unix:/x?keepalive=5", "unknown key \"keepalive\""},
	{"unix:", "path of the socket is missing"},
	{"unix:/a-path-that-is-longer-than-any-socket-can-have-one-because-there-are-"
	 "only-one-hundred-and-eight-bytes-for-it-in-the-address",
		"at most 107 bytes"},
};

START_TEST(mistakes_are_told)
{
	const struct ann_source_context context = {.loop = uv_default_loop(), .fd = -1};
	struct ann_endpoint endpoint;
	struct ann_source *source = NULL;
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_endpoint_init(&endpoint, NULL, mistakes[_i].spec, NULL, &err),
		ANN_OK);
	ck_assert_int_eq(ann_source_new(&source, &context, &endpoint,
				 &test_watcher_events, NULL, &err),
		ANN_ECONFIG);
	ck_assert_msg(strstr(err.text, mistakes[_i].words) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, mistakes[_i].spec));
	ck_assert_ptr_null(source);
	ann_endpoint_deinit(&endpoint);
}
END_TEST

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	test_add_loop(suite, a_server_that_comes_back_is_connected_to_again, 2);
	test_add(suite, a_server_that_is_down_at_first_is_told_once_and_awaited);
	test_add(suite, a_reset_is_told_as_such);
	test_add(suite, it_can_be_closed_while_it_waits_to_try_again);
	test_add(suite, it_can_be_closed_while_a_name_is_looked_up);
	test_add(suite, names_are_looked_up);
	test_add_loop(suite, without_reconnecting_a_refusal_is_an_error, 2);
	test_add(suite, without_reconnecting_a_reset_is_an_error);
	test_add(suite, a_server_that_does_not_answer_is_given_up);
	test_add_loop(suite, what_is_written_arrives, 2);
	test_add(suite, telnet_is_taken_out_and_put_in);
	test_add(suite, telnet_begins_anew_with_each_connection);
	test_add(suite, a_server_that_breaks_telnet_is_left);
	test_add(suite, an_overrun_at_the_server_is_a_gap);
	test_add(suite, a_server_that_cannot_set_its_port_is_told_once);
	test_add_loop(suite, a_silent_server_is_probed, 2);
	test_add_loop(suite, mistakes_are_told, ANN_LEN(mistakes));
}
