/* The life of a port, on pseudo-terminals behind a link that stands for the plug. */
#include "io/source/sources.h"

#include "conformance_source.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/port/port.h"
#include "loop.h"
#include "scratch.h"
#include "suite.h"
#include "watcher.h"

#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The counters of the driver, which pseudo-terminals do not have; see CMakeLists.txt.
 */
enum ann_err __real_ann_port_counters(const struct ann_port *port,
	struct ann_port_counters *counters, struct ann_error *err);
enum ann_err __wrap_ann_port_counters(const struct ann_port *port,
	struct ann_port_counters *counters, struct ann_error *err);

static struct ann_port_counters fake_counters;
static bool has_fake_counters;
static unsigned times_counted;

enum ann_err __wrap_ann_port_counters(const struct ann_port *port,
	struct ann_port_counters *counters, struct ann_error *err)
{
	times_counted++;
	if (!has_fake_counters) {
		return __real_ann_port_counters(port, counters, err);
	}
	*counters = fake_counters;
	return ANN_OK;
}

/* --- the bench ------------------------------------------------------------------- */

static struct bench {
	uv_loop_t *loop;
	struct test_scratch scratch;
	struct ann_endpoint endpoint;
	struct ann_source_context context;
	struct test_watcher watcher;
	int device; /* the device's end; -1: unplugged */
	unsigned notices;
	char notice[1024];
} bench;

static uv_loop_t loop;

static void on_log(void *user, enum ann_log_level level, const char *text)
{
	struct bench *b = user;

	if (level > ANN_LOG_NOTICE) {
		return;
	}
	b->notices++;
	snprintf(b->notice, sizeof(b->notice), "%s", text);
}

static void *begin_named(uv_loop_t *of, const char *name)
{
	struct bench *b = &bench;

	memset(b, 0, sizeof(*b));
	b->loop = of;
	b->device = -1;
	b->context = (struct ann_source_context){.loop = of, .fd = -1};
	test_scratch_init(&b->scratch);
	ck_assert_int_eq(chmod(b->scratch.path, 0755), 0);
	ck_assert_int_eq(ann_endpoint_init(&b->endpoint, NULL,
				 test_scratch_path(&b->scratch, name), NULL, NULL),
		ANN_OK);
	b->watcher.loop = of;
	ann_log_capture(on_log, b);
	return b;
}

/* The device comes: a pseudo-terminal, and the name that leads to it. */
static void plug(struct bench *b)
{
	struct termios raw;
	char path[64];
	int slave = -1;

	ck_assert_int_eq(openpty(&b->device, &slave, path, NULL, NULL), 0);
	ck_assert_int_eq(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &raw), 0);
	close(slave);
	ck_assert_int_eq(symlink(path, b->endpoint.path), 0);
}

static void unplug(struct bench *b)
{
	ck_assert_int_eq(unlink(b->endpoint.path), 0);
	close(b->device);
	b->device = -1;
}

static void say(struct bench *b, const char *text)
{
	ck_assert_int_eq(write(b->device, text, strlen(text)), (ssize_t)strlen(text));
}

static void end(void *user)
{
	struct bench *b = user;

	if (b->device >= 0) {
		unplug(b);
	}
	ann_log_capture(NULL, NULL);
	ann_endpoint_deinit(&b->endpoint);
	test_scratch_deinit(&b->scratch);
}

/* --- what every source does ------------------------------------------------------ */

static enum ann_err make(void *user, struct ann_source **source,
	const struct ann_source_events *events, void *events_user,
	struct ann_error *err)
{
	struct bench *b = user;

	if (b->device < 0) {
		plug(b);
	}
	return ann_source_new(
		source, &b->context, &b->endpoint, events, events_user, err);
}

static void feed(void *user, struct ann_span bytes)
{
	struct bench *b = user;

	ck_assert_int_eq(write(b->device, bytes.ptr, bytes.len), (ssize_t)bytes.len);
}

