/*
 * file - whole files in memory: tables, rules, headers.
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "annotty/buf.h"
#include "annotty/error.h"

/* Appends the content of `path` to `out`. ANN_ESYS names the path; ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_file_read(
	const char *path, struct ann_buf *out, struct ann_error *err);

#endif
