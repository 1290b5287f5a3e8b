/*
 * output - where the stream goes: standard output, a file.
 */
#ifndef IO_OUTPUT_H
#define IO_OUTPUT_H

#include "annotty/error.h"
#include "annotty/render.h"
#include "annotty/span.h"

#include "io/sink/rotation.h"

struct ann_output {
	char *path;      /* of a file; NULL: standard output */
	int fd;          /* -1: not open, or closed by its reader */
	bool has_format; /* the specification names one */
	enum ann_format format;
	struct ann_rotation rotation; /* of a file */
};

/* "text", "json", "raw". False: none of them. */
bool ann_format_parse(struct ann_span name, enum ann_format *format);

/*
 * Reads `-` or `file:PATH`, either followed by `?key=value&…` with the keys format,
 * and for files rotate (a size such as 10M) and keep (a number, 5 by default).
 * ANN_ECONFIG, ANN_ENOTSUP, ANN_ENOMEM; the story names the specification.
 */
ANN_MUST_USE enum ann_err ann_output_init(
	struct ann_output *output, const char *spec, struct ann_error *err);

/* Opens the file to append. ANN_ESYS. */
ANN_MUST_USE enum ann_err ann_output_open(
	struct ann_output *output, struct ann_error *err);

/*
 * Writes all of `bytes`, which end with a line end unless the stream does not. A closed
 * reader (EPIPE) is no failure: the output is then not open any more. ANN_ESYS.
 */
ANN_MUST_USE enum ann_err ann_output_write(
	struct ann_output *output, struct ann_span bytes, struct ann_error *err);

/* Opens the file anew under its name, after somebody has moved it away. ANN_ESYS. */
ANN_MUST_USE enum ann_err ann_output_reopen(
	struct ann_output *output, struct ann_error *err);

/* Closes and releases all. ANN_ESYS: what was written last may not have arrived. */
ANN_MUST_USE enum ann_err ann_output_close(
	struct ann_output *output, struct ann_error *err);

#endif
