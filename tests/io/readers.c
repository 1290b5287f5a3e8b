/* Listeners: readers that come late, do not read, die, or are too many. */
#include "io/sink/sinks.h"

#include "io/net/listening.h"
#include "io/net/unix.h"

#include "logged.h"
#include "loop.h"
#include "sink_watcher.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READERS = 8, LINE_BYTES = 1024, GOT_MOST = 8 << 20 };

struct reader {
	int fd; /* -1: has not come */
	char *got;
	size_t len;
	bool is_refused; /* the connection has ended */
};

/* A listener and those who read from it. */
static struct {
	uv_loop_t loop;
	struct test_sink_watcher watcher;
	char directory[32];
	char path[48];
	struct reader readers[READERS];
	uint64_t wanted; /* of a condition */
	struct reader *who;
} t;

static void *at_path(const char *settings)
{
	static char spec[128];

	(void)snprintf(spec, sizeof(spec), "unix-listen:%s%s", t.path, settings);
	return spec;
}

static void prepare(void)
{
	memset(&t, 0, sizeof(t));
	memcpy(t.directory, "/tmp/annotty-readers-XXXXXX", 28);
	ck_assert_ptr_nonnull(mkdtemp(t.directory));
	(void)snprintf(t.path, sizeof(t.path), "%s/socket", t.directory);
	for (int i = 0; i < READERS; i++) {
		t.readers[i].fd = -1;
	}
	test_log_begin();
	test_loop_init(&t.loop);
}

static void begin(const char *settings)
{
	prepare();
	test_sink_open(&t.watcher, &t.loop, at_path(settings), -1);
}

static void leave(int which)
{
	if (t.readers[which].fd >= 0) {
		close(t.readers[which].fd);
	}
	t.readers[which].fd = -1;
}

static void end(void)
{
	test_sink_close(&t.watcher, 0);
	for (int i = 0; i < READERS; i++) {
		leave(i);
		free(t.readers[i].got);
	}
	ck_assert_msg(rmdir(t.directory) == 0, "something is left in the directory");
	test_loop_deinit(&t.loop);
}

static struct ann_sink_stats stats(void)
{
	struct ann_sink_stats now;

	ann_sink_stats(t.watcher.sink, &now);
	return now;
}

static bool has_readers(void *user)
{
	(void)user;
	return stats().readers == t.wanted;
}

static void await_readers(uint64_t count)
{
	t.wanted = count;
	test_loop_until(&t.loop, "the readers", has_readers, NULL);
}

/* A connection, which the listener may not have accepted yet. */
static struct reader *come(int which)
{
	const struct sockaddr_un address = ann_unix_address(t.path);
	struct reader *r = &t.readers[which];

