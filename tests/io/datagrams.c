/* Records that are too long for a datagram, and receivers that are not there. */
#include "io/sink/sinks.h"

#include "io/net/unix.h"

#include "logged.h"
#include "loop.h"
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

enum { LONG_BYTES = 1 << 20 };

static struct {
	uv_loop_t loop;
	struct test_sink_watcher watcher;
	char directory[32];
	char path[48];
	char spec[128];
	int receiver;
	char got[LONG_BYTES + 1]; /* the last datagram */
	ssize_t len;
} t;

/* A sink of this kind would write to t.path. */
static void begin(const char *scheme)
{
	memset(&t, 0, sizeof(t));
	memcpy(t.directory, "/tmp/annotty-dgrams-XXXXXX", 27);
	ck_assert_ptr_nonnull(mkdtemp(t.directory));
	(void)snprintf(t.path, sizeof(t.path), "%s/log", t.directory);
	(void)snprintf(t.spec, sizeof(t.spec), "%s:%s", scheme, t.path);
	test_log_begin();
	test_loop_init(&t.loop);
	t.receiver = -1;
}

static void receive_at_path(void)
{
	const struct sockaddr_un address = ann_unix_address(t.path);

	t.receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(t.receiver, (const struct sockaddr *)&address, sizeof(address)),
		0);
}

