#include "spool_kit.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void test_spool_open(struct test_spool *place)
{
	place->err = (struct ann_error){0};
	place->spool = ann_spool_open(place->path, &place->options, &place->err);
	ck_assert_msg(place->spool != NULL, "%s", place->err.text);
}

void test_spool_init(struct test_spool *place, uint64_t limit_bytes)
{
	*place = (struct test_spool){.options = {.limit_bytes = limit_bytes}};
	test_scratch_init(&place->scratch);
	snprintf(place->path, sizeof(place->path), "%s/out.spool", place->scratch.path);
}

void test_spool_deinit(struct test_spool *place)
{
	ann_spool_close(place->spool);
	ann_spool_batch_deinit(&place->batch);
	test_scratch_deinit(&place->scratch);
}

void test_spool_reopen(struct test_spool *place)
{
	ann_spool_close(place->spool);
	test_spool_open(place);
}

/* Appends "FROM" to "TO", each a record of one line. */
enum ann_spool_answer test_spool_append(
	struct test_spool *place, unsigned from, unsigned to)
{
	enum { TEXT_BYTES = 1024 };
	unsigned count = to - from + 1;
	struct ann_spool_record *records = calloc(count, sizeof(*records));
	char *texts = malloc((size_t)count * TEXT_BYTES);

	for (unsigned i = 0; i < count; i++) {
		char *text = texts + (size_t)i * TEXT_BYTES;

		snprintf(text, TEXT_BYTES, "%0*u", place->width, from + i);
		records[i] =
			(struct ann_spool_record){.lines = 1, .bytes = ann_span(text)};
	}
	enum ann_spool_answer answer =
		ann_spool_append(place->spool, records, count, &place->err);

	free(texts);
	free(records);
	return answer;
}

void test_spool_read(struct test_spool *place, uint64_t after)
{
	ck_assert_msg(ann_spool_peek(place->spool, after, SIZE_MAX, SIZE_MAX,
			      &place->batch, &place->err) == ANN_OK,
		"%s", place->err.text);
}

unsigned test_spool_number(const struct ann_spool_record *record)
{
	uint64_t number;

	ck_assert(ann_span_digits(record->bytes, 10, &number));
	return (unsigned)number;
}

/* The spool holds exactly these numbers, in order, with ids that ascend. */
void test_spool_expect(struct test_spool *place, unsigned from, unsigned to)
{
	uint64_t last = 0;

	test_spool_read(place, 0);
	ck_assert_uint_eq(place->batch.count, to + 1 - from);
	ck_assert_uint_eq(ann_spool_held(place->spool).records, place->batch.count);
	for (size_t i = 0; i < place->batch.count; i++) {
		ck_assert_uint_eq(
			test_spool_number(&place->batch.records[i]), from + i);
		ck_assert_uint_gt(place->batch.records[i].id, last);
		last = place->batch.records[i].id;
	}
}

/* Acknowledges up to the record that says `number`. */
enum ann_err test_spool_acknowledge(struct test_spool *place, unsigned number)
{
	uint64_t id = 0;

	test_spool_read(place, 0);
	for (size_t i = 0; i < place->batch.count; i++) {
		if (test_spool_number(&place->batch.records[i]) == number) {
			id = place->batch.records[i].id;
		}
	}
	ck_assert_uint_ne(id, 0);
	return ann_spool_acknowledge(place->spool, id, &place->err);
}

bool test_spool_exists(const struct test_spool *place, const char *suffix)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", place->path, suffix);
	return access(name, F_OK) == 0;
}

long long test_spool_size(const struct test_spool *place, const char *suffix)
{
	char name[128];
	struct stat st = {0};

	snprintf(name, sizeof(name), "%s%s", place->path, suffix);
	return stat(name, &st) < 0 ? 0 : st.st_size;
}

void test_spool_refused(struct test_spool *place, enum ann_err code, const char *text)
{
	struct ann_error err = {0};

	ck_assert_ptr_null(ann_spool_open(place->path, &place->options, &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(
		strstr(err.text, place->path) != NULL && strstr(err.text, text) != NULL,
		"%s", err.text);
}