static void finish(void *user)
{
	unplug(user);
}

static void *begin_port(uv_loop_t *of)
{
	return begin_named(of, "port");
}

static const struct test_source_kind kinds[] = {
	{"a port", begin_port, make, feed, finish, NULL, end, false, true, true},
};

/* --- coming and going ------------------------------------------------------------ */

static struct bench *open_bench(bool plugged)
{
	struct bench *b = NULL;

	test_loop_init(&loop);
	b = begin_named(&loop, "port?baudrate=115200");
	b->context.reconnect = true;
	if (plugged) {
		plug(b);
	}
	ck_assert_int_eq(ann_source_new(&b->watcher.source, &b->context, &b->endpoint,
				 &test_watcher_events, &b->watcher, NULL),
		ANN_OK);
	return b;
}

static struct bench *start_bench(bool plugged)
{
	struct bench *b = open_bench(plugged);

	test_watcher_start(&b->watcher);
	return b;
}

static void expect(struct bench *b, const char *all)
{
	test_watcher_await_bytes(&b->watcher, ann_span(all));
}

static void leave(struct bench *b)
{
	ck_assert_uint_eq(b->watcher.ends, 0);
	test_watcher_close(&b->watcher);
	end(b);
	test_loop_deinit(&loop);
}

START_TEST(a_port_that_is_not_there_is_awaited_and_that_is_said_once)
{
	struct bench *b = start_bench(false);

	test_loop_settle(&loop);
	ck_assert_uint_eq(b->notices, 1);
	ck_assert_ptr_nonnull(strstr(b->notice, "No such file or directory; waiting"));
	test_scratch_append(&b->scratch, "another", ann_span("x"));
	test_loop_settle(&loop);
	ck_assert_uint_eq(b->notices, 1);
	ck_assert(!ann_source_write(b->watcher.source, ann_span("too early")));
	plug(b);
	say(b, "hello\n");
	expect(b, "hello\n");
	ck_assert_uint_eq(b->watcher.connected, 1);
	ck_assert_uint_eq(b->watcher.away_ns, 0);
	leave(b);
}
END_TEST

START_TEST(what_the_device_said_before_the_start_is_read)
{
	struct bench *b = open_bench(true);

	say(b, "boot\n");
	test_watcher_start(&b->watcher);
	expect(b, "boot\n");
	leave(b);
}
END_TEST

/* How long it takes to be taken again, when somebody waits for it already. */
static uint64_t replug(struct bench *b, unsigned round)
{
	uint64_t plugged_ns = 0;

	unplug(b);
	test_watcher_await_disconnected(&b->watcher, round + 1);
	ck_assert_str_eq(b->watcher.reason, "unplugged");
	ck_assert_int_eq(ann_source_fd(b->watcher.source), -1);
	test_loop_settle(&loop);
	plugged_ns = ann_clock_mono_ns();
	plug(b);
	test_watcher_await_connected(&b->watcher, round + 2);
	ck_assert_uint_gt(b->watcher.away_ns, 0);
	return ann_clock_mono_ns() - plugged_ns;
}

START_TEST(an_unplugged_port_is_taken_again_within_200_ms)
{
	enum { ROUNDS = 9, LIMIT_NS = 200000000 };
	struct bench *b = start_bench(true);
	unsigned in_time = 0;
	char all[256] = "";

	for (unsigned round = 0; round < ROUNDS; round++) {
		say(b, "half");
		strcat(all, "half");
		expect(b, all);
		in_time += replug(b, round) < LIMIT_NS;
	}
	/* The slow look alone would be in time once in five; a machine can be busy. */
	ck_assert_uint_gt(in_time, ROUNDS / 2);
	leave(b);
}
END_TEST

START_TEST(a_port_that_is_back_before_anybody_waits_is_taken_again)
{
	struct bench *b = start_bench(true);

	for (unsigned round = 0; round < 4; round++) {
		test_watcher_await_connected(&b->watcher, round + 1);
		unplug(b);
		plug(b);
	}
	say(b, "back\n");
	expect(b, "back\n");
	leave(b);
}
END_TEST

