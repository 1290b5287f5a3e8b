/* Regular files: to their end, and followed through everything that befalls logs. */
#include "io/source/sources.h"

#include "chance.h"
#include "conformance_source.h"
#include "io/log.h"
#include "loop.h"
#include "scratch.h"
#include "suite.h"
#include "watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	uv_loop_t *loop;
	struct test_scratch scratch;
	struct ann_endpoint endpoint;
	struct ann_source_context context;
	struct test_watcher watcher;
	unsigned notices;
	char notice[256]; /* the last one */
};

static struct world world;
static uv_loop_t loop;

static void on_log(void *user, enum ann_log_level level, const char *text)
{
	struct world *w = user;

	if (level > ANN_LOG_NOTICE) {
		return;
	}
	w->notices++;
	snprintf(w->notice, sizeof(w->notice), "%s", text);
}

static struct world *begin_world(uv_loop_t *of, const char *name, const char *settings)
{
	struct world *w = &world;
	char spec[256];

	memset(w, 0, sizeof(*w));
	w->loop = of;
	w->context = (struct ann_source_context){.loop = of, .fd = -1};
	test_scratch_init(&w->scratch);
	snprintf(spec, sizeof(spec), "%s%s", test_scratch_path(&w->scratch, name),
		settings);
	ck_assert_int_eq(
		ann_endpoint_init(&w->endpoint, NULL, spec, NULL, NULL), ANN_OK);
	ann_log_capture(on_log, w);
	return w;
}

static void end_world(void *user)
{
	struct world *w = user;

	ann_log_capture(NULL, NULL);
	ann_endpoint_deinit(&w->endpoint);
	test_scratch_deinit(&w->scratch);
}

/* --- what every source does ------------------------------------------------------ */

static void *begin_stored(uv_loop_t *of)
{
	return begin_world(of, "log", "");
}

static enum ann_err make(void *user, struct ann_source **source,
	const struct ann_source_events *events, void *events_user,
	struct ann_error *err)
{
	struct world *w = user;

	test_scratch_append(&w->scratch, "log", ann_span(NULL));
	return ann_source_new(
		source, &w->context, &w->endpoint, events, events_user, err);
}

static void feed(void *user, struct ann_span bytes)
{
	struct world *w = user;

	test_scratch_append(&w->scratch, "log", bytes);
}

static void finish(void *user)
{
	(void)user;
}

static const struct test_source_kind kinds[] = {
	{"a file", begin_stored, make, feed, finish, NULL, end_world, true, false,
		false},
};

/* --- following ------------------------------------------------------------------- */

/* Starts to follow `name`, which may not be there. */
static struct world *follow(const char *name, const char *before, const char *settings)
{
	struct world *w = NULL;

	test_loop_init(&loop);
	w = begin_world(&loop, name, settings);
	w->context.follow = true;
	if (before != NULL) {
		test_scratch_append(&w->scratch, name, ann_span(before));
	}
	w->watcher.loop = &loop;
	ck_assert_int_eq(ann_source_new(&w->watcher.source, &w->context, &w->endpoint,
				 &test_watcher_events, &w->watcher, NULL),
		ANN_OK);
	test_watcher_start(&w->watcher);
	return w;
}

static void append(struct world *w, const char *text)
{
	feed(w, ann_span(text));
}

static void expect(struct world *w, const char *all)
{
	test_watcher_await_bytes(&w->watcher, ann_span(all));
}

static void leave(struct world *w)
{
	ck_assert_uint_eq(w->watcher.ends, 0);
	test_watcher_close(&w->watcher);
	end_world(w);
	test_loop_deinit(&loop);
}

START_TEST(following_begins_at_the_end)
{
	struct world *w = follow("log", "old\n", "");

	append(w, "new\n");
	expect(w, "new\n");
	append(w, "half");
	expect(w, "new\nhalf");
	ck_assert_uint_eq(w->watcher.gaps, 0);
	leave(w);
}
END_TEST

START_TEST(following_can_begin_at_the_start)
{
	struct world *w = follow("log", "old\n", "?from-start=yes");

	append(w, "new\n");
	expect(w, "old\nnew\n");
	leave(w);
}
END_TEST

