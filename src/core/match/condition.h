/*
 * condition - does a condition of a rule hold on the line at hand?
 *
 * Most do not, and can be told not to by what the line lacks: it is read once for the
 * literals of many conditions, and only a condition of which one stands there is asked.
 */
#ifndef CORE_CONDITION_H
#define CORE_CONDITION_H

#include "match/matcher_private.h"

/* For one thread; remembers one line at a time. */
struct ann_asker {
	const struct ann_matcher *matcher;
	struct ann_pattern_state *state;
	struct ann_span line;
	size_t readable;      /* bytes from its beginning on, not all of them its own */
	uint64_t line_number; /* counts lines; 0 is none */
	uint64_t *seen; /* per condition: the last line that holds a literal of it */
	struct {
		uint64_t number; /* the line that was read, of which `seen` knows */
		struct ann_triggers triggers;
	} read[READINGS];
	bool failed; /* no memory */
};

ANN_MUST_USE enum ann_err ann_asker_init(
	struct ann_asker *asker, const struct ann_matcher *matcher);
void ann_asker_deinit(struct ann_asker *asker);

/* What follows is about another line, see ann_sieve_scan() for `readable`. */
void ann_asker_next(struct ann_asker *asker, struct ann_span line, size_t readable);

/* Whether the condition is found in the line. False for one that is not there. */
bool ann_ask(struct ann_asker *asker, const struct condition *condition);

/* Whether a literal of the condition, or of its far part, stands in the line. */
bool ann_ask_literals(struct ann_asker *asker, const struct condition *condition);

#endif
