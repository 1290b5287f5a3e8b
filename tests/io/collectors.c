/* Collectors that go, come back, talk, or do not answer. */
#include "io/sink/sinks.h"

#include "io/net/link.h"
#include "io/net/listening.h"

#include "logged.h"
#include "loop.h"
#include "sink_watcher.h"
#include "suite.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	uv_loop_t loop;
	struct test_sink_watcher watcher;
	unsigned port;
	int listener;
	int peer;
	char got[4096];
	size_t len;
	size_t wanted;
	unsigned ups;
	unsigned closed;
} t;

static void begin(void)
{
	memset(&t, 0, sizeof(t));
	t.listener = -1;
	t.peer = -1;
	test_log_begin();
	test_loop_init(&t.loop);
}

/* At the port from before, or any; with room for `most` who are not accepted. */
static void serve(int most)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	struct ann_error err = {0};
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", t.port);
	ck_assert_msg(ann_listen_tcp(&t.listener, "", port, "peer", &err) == ANN_OK,
		"%s", err.text);
	ck_assert_int_eq(listen(t.listener, most), 0);
	ck_assert_int_eq(getsockname(t.listener, (struct sockaddr *)&address, &len), 0);
	t.port = ntohs(address.sin_port);
}

static void open_sink(const char *place)
{
	char spec[64];

	(void)snprintf(spec, sizeof(spec), "%s:%u", place, t.port);
	test_sink_open(&t.watcher, &t.loop, spec, -1);
}

