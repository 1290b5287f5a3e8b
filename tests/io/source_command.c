/* Commands on a terminal of their own, with and without a user at another one. */
#include "io/source/sources.h"

#include "annotty/buf.h"
#include "conformance_source.h"
#include "loop.h"
#include "scratch.h"
#include "suite.h"
#include "watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static uv_loop_t loop;
static struct test_watcher watcher;

/* sh -c SCRIPT ARGUMENT. Nobody writes to these strings. */
static char *const *shell(const char *script, const char *argument)
{
	static char *argv[5];

	argv[0] = (char *)"sh";
	argv[1] = (char *)"-c";
	argv[2] = (char *)script;
	argv[3] = (char *)argument;
	return argv;
}

/* --- what every source does ------------------------------------------------------ */

struct world {
	uv_loop_t *loop;
	int writer; /* of standard input; -1: closed */
	int original;
};

static void *begin(uv_loop_t *of)
{
	static struct world world;
	int ends[2];

	world = (struct world){.loop = of, .original = dup(STDIN_FILENO)};
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	world.writer = ends[1];
	return &world;
}

static enum ann_err make(void *user, struct ann_source **source,
	const struct ann_source_events *events, void *events_user,
	struct ann_error *err)
{
	return ann_source_command_new(source, ((struct world *)user)->loop,
		shell("stty -opost </dev/tty; exec cat", NULL), events, events_user,
		err);
}

static void feed(void *user, struct ann_span bytes)
{
	ck_assert_int_eq(write(((struct world *)user)->writer, bytes.ptr, bytes.len),
		(ssize_t)bytes.len);
}

static void finish(void *user)
{
	struct world *w = user;

	close(w->writer);
	w->writer = -1;
}

static void end(void *user)
{
	struct world *w = user;

	if (w->writer >= 0) {
		close(w->writer);
	}
	ck_assert_int_eq(dup2(w->original, STDIN_FILENO), STDIN_FILENO);
	close(w->original);
}

static const struct test_source_kind kinds[] = {
	{"a command", begin, make, feed, finish, NULL, end, false, false, false},
};

/* --- without a user -------------------------------------------------------------- */

/* A shell with this script, which can use the output as it is. */
static void start_script(const char *script)
{
	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ck_assert_int_eq(
		ann_source_command_new(&watcher.source, &loop, shell(script, NULL),
			&test_watcher_events, &watcher, NULL),
		ANN_OK);
	test_watcher_start(&watcher);
}

static void expect_status(int status)
{
	test_watcher_await_end(&watcher);
	ck_assert(!watcher.has_failed);
	ck_assert_int_eq(ann_source_command_status(watcher.source), status);
	test_watcher_close(&watcher);
}

START_TEST(the_status_is_as_a_shell_says_it)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {{"exit 0", 0}, {"exit 3", 3}, {"kill -9 $$", 137},
		{"kill -TERM $$", 143}, {"exit 255", 255}};

	start_script(cases[_i].script);
	expect_status(cases[_i].status);
}
END_TEST

static void expect_no_start(const char *path, const char *story, int status)
{
	struct ann_source *source = NULL;
	struct ann_error err = {0};
	char *argv[] = {(char *)path, NULL};

	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ck_assert_int_eq(ann_source_command_new(&source, &loop, argv,
				 &test_watcher_events, &watcher, &err),
		ANN_OK);
	watcher.source = source;
	ck_assert_int_eq(ann_source_start(source, &err), ANN_ESYS);
	ck_assert_str_eq(err.text, story);
	ck_assert_int_eq(ann_source_command_status(source), status);
	test_watcher_close(&watcher);
}

START_TEST(what_cannot_be_run_fails_at_the_start)
{
	expect_no_start("/no/such/command",
		"cannot run /no/such/command: No such file or directory", 127);
	expect_no_start(
		"/etc/passwd", "cannot run /etc/passwd: Permission denied", 126);
}
END_TEST

