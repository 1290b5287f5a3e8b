/* Standard output and files: rotation, full disks, FIFOs, readers that go away. */
#include "io/sink/sinks.h"

#include "io/sink/outlet.h"

#include "logged.h"
#include "loop.h"
#include "sink_watcher.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	uv_loop_t loop;
	struct test_sink_watcher watcher;
	char directory[32];
	char path[48];
	char spec[128];
	struct ann_buf content; /* of the file last read */
} t;

static void prepare(void)
{
	memset(&t, 0, sizeof(t));
	memcpy(t.directory, "/tmp/annotty-files-XXXXXX", 26);
	ck_assert_ptr_nonnull(mkdtemp(t.directory));
	(void)snprintf(t.path, sizeof(t.path), "%s/log", t.directory);
	test_log_begin();
	test_loop_init(&t.loop);
}

static void begin(const char *settings)
{
	prepare();
	(void)snprintf(t.spec, sizeof(t.spec), "file:%s%s", t.path, settings);
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
}

static const char *name_of(int old)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), old > 0 ? "%s.%d" : "%s", t.path, old);
	return name;
}

static void end(void)
{
	test_sink_close(&t.watcher, 0);
	for (int i = 0; i < 10; i++) {
		(void)remove(name_of(i));
	}
	ck_assert_msg(rmdir(t.directory) == 0, "something is left in the directory");
	ann_buf_deinit(&t.content);
	test_loop_deinit(&t.loop);
}

static const char *content_of(int old)
{
	char *to = NULL;
	ssize_t got = 1;
	int fd = open(name_of(old), O_RDONLY);

	ck_assert_msg(fd >= 0, "%s: %s", name_of(old), strerror(errno));
	ann_buf_clear(&t.content);
	while (got > 0) {
		to = ann_buf_reserve(&t.content, 4096);
		got = read(fd, to, 4096);
		t.content.len += (size_t)got;
	}
	close(fd);
	ann_buf_char(&t.content, '\0');
	return t.content.ptr;
}

static void offer(const char *text)
{
	ck_assert(test_offer(&t.watcher, text, true));
}

/* --- rotation -----------------------------------------------------------------------
 */

START_TEST(files_are_rotated_at_line_ends)
{
	begin("?rotate=10&keep=2");
	offer("1234\n5678\n");
	offer("abcd\nefgh\n");
	offer("ij");
	offer("kl\nmnop\nqrst\nuvwx\n");
	ck_assert_str_eq(content_of(2), "abcd\nefgh\n");
	ck_assert_str_eq(content_of(1), "ijkl\nmnop\n");
	ck_assert_str_eq(content_of(0), "qrst\nuvwx\n");
	ck_assert_int_ne(access(name_of(3), F_OK), 0);
	end();
}
END_TEST

START_TEST(a_line_that_is_too_long_for_a_file_stays_whole)
{
	begin("?rotate=10&keep=5");
	offer("1\n");
	offer("a rather ");
	offer("long line\n");
	offer("2\n");
	ck_assert_str_eq(content_of(2), "1\n");
	ck_assert_str_eq(content_of(1), "a rather long line\n");
	ck_assert_str_eq(content_of(0), "2\n");
	end();
}
END_TEST

START_TEST(without_old_files_the_file_is_begun_anew)
{
	begin("?rotate=4&keep=0");
	offer("123\n456\n");
	ck_assert_str_eq(content_of(0), "456\n");
	ck_assert_int_ne(access(name_of(1), F_OK), 0);
	end();
}
END_TEST

START_TEST(a_file_that_cannot_be_rotated_goes_on)
{
	begin("?rotate=4&keep=1");
	ck_assert_int_eq(mkdir(name_of(1), 0700), 0);
	offer("123\n456\n");
	ck_assert_str_eq(content_of(0), "123\n456\n");
	ck_assert_uint_eq(test_logged("rename"), 1);
	ck_assert_int_eq(rmdir(name_of(1)), 0);
	offer("789\n");
	ck_assert_str_eq(content_of(1), "123\n456\n");
	ck_assert_str_eq(content_of(0), "789\n");
	end();
}
END_TEST

START_TEST(a_file_is_opened_anew_under_its_name)
{
	char moved[64];

	begin("");
	offer("one\n");
	(void)snprintf(moved, sizeof(moved), "%s", name_of(1));
	ck_assert_int_eq(rename(t.path, moved), 0);
	offer("two\n");
	ann_sink_reopen(t.watcher.sink);
	offer("three\n");
	ck_assert_str_eq(content_of(1), "one\ntwo\n");
	ck_assert_str_eq(content_of(0), "three\n");
	end();
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_anew_goes_on)
{
	begin("");
	ck_assert_int_eq(rename(t.path, name_of(1)), 0);
	ck_assert_int_eq(mkdir(t.path, 0700), 0);
	ann_sink_reopen(t.watcher.sink);
	offer("one\n");
	ck_assert_str_eq(content_of(1), "one\n");
	ck_assert_uint_eq(test_logged("Is a directory"), 1);
	end();
}
END_TEST