static unsigned open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(directory) != NULL) {
		count++;
	}
	closedir(directory);
	return count;
}

START_TEST(while_it_is_away_nothing_of_it_is_held)
{
	struct bench *b = start_bench(true);
	unsigned before = open_descriptors();

	say(b, "x");
	expect(b, "x");
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1);
	unplug(b);
	test_watcher_await_disconnected(&b->watcher, 1);
	test_loop_settle(&loop);
	/* Without our end of the device and the source's, with inotify. */
	ck_assert_uint_eq(open_descriptors(), before - 1);
	leave(b);
}
END_TEST

START_TEST(without_reconnecting_a_port_that_is_not_there_is_an_error)
{
	struct ann_error err = {0};
	struct bench *b = open_bench(false);

	test_watcher_close(&b->watcher);
	memset(&b->watcher, 0, sizeof(b->watcher));
	b->watcher.loop = &loop;
	b->context.reconnect = false;
	ck_assert_int_eq(ann_source_new(&b->watcher.source, &b->context, &b->endpoint,
				 &test_watcher_events, &b->watcher, NULL),
		ANN_OK);
	ck_assert_int_eq(ann_source_start(b->watcher.source, &err), ANN_ESYS);
	ck_assert_msg(strstr(err.text, "/port: No such file or directory") != NULL,
		"%s", err.text);
	ck_assert_uint_eq(b->notices, 0);
	leave(b);
}
END_TEST

/* --- ports that cannot be opened ------------------------------------------------- */

/* A process that has the port, as tio has it. */
static pid_t occupy(struct bench *b)
{
	int ready[2];
	char byte = 0;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t other = fork();

	if (other == 0) {
		int fd = open(b->endpoint.path, O_RDWR | O_NOCTTY);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 ||
			write(ready[1], "", 1) != 1) {
			_exit(1);
		}
		for (;;) {
			pause();
		}
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return other;
}

static void let_go(pid_t other)
{
	ck_assert_int_eq(kill(other, SIGKILL), 0);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
}

static bool has_connected(void *user)
{
	return ((struct bench *)user)->watcher.connected > 0;
}

START_TEST(a_port_in_use_is_awaited_and_its_user_named_once)
{
	struct bench *b = open_bench(true);
	pid_t other = occupy(b);
	char pid[16];
	uint64_t since = ann_clock_mono_ns();

	snprintf(pid, sizeof(pid), "%d", (int)other);
	test_watcher_start(&b->watcher);
	while (ann_clock_mono_ns() - since < 2500000000) {
		uv_run(&loop, UV_RUN_ONCE);
	}
	ck_assert_uint_eq(b->watcher.connected, 0);
	ck_assert_uint_eq(b->notices, 1);
	ck_assert_msg(strstr(b->notice, pid) != NULL, "%s", b->notice);
	let_go(other);
	test_loop_until(&loop, "the port", has_connected, b);
	leave(b);
}
END_TEST

START_TEST(permissions_that_come_a_moment_later_are_awaited)
{
	struct bench *b = start_bench(false);
	char target[64] = "";

	if (geteuid() == 0) {
		plug(b);
		ck_assert_int_gt(
			readlink(b->endpoint.path, target, sizeof(target) - 1), 0);
		ck_assert_int_eq(chmod(target, 0600), 0);
		ck_assert_int_eq(seteuid(65534), 0);
		test_loop_settle(&loop);
		ck_assert_uint_eq(b->watcher.connected, 0);
		ck_assert_uint_eq(b->notices, 1); /* that it is not there */
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_eq(chmod(target, 0666), 0);
		ck_assert_int_eq(seteuid(65534), 0);
		test_loop_until(&loop, "the port", has_connected, b);
		ck_assert_int_eq(seteuid(0), 0);
	}
	leave(b);
}
END_TEST

