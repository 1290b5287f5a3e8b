/* Telling that a path may have changed, also where inotify is of no use. */
#include "io/source/path_watch.h"

#include "loop.h"
#include "scratch.h"
#include "suite.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static uv_loop_t loop;
static struct test_scratch scratch;

struct listener {
	struct ann_path_watch watch;
	unsigned changes;
	bool closed;
};

static void on_changed(void *user)
{
	((struct listener *)user)->changes++;
}

static void on_closed(void *user)
{
	((struct listener *)user)->closed = true;
}

static void begin(struct listener *l, const char *path, bool net)
{
	*l = (struct listener){.changes = 0};
	ann_path_watch_init(&l->watch, &loop, on_changed, l);
	ann_path_watch_start(&l->watch, path, net);
}

static bool has_changed(void *user)
{
	return ((struct listener *)user)->changes > 0;
}

static bool is_closed(void *user)
{
	return ((struct listener *)user)->closed;
}

static void end(struct listener *l)
{
	ann_path_watch_close(&l->watch, on_closed);
	test_loop_until(&loop, "closed", is_closed, l);
}

static void expect_no_timer(void)
{
	test_loop_settle(&loop);
	ck_assert_int_eq(uv_backend_timeout(&loop), uv_loop_alive(&loop) ? -1 : 0);
}

