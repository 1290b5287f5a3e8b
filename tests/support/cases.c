#include "cases.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	FILE *file;
	char *line;
	size_t room;
	size_t number;
};

static void unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && (text[1] == 'e' || text[1] == 't')) {
			text++;
			*to++ = *text == 'e' ? '\033' : '\t';
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The next line without its end, or NULL. */
static char *next(struct reader *r)
{
	if (getline(&r->line, &r->room, r->file) < 0) {
		return NULL;
	}
	r->number++;
	r->line[strcspn(r->line, "\n")] = '\0';
	return r->line;
}

/* A copy of the next line, which has to be there. */
static char *keep(struct reader *r, const char *path)
{
	const char *line = next(r);

	ck_assert_msg(line != NULL, "%s:%zu: a case has three lines", path, r->number);
	char *copy = strdup(line);

	unescape(copy);
	return copy;
}

void test_cases_read(const char *path,
	void (*run)(void *user, const struct test_case *one), void *user)
{
	struct reader r = {.file = fopen(path, "r")};

	ck_assert_msg(r.file != NULL, "%s cannot be read", path);
	while (next(&r) != NULL) {
		if (r.line[0] == '\0' || r.line[0] == '#') {
			continue;
		}
		size_t line = r.number;
		char *about = strdup(r.line);
		char *input = keep(&r, path);
		char *expected = keep(&r, path);

		run(user, &(struct test_case){path, line, about, input, expected});
		free(about);
		free(input);
		free(expected);
	}
	free(r.line);
	fclose(r.file);
}