START_TEST(what_is_no_terminal_is_refused)
{
	struct ann_error err = {0};
	struct bench *b = open_bench(false);

	test_scratch_append(&b->scratch, "port", ann_span("no terminal"));
	ck_assert_int_eq(ann_source_start(b->watcher.source, &err), ANN_ECONFIG);
	leave(b);
}
END_TEST

START_TEST(settings_are_applied_and_mistakes_told)
{
	struct ann_endpoint wrong = {0};
	struct ann_source *source = NULL;
	struct ann_error err = {0};
	struct termios modes;

	test_loop_init(&loop);
	struct bench *b =
		begin_named(&loop, "port?baudrate=9600&parity=even&stopbits=2");

	ck_assert_int_eq(
		make(b, &b->watcher.source, &test_watcher_events, &b->watcher, NULL),
		ANN_OK);
	test_watcher_start(&b->watcher);
	ck_assert_int_eq(tcgetattr(b->device, &modes), 0);
	ck_assert_uint_eq(cfgetospeed(&modes), B9600);
	ck_assert_uint_ne(modes.c_cflag & CSTOPB, 0);
	ck_assert_int_eq(
		ann_endpoint_init(&wrong, NULL, "/dev/ttyNONE?parity=evn", NULL, NULL),
		ANN_OK);
	ck_assert_int_eq(ann_source_new(&source, &b->context, &wrong, NULL, NULL, &err),
		ANN_ECONFIG);
	ck_assert_msg(
		strstr(err.text, "expected none, odd, even") != NULL, "%s", err.text);
	ann_endpoint_deinit(&wrong);
	leave(b);
}
END_TEST

/* --- descriptors of an earlier run ----------------------------------------------- */

