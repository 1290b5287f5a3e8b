/*
 * crowd - jobs whose patterns are asked all at once.
 *
 * Where a literal stands, many jobs want to know whether their patterns match, and most
 * do not. One shape of them all answers for each in a single walk over the text.
 */
#ifndef CORE_CROWD_H
#define CORE_CROWD_H

#include "match/matcher_private.h"

/*
 * Puts the compiled jobs into crowds, and sums up for each literal what the jobs that
 * want it have in common. ANN_ENOMEM only.
 */
ANN_MUST_USE enum ann_err ann_crowds_make(struct ann_matcher *matcher);

#endif