START_TEST(a_name_that_comes_is_told)
{
	struct listener l;

	begin(&l, test_scratch_path(&scratch, "name"), false);
	expect_no_timer();
	test_scratch_append(&scratch, "name", ann_span("x"));
	test_loop_until(&loop, "a change", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(after_the_stop_nothing_is_told_or_held)
{
	struct listener l;

	begin(&l, test_scratch_path(&scratch, "name"), true);
	ann_path_watch_stop(&l.watch);
	test_scratch_append(&scratch, "name", ann_span("x"));
	expect_no_timer();
	ck_assert_uint_eq(l.changes, 0);
	ck_assert(l.watch.inotify == NULL);
	ann_path_watch_stop(&l.watch);
	ann_path_watch_start(&l.watch, test_scratch_path(&scratch, "name"), false);
	test_scratch_append(&scratch, "other", ann_span("x"));
	test_loop_until(&loop, "a change", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(all_who_watch_the_same_directory_are_told)
{
	static struct listener listeners[20];

	for (size_t i = 0; i < ANN_LEN(listeners); i++) {
		begin(&listeners[i], test_scratch_path(&scratch, "name"), false);
	}
	ann_path_watch_stop(&listeners[3].watch);
	test_scratch_append(&scratch, "name", ann_span("x"));
	for (size_t i = 0; i < ANN_LEN(listeners); i++) {
		if (i != 3) {
			test_loop_until(&loop, "a change", has_changed, &listeners[i]);
		}
		end(&listeners[i]);
	}
	ck_assert_uint_eq(listeners[3].changes, 0);
}
END_TEST

/* A listener that lets the next one go while both have something to hear. */
static void on_changed_close_other(void *user)
{
	struct listener *l = user;

	on_changed(l);
	if (l[1].watch.path != NULL) {
		ann_path_watch_close(&l[1].watch, on_closed);
	}
}

START_TEST(one_can_close_another_that_has_something_to_hear)
{
	static struct listener listeners[2];

	begin(&listeners[0], test_scratch_path(&scratch, "name"), false);
	listeners[0].watch.changed = on_changed_close_other;
	begin(&listeners[1], test_scratch_path(&scratch, "name"), false);
	test_scratch_append(&scratch, "name", ann_span("x"));
	test_loop_until(&loop, "closed", is_closed, &listeners[1]);
	ck_assert_uint_le(listeners[1].changes, 1);
	end(&listeners[0]);
}
END_TEST

START_TEST(a_directory_that_goes_and_comes_is_followed)
{
	struct listener l;
	const char *directory = test_scratch_path(&scratch, "by-id");

	ck_assert_int_eq(mkdir(directory, 0777), 0);
	begin(&l, test_scratch_path(&scratch, "by-id/port"), false);
	for (int round = 0; round < 3; round++) {
		l.changes = 0;
		ck_assert_int_eq(rmdir(directory), 0);
		test_loop_until(&loop, "it going", has_changed, &l);
		test_loop_settle(&loop);
		l.changes = 0;
		ck_assert_int_eq(mkdir(directory, 0777), 0);
		test_loop_until(&loop, "it coming", has_changed, &l);
		test_loop_settle(&loop);
		l.changes = 0;
		test_scratch_append(&scratch, "by-id/port", ann_span("x"));
		test_loop_until(&loop, "the name", has_changed, &l);
		test_loop_settle(&loop);
		l.changes = 0;
		ck_assert_int_eq(unlink(test_scratch_path(&scratch, "by-id/port")), 0);
		test_loop_until(&loop, "the name going", has_changed, &l);
	}
	end(&l);
}
END_TEST

START_TEST(what_a_link_leads_to_is_watched)
{
	struct listener l;

	ck_assert_int_eq(mkdir(test_scratch_path(&scratch, "dev"), 0777), 0);
	ck_assert_int_eq(symlink("dev/link", test_scratch_path(&scratch, "name")), 0);
	ck_assert_int_eq(symlink(test_scratch_path(&scratch, "end"),
				 test_scratch_path(&scratch, "dev/link")),
		0);
	begin(&l, test_scratch_path(&scratch, "name"), false);
	test_scratch_append(&scratch, "end", ann_span("x"));
	test_loop_until(&loop, "the end of the links", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(links_in_a_circle_are_no_trouble)
{
	struct listener l;

	ck_assert_int_eq(symlink("b", test_scratch_path(&scratch, "a")), 0);
	ck_assert_int_eq(symlink("a", test_scratch_path(&scratch, "b")), 0);
	begin(&l, test_scratch_path(&scratch, "a"), false);
	ck_assert_int_eq(unlink(test_scratch_path(&scratch, "a")), 0);
	test_loop_until(&loop, "a change", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(without_inotify_it_looks_every_second)
{
	struct rlimit all;
	struct rlimit none;
	struct listener l;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	begin(&l, "/tmp/name", false);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	test_loop_settle(&loop);
	ck_assert_int_gt(uv_backend_timeout(&loop), 0);
	test_loop_until(&loop, "a look", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(where_the_file_system_tells_nothing_it_looks_every_second)
{
	struct listener l;

	begin(&l, "/proc/sys/kernel/hostname", false);
	test_loop_settle(&loop);
	ck_assert_int_gt(uv_backend_timeout(&loop), 0);
	test_loop_until(&loop, "a look", has_changed, &l);
	end(&l);
}
END_TEST

START_TEST(names_without_directory_and_at_the_root_are_fine)
{
	static const char *const names[] = {"name", "./name", "/name", "../name", "/"};

	for (size_t i = 0; i < ANN_LEN(names); i++) {
		struct listener l;

		begin(&l, names[i], false);
		test_loop_settle(&loop);
		end(&l);
	}
}
END_TEST

static void set_up(void)
{
	test_loop_init(&loop);
	test_scratch_init(&scratch);
}

static void tear_down(void)
{
	test_scratch_deinit(&scratch);
	test_loop_deinit(&loop);
}

void test_cases(Suite *suite)
{
	static const TTest *const *tests[] = {
		&a_name_that_comes_is_told,
		&after_the_stop_nothing_is_told_or_held,
		&all_who_watch_the_same_directory_are_told,
		&one_can_close_another_that_has_something_to_hear,
		&a_directory_that_goes_and_comes_is_followed,
		&what_a_link_leads_to_is_watched,
		&links_in_a_circle_are_no_trouble,
		&without_inotify_it_looks_every_second,
		&where_the_file_system_tells_nothing_it_looks_every_second,
		&names_without_directory_and_at_the_root_are_fine,
	};

	for (size_t i = 0; i < ANN_LEN(tests); i++) {
		TCase *one = tcase_create((*tests[i])->name);

		tcase_set_timeout(one, 60);
		tcase_add_checked_fixture(one, set_up, tear_down);
		tcase_add_test(one, *tests[i]);
		suite_add_tcase(suite, one);
	}
}
