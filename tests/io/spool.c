/* The spool: order, bounds, and who may have it. */
#include "spool_kit.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the queue -------------------------------------------------------------------- */

START_TEST(records_come_back_in_order_and_stay_until_acknowledged)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	test_spool_open(&place);
	test_spool_expect(&place, 1, 0);
	ck_assert_int_eq(test_spool_append(&place, 1, 5), ANN_SPOOL_DONE);
	ck_assert_int_eq(test_spool_append(&place, 6, 6), ANN_SPOOL_DONE);
	test_spool_expect(&place, 1, 6);
	test_spool_expect(&place, 1, 6);
	ck_assert_int_eq(test_spool_acknowledge(&place, 4), ANN_OK);
	test_spool_expect(&place, 5, 6);
	ck_assert_int_eq(ann_spool_acknowledge(place.spool, 0, &place.err), ANN_OK);
	test_spool_expect(&place, 5, 6);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(all_is_there_after_a_reopening)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	place.options.durable = _i == 1;
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 1, 300), ANN_SPOOL_DONE);
	ck_assert_int_eq(test_spool_acknowledge(&place, 100), ANN_OK);
	test_spool_reopen(&place);
	ck_assert_ptr_null(ann_spool_note(place.spool));
	test_spool_expect(&place, 101, 300);
	ck_assert_int_eq(test_spool_append(&place, 301, 302), ANN_SPOOL_DONE);
	test_spool_expect(&place, 101, 302);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(ids_are_not_used_again)
{
	struct test_spool place;
	uint64_t last = 0;

	test_spool_init(&place, 1 << 20);
	test_spool_open(&place);
	for (unsigned i = 1; i < 5; i++) {
		ck_assert_int_eq(test_spool_append(&place, i, i), ANN_SPOOL_DONE);
		test_spool_read(&place, 0);
		ck_assert_uint_gt(place.batch.records[0].id, last);
		last = place.batch.records[0].id;
		ck_assert_int_eq(test_spool_acknowledge(&place, i), ANN_OK);
	}
	test_spool_deinit(&place);
}
END_TEST

START_TEST(any_bytes_and_none_come_back_whole)
{
	static const char all[] = "\0\1\xff\n'\"; DROP TABLE record; --";
	struct ann_spool_record records[] = {
		{.lines = 7, .bytes = {all, sizeof(all)}},
		{.lines = 0, .bytes = {NULL, 0}},
		{.lines = 1, .bytes = {NULL, 100000}},
	};
	struct test_spool place;
	char *large = malloc(100000);

	memset(large, 'z', 100000);
	records[2].bytes.ptr = large;
	test_spool_init(&place, 1 << 20);
	test_spool_open(&place);
	ck_assert_int_eq(
		ann_spool_append(place.spool, records, 3, &place.err), ANN_SPOOL_DONE);
	test_spool_reopen(&place);
	test_spool_read(&place, 0);
	ck_assert_uint_eq(place.batch.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(
			ann_span_equal(place.batch.records[i].bytes, records[i].bytes));
		ck_assert_uint_eq(place.batch.records[i].lines, records[i].lines);
	}
	struct ann_spool_totals held = ann_spool_held(place.spool);

	ck_assert_uint_eq(held.records, 3);
	ck_assert_uint_eq(held.lines, 8);
	ck_assert_uint_eq(held.bytes, sizeof(all) + 100000);
	free(large);
	test_spool_deinit(&place);
}
END_TEST

static void expect_peek(struct test_spool *place, uint64_t after, size_t max_records,
	size_t max_bytes, size_t count, unsigned first)
{
	ck_assert_int_eq(ann_spool_peek(place->spool, after, max_records, max_bytes,
				 &place->batch, &place->err),
		ANN_OK);
	ck_assert_uint_eq(place->batch.count, count);
	ck_assert(first == 0 || test_spool_number(&place->batch.records[0]) == first);
}

