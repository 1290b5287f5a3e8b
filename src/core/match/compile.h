/*
 * compile - the regexes of rules, of families and to stop at, made ready.
 *
 * Each is expanded, read for what can be told of it beforehand, and compiled by PCRE2.
 */
#ifndef CORE_COMPILE_H
#define CORE_COMPILE_H

#include "match/matcher_private.h"

/*
 * These fill the matcher's `jobs`, `words` and `stops`, and the literals of its
 * indexes. ANN_ECONFIG with FILE:LINE:, of which all mistakes are told when `err->tell`
 * is set, or ANN_ENOMEM; ann_compiled_free() in any case.
 */
ANN_MUST_USE enum ann_err ann_compile_jobs(
	struct ann_matcher *m, const struct ann_rules *rules, struct ann_error *err);
ANN_MUST_USE enum ann_err ann_compile_words(
	struct ann_matcher *m, const struct ann_rules *rules, struct ann_error *err);
ANN_MUST_USE enum ann_err ann_compile_stops(
	struct ann_matcher *m, struct ann_error *err);

/* Frees these three. */
void ann_compiled_free(struct ann_matcher *m);

#endif