/* Returns the port. */
static unsigned receive_at_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	t.receiver = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(t.receiver, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(t.receiver, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static void end(void)
{
	test_sink_close(&t.watcher, 0);
	close(t.receiver);
	(void)unlink(t.path);
	ck_assert_int_eq(rmdir(t.directory), 0);
	test_loop_deinit(&t.loop);
}

static bool has_got(void *user)
{
	(void)user;
	t.len = recv(t.receiver, t.got, LONG_BYTES, 0);
	return t.len >= 0;
}

static void expect(const char *text)
{
	test_loop_until(&t.loop, "a datagram", has_got, NULL);
	t.got[t.len] = '\0';
	ck_assert_str_eq(t.got, text);
}

/* A record of `len` bytes that ends with `end`. */
static const char *record(size_t len, const char *tail)
{
	static char text[LONG_BYTES + 1];

	memset(text, 'x', len);
	memcpy(text + len - strlen(tail), tail, strlen(tail) + 1);
	return text;
}

START_TEST(a_record_that_is_too_long_is_dropped_and_announced)
{
	begin("unix-dgram");
	receive_at_path();
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
	(void)test_offer(&t.watcher, "one\n", false);
	(void)test_offer(&t.watcher, record(LONG_BYTES, "\n"), false);
	(void)test_offer(&t.watcher, record(LONG_BYTES, "\n"), false);
	(void)test_offer(&t.watcher, "two\n", false);
	expect("one\n");
	expect("DROPPED 1 1048576\n");
	expect("DROPPED 1 1048576\n");
	expect("two\n");
	ck_assert_uint_eq(test_logged("too long"), 1);
	end();
}
END_TEST

START_TEST(a_record_that_is_dropped_is_announced_in_its_place)
{
	static char text[LONG_BYTES + 16];

	begin("unix-dgram");
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
	(void)snprintf(
		text, sizeof(text), "one\n%s\ntwo\n", record(LONG_BYTES / 2, "x"));
	(void)test_offer(&t.watcher, text, false);
	(void)test_offer(&t.watcher, "three\n", false);
	receive_at_path(); /* only now, so that all of it waits */
	expect("one\n");
	test_loop_until(&t.loop, "a datagram", has_got, NULL);
	ck_assert_mem_eq(t.got, "DROPPED 1 524", 13);
	expect("two\n");
	expect("three\n");
	end();
}
END_TEST

START_TEST(what_a_closing_sink_has_dropped_is_still_announced)
{
	begin("unix-dgram");
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
	(void)test_offer(&t.watcher, record(LONG_BYTES, "\n"), false);
	receive_at_path();
	test_sink_close(&t.watcher, 20000);
	expect("DROPPED 1 1048576\n");
	end();
}
END_TEST

START_TEST(syslog_that_is_too_long_is_cut_between_characters)
{
	char spec[64];

	begin("");
	(void)snprintf(
		spec, sizeof(spec), "syslog+udp://127.0.0.1:%u", receive_at_port());
	test_sink_open(&t.watcher, &t.loop, spec, -1);
	/* 65507 bytes are the most that UDP takes; here the last character fits. */
	(void)test_offer(&t.watcher, record(65505 + 5, "\xc3\xa4yz\n"), false);
	test_loop_until(&t.loop, "a datagram", has_got, NULL);
	ck_assert_int_eq(t.len, 65507);
	ck_assert_int_eq(t.got[65506], '\xa4');
	/* Here its second byte would not. */
	(void)test_offer(&t.watcher, record(65506 + 5, "\xc3\xa4yz\n"), false);
	test_loop_until(&t.loop, "a datagram", has_got, NULL);
	ck_assert_int_eq(t.len, 65506);
	end();
}
END_TEST

/* The descriptor that came in place of a datagram. */
static int descriptor_received(void)
{
	char room[CMSG_SPACE(sizeof(int))];
	struct msghdr message = {.msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *rights = NULL;
	int fd = -1;

	ck_assert_int_eq(recvmsg(t.receiver, &message, 0), 0);
	rights = CMSG_FIRSTHDR(&message);
	ck_assert_ptr_nonnull(rights);
	ck_assert_int_eq(rights->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
	return fd;
}

START_TEST(the_journal_gets_long_records_as_sealed_files)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = -1;

	begin("journal");
	receive_at_path();
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
	(void)test_offer(&t.watcher, record(LONG_BYTES, "\n"), false);
	test_loop_settle(&t.loop);
	fd = descriptor_received();
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS) & seals, seals);
	ck_assert_int_eq(pread(fd, t.got, LONG_BYTES, 0), LONG_BYTES);
	ck_assert_mem_eq(t.got, record(LONG_BYTES, "\n"), LONG_BYTES);
	close(fd);
	end();
}
END_TEST

static bool has_lost(void *user)
{
	(void)user;
	(void)test_offer(&t.watcher, "lost\n", false);
	return test_logged("trying again") > 0;
}

static bool has_got_last(void *user)
{
	return has_got(user) && t.len == 4 && memcmp(t.got, "last", 4) == 0;
}

START_TEST(a_receiver_on_udp_that_is_away_is_told_of_once)
{
	char spec[64];
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	begin("");
	(void)snprintf(
		spec, sizeof(spec), "syslog+udp://127.0.0.1:%u", receive_at_port());
	ck_assert_int_eq(getsockname(t.receiver, (struct sockaddr *)&address, &len), 0);
	close(t.receiver);
	test_sink_open(&t.watcher, &t.loop, spec, -1);
	test_loop_until(&t.loop, "the loss", has_lost, NULL);
	for (int i = 0; i < 20; i++) {
		test_loop_settle(&t.loop);
		(void)test_offer(&t.watcher, "waits\n", false);
	}
	ck_assert_uint_eq(test_logged("trying again"), 1);
	ck_assert_uint_eq(test_logged("connected"), 0);
	t.receiver = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(t.receiver, (struct sockaddr *)&address, len), 0);
	(void)test_offer(&t.watcher, "last\n", false);
	test_loop_until(&t.loop, "the last record", has_got_last, NULL);
	end();
}
END_TEST

START_TEST(it_can_be_closed_while_the_name_is_looked_up)
{
	begin("");
	test_sink_open(&t.watcher, &t.loop, "syslog+udp://nobody.invalid:514", -1);
	end();
}
END_TEST

START_TEST(the_usual_places_are_known)
{
	begin("");
	/* Whether they are there or not, and nothing is written. */
	test_sink_open(&t.watcher, &t.loop, "syslog:", -1);
	test_sink_close(&t.watcher, 0);
	test_sink_open(&t.watcher, &t.loop, "journal:", -1);
	end();
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_record_that_is_too_long_is_dropped_and_announced);
	test_add(suite, a_record_that_is_dropped_is_announced_in_its_place);
	test_add(suite, what_a_closing_sink_has_dropped_is_still_announced);
	test_add(suite, syslog_that_is_too_long_is_cut_between_characters);
	test_add(suite, the_journal_gets_long_records_as_sealed_files);
	test_add(suite, a_receiver_on_udp_that_is_away_is_told_of_once);
	test_add(suite, it_can_be_closed_while_the_name_is_looked_up);
	test_add(suite, the_usual_places_are_known);
}
