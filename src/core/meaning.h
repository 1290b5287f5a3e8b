/*
 * meaning - what a captured value stands for.
 *
 * A value can be known to several families, and a bare number can be read as decimal or
 * hex. Families of which the line speaks (their words) come first, then the order of
 * the rule's list, then decimal before hex.
 */
#ifndef CORE_MEANING_H
#define CORE_MEANING_H

#include "condition.h"

/*
 * Puts the codes that `digits` can stand for into the hit. Asks for words of families,
 * so the asker's last match is lost. False: no family of the job knows it.
 */
bool ann_meaning_of_number(struct ann_asker *asker, const struct job *job,
	struct ann_span digits, struct ann_hit *hit);

/* The same for a symbol that is printed by its name. */
bool ann_meaning_of_symbol(const struct ann_matcher *matcher, const struct job *job,
	struct ann_span symbol, struct ann_hit *hit);

#endif
