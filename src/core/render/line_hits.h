/*
 * line_hits - the hits of a batch, line by line.
 */
#ifndef CORE_LINE_HITS_H
#define CORE_LINE_HITS_H

#include "annotty/error.h"
#include "annotty/lines.h"
#include "annotty/matcher.h"

/*
 * Fills `own` with those of the `count` hits that are on `line`, the first line that
 * has any of them, with offsets into that line. `own->count` is how many of `hits` they
 * were. ANN_ENOMEM: not all of them are there.
 */
ANN_MUST_USE enum ann_err ann_line_hits(struct ann_hits *own,
	const struct ann_line *line, const struct ann_hit *hits, size_t count);

#endif
