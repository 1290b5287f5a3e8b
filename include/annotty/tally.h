/*
 * tally - how often each code has come, and when last.
 *
 * By family and name, which outlive the codebook: a configuration that is loaded anew
 * does not begin from zero.
 */
#ifndef ANNOTTY_TALLY_H
#define ANNOTTY_TALLY_H

#include "annotty/matcher.h"

struct ann_tally_entry {
	char *family;
	char *name;
	uint64_t value;
	enum ann_severity severity;
	uint64_t count;
	uint64_t last_wall_ns; /* since 1970 (UTC) */
};

/* An all-zero struct is empty. */
struct ann_tally {
	struct ann_tally_entry *at; /* in the order of their first coming */
	size_t count;
	size_t room;
	uint64_t lost; /* hits of codes that there was no memory for */
};
void ann_tally_deinit(struct ann_tally *tally);

/* Counts each hit for its likeliest meaning. */
void ann_tally_add(struct ann_tally *tally, const struct ann_hit *hits, size_t count,
	uint64_t wall_ns);

#endif