START_TEST(a_descriptor_is_taken_over)
{
	struct bench *b = open_bench(true);
	int fd = open(b->endpoint.path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	test_watcher_close(&b->watcher);
	memset(&b->watcher, 0, sizeof(b->watcher));
	b->watcher.loop = &loop;
	if (_i == 1) { /* its device has been replaced since */
		unplug(b);
		plug(b);
	}
	b->context.fd = fd;
	ck_assert_int_eq(ann_source_new(&b->watcher.source, &b->context, &b->endpoint,
				 &test_watcher_events, &b->watcher, NULL),
		ANN_OK);
	say(b, "while nobody was there\n");
	test_watcher_start(&b->watcher);
	expect(b, "while nobody was there\n");
	ck_assert(_i == 1 || ann_source_fd(b->watcher.source) == fd);
	ck_assert(_i == 1 || fcntl(fd, F_GETFD) >= 0);
	leave(b);
}
END_TEST

/* --- bytes ----------------------------------------------------------------------- */

START_TEST(bytes_that_drip_come_one_by_one)
{
	static const char text[] = "status = 0x11B\r\n";
	struct bench *b = start_bench(true);

	for (size_t i = 0; text[i] != '\0'; i++) {
		feed(b, (struct ann_span){&text[i], 1});
		test_watcher_await_bytes(&b->watcher, (struct ann_span){text, i + 1});
	}
	ck_assert_uint_eq(b->watcher.calls, strlen(text));
	leave(b);
}
END_TEST

/* Numbered lines, checked as they come. */
struct flood {
	struct ann_source *source;
	unsigned line;
	char half[11];
	size_t len;
	bool closed;
};

static void on_flood(
	void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	struct flood *f = user;

	(void)wall_ns;
	(void)mono_ns;
	for (size_t i = 0; i < bytes.len; i++) {
		f->half[f->len++] = bytes.ptr[i];
		if (f->len == sizeof(f->half)) {
			char wanted[sizeof(f->half) + 1];

			/* An assertion writes to a pipe: only if there is need. */
			snprintf(wanted, sizeof(wanted), "%010u\n", f->line++);
			if (memcmp(f->half, wanted, sizeof(f->half)) != 0) {
				ck_abort_msg("not line %s", wanted);
			}
			f->len = 0;
		}
	}
}

static void on_flood_event(void *user, const struct ann_event *event)
{
	(void)user;
	ck_assert_int_eq(event->kind, ANN_EVENT_CONNECTED);
}

static void on_flood_end(void *user, const struct ann_error *why)
{
	(void)user;
	ck_abort_msg("%s", why->text);
}

static void on_flood_closed(void *user)
{
	((struct flood *)user)->closed = true;
}

static bool is_closed(void *user)
{
	return ((struct flood *)user)->closed;
}

enum { FLOOD_LINES = 300000 }; /* of eleven bytes */

static bool is_over(void *user)
{
	return ((struct flood *)user)->line == FLOOD_LINES;
}

static _Noreturn void write_flood(int fd)
{
	FILE *out = fdopen(fd, "w");

	for (unsigned i = 0; i < FLOOD_LINES; i++) {
		if (fprintf(out, "%010u\n", i) < 0) {
			_exit(1);
		}
	}
	_exit(fclose(out) == 0 ? 0 : 1);
}

START_TEST(a_flood_loses_nothing)
{
	static const struct ann_source_events events = {
		.bytes = on_flood, .event = on_flood_event, .end = on_flood_end};
	struct flood f = {0};

	test_loop_init(&loop);
	struct bench *b = begin_named(&loop, "port?baudrate=3000000");

	plug(b);
	ck_assert_int_eq(
		ann_source_new(&f.source, &b->context, &b->endpoint, &events, &f, NULL),
		ANN_OK);
	ck_assert_int_eq(ann_source_start(f.source, NULL), ANN_OK);
	pid_t writer = fork();

	if (writer == 0) {
		write_flood(b->device);
	}
	test_loop_until(&loop, "all lines", is_over, &f);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	ann_source_close(f.source, on_flood_closed, &f);
	test_loop_until(&loop, "closed", is_closed, &f);
	end(b);
	test_loop_deinit(&loop);
}
END_TEST

static bool has_been_told(void *user)
{
	char bytes[64];
	const struct bench *b = user;

	return read(b->device, bytes, sizeof(bytes)) == 5 &&
	       memcmp(bytes, "reset", 5) == 0;
}

/* --- among talkers ------------------------------------------------------------------
 */

static struct ann_talkers talkers;
static struct ann_talker others[20];

static struct bench *start_among_talkers(void)
{
	struct bench *b = NULL;

	memset(&talkers, 0, sizeof(talkers));
	memset(others, 0, sizeof(others));
	test_loop_init(&loop);
	b = begin_named(&loop, "port?baudrate=115200");
	b->context.reconnect = true;
	b->context.talkers = &talkers;
	plug(b);
	ck_assert_int_eq(ann_source_new(&b->watcher.source, &b->context, &b->endpoint,
				 &test_watcher_events, &b->watcher, NULL),
		ANN_OK);
	test_watcher_start(&b->watcher);
	test_watcher_await_connected(&b->watcher, 1);
	return b;
}

/* Whether the loop waits for the port, which is the last descriptor it has been given.
 */
static bool is_polled(const struct bench *b)
{
	char path[64];
	char line[128];
	char wanted[32];
	bool found = false;
	FILE *info = NULL;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", uv_backend_fd(&loop));
	snprintf(wanted, sizeof(wanted), " %d ", ann_source_fd(b->watcher.source));
	info = fopen(path, "r");
	ck_assert_ptr_nonnull(info);
	while (fgets(line, sizeof(line), info) != NULL) {
		found |= strncmp(line, "tfd:", 4) == 0 && strstr(line, wanted) != NULL;
	}
	fclose(info);
	return found;
}

/* Everybody talks, and the port too. */
static bool has_come_to_rest(void *user)
{
	struct bench *b = user;
	uint64_t now = ann_clock_mono_ns();

	for (size_t i = 0; i < ANN_LEN(others); i++) {
		(void)ann_talkers_note(&talkers, &others[i], now);
	}
	say(b, ".");
	usleep(1000);
	return !is_polled(b);
}

static bool is_polled_again(void *user)
{
	return is_polled(user);
}

static void come_to_rest(struct bench *b)
{
	ck_assert(is_polled(b));
	test_loop_until(&loop, "the port to rest", has_come_to_rest, b);
}

static bool has_all(void *user)
{
	struct bench *b = user;

	return b->watcher.len > 0 && b->watcher.bytes[b->watcher.len - 1] == '!';
}

START_TEST(one_of_many_rests_and_loses_nothing)
{
	struct bench *b = start_among_talkers();

	come_to_rest(b);
	say(b, "!");
	test_loop_until(&loop, "the last byte", has_all, b);
	test_loop_until(&loop, "the port to be polled", is_polled_again, b);
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1); /* silence costs nothing */
	say(b, "alone!");
	test_loop_until(&loop, "the last byte", has_all, b);
	leave(b);
}
END_TEST