START_TEST(lines_end_as_on_a_console)
{
	start_script("echo one; echo two >&2; test -t 1 && test -t 2");
	expect_status(0);
	test_watcher_expect(&watcher, ann_span("one\r\ntwo\r\n"));
}
END_TEST

/* Counts in place of the watcher, which has no room. */
struct counter {
	struct ann_source *source;
	size_t bytes;
	size_t wrong; /* other than x */
	bool ended;
	bool closed;
};

static void count_bytes(
	void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	struct counter *c = user;

	(void)wall_ns;
	(void)mono_ns;
	c->bytes += bytes.len;
	for (size_t i = 0; i < bytes.len; i++) {
		c->wrong += bytes.ptr[i] != 'x';
	}
}

static void count_event(void *user, const struct ann_event *event)
{
	(void)user;
	(void)event;
}

static void count_end(void *user, const struct ann_error *why)
{
	ck_assert_ptr_null(why);
	((struct counter *)user)->ended = true;
}

static bool has_ended(void *user)
{
	return ((struct counter *)user)->ended;
}

static void count_closed(void *user)
{
	((struct counter *)user)->closed = true;
}

static bool has_closed(void *user)
{
	return ((struct counter *)user)->closed;
}

static const struct ann_source_events counting = {
	.bytes = count_bytes, .event = count_event, .end = count_end};

/* What is printed last is there, also when nobody read while the command lived. */
static void expect_count(const char *count, bool late)
{
	struct counter c = {0};

	ck_assert_int_eq(ann_source_command_new(&c.source, &loop,
				 shell("head -c $0 /dev/zero | tr '\\0' x", count),
				 &counting, &c, NULL),
		ANN_OK);
	if (late) {
		ann_source_pause(c.source);
	}
	ck_assert_int_eq(ann_source_start(c.source, NULL), ANN_OK);
	while (late && ann_source_command_status(c.source) < 0) {
		uv_run(&loop, UV_RUN_ONCE);
	}
	ann_source_resume(c.source);
	test_loop_until(&loop, "the end", has_ended, &c);
	ck_assert_uint_eq(c.bytes, strtoul(count, NULL, 10));
	ck_assert_uint_eq(c.wrong, 0);
	ann_source_close(c.source, count_closed, &c);
	test_loop_until(&loop, "closed", has_closed, &c);
}

START_TEST(all_is_read_when_the_command_has_long_ended)
{
	expect_count("3000000", false);
	expect_count("1", true);
	expect_count("4096", true);
}
END_TEST

START_TEST(what_runs_on_in_the_background_does_not_hold_the_end)
{
	start_script("sleep 1000 & echo done");
	expect_status(0);
	test_watcher_expect(&watcher, ann_span("done\r\n"));
}
END_TEST

START_TEST(what_prints_on_in_the_background_does_not_hold_the_end)
{
	struct counter c = {0};

	ck_assert_int_eq(
		ann_source_command_new(&c.source, &loop,
			shell("yes xxxxxxx & exit 4", NULL), &counting, &c, NULL),
		ANN_OK);
	ck_assert_int_eq(ann_source_start(c.source, NULL), ANN_OK);
	test_loop_until(&loop, "the end", has_ended, &c);
	ck_assert_int_eq(ann_source_command_status(c.source), 4);
	ann_source_close(c.source, count_closed, &c);
	test_loop_until(&loop, "closed", has_closed, &c);
}
END_TEST

START_TEST(a_command_without_its_terminal_open_is_awaited)
{
	start_script("exec >/dev/null 2>&1 </dev/null; sleep 0.2; exit 6");
	expect_status(6);
}
END_TEST

/* Gone, or about to be reaped by whoever inherited it. */
static bool is_gone(void *user)
{
	char path[64];
	char state = 'Z';
	FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%s/stat", (const char *)user);
	file = fopen(path, "r");
	if (file != NULL) {
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
			state = 'Z';
		}
		fclose(file);
	}
	return state == 'Z' || state == 'X';
}

