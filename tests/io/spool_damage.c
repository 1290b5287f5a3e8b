/* The spool: what is left after damage, a kill, and a full disk. */
#include "chance.h"
#include "spool_kit.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- damage ----------------------------------------------------------------------- */

static void overwrite(
	const struct test_spool *place, long long at, const void *bytes, size_t len)
{
	int fd = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static void run_sql(const struct test_spool *place, const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(place->path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Opening moves the file aside, says so, and goes on with an empty one. */
static void expect_moved_aside(struct test_spool *place, const char *why)
{
	test_spool_open(place);
	ck_assert_ptr_nonnull(ann_spool_note(place->spool));
	ck_assert_msg(strstr(ann_spool_note(place->spool), why) != NULL, "%s",
		ann_spool_note(place->spool));
	ck_assert(test_spool_exists(place, ".damaged"));
	test_spool_expect(place, 1, 0);
	ck_assert_int_eq(test_spool_append(place, 1, 3), ANN_SPOOL_DONE);
	test_spool_reopen(place);
	ck_assert_ptr_null(ann_spool_note(place->spool));
	test_spool_expect(place, 1, 3);
}

/* A spool with numbers in its file, closed. */
static void place_fill(struct test_spool *place)
{
	test_spool_init(place, 1 << 20);
	test_spool_open(place);
	ck_assert_int_eq(test_spool_append(place, 1, 5000), ANN_SPOOL_DONE);
	ann_spool_close(place->spool);
	place->spool = NULL;
}

START_TEST(a_file_that_is_no_database_is_moved_aside)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	overwrite(&place, 0, "this is not a database, but a text of some length", 50);
	expect_moved_aside(&place, "is damaged");
	ck_assert_int_eq(test_spool_size(&place, ".damaged"), 50);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_damaged_header_is_noticed_when_opening)
{
	static const char zeros[4096];
	struct test_spool place;

	place_fill(&place);
	overwrite(&place, 0, zeros, 100);
	expect_moved_aside(&place, "is damaged");
	test_spool_deinit(&place);
}
END_TEST

START_TEST(only_one_damaged_file_is_kept)
{
	struct test_spool place;

	place_fill(&place);
	for (int i = 0; i < 3; i++) {
		char text[32];

		ann_spool_close(place.spool);
		snprintf(text, sizeof(text), "damage number %d", i);
		overwrite(&place, 0, text, sizeof(text));
		expect_moved_aside(&place, "is damaged");
	}
	ck_assert(!test_spool_exists(&place, ".damaged.damaged"));
	test_spool_deinit(&place);
}
END_TEST

START_TEST(damage_met_later_is_told_and_the_spool_goes_on)
{
	static const char zeros[2 * 4096];
	struct test_spool place;
	struct ann_spool_totals before;

	place_fill(&place);
	overwrite(&place, 6 * 4096, zeros, sizeof(zeros));
	test_spool_open(&place);
	before = ann_spool_held(place.spool);
	ck_assert_uint_eq(before.records, 5000);
	ck_assert_int_eq(ann_spool_peek(place.spool, 0, SIZE_MAX, SIZE_MAX,
				 &place.batch, &place.err),
		ANN_ESYS);
	ck_assert_msg(strstr(place.err.text, ".damaged") != NULL, "%s", place.err.text);
	ck_assert_uint_eq(place.batch.count, 0);
	ck_assert(test_spool_exists(&place, ".damaged"));
	test_spool_expect(&place, 1, 0);
	ck_assert_int_eq(test_spool_append(&place, 5001, 5002), ANN_SPOOL_DONE);
	test_spool_expect(&place, 5001, 5002);
	ck_assert_uint_gt(place.batch.records[0].id, 5000);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_file_of_another_version_is_moved_aside)
{
	struct test_spool place;

	place_fill(&place);
	run_sql(&place, "PRAGMA user_version = 2");
	expect_moved_aside(&place, "another version");
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_database_of_another_program_is_left_alone)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	run_sql(&place, "CREATE TABLE precious (x); INSERT INTO precious VALUES (1)");

	long long size = test_spool_size(&place, "");

	test_spool_refused(&place, ANN_ECONFIG, "another program");
	ck_assert_int_eq(test_spool_size(&place, ""), size);
	ck_assert(!test_spool_exists(&place, ".damaged"));
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_file_begun_but_not_finished_becomes_a_spool)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	if (_i == 0) {
		overwrite(&place, 0, "", 0);
	} else {
		run_sql(&place, "PRAGMA auto_vacuum = INCREMENTAL;"
				"PRAGMA journal_mode = WAL");
	}
	test_spool_open(&place);
	ck_assert_ptr_null(ann_spool_note(place.spool));
	ck_assert_int_eq(test_spool_append(&place, 1, 2), ANN_SPOOL_DONE);
	test_spool_expect(&place, 1, 2);
	test_spool_deinit(&place);
}
END_TEST

