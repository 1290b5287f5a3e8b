/*
 * fail_on - which hits make the exit status 1.
 */
#ifndef IO_FAIL_ON_H
#define IO_FAIL_ON_H

#include "annotty/codebook.h"
#include "annotty/matcher.h"

enum { ANN_FAIL_ON_MOST = 32 };

/* One of them is enough. An all-zero struct asks for nothing. */
struct ann_fail_on {
	bool any;         /* every hit does */
	bool by_severity; /* hits of `severity` and above do */
	enum ann_severity severity;
	struct ann_span names[ANN_FAIL_ON_MOST]; /* hits of these symbols do */
	size_t name_count;
};

/* True when one of the hits, by its likeliest meaning, is such a one. */
bool ann_fail_on_met(
	const struct ann_fail_on *fail_on, const struct ann_hit *hits, size_t count);

#endif
