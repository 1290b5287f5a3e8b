/*
 * fail_on - which hits make the exit status 1.
 */
#ifndef IO_FAIL_ON_H
#define IO_FAIL_ON_H

#include "annotty/codebook.h"
#include "annotty/matcher.h"

struct ann_fail_on {
	bool any;         /* every hit does */
	bool by_severity; /* hits of `severity` and above do */
	enum ann_severity severity;
	struct ann_span name; /* hits of this symbol do; empty: not asked for */
};

/* True when one of the hits, by its likeliest meaning, is such a one. */
bool ann_fail_on_met(
	const struct ann_fail_on *fail_on, const struct ann_hit *hits, size_t count);

#endif