/* --- kill -9 ---------------------------------------------------------------------- */

/* What the child had been promised when it was killed. */
struct promise {
	unsigned appended;
	unsigned acknowledged;
};

/* Appends and acknowledges numbers, and tells each success, until it is killed. */
static void append_until_killed(
	struct test_spool *place, struct test_chance *chance, unsigned next, int to)
{
	struct promise promise = {.appended = next - 1};

	test_spool_open(place);
	for (;;) {
		unsigned last = promise.appended + 1 + test_below(chance, 50);

		if (test_spool_append(place, promise.appended + 1, last) !=
			ANN_SPOOL_DONE) {
			_exit(1);
		}
		promise.appended = last;
		if (write(to, &promise, sizeof(promise)) != sizeof(promise)) {
			_exit(2);
		}
		if (!test_once_in(chance, 3)) {
			continue;
		}
		if (ann_spool_peek(place->spool, 0, 40, SIZE_MAX, &place->batch,
			    &place->err) != ANN_OK) {
			_exit(3);
		}
		const struct ann_spool_record *done =
			&place->batch.records[place->batch.count - 1];

		if (ann_spool_acknowledge(place->spool, done->id, &place->err) !=
			ANN_OK) {
			_exit(4);
		}
		promise.acknowledged = test_spool_number(done);
		if (write(to, &promise, sizeof(promise)) != sizeof(promise)) {
			_exit(5);
		}
	}
}

/* Kills a child in the middle of its work, and returns what it last told. */
static struct promise kill_one(
	struct test_spool *place, struct test_chance *chance, unsigned next)
{
	struct promise promise = {.appended = next - 1};
	struct promise got;
	int fds[2];
	int status;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);

	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(fds[0]);
		append_until_killed(place, chance, next, fds[1]);
	}
	close(fds[1]);
	/* At least some have been appended, then at a random moment. */
	ck_assert_int_eq(read(fds[0], &got, sizeof(got)), sizeof(got));
	promise = got;

	struct timespec wait = {0, test_below(chance, 60000) * 1000L};

	nanosleep(&wait, NULL);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGKILL);
	while (read(fds[0], &got, sizeof(got)) == sizeof(got)) {
		promise = got;
	}
	close(fds[0]);
	return promise;
}

START_TEST(a_kill_loses_nothing_that_was_appended)
{
	struct test_chance chance = test_chance(_i);
	unsigned next = 1;
	unsigned acknowledged = 0;
	struct test_spool place;

	test_spool_init(&place, UINT64_MAX);
	for (int round = 0; round < 10; round++) {
		struct promise promise = kill_one(&place, &chance, next);

		if (promise.acknowledged > acknowledged) {
			acknowledged = promise.acknowledged;
		}
		test_spool_open(&place);
		ck_assert_ptr_null(ann_spool_note(place.spool));
		test_spool_read(&place, 0);
		ck_assert_uint_gt(place.batch.count, 0);

		unsigned first = test_spool_number(&place.batch.records[0]);
		unsigned last =
			test_spool_number(&place.batch.records[place.batch.count - 1]);

		/* The call that was killed may have been done or not, as a whole. */
		ck_assert_uint_gt(first, acknowledged);
		ck_assert_uint_le(first, acknowledged + 40 + 1);
		ck_assert_uint_ge(last, promise.appended);
		ck_assert_uint_le(last, promise.appended + 50);
		test_spool_expect(&place, first, last);
		ann_spool_close(place.spool);
		place.spool = NULL;
		next = last + 1;
		acknowledged = first - 1;
	}
	printf("%u records over 10 kills\n", next - 1);
	test_spool_deinit(&place);
}
END_TEST

/* --- a full disk ------------------------------------------------------------------ */

/* False, with a message, where mounting is not permitted. */
static bool mount_small_disk(struct test_spool *place)
{
	test_spool_init(place, UINT64_MAX);
	place->width = 500;
	if (mount("none", place->scratch.path, "tmpfs", 0, "size=8m,mode=0700") == 0) {
		return true;
	}
	printf("SKIPPED: a full disk (mount: %s)\n", strerror(errno));
	test_spool_deinit(place);
	return false;
}

