/*
 * error - what went wrong, and the story of it.
 *
 * Functions that can fail return `enum ann_err` and take a trailing
 * `struct ann_error *` when there is a story to tell. The story may be NULL for
 * callers that only want the code. Context is added on the way out and reads
 * outside-in: `annotty.conf:12: port "/dev/ttyUSB0": open: Permission denied`.
 */
#ifndef ANNOTTY_ERROR_H
#define ANNOTTY_ERROR_H

#include "annotty/macros.h"

#include <stdbool.h>
#include <stddef.h>

/* Who has to act decides the code; the text tells the rest. */
#define ANN_ERR_MAP(X)                                                     \
	X(ANN_OK, "no error")                                              \
	X(ANN_EUSE, "a function was called in a way its contract forbids") \
	X(ANN_ECONFIG, "an option, table, rule or configuration is wrong") \
	X(ANN_ESYS, "the operating system refused")                        \
	X(ANN_ENOMEM, "out of memory")                                     \
	X(ANN_ENOTSUP, "not supported by this build")

enum ann_err {
#define X(code, text) code,
	ANN_ERR_MAP(X)
#undef X
};

struct ann_error;

/* Told of a problem; see ann_error::tell. */
typedef void (*ann_error_cb)(void *user, const struct ann_error *err);

struct ann_error {
	enum ann_err code; /* ANN_OK when nothing went wrong */
	int os;            /* the errno behind it, 0 if none */
	char text[1024];   /* outermost context first, ready to print, no newline at the
			      end */

	/* When set by the caller, readers of files tell each mistake of the user's and
	 * go on, so that all of them are seen; they fail at the end all the same. */
	ann_error_cb tell;
	void *user; /* handed to `tell` */
	bool told;  /* the story, so that nobody on the way out tells it again */
};

/*
 * For such readers: tells a mistake just set, if it is one (ANN_ECONFIG) and somebody
 * listens and has not heard it. True: go on, but fail with ANN_ECONFIG at the end.
 */
bool ann_error_tell(struct ann_error *err, enum ann_err code);

/* The generic text of a code, static; for unknown numbers, a text that says so. */
const char *ann_err_text(enum ann_err code);

/* Fills `err` (NULL is fine) and returns `code`. Overlong text is cut. */
enum ann_err ann_error_set(struct ann_error *err, enum ann_err code, const char *format,
	...) ANN_PRINTF(3, 4);

/* As ann_error_set with ANN_ESYS; appends ": " and the text of the errno `os`. */
enum ann_err ann_error_os(struct ann_error *err, int os, const char *format, ...)
	ANN_PRINTF(3, 4);

/* As ann_error_set with ANN_ENOMEM and its generic text. */
enum ann_err ann_error_nomem(struct ann_error *err);

/* Puts a formatted prefix and ": " before the story; the code stays. */
void ann_error_context(struct ann_error *err, const char *format, ...) ANN_PRINTF(2, 3);

#endif
