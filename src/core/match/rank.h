/*
 * rank - which families a rule's values may belong to, and which of them leads.
 */
#ifndef CORE_RANK_H
#define CORE_RANK_H

#include "match/matcher_private.h"

/* The families that options.families allows. ANN_ECONFIG, ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_rank_mark_wanted(
	struct ann_matcher *matcher, struct ann_error *err);

/* Those that no rule names: they came with a table of the user's. */
void ann_rank_mark_unnamed(struct ann_matcher *matcher, const struct ann_rules *rules);

/* Those of a job, from its rule's list. ANN_ECONFIG with FILE:LINE:, ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_rank_families(
	const struct ann_matcher *matcher, struct job *job, struct ann_error *err);

#endif