static void unmount(struct test_spool *place)
{
	ann_spool_close(place->spool);
	place->spool = NULL;
	ck_assert_int_eq(umount2(place->scratch.path, MNT_DETACH), 0);
	test_spool_deinit(place);
}

/* Appends until the disk is full; the last number that got in. */
static unsigned fill_disk(struct test_spool *place, unsigned next)
{
	while (test_spool_append(place, next, next + 99) == ANN_SPOOL_DONE) {
		next += 100;
	}
	ck_assert_int_eq(place->err.code, ANN_ESYS);
	ck_assert_msg(place->err.os == ENOSPC, "%s", place->err.text);
	ck_assert(strstr(place->err.text, place->path) != NULL);
	return next - 1;
}

START_TEST(a_full_disk_is_survived)
{
	struct test_spool place;

	if (!mount_small_disk(&place)) {
		return;
	}
	test_spool_open(&place);

	unsigned last = fill_disk(&place, 1);

	ck_assert_uint_gt(last, 1000);
	test_spool_expect(&place, 1, last);
	ck_assert_int_eq(
		test_spool_append(&place, last + 1, last + 100), ANN_SPOOL_FAILED);
	/* What the collector takes makes room, though to delete is to write. */
	ck_assert_msg(test_spool_acknowledge(&place, last / 2) == ANN_OK, "%s",
		place.err.text);
	test_spool_expect(&place, last / 2 + 1, last);
	ck_assert_int_eq(
		test_spool_append(&place, last + 1, last + 100), ANN_SPOOL_DONE);
	test_spool_expect(&place, last / 2 + 1, last + 100);
	test_spool_reopen(&place);
	ck_assert_ptr_null(ann_spool_note(place.spool));
	test_spool_expect(&place, last / 2 + 1, last + 100);
	unmount(&place);
}
END_TEST

START_TEST(a_disk_filled_by_others_is_survived)
{
	struct test_spool place;
	char hog[128];
	static const char zeros[4096];

	if (!mount_small_disk(&place)) {
		return;
	}
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 1, 100), ANN_SPOOL_DONE);
	snprintf(hog, sizeof(hog), "%s/hog", place.scratch.path);

	int fd = open(hog, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, zeros, sizeof(zeros)) > 0) {
	}
	close(fd);

	unsigned last = fill_disk(&place, 101);

	test_spool_expect(&place, 1, last);
	ck_assert_int_eq(unlink(hog), 0);
	ck_assert_int_eq(
		test_spool_append(&place, last + 1, last + 100), ANN_SPOOL_DONE);
	test_spool_expect(&place, 1, last + 100);
	unmount(&place);
}
END_TEST

START_TEST(a_spool_cannot_be_begun_on_a_full_disk)
{
	struct test_spool place;
	char hog[128];
	static const char zeros[4096];

	if (!mount_small_disk(&place)) {
		return;
	}
	snprintf(hog, sizeof(hog), "%s/hog", place.scratch.path);

	int fd = open(hog, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	while (write(fd, zeros, sizeof(zeros)) > 0) {
	}
	close(fd);
	test_spool_refused(&place, ANN_ESYS, strerror(ENOSPC));
	ck_assert_int_eq(unlink(hog), 0);
	test_spool_open(&place);
	ck_assert_ptr_null(ann_spool_note(place.spool));
	ck_assert_int_eq(test_spool_append(&place, 1, 2), ANN_SPOOL_DONE);
	test_spool_expect(&place, 1, 2);
	unmount(&place);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_file_that_is_no_database_is_moved_aside);
	test_add(suite, a_damaged_header_is_noticed_when_opening);
	test_add(suite, only_one_damaged_file_is_kept);
	test_add(suite, damage_met_later_is_told_and_the_spool_goes_on);
	test_add(suite, a_file_of_another_version_is_moved_aside);
	test_add(suite, a_database_of_another_program_is_left_alone);
	test_add_loop(suite, a_file_begun_but_not_finished_becomes_a_spool, 2);
	test_add_loop(suite, a_kill_loses_nothing_that_was_appended, 2);
	test_add(suite, a_full_disk_is_survived);
	test_add(suite, a_disk_filled_by_others_is_survived);
	test_add(suite, a_spool_cannot_be_begun_on_a_full_disk);
}
