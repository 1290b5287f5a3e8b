/* Sources that devices connect to: all that holds for sources, and what is theirs. */
#include "io/source/sources.h"

#include "io/log.h"

#include "conformance_source.h"
#include "loop.h"
#include "net.h"
#include "suite.h"
#include "watcher.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct ann_span hello = {"hello\n", 6};

/* --- the world: devices that connect ------------------------------------------------
 */

struct world {
	uv_loop_t *loop;
	char directory[32];
	char path[64];
	unsigned port; /* 0: it is the path */
	int fd;        /* listens already, to be taken over; -1: none */
	int device;    /* -1: has not connected */
	struct ann_endpoint endpoint;
};

static struct world *new_world(uv_loop_t *loop)
{
	struct world *w = calloc(1, sizeof(*w));

	*w = (struct world){.loop = loop, .fd = -1, .device = -1};
	strcpy(w->directory, "/tmp/annotty-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w->directory));
	snprintf(w->path, sizeof(w->path), "%s/socket", w->directory);
	return w;
}

static void set_endpoint(struct world *w, const char *spec)
{
	struct ann_error err = {0};

	ck_assert_msg(ann_endpoint_init(&w->endpoint, NULL, spec, NULL, &err) == ANN_OK,
		"%s", err.text);
}

static void *begin_adopted(uv_loop_t *loop)
{
	struct world *w = new_world(loop);

	w->fd = test_net_listen_tcp(&w->port);
	set_endpoint(w, "tcp-listen://4000");
	return w;
}

static struct world *begin_path(uv_loop_t *loop, const char *settings)
{
	struct world *w = new_world(loop);
	char spec[256];

