/*
 * spool_kit - a spool in a directory of its own, filled with numbers.
 */
#ifndef TESTS_SPOOL_KIT_H
#define TESTS_SPOOL_KIT_H

#include "io/spool/spool.h"

#include "scratch.h"

struct test_spool {
	struct test_scratch scratch;
	char path[96];
	struct ann_spool_options options;
	int width; /* digits of a number, below 1024; 0: as many as it needs */
	struct ann_spool *spool;
	struct ann_spool_batch batch; /* of the last read */
	struct ann_error err;
};

/* Makes the directory; the spool is not open yet. */
void test_spool_init(struct test_spool *place, uint64_t limit_bytes);

/* Closes the spool and removes all. */
void test_spool_deinit(struct test_spool *place);

/* Must succeed. */
void test_spool_open(struct test_spool *place);
void test_spool_reopen(struct test_spool *place);

/* Opening must fail, with a story that names the path and has `text`. */
void test_spool_refused(struct test_spool *place, enum ann_err code, const char *text);

/* Appends the numbers `from` to `to`, each a record of one line, in one go. */
enum ann_spool_answer test_spool_append(
	struct test_spool *place, unsigned from, unsigned to);

/* Reads all behind the id `after` into place->batch. */
void test_spool_read(struct test_spool *place, uint64_t after);

/* What a record says. */
unsigned test_spool_number(const struct ann_spool_record *record);

/* The spool holds exactly these numbers, in order, with ids that ascend. */
void test_spool_expect(struct test_spool *place, unsigned from, unsigned to);

/* Acknowledges up to the record that says `number`. */
enum ann_err test_spool_acknowledge(struct test_spool *place, unsigned number);

/* Of the file beside the spool whose name ends with `suffix`; 0 bytes: it may be gone.
 */
bool test_spool_exists(const struct test_spool *place, const char *suffix);
long long test_spool_size(const struct test_spool *place, const char *suffix);

#endif