/* --- a full disk --------------------------------------------------------------------
 */

enum { BEFORE_BYTES = 8 << 20 };

static bool is_written_again(void *user)
{
	(void)user;
	return test_logged("can be written again") > 0;
}

static void limit_size(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_costs_only_what_the_queue_does_not_hold)
{
	struct ann_span rest = {0};
	uint64_t next = 0;
	char line[16];

	begin("?queue=4096&policy=drop-oldest");
	/* Check has files as well, which are not to be limited. */
	ck_assert_int_eq(truncate(t.path, BEFORE_BYTES), 0);
	limit_size(BEFORE_BYTES + 2001);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(line, sizeof(line), "%07d\n", i);
		offer(line);
	}
	ck_assert_uint_eq(strlen(content_of(0) + BEFORE_BYTES), 2001);
	limit_size(RLIM_INFINITY);
	test_loop_until(&t.loop, "another try", is_written_again, NULL);
	rest = ann_span(content_of(0) + BEFORE_BYTES);
	while (rest.len > 0) {
		struct ann_span one = ann_span_next(&rest, '\n');

		if (strncmp(one.ptr, "DROPPED ", 8) == 0) {
			next += strtoull(one.ptr + 8, NULL, 10);
		} else if (one.len > 0) {
			ck_assert_uint_eq(one.len, 7);
			ck_assert_uint_eq(strtoull(one.ptr, NULL, 10), next++);
		}
	}
	ck_assert_uint_eq(next, 2000);
	ck_assert_uint_gt(t.watcher.announced_lines, 1000);
	ck_assert_uint_eq(test_logged("File too large; trying again"), 1);
	ck_assert_uint_eq(t.watcher.ends, 0);
	end();
}
END_TEST

/* --- readers
 * -------------------------------------------------------------------------- */

static bool is_connected(void *user)
{
	struct ann_sink_stats stats;

	(void)user;
	ann_sink_stats(t.watcher.sink, &stats);
	return stats.connected;
}

static bool has_ended(void *user)
{
	(void)user;
	return t.watcher.ends > 0;
}

START_TEST(a_file_that_is_opened_anew_on_a_full_disk_begins_with_a_line)
{
	begin("");
	ck_assert_int_eq(truncate(t.path, BEFORE_BYTES), 0);
	limit_size(BEFORE_BYTES + 6);
	offer("one\ntwo\nthree\n");
	ck_assert_str_eq(content_of(0) + BEFORE_BYTES, "one\ntw");
	ck_assert(!is_connected(NULL));
	ck_assert_int_eq(rename(t.path, name_of(1)), 0);
	ann_sink_reopen(t.watcher.sink);
	limit_size(RLIM_INFINITY);
	test_loop_until(&t.loop, "another try", is_written_again, NULL);
	ck_assert_str_eq(content_of(0), "two\nthree\n");
	ck_assert(is_connected(NULL));
	end();
}
END_TEST

START_TEST(a_fifo_is_waited_for_and_ends_with_its_reader)
{
	char got[16] = "";
	int fd = -1;

	prepare();
	ck_assert_int_eq(mkfifo(t.path, 0600), 0);
	(void)snprintf(t.spec, sizeof(t.spec), "file:%s", t.path);
	test_sink_open(&t.watcher, &t.loop, t.spec, -1);
	(void)test_offer(&t.watcher, "one\n", true);
	ck_assert(!is_connected(NULL));
	fd = open(t.path, O_RDONLY | O_NONBLOCK);
	test_loop_until(&t.loop, "the FIFO to be opened", is_connected, NULL);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 4);
	close(fd);
	test_loop_until(&t.loop, "the end", has_ended, NULL);
	ck_assert(!t.watcher.has_failed);
	(void)test_offer(&t.watcher, "two\n", true);
	end();
}
END_TEST

/* Standard output is `fd` from now on; returns what it was. */
static int swap_standard(int fd)
{
	int old = dup(STDOUT_FILENO);

	fflush(stdout);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
	return old;
}

static void restore_standard(int old)
{
	ck_assert_int_eq(dup2(old, STDOUT_FILENO), STDOUT_FILENO);
	close(old);
}