	snprintf(spec, sizeof(spec), "unix-listen:%s%s", w->path, settings);
	set_endpoint(w, spec);
	return w;
}

static void *begin_unix(uv_loop_t *loop)
{
	return begin_path(loop, "");
}

static enum ann_err make(struct world *w, bool reconnect, struct ann_source **source,
	const struct ann_source_events *events, void *user, struct ann_error *err)
{
	const struct ann_source_context context = {
		.loop = w->loop, .reconnect = reconnect, .fd = w->fd};
	enum ann_err failed =
		ann_source_new(source, &context, &w->endpoint, events, user, err);

	w->fd = failed == ANN_OK ? -1 : w->fd;
	return failed;
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

static int new_device(const struct world *w)
{
	return w->port != 0 ? test_net_connect_tcp(w->port)
			    : test_net_connect_unix(w->path);
}

static void feed(void *user, struct ann_span bytes)
{
	struct world *w = user;

	if (w->device < 0) {
		w->device = new_device(w);
	}
	test_net_say(w->device, bytes);
}

static void finish(void *user)
{
	struct world *w = user;

	if (w->device >= 0) {
		close(w->device);
		w->device = -1;
	}
}

static void end(void *user)
{
	struct world *w = user;

	finish(w);
	if (w->fd >= 0) {
		close(w->fd);
	}
	/* The source takes its path away again. */
	ck_assert_int_eq(rmdir(w->directory), 0);
	ann_endpoint_deinit(&w->endpoint);
	free(w);
}

static const struct test_source_kind kinds[] = {
	{.name = "tcp-listen",
		.begin = begin_adopted,
		.make = make_once,
		.feed = feed,
		.finish = finish,
		.break_off = break_off,
		.end = end,
		.connects = true},
	{.name = "unix-listen",
		.begin = begin_unix,
		.make = make_once,
		.feed = feed,
		.finish = finish,
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

static void open_loop(void)
{
	test_loop_init(&loop);
	memset(&watcher, 0, sizeof(watcher));
	watcher.loop = &loop;
	ann_log_start(ANN_LOG_INFO);
	ann_log_capture(take_log, NULL);
}

static void make_source(struct world *w, bool reconnect)
{
	struct ann_error err = {0};

	ck_assert_msg(make(w, reconnect, &watcher.source, &test_watcher_events,
			      &watcher, &err) == ANN_OK,
		"%s", err.text);
}

static struct world *start(struct world *w)
{
	make_source(w, true);
	test_watcher_start(&watcher);
	return w;
}

static void close_world(struct world *w)
{
	test_watcher_close(&watcher);
	end(w);
	test_loop_deinit(&loop);
	ann_log_capture(NULL, NULL);
}

/* It cannot start; the story has these words. */
static void expect_refusal(struct world *w, enum ann_err code, const char *words)
{
	struct ann_error err = {0};

	make_source(w, true);
	ck_assert_int_eq(ann_source_start(watcher.source, &err), code);
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
	close_world(w);
}

/* --- devices ---------------------------------------------------------------------- */

START_TEST(devices_come_and_go)
{
	struct world *w = NULL;

	open_loop();
	w = start(kinds[_i].begin(&loop));
	for (unsigned i = 1; i <= 3; i++) {
		feed(w, ann_span("x"));
		test_watcher_await_bytes(&watcher, (struct ann_span){"xxx", i});
		ck_assert_uint_eq(watcher.connected, i);
		ck_assert(i == 1 ? watcher.away_ns == 0 : watcher.away_ns > 0);
		finish(w);
		test_watcher_await_disconnected(&watcher, i);
		ck_assert_str_eq(watcher.reason, "closed");
	}
	ck_assert_uint_eq(watcher.ends, 0);
	close_world(w);
}
END_TEST

START_TEST(a_second_device_is_turned_away)
{
	struct world *w = NULL;

	open_loop();
	w = start(kinds[_i].begin(&loop));
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	for (int i = 0; i < 5; i++) {
		int other = new_device(w);

		test_net_hear_end(&loop, other);
		close(other);
	}
	ck_assert_ptr_nonnull(strstr(logged, "turned away"));
	ck_assert_ptr_null(strstr(strstr(logged, "turned away") + 1, "turned away"));
	feed(w, hello);
	test_watcher_await_bytes(&watcher, ann_span("hello\nhello\n"));
	ck_assert_uint_eq(watcher.connected, 1);
	close_world(w);
}
END_TEST

START_TEST(many_at_once_are_turned_away)
{
	struct world *w = NULL;
	int crowd[12];

	open_loop();
	w = start(kinds[_i].begin(&loop));
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	for (size_t i = 0; i < ANN_LEN(crowd); i++) {
		crowd[i] = new_device(w);
	}
	for (size_t i = 0; i < ANN_LEN(crowd); i++) {
		test_net_hear_end(&loop, crowd[i]);
		close(crowd[i]);
	}
	ck_assert_uint_eq(watcher.connected, 1);
	close_world(w);
}
END_TEST

START_TEST(a_second_device_takes_the_place_if_it_may)
{
	struct world *w = NULL;
	int first = -1;

	open_loop();
	w = start(begin_path(&loop, "?replace=yes"));
	feed(w, ann_span("a"));
	test_watcher_await_bytes(&watcher, ann_span("a"));
	first = w->device;
	w->device = -1;
	feed(w, ann_span("b"));
	test_watcher_await_bytes(&watcher, ann_span("ab"));
	ck_assert_uint_eq(watcher.connected, 2);
	ck_assert_uint_eq(watcher.disconnected, 1);
	ck_assert_ptr_nonnull(strstr(logged, "gone: replaced"));
	test_net_hear_end(&loop, first);
	close(first);
	close_world(w);
}
END_TEST

START_TEST(it_can_be_closed_with_newcomers_at_the_door)
{
	struct world *w = NULL;
	int others[2];

	open_loop();
	w = start(begin_path(&loop, "?replace=yes"));
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	others[0] = new_device(w);
	others[1] = new_device(w);
	uv_run(&loop, UV_RUN_NOWAIT);
	test_watcher_close(&watcher);
	close(others[0]);
	close(others[1]);
	close_world(w);
}
END_TEST

START_TEST(what_is_written_arrives)
{
	struct world *w = NULL;

	open_loop();
	w = start(kinds[_i].begin(&loop));
	ck_assert(!ann_source_write(watcher.source, hello));
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	ck_assert(ann_source_write(watcher.source, ann_span("reboot\r")));
	test_net_hear(&loop, w->device, ann_span("reboot\r"));
	close_world(w);
}
END_TEST

START_TEST(without_reconnecting_the_first_device_is_the_only_one)
{
	struct world *w = NULL;
	int other = -1;

	open_loop();
	w = kinds[_i].begin(&loop);
	make_source(w, false);
	test_watcher_start(&watcher);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	finish(w);
	test_watcher_await_end(&watcher);
	ck_assert(!watcher.has_failed);
	other = new_device(w);
	test_net_hear_end(&loop, other);
	close(other);
	ck_assert_uint_eq(watcher.connected, 1);
	close_world(w);
}
END_TEST

/* --- where it listens ---------------------------------------------------------------
 */

static const struct {
	const char *spec;
	const char *place;
} places[] = {
	{"tcp-listen://0", "listening on 127.0.0.1:"},
	{"tcp-listen://:0", "listening on 127.0.0.1:"},
	{"tcp-listen://localhost:0", "listening on "},
	{"tcp-listen://0.0.0.0:0", "listening on 0.0.0.0:"},
};

START_TEST(only_a_named_address_is_open_to_others)
{
	struct world *w = NULL;

	open_loop();
	w = new_world(&loop);
	set_endpoint(w, places[_i].spec);
	start(w);
	ck_assert_msg(strstr(logged, places[_i].place) != NULL, "%s", logged);
	w->port = (unsigned)strtoul(strrchr(logged, ':') + 1, NULL, 10);
	if (_i != 2) { /* localhost may be ::1 */
		feed(w, hello);
		test_watcher_await_bytes(&watcher, hello);
	}
	close_world(w);
}
END_TEST

START_TEST(a_port_in_use_is_an_error)
{
	struct world *w = NULL;
	char spec[64];
	unsigned port = 0;
	int fd = test_net_listen_tcp(&port);

	open_loop();
	w = new_world(&loop);
	snprintf(spec, sizeof(spec), "tcp-listen://%u", port);
	set_endpoint(w, spec);
	expect_refusal(w, ANN_ESYS, "in use");
	close(fd);
}
END_TEST

START_TEST(a_path_that_somebody_listens_on_is_an_error)
{
	struct world *w = NULL;
	char path[64];
	int fd = -1;

	open_loop();
	w = begin_path(&loop, "");
	strcpy(path, w->path);
	fd = test_net_listen_unix(path);
	make_source(w, true);
	ck_assert_int_eq(ann_source_start(watcher.source, NULL), ANN_ESYS);
	test_watcher_close(&watcher);
	/* It is still there. */
	close(test_net_connect_unix(path));
	close(fd);
	unlink(path);
	end(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_path_that_is_no_socket_is_left_alone)
{
	struct world *w = NULL;
	FILE *file = NULL;

	open_loop();
	w = begin_path(&loop, "");
	file = fopen(w->path, "w");
	fclose(file);
	make_source(w, true);
	ck_assert_int_eq(ann_source_start(watcher.source, NULL), ANN_ESYS);
	test_watcher_close(&watcher);
	ck_assert_int_eq(unlink(w->path), 0);
	end(w);
	test_loop_deinit(&loop);
}
END_TEST

START_TEST(a_path_that_nobody_listens_on_any_more_is_taken)
{
	struct world *w = NULL;

	open_loop();
	w = begin_path(&loop, "");
	close(test_net_listen_unix(w->path));
	start(w);
	feed(w, hello);
	test_watcher_await_bytes(&watcher, hello);
	close_world(w);
}
END_TEST

START_TEST(a_path_that_is_somebody_elses_now_stays)
{
	struct world *w = NULL;
	int other = -1;

	open_loop();
	w = start(begin_path(&loop, ""));
	ck_assert_int_eq(unlink(w->path), 0);
	other = test_net_listen_unix(w->path);
	test_watcher_close(&watcher);
	ck_assert_int_eq(access(w->path, F_OK), 0);
	close(other);
	unlink(w->path);
	close_world(w);
}
END_TEST

START_TEST(mode_and_group_are_those_of_the_settings)
{
	struct world *w = NULL;
	struct stat status;
	const struct group *group = getgrgid(getegid());
	char settings[64];

	ck_assert_ptr_nonnull(group);
	snprintf(settings, sizeof(settings), "?mode=0622&group=%s", group->gr_name);
	open_loop();
	w = start(begin_path(&loop, settings));
	ck_assert_int_eq(stat(w->path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0622);
	ck_assert_uint_eq(status.st_gid, group->gr_gid);
	close_world(w);
}
END_TEST

static const struct {
	const char *spec;
	const char *words;
} mistakes[] = {
	{"tcp-listen://4000?mode=0660", "unknown key \"mode\""},
	{"tcp-listen://4000?replace=maybe", "expected yes or no"},
	{"unix-listen:/x?mode=rw", "expected a file mode"},
	{"unix-listen:/x?replce=yes", "did you mean \"replace\"?"},
	{"unix-listen:", "path of the socket is missing"},
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
	ann_endpoint_deinit(&endpoint);
}
END_TEST

START_TEST(an_unknown_host_or_group_is_a_mistake)
{
	struct world *w = NULL;

	open_loop();
	if (_i == 0) {
		w = new_world(&loop);
		set_endpoint(w, "tcp-listen://no-such-host.invalid:4000");
		expect_refusal(w, ANN_ECONFIG, "no-such-host.invalid");
	} else {
		w = begin_path(&loop, "?group=no-such-group");
		expect_refusal(w, ANN_ECONFIG, "no-such-group");
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	test_add_loop(suite, devices_come_and_go, 2);
	test_add_loop(suite, a_second_device_is_turned_away, 2);
	test_add_loop(suite, many_at_once_are_turned_away, 2);
	test_add(suite, a_second_device_takes_the_place_if_it_may);
	test_add(suite, it_can_be_closed_with_newcomers_at_the_door);
	test_add_loop(suite, what_is_written_arrives, 2);
	test_add_loop(suite, without_reconnecting_the_first_device_is_the_only_one, 2);
	test_add_loop(suite, only_a_named_address_is_open_to_others, ANN_LEN(places));
	test_add(suite, a_port_in_use_is_an_error);
	test_add(suite, a_path_that_somebody_listens_on_is_an_error);
	test_add(suite, a_path_that_is_no_socket_is_left_alone);
	test_add(suite, a_path_that_nobody_listens_on_any_more_is_taken);
	test_add(suite, a_path_that_is_somebody_elses_now_stays);
	test_add(suite, mode_and_group_are_those_of_the_settings);
	test_add_loop(suite, mistakes_are_told, ANN_LEN(mistakes));
	test_add_loop(suite, an_unknown_host_or_group_is_a_mistake, 2);
}
