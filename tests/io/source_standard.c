/* Standard input, FIFOs and terminals, as sources. */
#include "io/source/sources.h"

#include "conformance_source.h"
#include "loop.h"
#include "scratch.h"
#include "suite.h"
#include "watcher.h"

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct world {
	uv_loop_t *loop;
	struct test_scratch scratch;
	struct ann_endpoint endpoint;
	struct ann_source_context context;
	int writer;   /* -1: none */
	int original; /* what standard input was */
};

static struct world world;

static struct world *begin_world(uv_loop_t *loop, const char *spec)
{
	struct world *w = &world;

	*w = (struct world){.loop = loop, .writer = -1, .original = dup(STDIN_FILENO)};
	w->context = (struct ann_source_context){.loop = loop, .fd = -1};
	ck_assert_int_eq(
		ann_endpoint_init(&w->endpoint, NULL, spec, NULL, NULL), ANN_OK);
	return w;
}

static void end_world(void *user)
{
	struct world *w = user;

	ann_endpoint_deinit(&w->endpoint);
	if (w->writer >= 0) {
		close(w->writer);
	}
	ck_assert_int_eq(dup2(w->original, STDIN_FILENO), STDIN_FILENO);
	close(w->original);
}

static enum ann_err make(void *user, struct ann_source **source,
	const struct ann_source_events *events, void *events_user,
	struct ann_error *err)
{
	struct world *w = user;

	return ann_source_new(
		source, &w->context, &w->endpoint, events, events_user, err);
}

static void feed(void *user, struct ann_span bytes)
{
	struct world *w = user;

	ck_assert_int_eq(write(w->writer, bytes.ptr, bytes.len), (ssize_t)bytes.len);
}

static void finish(void *user)
{
	struct world *w = user;

	close(w->writer);
	w->writer = -1;
}

/* --- a pipe, a socket, a terminal as standard input ------------------------------ */

static void become_input(int fd)
{
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
}

static void *begin_pipe(uv_loop_t *loop)
{
	struct world *w = begin_world(loop, "-");
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	become_input(ends[0]);
	w->writer = ends[1];
	return w;
}

static void *begin_socket(uv_loop_t *loop)
{
	struct world *w = begin_world(loop, "-");
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	become_input(ends[0]);
	w->writer = ends[1];
	return w;
}

static void *begin_terminal(uv_loop_t *loop)
{
	struct world *w = begin_world(loop, "-");
	struct termios modes;
	int slave = -1;

	ck_assert_int_eq(openpty(&w->writer, &slave, NULL, NULL, NULL), 0);
	ck_assert_int_eq(tcgetattr(slave, &modes), 0);
	modes.c_lflag &= ~(tcflag_t)ECHO;
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &modes), 0);
	become_input(slave);
	return w;
}

static void finish_terminal(void *user)
{
	feed(user, ann_span("\4"));
}

/* --- a file as standard input ---------------------------------------------------- */

static void *begin_stored(uv_loop_t *loop)
{
	struct world *w = begin_world(loop, "-");
	char path[] = "/tmp/annotty-test-XXXXXX";

	w->writer = mkstemp(path);
	ck_assert_int_ge(w->writer, 0);
	become_input(open(path, O_RDONLY));
	ck_assert_int_eq(unlink(path), 0);
	return w;
}

/* --- a FIFO ---------------------------------------------------------------------- */

static void *begin_fifo(uv_loop_t *loop)
{
	struct test_scratch scratch;

	test_scratch_init(&scratch);
	const char *path = test_scratch_path(&scratch, "fifo");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	struct world *w = begin_world(loop, path);

	w->scratch = scratch;
	return w;
}