START_TEST(a_read_is_bounded_in_records_and_bytes)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 10, 19), ANN_SPOOL_DONE);
	expect_peek(&place, 0, 3, SIZE_MAX, 3, 10);
	expect_peek(&place, place.batch.records[2].id, 3, SIZE_MAX, 3, 13);
	expect_peek(&place, 0, SIZE_MAX, 6, 3, 10);
	expect_peek(&place, 0, SIZE_MAX, 7, 3, 10);
	expect_peek(&place, 0, SIZE_MAX, 0, 1, 10);
	expect_peek(&place, 0, 0, SIZE_MAX, 0, 0);
	expect_peek(&place, UINT64_MAX / 2, SIZE_MAX, SIZE_MAX, 0, 0);
	test_spool_deinit(&place);
}
END_TEST

/* --- bounds ----------------------------------------------------------------------- */

START_TEST(a_full_spool_says_so_and_takes_nothing)
{
	struct test_spool place;

	test_spool_init(&place, 10 * (ANN_SPOOL_RECORD_OVERHEAD + 2));
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 11, 19), ANN_SPOOL_DONE);
	ck_assert_int_eq(test_spool_append(&place, 20, 21), ANN_SPOOL_FULL);
	test_spool_expect(&place, 11, 19);
	ck_assert_int_eq(test_spool_append(&place, 20, 20), ANN_SPOOL_DONE);
	ck_assert_int_eq(test_spool_append(&place, 21, 21), ANN_SPOOL_FULL);
	ck_assert_int_eq(test_spool_acknowledge(&place, 11), ANN_OK);
	ck_assert_int_eq(test_spool_append(&place, 21, 21), ANN_SPOOL_DONE);
	test_spool_expect(&place, 12, 21);
	test_spool_deinit(&place);
}
END_TEST

static void expect_dropped(struct test_spool *place, uint64_t bytes, uint64_t records)
{
	struct ann_spool_totals dropped = {99, 99, 99};

	ck_assert_int_eq(
		ann_spool_drop_oldest(place->spool, 0, bytes, &dropped, &place->err),
		ANN_OK);
	ck_assert_uint_eq(dropped.records, records);
	ck_assert_uint_eq(dropped.lines, records);
	ck_assert_uint_eq(dropped.bytes, 2 * records);
}

START_TEST(dropping_the_oldest_makes_room_and_counts)
{
	enum { ONE = ANN_SPOOL_RECORD_OVERHEAD + 2 };
	struct test_spool place;

	test_spool_init(&place, 10 * ONE);
	test_spool_open(&place);
	expect_dropped(&place, 10 * ONE, 0);
	ck_assert_int_eq(test_spool_append(&place, 11, 20), ANN_SPOOL_DONE);
	expect_dropped(&place, 0, 0);
	expect_dropped(&place, ONE, 1);
	expect_dropped(&place, ONE, 0);
	expect_dropped(&place, ONE + 1, 1);
	expect_dropped(&place, 4 * ONE, 2);
	test_spool_expect(&place, 15, 20);
	expect_dropped(&place, 1000 * ONE, 6);
	test_spool_expect(&place, 1, 0);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_smaller_limit_keeps_what_is_there_until_told)
{
	enum { ONE = ANN_SPOOL_RECORD_OVERHEAD + 2 };
	struct test_spool place;

	test_spool_init(&place, 10 * ONE);
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 11, 20), ANN_SPOOL_DONE);
	place.options.limit_bytes = 4 * ONE;
	test_spool_reopen(&place);
	test_spool_expect(&place, 11, 20);
	ck_assert_int_eq(test_spool_append(&place, 21, 21), ANN_SPOOL_FULL);
	expect_dropped(&place, 0, 6);
	test_spool_expect(&place, 17, 20);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(the_file_does_not_grow_without_bound)
{
	struct test_spool place;
	unsigned next = 1;

	test_spool_init(&place, 64 << 20);
	test_spool_open(&place);
	for (int round = 0; round < 300; round++) {
		unsigned last = next + 500;

		ck_assert_int_eq(test_spool_append(&place, next, last), ANN_SPOOL_DONE);
		ck_assert_int_eq(test_spool_acknowledge(&place, last), ANN_OK);
		next = last + 1;
	}
	ck_assert_int_lt(test_spool_size(&place, ""), 2 << 20);
	ck_assert_int_lt(test_spool_size(&place, "-wal"), 6 << 20);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(space_is_given_back_when_a_long_queue_is_drained)
{
	char line[1000];
	struct ann_spool_record records[100];
	struct test_spool place;

	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i < ANN_LEN(records); i++) {
		records[i] = (struct ann_spool_record){
			.lines = 1, .bytes = {line, sizeof(line)}};
	}
	test_spool_init(&place, 64 << 20);
	test_spool_open(&place);
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(ann_spool_append(place.spool, records,
					 ANN_LEN(records), &place.err),
			ANN_SPOOL_DONE);
	}
	ck_assert_int_gt(test_spool_size(&place, ""), 20 << 20);
	for (int i = 0; i < 300; i++) {
		expect_peek(&place, 0, 1, SIZE_MAX, 1, 0);
		ck_assert_int_eq(ann_spool_acknowledge(place.spool,
					 place.batch.records[0].id + 99, &place.err),
			ANN_OK);
	}
	ck_assert_uint_eq(ann_spool_held(place.spool).records, 0);
	/* What the last ones gave back leaves the file with the next checkpoint. */
	test_spool_reopen(&place);
	ck_assert_int_lt(test_spool_size(&place, ""), 2 << 20);
	test_spool_deinit(&place);
}
END_TEST

