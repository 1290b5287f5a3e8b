#include "scratch.h"

#include "suite.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void test_scratch_init(struct test_scratch *scratch)
{
	snprintf(scratch->path, sizeof(scratch->path), "/tmp/annotty-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch->path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void test_scratch_deinit(struct test_scratch *scratch)
{
	ck_assert_int_eq(nftw(scratch->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *test_scratch_path(const struct test_scratch *scratch, const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch->path, name);
	return path;
}

void test_scratch_append(
	const struct test_scratch *scratch, const char *name, struct ann_span bytes)
{
	int fd = open(
		test_scratch_path(scratch, name), O_WRONLY | O_CREAT | O_APPEND, 0666);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.ptr, bytes.len), (ssize_t)bytes.len);
	close(fd);
}

void test_scratch_move(
	const struct test_scratch *scratch, const char *from, const char *to)
{
	ck_assert_int_eq(rename(test_scratch_path(scratch, from),
				 test_scratch_path(scratch, to)),
		0);
}
