/*
 * lines - where lines end: at LF, at CR LF, and at a CR alone.
 */
#ifndef ANNOTTY_LINES_H
#define ANNOTTY_LINES_H

#include "annotty/span.h"

/* A line of a text, as byte offsets into it. */
struct ann_line {
	size_t start;
	size_t end;  /* of what is on it */
	size_t next; /* behind its line end; equal to `end` when there is none */
};

/* The line that begins at `start`, which is below text.len. */
struct ann_line ann_line_at(struct ann_span text, size_t start);

/* The line that the byte at `at` belongs to. */
struct ann_line ann_line_around(struct ann_span text, size_t at);

/* How many lines end in `text`; a CR at its very end counts as one. */
uint64_t ann_lines_count(struct ann_span text);

/* Numbers lines of a text one by one; begins as {text, 0, number of its first line}. */
struct ann_line_counter {
	struct ann_span text;
	size_t at;
	uint64_t number;
};

/* The number of the line that begins at `start`, which is not before the last one's. */
uint64_t ann_line_number(struct ann_line_counter *counter, size_t start);

#endif
