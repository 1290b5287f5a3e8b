/*
 * meaning - what a captured value stands for.
 *
 * A value can be known to several families, and a bare number can be read as decimal or
 * hex. Families of which the line speaks (their words) come first, then the order of
 * the rule's list, then decimal before hex.
 */
#ifndef CORE_MEANING_H
#define CORE_MEANING_H

#include "match/condition.h"

/*
 * What was told of values that came before, which are mostly the same few. Only of
 * those with few meanings, in which no other word of the line has a say. All zero at
 * first; for one thread and one matcher.
 */
enum { ANN_RECALLED_BITS = 8, ANN_RECALLED_CODES = 2 };
struct ann_recall {
	struct ann_recalled {
		const struct job *job; /* NULL: nothing is recalled here */
		uint64_t reading[2];   /* of the value */
		uint8_t readings;
		uint8_t count; /* of codes */
		const struct ann_code *codes[ANN_RECALLED_CODES];
	} at[1 << ANN_RECALLED_BITS];
};

/*
 * Puts the codes that `digits` can stand for into the hit. Asks for words of families,
 * so the asker's last match is lost. False: no family of the job knows it.
 */
bool ann_meaning_of_number(struct ann_recall *recall, struct ann_asker *asker,
	const struct job *job, struct ann_span digits, struct ann_hit *hit);

/* The same for a symbol that is printed by its name. */
bool ann_meaning_of_symbol(const struct ann_matcher *matcher, const struct job *job,
	struct ann_span symbol, struct ann_hit *hit);

#endif