static void shut(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

static void end(void)
{
	test_sink_close(&t.watcher, 0);
	shut(&t.listener);
	shut(&t.peer);
	test_loop_deinit(&t.loop);
}

static bool is_accepted(void *user)
{
	(void)user;
	t.peer = accept4(t.listener, NULL, NULL, SOCK_NONBLOCK);
	return t.peer >= 0;
}

static void await_sink(void)
{
	test_loop_until(&t.loop, "a connection", is_accepted, NULL);
}

static bool has_got(void *user)
{
	ssize_t got = read(t.peer, t.got + t.len, sizeof(t.got) - t.len);

	(void)user;
	t.len += got > 0 ? (size_t)got : 0;
	return t.len >= t.wanted;
}

static void expect(const char *text)
{
	t.len = 0;
	t.wanted = strlen(text);
	test_loop_until(&t.loop, "lines", has_got, NULL);
	ck_assert_msg(ann_span_is((struct ann_span){t.got, t.len}, text), "got: %.*s",
		(int)t.len, t.got);
}

/* Long enough for several tries. */
static bool is_half_a_second_later(void *user)
{
	const uint64_t *since_ns = user;

	return uv_hrtime() - *since_ns > 500000000;
}

START_TEST(each_absence_is_told_once)
{
	begin();
	serve(8);
	open_sink("tcp://127.0.0.1");
	await_sink();
	ck_assert_uint_eq(test_logged("cannot connect"), 0);
	for (unsigned round = 1; round <= 2; round++) {
		uint64_t now_ns = uv_hrtime();

		shut(&t.listener);
		shut(&t.peer);
		test_loop_until(&t.loop, "time", is_half_a_second_later, &now_ns);
		serve(8);
		await_sink();
		test_loop_settle(&t.loop);
		ck_assert_uint_eq(test_logged("connection lost"), round);
		ck_assert_uint_eq(test_logged("cannot connect"), 0);
		ck_assert_uint_eq(test_logged("out: connected"), round + 1);
	}
	end();
}
END_TEST

START_TEST(what_was_under_way_is_told)
{
	begin();
	serve(8);
	open_sink("tcp://127.0.0.1");
	await_sink();
	(void)test_offer(&t.watcher, "one\n", false);
	expect("one\n");
	shut(&t.peer);
	await_sink();
	ck_assert_str_eq(test_last_logged("lost"),
		"out: connection lost: closed by the peer; 0 bytes were under way, "
		"the last 0 will come again");
	(void)test_offer(&t.watcher, "two\n", false);
	expect("two\n");
	end();
}
END_TEST

START_TEST(what_the_collector_says_is_thrown_away)
{
	char noise[1024];

	begin();
	serve(8);
	open_sink("tcp://127.0.0.1");
	await_sink();
	memset(noise, '\n', sizeof(noise));
	for (int i = 0; i < 1000; i++) {
		(void)!write(t.peer, noise, sizeof(noise));
		uv_run(&t.loop, UV_RUN_NOWAIT);
	}
	(void)test_offer(&t.watcher, "one\n", false);
	expect("one\n");
	end();
}
END_TEST

START_TEST(all_addresses_of_a_name_are_tried)
{
	begin();
	serve(8);
	open_sink("tcp://localhost");
	(void)test_offer(&t.watcher, "one\n", false);
	await_sink();
	expect("one\n");
	ck_assert_uint_eq(test_logged("cannot connect"), 0);
	end();
}
END_TEST

static bool is_told(void *user)
{
	return test_logged(user) > 0;
}

START_TEST(a_name_that_nobody_knows_is_told)
{
	static char told[] = "out: cannot connect: ";

	begin();
	open_sink("tcp://nobody.invalid");
	test_loop_until(&t.loop, "a failure", is_told, told);
	end();
}
END_TEST

START_TEST(it_can_be_closed_while_the_name_is_looked_up)
{
	begin();
	open_sink("tcp://nobody.invalid");
	end();
}
END_TEST

START_TEST(syslog_records_carry_their_length)
{
	begin();
	serve(8);
	open_sink("syslog+tcp://127.0.0.1");
	await_sink();
	(void)test_offer(&t.watcher, "<14>1 one\n<14>1 three 3\n", false);
	(void)test_offer(&t.watcher, "\n", false);
	expect("9 <14>1 one13 <14>1 three 30 ");
	end();
}
END_TEST

static void on_up(void *user)
{
	(void)user;
	t.ups++;
}

static void on_closed(void *user)
{
	(void)user;
	t.closed++;
}

static bool is_closed(void *user)
{
	(void)user;
	return t.closed > 0;
}

START_TEST(a_place_that_does_not_answer_is_given_up)
{
	static char told[] = "connection timed out";
	struct ann_endpoint place = {0};
	struct ann_link link;
	char spec[64];
	int others[8];

	begin();
	serve(0);
	(void)snprintf(spec, sizeof(spec), "tcp://127.0.0.1:%u", t.port);
	ck_assert_int_eq(ann_endpoint_init(&place, "out", spec, NULL, NULL), ANN_OK);
	/* Its queue is full from now on, so the kernel says nothing to others. */
	for (size_t i = 0; i < ANN_LEN(others); i++) {
		const struct sockaddr_in address = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)t.port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(
			others[i], (const struct sockaddr *)&address, sizeof(address));
	}
	ann_link_init(&link, &t.loop, &place, on_up, NULL);
	link.patience_ms = 50;
	ann_link_start(&link);
	test_loop_until(&t.loop, "the end of its patience", is_told, told);
	ck_assert_uint_eq(t.ups, 0);
	ann_link_close(&link, on_closed);
	test_loop_until(&t.loop, "the link to be closed", is_closed, NULL);
	for (size_t i = 0; i < ANN_LEN(others); i++) {
		close(others[i]);
	}
	ann_endpoint_deinit(&place);
	end();
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, each_absence_is_told_once);
	test_add(suite, what_was_under_way_is_told);
	test_add(suite, what_the_collector_says_is_thrown_away);
	test_add(suite, all_addresses_of_a_name_are_tried);
	test_add(suite, a_name_that_nobody_knows_is_told);
	test_add(suite, it_can_be_closed_while_the_name_is_looked_up);
	test_add(suite, syslog_records_carry_their_length);
	test_add(suite, a_place_that_does_not_answer_is_given_up);
}