START_TEST(without_following_the_end_is_the_end)
{
	struct world *w = follow("log", "old\n", "?follow=no");

	test_watcher_await_end(&w->watcher);
	test_watcher_expect(&w->watcher, ann_span("old\n"));
	w->watcher.ends = 0;
	leave(w);
}
END_TEST

START_TEST(while_nothing_is_written_nothing_wakes)
{
	struct world *w = follow("log", "old\n", "");

	append(w, "new\n");
	expect(w, "new\n");
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1);
	/* Nor does a neighbour's growth. */
	test_scratch_append(&w->scratch, "other", ann_span("x"));
	test_loop_settle(&loop);
	test_scratch_append(&w->scratch, "other", ann_span("x"));
	struct pollfd wait = {.fd = uv_backend_fd(&loop), .events = POLLIN};

	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	leave(w);
}
END_TEST

START_TEST(a_file_that_comes_late_is_awaited_and_read_from_its_start)
{
	struct world *w = follow("log", NULL, "");

	test_loop_settle(&loop);
	ck_assert_uint_eq(w->notices, 1);
	ck_assert_ptr_nonnull(strstr(w->notice, "/log: No such file or directory"));
	test_scratch_append(&w->scratch, "other", ann_span("not this\n"));
	test_loop_settle(&loop);
	ck_assert_uint_eq(w->notices, 1);
	append(w, "first\n");
	expect(w, "first\n");
	ck_assert_uint_eq(w->watcher.gaps, 0);
	leave(w);
}
END_TEST

static bool is_noticed_twice(void *user)
{
	const struct world *w = user;

	return w->notices >= 2;
}

START_TEST(another_reason_to_wait_is_told_as_well)
{
	struct world *w = follow("log", NULL, "");

	ck_assert_ptr_nonnull(strstr(w->notice, "No such file or directory; waiting"));
	ck_assert_int_eq(mkdir(w->endpoint.path, 0777), 0);
	test_loop_until(&loop, "a second notice", is_noticed_twice, w);
	ck_assert_ptr_nonnull(strstr(w->notice, "/log: Is a directory; waiting"));
	test_scratch_append(&w->scratch, "other", ann_span("not this\n"));
	test_loop_settle(&loop);
	ck_assert_uint_eq(w->notices, 2);
	leave(w);
}
END_TEST

START_TEST(a_directory_that_comes_late_is_awaited_as_well)
{
	struct world *w = follow("a/b/c/log", NULL, "");

	test_loop_settle(&loop);
	for (int level = 0; level < 3; level++) {
		static const char *const names[] = {"a", "a/b", "a/b/c"};

		ck_assert_int_eq(
			mkdir(test_scratch_path(&w->scratch, names[level]), 0777), 0);
		if (_i >> level & 1) {
			test_loop_settle(&loop);
		}
	}
	test_scratch_append(&w->scratch, "a/b/c/log", ann_span("deep\n"));
	expect(w, "deep\n");
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1);
	leave(w);
}
END_TEST

START_TEST(a_truncated_file_is_read_from_its_start)
{
	struct world *w = follow("log", "", "");

	append(w, "one\ntwo\nhalf");
	expect(w, "one\ntwo\nhalf");
	ck_assert_int_eq(truncate(w->endpoint.path, 0), 0);
	if (_i == 1) {
		test_loop_settle(&loop);
	}
	append(w, "three\n");
	expect(w, "one\ntwo\nhalfthree\n");
	ck_assert_uint_eq(w->watcher.gaps, 1);
	ck_assert_str_eq(w->watcher.reason, "truncated");
	leave(w);
}
END_TEST

START_TEST(a_deleted_file_is_awaited)
{
	struct world *w = follow("log", "", "");

	append(w, "one\n");
	expect(w, "one\n");
	ck_assert_int_eq(unlink(w->endpoint.path), 0);
	test_loop_settle(&loop);
	ck_assert_uint_eq(w->notices, 1);
	append(w, "two\n");
	expect(w, "one\ntwo\n");
	ck_assert_uint_eq(w->watcher.gaps, 1);
	ck_assert_str_eq(w->watcher.reason, "rotated");
	ck_assert_uint_eq(w->notices, 2); /* gone, and there again */
	;
	leave(w);
}
END_TEST