START_TEST(standard_output_ends_when_its_reader_goes_even_if_nothing_is_written)
{
	int ends[2];
	int old = -1;

	ck_assert_int_eq(pipe(ends), 0);
	old = swap_standard(ends[1]);
	prepare();
	test_sink_open(&t.watcher, &t.loop, "-", -1);
	test_loop_settle(&t.loop);
	ck_assert_uint_eq(t.watcher.ends, 0);
	close(ends[0]);
	test_loop_until(&t.loop, "the end", has_ended, NULL);
	ck_assert(!t.watcher.has_failed);
	end();
	restore_standard(old);
}
END_TEST

START_TEST(standard_output_ends_when_it_is_written_after_its_reader_went)
{
	int ends[2];
	int old = -1;

	ck_assert_int_eq(pipe(ends), 0);
	old = swap_standard(ends[1]);
	prepare();
	test_sink_open(&t.watcher, &t.loop, "-", -1);
	close(ends[0]);
	(void)test_offer(&t.watcher, "one\n", true);
	ck_assert_uint_eq(t.watcher.ends, 0);
	test_loop_until(&t.loop, "the end", has_ended, NULL);
	ck_assert(!t.watcher.has_failed);
	end();
	restore_standard(old);
}
END_TEST

START_TEST(standard_output_that_fails_ends_with_the_reason)
{
	int old = swap_standard(open("/dev/full", O_WRONLY));

	prepare();
	test_sink_open(&t.watcher, &t.loop, "-", -1);
	(void)test_offer(&t.watcher, "one\n", true);
	test_loop_until(&t.loop, "the end", has_ended, NULL);
	ck_assert(t.watcher.has_failed);
	ck_assert_str_eq(
		t.watcher.why.text, "standard output: No space left on device");
	end();
	restore_standard(old);
}
END_TEST

/* --- outlets ------------------------------------------------------------------------
 */

/* Writes until it takes no more, and reads what was written: nothing waits. */
static void fill_and_read(int to, int from, enum ann_outlet_way way)
{
	static char bytes[65536];
	struct ann_outlet outlet;
	size_t written = 0;
	ssize_t done = 0;
	int flags = fcntl(to, F_GETFL);

	ck_assert_int_eq(ann_outlet_share(&outlet, to, NULL), ANN_OK);
	ck_assert_int_eq(outlet.way, way);
	alarm(10); /* instead of waiting for ever */
	while ((done = ann_outlet_write(
			&outlet, (struct ann_span){bytes, sizeof(bytes)})) > 0) {
		written += (size_t)done;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_ge(written, PIPE_BUF);
	ck_assert(!ann_outlet_is_gone(&outlet));
	ck_assert_int_eq(fcntl(from, F_SETFL, O_NONBLOCK), 0);
	while (written > 0 && (done = read(from, bytes, sizeof(bytes))) > 0) {
		written -= (size_t)done;
	}
	ck_assert_uint_eq(written, 0);
	close(from);
	ck_assert(ann_outlet_is_gone(&outlet));
	ck_assert_int_eq(fcntl(to, F_GETFL), flags);
	ann_outlet_close(&outlet);
	ck_assert_int_eq(fcntl(to, F_GETFL), flags);
	alarm(0);
	close(to);
}

START_TEST(a_shared_pipe_is_written_without_waiting_and_without_a_change)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	fill_and_read(ends[1], ends[0], ANN_OUTLET_ALONE);
}
END_TEST

START_TEST(so_is_a_shared_socket)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fill_and_read(ends[1], ends[0], ANN_OUTLET_SOCKET);
}
END_TEST

START_TEST(so_is_a_pipe_that_cannot_be_opened_again)
{
	int ends[2];

	if (geteuid() != 0) {
		return; /* only root can make a pipe that is somebody else's */
	}
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	fill_and_read(ends[1], ends[0], ANN_OUTLET_CAREFUL);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, files_are_rotated_at_line_ends);
	test_add(suite, a_line_that_is_too_long_for_a_file_stays_whole);
	test_add(suite, without_old_files_the_file_is_begun_anew);
	test_add(suite, a_file_that_cannot_be_rotated_goes_on);
	test_add(suite, a_file_is_opened_anew_under_its_name);
	test_add(suite, a_file_that_cannot_be_opened_anew_goes_on);
	test_add(suite, a_full_disk_costs_only_what_the_queue_does_not_hold);
	test_add(suite, a_file_that_is_opened_anew_on_a_full_disk_begins_with_a_line);
	test_add(suite, a_fifo_is_waited_for_and_ends_with_its_reader);
	test_add(suite,
		standard_output_ends_when_its_reader_goes_even_if_nothing_is_written);
	test_add(suite, standard_output_ends_when_it_is_written_after_its_reader_went);
	test_add(suite, standard_output_that_fails_ends_with_the_reason);
	test_add(suite, a_shared_pipe_is_written_without_waiting_and_without_a_change);
	test_add(suite, so_is_a_shared_socket);
	test_add(suite, so_is_a_pipe_that_cannot_be_opened_again);
}