START_TEST(one_that_rests_can_be_unplugged_paused_and_closed)
{
	struct bench *b = start_among_talkers();

	come_to_rest(b);
	unplug(b);
	test_watcher_await_disconnected(&b->watcher, 1);
	plug(b);
	test_watcher_await_connected(&b->watcher, 2);
	test_loop_until(&loop, "the port to be polled", is_polled_again, b);
	come_to_rest(b);
	test_watcher_pause(&b->watcher);
	say(b, "!");
	test_loop_settle(&loop);
	test_watcher_resume(&b->watcher);
	test_loop_until(&loop, "the last byte", has_all, b);
	test_loop_until(&loop, "the port to be polled", is_polled_again, b);
	come_to_rest(b);
	leave(b);
}
END_TEST

START_TEST(keys_go_to_the_device)
{
	struct bench *b = start_bench(true);

	test_watcher_await_connected(&b->watcher, 1);
	ck_assert_int_eq(fcntl(b->device, F_SETFL, O_NONBLOCK), 0);
	ck_assert(ann_source_write(b->watcher.source, ann_span("reset")));
	test_loop_until(&loop, "the keys", has_been_told, b);
	leave(b);
}
END_TEST

START_TEST(keys_for_a_device_that_takes_none_are_bounded)
{
	static char keys[16 * 1024];
	struct bench *b = start_bench(true);
	unsigned taken = 0;

	test_watcher_await_connected(&b->watcher, 1);
	while (taken < 100 && ann_source_write(b->watcher.source,
				      (struct ann_span){keys, sizeof(keys)})) {
		taken++;
	}
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_lt(taken, 100);
	unplug(b);
	test_watcher_await_disconnected(&b->watcher, 1);
	ck_assert(!ann_source_write(b->watcher.source, ann_span("x")));
	leave(b);
}
END_TEST

/* --- counters -------------------------------------------------------------------- */

START_TEST(overruns_are_gaps_before_the_next_bytes)
{
	struct ann_source_stats stats;

	has_fake_counters = true;
	fake_counters = (struct ann_port_counters){.overrun = 7, .framing = 3};
	struct bench *b = start_bench(true);

	say(b, "one\n");
	expect(b, "one\n");
	fake_counters.overrun = 9;
	fake_counters.buffer_overrun = 3;
	fake_counters.framing = 4;
	fake_counters.breaks = 1;
	say(b, "two\n");
	expect(b, "one\ntwo\n");
	usleep(1000000); /* they are looked at once a second */
	unsigned before = times_counted;

	test_loop_settle(&loop);
	ck_assert_uint_eq(times_counted, before); /* silence costs nothing */
	say(b, "three\n");
	expect(b, "one\ntwo\nthree\n");
	ck_assert_uint_eq(b->watcher.gaps, 1);
	ck_assert_str_eq(b->watcher.reason, "overrun");
	ann_source_stats(b->watcher.source, &stats);
	ck_assert_uint_eq(stats.overruns, 5);
	ck_assert_uint_eq(stats.framing_errors, 1);
	ck_assert_uint_eq(stats.breaks, 1);
	ck_assert_uint_eq(stats.parity_errors, 0);
	leave(b);
}
END_TEST