START_TEST(what_is_written_to_a_deleted_file_is_read)
{
	struct world *w = follow("log", "", "");
	int fd = open(w->endpoint.path, O_WRONLY | O_APPEND);

	ck_assert_int_eq(unlink(w->endpoint.path), 0);
	test_loop_settle(&loop);
	ck_assert_int_eq(write(fd, "late\n", 5), 5);
	expect(w, "late\n");
	close(fd);
	leave(w);
}
END_TEST

START_TEST(a_link_that_leads_elsewhere_is_another_file)
{
	struct world *w = NULL;

	test_loop_init(&loop);
	w = begin_world(&loop, "log", "");
	w->context.follow = true;
	w->watcher.loop = &loop;
	ck_assert_int_eq(mkdir(test_scratch_path(&w->scratch, "pods"), 0777), 0);
	test_scratch_append(&w->scratch, "pods/0", ann_span(""));
	ck_assert_int_eq(symlink("pods/0", w->endpoint.path), 0);
	ck_assert_int_eq(ann_source_new(&w->watcher.source, &w->context, &w->endpoint,
				 &test_watcher_events, &w->watcher, NULL),
		ANN_OK);
	test_watcher_start(&w->watcher);
	test_scratch_append(&w->scratch, "pods/0", ann_span("zero\n"));
	expect(w, "zero\n");

	/* What the link leads to is replaced, in another directory than the link's. */
	test_scratch_move(&w->scratch, "pods/0", "pods/0.old");
	test_scratch_append(&w->scratch, "pods/0", ann_span("again\n"));
	expect(w, "zero\nagain\n");

	/* The link itself is replaced. */
	test_scratch_append(&w->scratch, "pods/1", ann_span("one\n"));
	ck_assert_int_eq(symlink("pods/1", test_scratch_path(&w->scratch, "new")), 0);
	test_scratch_move(&w->scratch, "new", "log");
	expect(w, "zero\nagain\none\n");
	ck_assert_uint_eq(w->watcher.gaps, 2);
	leave(w);
}
END_TEST

START_TEST(rotations_while_it_is_paused_are_read_later)
{
	struct world *w = follow("log", "", "");

	test_watcher_pause(&w->watcher);
	append(w, "one\n");
	for (int i = 0; i < 4; i++) {
		char name[16];
		char line[16];

		snprintf(name, sizeof(name), "log.%d", i);
		snprintf(line, sizeof(line), "line %d\n", i);
		test_scratch_move(&w->scratch, "log", name);
		append(w, line);
		test_loop_settle(&loop);
	}
	ck_assert_uint_eq(w->watcher.len, 0);
	test_watcher_resume(&w->watcher);
	expect(w, "one\nline 0\nline 1\nline 2\nline 3\n");
	ck_assert_uint_eq(w->watcher.gaps, 4);
	leave(w);
}
END_TEST

/* --- nothing lost, nothing twice ------------------------------------------------- */

enum { ROTATIONS = 20 };

/* A program that logs numbered lines, and moves its log away by rename. */
struct logger {
	struct world *world;
	struct test_chance *chance;
	int fd;
	int lines;
	char all[1 << 15];
	size_t len;
};

static void write_lines(struct logger *l, int count)
{
	while (count-- > 0) {
		int len = snprintf(
			l->all + l->len, sizeof(l->all) - l->len, "%d\n", l->lines++);

		ck_assert_int_eq(write(l->fd, l->all + l->len, (size_t)len), len);
		l->len += (size_t)len;
	}
}

/* The follower gets a turn, or does not. */
static void maybe_turn(struct logger *l)
{
	if (test_once_in(l->chance, 2)) {
		uv_run(&loop, UV_RUN_NOWAIT);
	}
}

static void write_and_turn(struct logger *l)
{
	for (int i = 0; i < 3; i++) {
		write_lines(l, (int)test_below(l->chance, 20));
		maybe_turn(l);
	}
}

static int open_log(const struct logger *l)
{
	return open(l->world->endpoint.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		0666);
}

/* The file is moved away and made anew, while its writer notices that late. */
static void rotate(struct logger *l)
{
	test_scratch_move(&l->world->scratch, "log", "log.1");
	maybe_turn(l);
	write_and_turn(l);
	if (test_once_in(l->chance, 2)) {
		close(open_log(l)); /* as `create` of logrotate does */
		maybe_turn(l);
		write_and_turn(l);
	}
	close(l->fd);
	l->fd = open_log(l);
	maybe_turn(l);
	write_lines(l, 1);
}

