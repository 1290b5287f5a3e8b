/*
 * cases - truth tables under tests/data/.
 *
 * Three lines a case: what it is about, an input, what is expected. Between cases there
 * may be blank lines and lines that begin with `#`. In the input and what is expected
 * \e is an escape character and \t a tab.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include <stddef.h>

struct test_case {
	const char *file;
	size_t line; /* of `about` */
	const char *about;
	const char *input;
	const char *expected;
};

/* Calls `run` for every case of the file; a file that cannot be read fails the test. */
void test_cases_read(const char *path,
	void (*run)(void *user, const struct test_case *one), void *user);

#endif
