/*
 * file - whole files in memory: tables, rules, headers.
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "annotty/buf.h"
#include "annotty/error.h"

/* A large read goes to a multiple of this, the length of a cache line: the kernel
 * copies to there several times as fast. */
enum { ANN_READ_ALIGN = 64 };

/* Appends the content of `path` to `out`. ANN_ESYS names the path; ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_file_read(
	const char *path, struct ann_buf *out, struct ann_error *err);

#endif
