/*
 * pattern - PCRE2 for our purposes: bytes, one line, JIT on first use.
 *
 * A pattern is compiled once and then used by any number of threads, each with a
 * matcher state of its own. The JIT compiler runs when a pattern is first tried, so
 * that a thousand rules of which ten are needed cost ten.
 */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include "annotty/error.h"
#include "annotty/span.h"

enum {
	ANN_PATTERN_ANCHORED = 1, /* matches only begin where the search begins */
};

/* A match, as byte offsets into the line. */
struct ann_range {
	size_t start;
	size_t end;
};

struct ann_pattern;
struct ann_pattern_state;

/*
 * `what` (such as `pattern of rule "x"`) begins the message. ANN_ECONFIG with PCRE2's
 * words and a line below the pattern that points to the place; ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_pattern_new(struct ann_pattern **pattern,
	struct ann_span text, unsigned flags, const char *what, struct ann_error *err);
void ann_pattern_free(struct ann_pattern *pattern);

/* The groups of one name; several alternatives of a pattern may each have one. */
struct ann_groups {
	uint8_t number[8];
	uint8_t count; /* 0: the pattern has no such group */
};
struct ann_groups ann_pattern_groups(
	const struct ann_pattern *pattern, const char *name);

/* For one thread. NULL: no memory. */
struct ann_pattern_state *ann_pattern_state_new(void);
void ann_pattern_state_free(struct ann_pattern_state *state);

/*
 * Looks for the pattern in `line` from `from` on. The bytes before `from` are seen by
 * lookbehind. A search that exceeds PCRE2's limits finds nothing, and is counted.
 */
bool ann_pattern_find(struct ann_pattern *pattern, struct ann_pattern_state *state,
	struct ann_span line, size_t from, struct ann_range *whole);

/* Where one of the groups stood in the last match of `state`; false: nowhere. */
bool ann_pattern_group(const struct ann_pattern_state *state,
	const struct ann_groups *groups, struct ann_range *range);

/* How many searches were given up because of the limits. */
uint64_t ann_pattern_given_up(const struct ann_pattern_state *state);

#endif