/* A writer comes when the source is there. */
static void feed_fifo(void *user, struct ann_span bytes)
{
	struct world *w = user;

	if (w->writer < 0) {
		w->writer = open(w->endpoint.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		ck_assert_int_ge(w->writer, 0);
	}
	feed(user, bytes);
}

static void end_fifo(void *user)
{
	test_scratch_deinit(&world.scratch);
	end_world(user);
}

static const struct test_source_kind kinds[] = {
	{"a pipe", begin_pipe, make, feed, finish, NULL, end_world, false, false,
		false},
	{"a socket", begin_socket, make, feed, finish, NULL, end_world, false, false,
		false},
	{"a terminal", begin_terminal, make, feed, finish_terminal, NULL, end_world,
		false, false, false},
	{"a file", begin_stored, make, feed, finish, NULL, end_world, true, false,
		false},
	{"a FIFO", begin_fifo, make, feed_fifo, finish, NULL, end_fifo, false, false,
		false},
};

/* --- what is of this kind only --------------------------------------------------- */

static uv_loop_t loop;
static struct test_watcher watcher;

static void open_source(struct world *w)
{
	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ck_assert_int_eq(
		make(w, &watcher.source, &test_watcher_events, &watcher, NULL), ANN_OK);
	test_watcher_start(&watcher);
}

START_TEST(standard_input_stays_blocking_for_those_who_share_it)
{
	test_loop_init(&loop);
	struct world *w = begin_pipe(&loop);

	open_source(w);
	feed(w, ann_span("hello\n"));
	test_watcher_await_bytes(&watcher, ann_span("hello\n"));
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
	test_watcher_close(&watcher);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(nothing_as_standard_input_is_an_end)
{
	test_loop_init(&loop);
	struct world *w = begin_world(&loop, "-");

	become_input(open("/dev/null", O_RDONLY));
	open_source(w);
	test_watcher_await_end(&watcher);
	ck_assert(!watcher.has_failed);
	test_watcher_close(&watcher);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_directory_as_standard_input_is_an_error)
{
	struct ann_error err = {0};

	test_loop_init(&loop);
	struct world *w = begin_world(&loop, "-");

	become_input(open("/", O_RDONLY));
	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ck_assert_int_eq(
		make(w, &watcher.source, &test_watcher_events, &watcher, &err), ANN_OK);
	ck_assert_int_eq(ann_source_start(watcher.source, &err), ANN_ESYS);
	ck_assert_str_eq(err.text, "standard input: Is a directory");
	test_watcher_close(&watcher);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_fifo_is_awaited_and_ends_with_its_writer)
{
	test_loop_init(&loop);
	struct world *w = begin_fifo(&loop);

	open_source(w);
	test_loop_settle(&loop);
	ck_assert_uint_eq(watcher.ends, 0);
	feed_fifo(w, ann_span("one\n"));
	finish(w);
	test_watcher_await_end(&watcher);
	test_watcher_expect(&watcher, ann_span("one\n"));
	test_watcher_close(&watcher);
	end_fifo(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_followed_fifo_outlives_its_writers)
{
	char expected[256] = "";

	test_loop_init(&loop);
	struct world *w = begin_fifo(&loop);

	w->context.follow = true;
	open_source(w);
	for (int i = 0; i < 20; i++) {
		char line[16];

		snprintf(line, sizeof(line), "line %d\n", i);
		strcat(expected, line);
		feed_fifo(w, ann_span(line));
		finish(w);
		if (i % 3 != 0) { /* else the next one comes before anybody looks */
			test_watcher_await_bytes(&watcher, ann_span(expected));
			test_loop_settle(&loop);
		}
	}
	test_watcher_await_bytes(&watcher, ann_span(expected));
	ck_assert_uint_eq(watcher.ends, 0);
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1);
	test_watcher_close(&watcher);
	end_fifo(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_terminal_as_standard_input_is_read_until_its_end_character)
{
	test_loop_init(&loop);
	struct world *w = begin_terminal(&loop);

	open_source(w);
	feed(w, ann_span("typed\n"));
	test_watcher_await_bytes(&watcher, ann_span("typed\n"));
	feed(w, ann_span("\4"));
	test_watcher_await_end(&watcher);
	ck_assert(!watcher.has_failed);
	test_watcher_close(&watcher);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(what_never_ends_leaves_the_loop_its_turns)
{
	test_loop_init(&loop);
	struct world *w = begin_world(&loop, "/dev/zero");

	open_source(w);
	while (watcher.calls < 3) {
		unsigned before = watcher.calls;

		watcher.len = 0; /* there is room for one read */
		uv_run(&loop, UV_RUN_NOWAIT);
		ck_assert_uint_le(watcher.calls - before, 1);
	}
	test_watcher_close(&watcher);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	test_add(suite, standard_input_stays_blocking_for_those_who_share_it);
	test_add(suite, nothing_as_standard_input_is_an_end);
	test_add(suite, a_directory_as_standard_input_is_an_error);
	test_add(suite, a_fifo_is_awaited_and_ends_with_its_writer);
	test_add(suite, a_followed_fifo_outlives_its_writers);
	test_add(suite, a_terminal_as_standard_input_is_read_until_its_end_character);
	test_add(suite, what_never_ends_leaves_the_loop_its_turns);
}