/* --- who may ---------------------------------------------------------------------- */

START_TEST(only_the_owner_can_read_the_files)
{
	static const char *const suffixes[] = {"", "-wal"};
	struct test_spool place;

	umask(0);
	test_spool_init(&place, 1 << 20);
	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 1, 1), ANN_SPOOL_DONE);
	for (size_t i = 0; i < ANN_LEN(suffixes); i++) {
		char name[128];
		struct stat st;

		snprintf(name, sizeof(name), "%s%s", place.path, suffixes[i]);
		ck_assert_int_eq(stat(name, &st), 0);
		ck_assert_int_eq(st.st_mode & 0777, 0600);
	}
	test_spool_deinit(&place);
}
END_TEST

/* Ends with 0 if the spool is refused, once it has been told to try. */
static pid_t start_rival(struct test_spool *place, int fds[2])
{
	char go;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ck_assert_int_eq(read(fds[0], &go, 1), 1);
		test_spool_refused(place, ANN_ESYS, "uses it");
		_exit(0);
	}
	return child;
}

START_TEST(one_process_has_the_file)
{
	struct test_spool place;
	int fds[2];
	int status;

	test_spool_init(&place, 1 << 20);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);

	/* Before there is anything of SQLite's that a fork could share. */
	pid_t rival = start_rival(&place, fds);

	test_spool_open(&place);
	ck_assert_int_eq(test_spool_append(&place, 1, 3), ANN_SPOOL_DONE);
	ck_assert_int_eq(write(fds[1], "!", 1), 1);
	ck_assert_int_eq(waitpid(rival, &status, 0), rival);
	ck_assert_int_eq(status, 0);
	/* Nor can one process have it twice. */
	test_spool_refused(&place, ANN_ESYS, "uses it");
	test_spool_expect(&place, 1, 3);
	test_spool_deinit(&place);
}
END_TEST

START_TEST(a_directory_that_is_missing_is_told)
{
	struct test_spool place;

	test_spool_init(&place, 1 << 20);
	snprintf(place.path, sizeof(place.path), "%s/none/out.spool",
		place.scratch.path);
	test_spool_refused(&place, ANN_ESYS, strerror(ENOENT));
	test_spool_deinit(&place);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, records_come_back_in_order_and_stay_until_acknowledged);
	test_add_loop(suite, all_is_there_after_a_reopening, 2);
	test_add(suite, ids_are_not_used_again);
	test_add(suite, any_bytes_and_none_come_back_whole);
	test_add(suite, a_read_is_bounded_in_records_and_bytes);
	test_add(suite, a_full_spool_says_so_and_takes_nothing);
	test_add(suite, dropping_the_oldest_makes_room_and_counts);
	test_add(suite, a_smaller_limit_keeps_what_is_there_until_told);
	test_add(suite, the_file_does_not_grow_without_bound);
	test_add(suite, space_is_given_back_when_a_long_queue_is_drained);
	test_add(suite, only_the_owner_can_read_the_files);
	test_add(suite, one_process_has_the_file);
	test_add(suite, a_directory_that_is_missing_is_told);
}