START_TEST(overruns_just_before_the_plug_is_drawn_are_told)
{
	struct ann_source_stats stats;

	has_fake_counters = true;
	fake_counters = (struct ann_port_counters){0};
	struct bench *b = start_bench(true);

	say(b, "one\n");
	expect(b, "one\n");
	fake_counters.overrun = 1;
	unplug(b);
	test_watcher_await_disconnected(&b->watcher, 1);
	ck_assert_uint_eq(b->watcher.gaps, 1);
	ann_source_stats(b->watcher.source, &stats);
	ck_assert(!stats.connected);
	ck_assert_uint_eq(stats.overruns, 1);
	leave(b);
}
END_TEST

/* --- which inputs are ports ------------------------------------------------------ */

START_TEST(ports_are_told_from_files_and_streams)
{
	static const struct {
		const char *spec;
		const struct ann_source_driver *driver;
	} cases[] = {
		{"-", &ann_source_standard},
		{"/dev/null", &ann_source_standard},
		{"/etc/passwd", &ann_source_file},
		{"/etc", &ann_source_file},
		{"/no/such/file", &ann_source_file},
		{"/no/such/file?baudrate=9600", &ann_source_port},
		{"/dev/ttyNONE", &ann_source_port},
		{"/dev/serial/by-id/usb-none", &ann_source_port},
		{"/dev/tty", &ann_source_port},
		{"tcp://host:1", NULL},
		{"unix:/dev/ttyNONE", NULL},
	};
	static const struct ann_source_driver *const drivers[] = {
		&ann_source_standard, &ann_source_port, &ann_source_file};

	for (size_t i = 0; i < ANN_LEN(cases); i++) {
		const struct ann_source_driver *found = NULL;
		struct ann_endpoint endpoint;

		ck_assert_int_eq(
			ann_endpoint_init(&endpoint, NULL, cases[i].spec, NULL, NULL),
			ANN_OK);
		for (size_t at = 0; at < ANN_LEN(drivers) && found == NULL; at++) {
			found = drivers[at]->fits(&endpoint) ? drivers[at] : NULL;
		}
		ck_assert_msg(found == cases[i].driver, "%s", cases[i].spec);
		ann_endpoint_deinit(&endpoint);
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	test_add(suite, a_port_that_is_not_there_is_awaited_and_that_is_said_once);
	test_add(suite, what_the_device_said_before_the_start_is_read);
	test_add(suite, an_unplugged_port_is_taken_again_within_200_ms);
	test_add(suite, a_port_that_is_back_before_anybody_waits_is_taken_again);
	test_add(suite, while_it_is_away_nothing_of_it_is_held);
	test_add(suite, without_reconnecting_a_port_that_is_not_there_is_an_error);
	test_add(suite, a_port_in_use_is_awaited_and_its_user_named_once);
	test_add(suite, permissions_that_come_a_moment_later_are_awaited);
	test_add(suite, what_is_no_terminal_is_refused);
	test_add(suite, settings_are_applied_and_mistakes_told);
	test_add_loop(suite, a_descriptor_is_taken_over, 2);
	test_add(suite, bytes_that_drip_come_one_by_one);
	test_add(suite, a_flood_loses_nothing);
	test_add(suite, one_of_many_rests_and_loses_nothing);
	test_add(suite, one_that_rests_can_be_unplugged_paused_and_closed);
	test_add(suite, keys_go_to_the_device);
	test_add(suite, keys_for_a_device_that_takes_none_are_bounded);
	test_add(suite, overruns_are_gaps_before_the_next_bytes);
	test_add(suite, overruns_just_before_the_plug_is_drawn_are_told);
	test_add(suite, ports_are_told_from_files_and_streams);
}
