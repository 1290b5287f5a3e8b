/*
 * place - where in its matches a pattern has its value, as far as its syntax tells.
 */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include "match/regex.h"

struct ann_place {
	bool code_first; /* matches begin with the value */
	bool same_first; /* matches begin with another print of the value */
	bool last;       /* no word stands behind the value on its line */
	bool plain;      /* a match begins with the value, which is a whole word */
};

/* What is not understood is none of it. */
struct ann_place ann_place_of(const struct ann_regex *regex);

#endif