	*r = (struct reader){.got = r->got};
	r->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(
		connect(r->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(fcntl(r->fd, F_SETFL, O_NONBLOCK), 0);
	r->got = r->got == NULL ? malloc(GOT_MOST) : r->got;
	return r;
}

static struct reader *arrive(int which)
{
	uint64_t before = stats().readers;
	struct reader *r = come(which);

	await_readers(before + 1);
	return r;
}

/* Reads what there is, `most` bytes at most. */
static void read_some(struct reader *r, size_t most)
{
	ssize_t got = 1;

	while (got > 0 && most > 0 && r->fd >= 0) {
		ck_assert_uint_lt(r->len, GOT_MOST);
		got = read(r->fd, r->got + r->len,
			most < GOT_MOST - r->len ? most : GOT_MOST - r->len);
		r->len += got > 0 ? (size_t)got : 0;
		most -= got > 0 ? (size_t)got : 0;
		r->is_refused = got == 0 || (got < 0 && errno == ECONNRESET);
	}
}

static bool has_got(void *user)
{
	struct reader *r = user;

	read_some(r, GOT_MOST);
	return r->len >= t.wanted;
}

static void expect(struct reader *r, const char *text)
{
	t.wanted = strlen(text);
	test_loop_until(&t.loop, "lines for a reader", has_got, r);
	ck_assert_msg(ann_span_is((struct ann_span){r->got, r->len}, text), "got: %.*s",
		(int)r->len, r->got);
}

static const char *line(uint64_t which)
{
	static char text[LINE_BYTES + 1];

	memset(text, '.', LINE_BYTES);
	text[snprintf(text, LINE_BYTES, "%08llu", (unsigned long long)which)] = '.';
	text[LINE_BYTES - 1] = '\n';
	return text;
}

/* All lines from 0 to `count` - 1, and nothing else. */
static void expect_lines(struct reader *r, uint64_t count)
{
	t.wanted = count * LINE_BYTES;
	test_loop_until(&t.loop, "all lines for a reader", has_got, r);
	ck_assert_uint_eq(r->len, count * LINE_BYTES);
	for (uint64_t i = 0; i < count; i++) {
		ck_assert(memcmp(r->got + i * LINE_BYTES, line(i), LINE_BYTES) == 0);
	}
}

/* --- bad readers --------------------------------------------------------------------
 */

enum { LINES = 3000 };

START_TEST(bad_readers_change_nothing_for_the_others)
{
	struct reader *good = NULL;
	struct reader *slow = NULL;

	begin("?queue=65536");
	good = arrive(0);
	slow = arrive(1);
	(void)arrive(2); /* never reads */
	(void)arrive(3); /* dies in the middle of a line */
	for (uint64_t i = 0; i < LINES; i++) {
		ck_assert_msg(test_offer(&t.watcher, line(i), true), "it waits");
		uv_run(&t.loop, UV_RUN_NOWAIT);
		read_some(good, GOT_MOST);
		read_some(slow, 1);
		read_some(&t.readers[3], i < LINES / 2 ? LINE_BYTES + 7 : 0);
		if (i == LINES / 2) {
			leave(3);
		}
	}
	expect_lines(good, LINES);
	ck_assert_uint_eq(stats().readers, 3);
	ck_assert_uint_gt(stats().dropped_lines, LINES);
	ck_assert_uint_eq(t.watcher.rooms, 0);
	end();
}
END_TEST

static bool has_caught_up(void *user)
{
	struct reader *r = user;

	read_some(r, GOT_MOST);
	return r->len >= LINE_BYTES &&
	       memcmp(r->got + r->len - LINE_BYTES, line(LINES - 1), LINE_BYTES) == 0;
}

START_TEST(a_reader_that_was_too_slow_is_told_what_it_missed)
{
	struct reader *slow = NULL;
	uint64_t next = 0;

	begin("?queue=65536");
	slow = arrive(0);
	for (uint64_t i = 0; i < LINES; i++) {
		(void)test_offer(&t.watcher, line(i), true);
		uv_run(&t.loop, UV_RUN_NOWAIT);
		read_some(slow, i % 100 == 0 ? 10 * LINE_BYTES + 1 : 0);
	}
	test_loop_until(&t.loop, "the last line", has_caught_up, slow);

	struct ann_span rest = {slow->got, slow->len};

	while (rest.len > 0) {
		struct ann_span one = ann_span_next(&rest, '\n');

		if (strncmp(one.ptr, "DROPPED ", 8) == 0) {
			next += strtoull(one.ptr + 8, NULL, 10);
		} else {
			ck_assert_uint_eq(one.len, LINE_BYTES - 1);
			ck_assert_uint_eq(strtoull(one.ptr, NULL, 10), next++);
		}
	}
	ck_assert_uint_eq(next, LINES);
	ck_assert_uint_gt(t.watcher.announced_lines, 0);
	end();
}
END_TEST

START_TEST(with_the_policy_block_the_slowest_reader_is_waited_for)
{
	bool room = true;

	begin("?queue=65536&policy=block");
	(void)arrive(0);
	(void)arrive(1);
	for (uint64_t i = 0; i < LINES && room; i++) {
		room = test_offer(&t.watcher, line(i), true);
		uv_run(&t.loop, UV_RUN_NOWAIT);
		read_some(&t.readers[0], GOT_MOST);
	}
	ck_assert_msg(!room, "nobody waits for the slow one");
	ck_assert_uint_eq(t.watcher.rooms, 0);
	leave(1);
	await_readers(1);
	ck_assert_uint_eq(t.watcher.rooms, 1);
	expect_lines(&t.readers[0], t.watcher.offered_lines);
	end();
}
END_TEST

START_TEST(what_readers_say_is_thrown_away)
{
	char noise[4096];
	struct reader *r = NULL;

	begin("");
	r = arrive(0);
	memset(noise, '\n', sizeof(noise));
	for (int i = 0; i < 200; i++) {
		(void)!write(r->fd, noise, sizeof(noise));
		uv_run(&t.loop, UV_RUN_NOWAIT);
	}
	(void)test_offer(&t.watcher, "one\n", false);
	expect(r, "one\n");
	ck_assert_uint_eq(stats().readers, 1);
	end();
}
END_TEST

/* --- too many -----------------------------------------------------------------------
 */

static bool is_refused(void *user)
{
	read_some(user, GOT_MOST);
	return ((struct reader *)user)->is_refused;
}

START_TEST(more_readers_than_allowed_are_refused_and_told_of_once)
{
	begin("?clients=2");
	(void)arrive(0);
	(void)arrive(1);
	test_loop_until(&t.loop, "the refusal", is_refused, come(2));
	test_loop_until(&t.loop, "the refusal", is_refused, come(3));
	ck_assert_uint_eq(stats().readers, 2);
	ck_assert_uint_eq(test_logged("refused"), 1);
	leave(0);
	await_readers(1);
	(void)arrive(4);
	(void)test_offer(&t.watcher, "one\n", false);
	expect(&t.readers[1], "one\n");
	expect(&t.readers[4], "one\n");
	ck_assert_uint_eq(stats().connects, 3);
	end();
}
END_TEST

START_TEST(without_descriptors_it_waits_until_there_are_some)
{
	struct rlimit all;
	struct rlimit none;

	begin("");
	(void)come(0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = (rlim_t)t.readers[0].fd + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	test_loop_settle(&t.loop);
	ck_assert_uint_eq(stats().readers, 0);
	ck_assert_uint_eq(test_logged("accept"), 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	await_readers(1);
	end();
}
END_TEST

/* --- late readers -------------------------------------------------------------------
 */

START_TEST(a_late_reader_gets_the_last_lines)
{
	begin("?backlog=2");
	(void)test_offer(&t.watcher, "one\ntwo\n", false);
	(void)test_offer(&t.watcher, "three\n", false);
	expect(arrive(0), "two\nthree\n");
	(void)test_offer(&t.watcher, "four\n", false);
	expect(&t.readers[0], "two\nthree\nfour\n");
	expect(arrive(1), "three\nfour\n");
	end();
}
END_TEST

START_TEST(a_late_reader_without_a_backlog_begins_with_a_whole_line)
{
	begin("");
	(void)arrive(0);
	(void)test_offer(&t.watcher, "pro", false);
	(void)arrive(1);
	(void)test_offer(&t.watcher, "mpt", false);
	(void)test_offer(&t.watcher, "> ok\nnext\n", false);
	expect(&t.readers[0], "prompt> ok\nnext\n");
	expect(&t.readers[1], "next\n");
	end();
}
END_TEST

START_TEST(who_has_connected_gets_the_next_line_even_if_not_yet_accepted)
{
	struct reader *r = NULL;

	begin("");
	r = come(0);
	(void)test_offer(&t.watcher, "one\n", false);
	expect(r, "one\n");
	end();
}
END_TEST

/* --- the socket ---------------------------------------------------------------------
 */

static void make_stale(void)
{
	const struct sockaddr_un address = ann_unix_address(t.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

START_TEST(a_socket_that_nobody_listens_on_is_replaced)
{
	prepare();
	make_stale();
	test_sink_open(&t.watcher, &t.loop, at_path(""), -1);
	(void)arrive(0);
	end();
}
END_TEST

START_TEST(a_socket_that_somebody_listens_on_is_left_alone)
{
	begin("");
	ck_assert_ptr_nonnull(strstr(test_sink_refusal(&t.loop, at_path("")),
		"socket\": listen: Address already in use"));
	/* It has been asked, which looks like a reader for a moment. */
	test_loop_settle(&t.loop);
	await_readers(0);
	(void)arrive(0);
	end();
}
END_TEST

START_TEST(what_is_no_socket_is_left_alone)
{
	int fd = -1;

	prepare();
	fd = open(t.path, O_CREAT | O_WRONLY, 0600);
	ck_assert_ptr_nonnull(strstr(
		test_sink_refusal(&t.loop, at_path("")), "Address already in use"));
	ck_assert_int_eq(unlink(t.path), 0);
	close(fd);
	end();
}
END_TEST

static unsigned mode_with(const char *settings)
{
	struct stat status;

	begin(settings);
	ck_assert_int_eq(stat(t.path, &status), 0);
	end();
	return status.st_mode & 07777;
}

START_TEST(nobody_else_may_connect_unless_the_settings_say_so)
{
	char group[32];

	umask(0);
	(void)snprintf(group, sizeof(group), "?group=%u", (unsigned)getegid());
	ck_assert_uint_eq(mode_with(""), 0600);
	ck_assert_uint_eq(mode_with(group), 0660);
	ck_assert_uint_eq(mode_with("?mode=0666"), 0666);
	umask(077);
	ck_assert_uint_eq(mode_with("?mode=0666"), 0666);
}
END_TEST

START_TEST(the_socket_can_be_given_to_a_group)
{
	const struct group *daemon = getgrnam("daemon");
	struct stat status;

	if (geteuid() != 0 || daemon == NULL) {
		return; /* only root may give it away */
	}
	begin("?group=daemon");
	ck_assert_int_eq(stat(t.path, &status), 0);
	ck_assert_uint_eq(status.st_gid, daemon->gr_gid);
	end();
}
END_TEST

START_TEST(a_socket_of_another_server_is_not_removed)
{
	begin("");
	ck_assert_int_eq(unlink(t.path), 0);
	make_stale();
	test_sink_close(&t.watcher, 0);
	ck_assert_int_eq(unlink(t.path), 0);
	end();
}
END_TEST

START_TEST(a_bare_port_is_on_the_loopback)
{
	prepare();
	test_sink_open(&t.watcher, &t.loop, "tcp-listen://0", -1);
	ck_assert_uint_eq(test_logged("out: listening on 127.0.0.1:"), 1);
	test_sink_close(&t.watcher, 0);
	test_sink_open(&t.watcher, &t.loop, "tcp-listen://0.0.0.0:0", -1);
	ck_assert_uint_eq(test_logged("out: listening on 0.0.0.0:"), 1);
	end();
}
END_TEST

START_TEST(wrong_settings_are_refused_with_their_origin)
{
	static const struct {
		const char *spec;
		const char *story;
	} cases[] = {
		{"tcp-listen://0?clients=0", "clients: \"0\" does not fit"},
		{"tcp-listen://0?mode=0666", "unknown key \"mode\""},
		{"tcp-listen://0?policy=wait", "block, drop-oldest or drop-newest"},
		{"tcp-listen://nobody.invalid:1", "nobody.invalid:1\": "},
		{"tcp-listen://127.0.0.1:99999", "99999\": "},
		{"unix-listen:/x?group=no-such-group", "no group \"no-such-group\""},
		{"unix-listen:/x?group=1x", "no group \"1x\""},
		{"unix-listen:", "path of the socket is missing"},
		{"unix-listen:/no/such/directory/x", "No such file or directory"},
		{"unix:", "path of the socket is missing"},
		{"unix:/x?keepalive=5s", "unknown key \"keepalive\""},
		{"file:", "expected file:PATH"},
		{"-?rotate=10M", "unknown key \"rotate\""},
		{"smoke://signals:1", "unknown kind of output"},
	};

	prepare();
	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		const char *story = test_sink_refusal(&t.loop, cases[i].spec);

		ck_assert_msg(strstr(story, cases[i].story) != NULL &&
				      strstr(story, cases[i].spec) == story + 1,
			"%s", story);
	}
	end();
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, bad_readers_change_nothing_for_the_others);
	test_add(suite, a_reader_that_was_too_slow_is_told_what_it_missed);
	test_add(suite, with_the_policy_block_the_slowest_reader_is_waited_for);
	test_add(suite, what_readers_say_is_thrown_away);
	test_add(suite, more_readers_than_allowed_are_refused_and_told_of_once);
	test_add(suite, without_descriptors_it_waits_until_there_are_some);
	test_add(suite, a_late_reader_gets_the_last_lines);
	test_add(suite, a_late_reader_without_a_backlog_begins_with_a_whole_line);
	test_add(suite, who_has_connected_gets_the_next_line_even_if_not_yet_accepted);
	test_add(suite, a_socket_that_nobody_listens_on_is_replaced);
	test_add(suite, a_socket_that_somebody_listens_on_is_left_alone);
	test_add(suite, what_is_no_socket_is_left_alone);
	test_add(suite, nobody_else_may_connect_unless_the_settings_say_so);
	test_add(suite, the_socket_can_be_given_to_a_group);
	test_add(suite, a_socket_of_another_server_is_not_removed);
	test_add(suite, a_bare_port_is_on_the_loopback);
	test_add(suite, wrong_settings_are_refused_with_their_origin);
}