static bool has_line(void *user)
{
	const struct test_watcher *w = user;

	return memchr(w->bytes, '\n', w->len) != NULL;
}

START_TEST(closing_hangs_up)
{
	char pid[16];

	start_script("echo $$; exec sleep 1000");
	test_loop_until(&loop, "a line", has_line, &watcher);
	snprintf(pid, sizeof(pid), "%d", atoi(watcher.bytes));
	ck_assert(!is_gone(pid));
	test_watcher_close(&watcher);
	test_loop_until(&loop, "the command gone", is_gone, pid);
}
END_TEST

START_TEST(signals_to_us_go_to_the_command)
{
	static const struct {
		const char *name;
		int number;
	} cases[] = {
		{"TERM", SIGTERM}, {"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}};
	char script[128];

	snprintf(script, sizeof(script),
		"trap 'exit 5' %s; echo ready; while :; do sleep 0.05; done",
		cases[_i].name);
	start_script(script);
	test_watcher_await_bytes(&watcher, ann_span("ready\r\n"));
	ck_assert_int_eq(kill(getpid(), cases[_i].number), 0);
	expect_status(5);
}
END_TEST

START_TEST(nothing_of_ours_is_open_in_the_command)
{
	struct world *w = begin(&loop);

	start_script("ls /proc/self/fd | tr '\\n' ' '; cat");
	finish(w);
	expect_status(0);
	/* The last one is of ls(1) itself. */
	test_watcher_expect(&watcher, ann_span("0 1 2 3 "));
	end(w);
}
END_TEST

START_TEST(what_is_written_to_it_is_typed)
{
	/* The terminal of the command is not its standard input here. */
	start_script("read line </dev/tty; echo got $line");
	ck_assert(ann_source_write(watcher.source, ann_span("keys\r")));
	expect_status(0);
	test_watcher_expect(&watcher, ann_span("keys\r\ngot keys\r\n"));
}
END_TEST

START_TEST(more_than_fits_is_not_typed)
{
	static char keys[16 * 1024];
	unsigned taken = 0;

	memset(keys, 'k', sizeof(keys));
	start_script("exec sleep 1000");
	while (taken < 100 && ann_source_write(watcher.source,
				      (struct ann_span){keys, sizeof(keys)})) {
		taken++;
	}
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_lt(taken, 100);
	test_watcher_close(&watcher);
}
END_TEST

/* --- with a user ----------------------------------------------------------------- */

/* What annotty does, at its smallest. */
static void print(void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	(void)user;
	(void)wall_ns;
	(void)mono_ns;
	(void)!write(STDOUT_FILENO, bytes.ptr, bytes.len);
}

static int status_at_end;

static void stop(void *user, const struct ann_error *why)
{
	struct ann_source **source = user;

	(void)why;
	status_at_end = ann_source_command_status(*source);
	ann_source_close(*source, NULL, NULL);
}

static _Noreturn void be_annotty(const char *script)
{
	static const struct ann_source_events printing = {
		.bytes = print, .event = count_event, .end = stop};
	static struct ann_source *source;

	if (uv_loop_init(&loop) != 0 ||
		ann_source_command_new(&source, &loop, shell(script, NULL), &printing,
			&source, NULL) != ANN_OK ||
		ann_source_start(source, NULL) != ANN_OK) {
		_exit(99);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	_exit(uv_loop_close(&loop) == 0 ? status_at_end : 98);
}

/* As much of a shell as job control needs. */
static _Noreturn void be_shell(const char *script)
{
	pid_t job = fork();
	int status = 0;

	signal(SIGTTOU, SIG_IGN);
	if (job == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		be_annotty(script);
	}
	setpgid(job, job);
	tcsetpgrp(STDIN_FILENO, job);
	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		char line[8];

		tcsetpgrp(STDIN_FILENO, getpgrp());
		printf("Stopped\n");
		fflush(stdout);
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0) {
			_exit(97);
		}
		tcsetpgrp(STDIN_FILENO, job);
		kill(-job, SIGCONT);
	}
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* The user's terminal, and who runs there. */
static struct {
	int keys;
	pid_t shell;
	struct ann_buf screen;
	struct termios before;
} desk;

static void sit_down(const char *script)
{
	struct winsize size = {.ws_row = 33, .ws_col = 77};

	memset(&desk, 0, sizeof(desk));
	desk.shell = forkpty(&desk.keys, NULL, NULL, &size);
	ck_assert_int_ge(desk.shell, 0);
	if (desk.shell == 0) {
		be_shell(script);
	}
	ck_assert_int_eq(tcgetattr(desk.keys, &desk.before), 0);
}

static void press(const char *keys)
{
	ck_assert_int_eq(write(desk.keys, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Everything up to `text` has been seen on the screen; it is wiped then. */
static void see(const char *text)
{
	struct pollfd wait = {.fd = desk.keys, .events = POLLIN};

	for (;;) {
		const char *all = desk.screen.ptr;
		const char *found = desk.screen.len == 0 ? NULL
							 : memmem(all, desk.screen.len,
								   text, strlen(text));

		if (found != NULL) {
			break;
		}
		ck_assert_msg(
			poll(&wait, 1, 20000) == 1, "waited in vain for: %s", text);
		char *room = ann_buf_reserve(&desk.screen, 4096);
		ssize_t got = read(desk.keys, room, 4096);

		ck_assert_msg(got > 0, "\"%s\" is not on the screen: %.*s", text,
			ANN_SPAN_ARG(ann_buf_all(&desk.screen)));
		desk.screen.len += (size_t)got;
	}
	ann_buf_clear(&desk.screen);
}

static bool is_raw(void)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(desk.keys, &now), 0);
	return (now.c_lflag & ICANON) == 0;
}

static void expect_modes_of_before(void)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(desk.keys, &now), 0);
	ck_assert_uint_eq(now.c_lflag, desk.before.c_lflag);
	ck_assert_uint_eq(now.c_iflag, desk.before.c_iflag);
	ck_assert_uint_eq(now.c_oflag, desk.before.c_oflag);
}

/* The shell ends with `status`, and has its terminal back. */
static void stand_up(int expected)
{
	struct pollfd wait = {.fd = desk.keys, .events = 0};
	int status = 0;

	ck_assert_int_eq(poll(&wait, 1, 20000), 1); /* it hung up */
	ck_assert_int_eq(waitpid(desk.shell, &status, 0), desk.shell);
	ck_assert_int_eq(WEXITSTATUS(status), expected);
	expect_modes_of_before();
	close(desk.keys);
	ann_buf_deinit(&desk.screen);
}

START_TEST(keys_go_to_the_command_and_are_echoed_once)
{
	sit_down("echo ready; read line; echo got $line; exit 7");
	see("ready\r\n");
	ck_assert(is_raw());
	press("abc\r");
	see("abc\r\ngot abc\r\n");
	stand_up(7);
}
END_TEST

START_TEST(control_c_is_a_key_of_the_commands_terminal)
{
	sit_down("trap 'echo int; exit 9' INT; echo ready; "
		 "while :; do sleep 0.05; done");
	see("ready\r\n");
	press("\3");
	see("int\r\n");
	stand_up(9);
}
END_TEST

START_TEST(control_d_ends_the_input_of_the_command)
{
	sit_down("echo ready; cat; exit 2");
	see("ready\r\n");
	press("x\r\4");
	see("x\r\nx\r\n");
	stand_up(2);
}
END_TEST

START_TEST(the_command_has_the_size_of_the_users_terminal)
{
	struct winsize size = {.ws_row = 10, .ws_col = 44};

	sit_down("stty size; trap 'stty size; exit 0' WINCH; echo ready; "
		 "while :; do sleep 0.05; done");
	see("33 77\r\nready\r\n");
	ck_assert_int_eq(ioctl(desk.keys, TIOCSWINSZ, &size), 0);
	see("10 44\r\n");
	stand_up(0);
}
END_TEST

START_TEST(control_z_stops_the_command_and_us_behind_its_last_words)
{
	sit_down("exec perl -e '$| = 1; "
		 "$SIG{TSTP} = sub { print qq(bye\\n); kill STOP => $$ }; "
		 "print qq(ready\\n); <STDIN>; print qq(on again\\n); exit 3'");
	see("ready\r\n");
	press("\x1a");
	see("bye\r\nStopped\r\n");
	expect_modes_of_before();
	press("fg\r"); /* for the shell */
	while (!is_raw()) {
		(void)poll(NULL, 0, 10);
	}
	press("\r");
	see("on again\r\n");
	stand_up(3);
}
END_TEST

START_TEST(job_control_inside_the_command_is_its_own)
{
	sit_down("exec bash --norc -i");
	press("PS1=; echo rea''dy\r");
	see("ready\r\n");
	press("sh -c \"echo run''ning; exec sleep 1000\"\r");
	see("running\r\n");
	press("\x1a");
	see("Stopped");
	ck_assert(is_raw());
	press("kill -9 %1; exec sh -c 'exit 8'\r");
	stand_up(8);
}
END_TEST

static pid_t annotty_pid(void)
{
	return tcgetpgrp(desk.keys);
}

START_TEST(the_terminal_gets_its_modes_back_when_we_crash)
{
	static const int numbers[] = {SIGSEGV, SIGABRT, SIGFPE};

	sit_down("echo ready; exec sleep 1000");
	see("ready\r\n");
	ck_assert(is_raw());
	ck_assert_int_eq(kill(annotty_pid(), numbers[_i]), 0);
	struct pollfd wait = {.fd = desk.keys, .events = 0};
	int status = 0;

	ck_assert_int_eq(poll(&wait, 1, 20000), 1);
	ck_assert_int_eq(waitpid(desk.shell, &status, 0), desk.shell);
	ck_assert_int_ne(WEXITSTATUS(status), 0);
	expect_modes_of_before();
	close(desk.keys);
	ann_buf_deinit(&desk.screen);
}
END_TEST

static void set_up(void)
{
	test_loop_init(&loop);
}

static void tear_down(void)
{
	test_loop_deinit(&loop);
}

static void add(Suite *suite, const TTest *test, int times)
{
	TCase *one = tcase_create(test->name);

	tcase_set_timeout(one, 60);
	tcase_add_checked_fixture(one, set_up, tear_down);
	tcase_add_loop_test(one, test, 0, times);
	suite_add_tcase(suite, one);
}

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	add(suite, the_status_is_as_a_shell_says_it, 5);
	add(suite, what_cannot_be_run_fails_at_the_start, 1);
	add(suite, lines_end_as_on_a_console, 1);
	add(suite, all_is_read_when_the_command_has_long_ended, 1);
	add(suite, what_runs_on_in_the_background_does_not_hold_the_end, 1);
	add(suite, what_prints_on_in_the_background_does_not_hold_the_end, 1);
	add(suite, a_command_without_its_terminal_open_is_awaited, 1);
	add(suite, closing_hangs_up, 1);
	add(suite, signals_to_us_go_to_the_command, 4);
	add(suite, nothing_of_ours_is_open_in_the_command, 1);
	add(suite, what_is_written_to_it_is_typed, 1);
	add(suite, more_than_fits_is_not_typed, 1);
	test_add(suite, keys_go_to_the_command_and_are_echoed_once);
	test_add(suite, control_c_is_a_key_of_the_commands_terminal);
	test_add(suite, control_d_ends_the_input_of_the_command);
	test_add(suite, the_command_has_the_size_of_the_users_terminal);
	test_add(suite, control_z_stops_the_command_and_us_behind_its_last_words);
	test_add(suite, job_control_inside_the_command_is_its_own);
	test_add_loop(suite, the_terminal_gets_its_modes_back_when_we_crash, 3);
}