START_TEST(rotation_under_writes_loses_nothing_and_repeats_nothing)
{
	static struct logger logger;
	struct test_chance chance = test_chance(_i);
	struct world *w = follow("log", "", "");

	logger = (struct logger){.world = w, .chance = &chance, .fd = -1};
	logger.fd = open_log(&logger);
	for (int i = 0; i < ROTATIONS; i++) {
		write_and_turn(&logger);
		rotate(&logger);
		/* Whoever looks away for two rotations has lost the file between. */
		test_watcher_await_bytes(
			&w->watcher, (struct ann_span){logger.all, logger.len});
	}
	test_loop_settle(&loop);
	test_watcher_expect(&w->watcher, (struct ann_span){logger.all, logger.len});
	ck_assert_uint_eq(w->watcher.gaps, ROTATIONS);
	close(logger.fd);
	leave(w);
}
END_TEST

/* --- errors ---------------------------------------------------------------------- */

static void expect_refusal(struct world *w, const char *story)
{
	struct ann_error err = {0};

	w->watcher.loop = &loop;
	ck_assert_int_eq(ann_source_new(&w->watcher.source, &w->context, &w->endpoint,
				 &test_watcher_events, &w->watcher, NULL),
		ANN_OK);
	ck_assert_int_eq(ann_source_start(w->watcher.source, &err), ANN_ESYS);
	ck_assert_msg(strstr(err.text, story) != NULL, "%s", err.text);
	leave(w);
}

START_TEST(a_file_that_is_not_there_is_an_error_unless_it_is_followed)
{
	test_loop_init(&loop);
	expect_refusal(
		begin_world(&loop, "log", ""), "/log: No such file or directory");
}
END_TEST

START_TEST(a_directory_is_no_file)
{
	test_loop_init(&loop);
	struct world *w = begin_world(&loop, "log", "");

	w->context.follow = _i == 1;
	ck_assert_int_eq(mkdir(w->endpoint.path, 0777), 0);
	expect_refusal(w, "/log: Is a directory");
}
END_TEST

START_TEST(settings_that_files_do_not_have_are_refused)
{
	struct ann_source *source = NULL;
	struct ann_error err = {0};

	test_loop_init(&loop);
	struct world *w = begin_world(&loop, "log", "?folow=yes");

	test_scratch_append(&w->scratch, "log", ann_span(""));
	ck_assert_int_eq(ann_source_new(&source, &w->context, &w->endpoint,
				 &test_watcher_events, NULL, &err),
		ANN_ECONFIG);
	ck_assert_msg(
		strstr(err.text, "did you mean \"follow\"") != NULL, "%s", err.text);
	end_world(w);
	test_loop_deinit(&loop);
}
END_TEST

void test_cases(Suite *suite)
{
	test_source_conformance(suite, kinds, ANN_LEN(kinds));
	test_add(suite, following_begins_at_the_end);
	test_add(suite, following_can_begin_at_the_start);
	test_add(suite, without_following_the_end_is_the_end);
	test_add(suite, while_nothing_is_written_nothing_wakes);
	test_add(suite, a_file_that_comes_late_is_awaited_and_read_from_its_start);
	test_add(suite, another_reason_to_wait_is_told_as_well);
	test_add_loop(suite, a_directory_that_comes_late_is_awaited_as_well, 8);
	test_add_loop(suite, a_truncated_file_is_read_from_its_start, 2);
	test_add(suite, a_deleted_file_is_awaited);
	test_add(suite, what_is_written_to_a_deleted_file_is_read);
	test_add(suite, a_link_that_leads_elsewhere_is_another_file);
	test_add(suite, rotations_while_it_is_paused_are_read_later);
	test_add_loop(
		suite, rotation_under_writes_loses_nothing_and_repeats_nothing, 20);
	test_add(suite, a_file_that_is_not_there_is_an_error_unless_it_is_followed);
	test_add_loop(suite, a_directory_is_no_file, 2);
	test_add(suite, settings_that_files_do_not_have_are_refused);
}
