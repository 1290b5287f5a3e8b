/*
 * shape - says quickly that a pattern cannot match here.
 *
 * PCRE2 starts for each question anew; most of the answers are no, and most of these
 * can be told from a few bytes. A shape is a finite automaton of a pattern, built as it
 * is used, that lets through at least what the pattern does. What it cannot express
 * (look-arounds longer than a byte, atomic groups, large counts, word boundaries) it
 * takes for true, and then its yes is only a maybe.
 *
 * Shapes are shared by threads.
 */
#ifndef CORE_SHAPE_H
#define CORE_SHAPE_H

#include "annotty/span.h"

enum ann_answer { ANN_NO, ANN_MAYBE, ANN_YES };

struct ann_shape;

/*
 * Of an expanded regex. `backward`: for matches that end at a given place. NULL: no
 * memory.
 */
struct ann_shape *ann_shape_new(struct ann_span regex, bool backward);
void ann_shape_free(struct ann_shape *shape);

/*
 * Of several forward ones, ANN_SHAPE_PARTS at most, that are asked all at once. NULL:
 * no memory.
 */
enum { ANN_SHAPE_PARTS = 64 };
struct ann_shape *ann_shape_of_all(struct ann_shape *const *shapes, size_t count);

/* All below take NULL for a shape that lets everything through. */

/* Does the regex match from `at` on? A line end ends the text as well. */
enum ann_answer ann_shape_ahead(
	struct ann_shape *shape, struct ann_span text, size_t at);

/* The answers of a shape of several: a bit for each, in their order. */
struct ann_answers {
	uint64_t maybe; /* not no */
	uint64_t yes;
	bool told; /* false: too much to be told at once; then all are maybe */
};
static inline enum ann_answer ann_answer_of(
	const struct ann_answers *answers, unsigned which)
{
	if (answers->yes >> which & 1) {
		return ANN_YES;
	}
	return answers->maybe >> which & 1 ? ANN_MAYBE : ANN_NO;
}

void ann_shape_all_ahead(struct ann_shape *shape, struct ann_span text, size_t at,
	struct ann_answers *answers);

/* Does a match that begins at `from` or behind it end at `at`? */
enum ann_answer ann_shape_before(
	struct ann_shape *shape, struct ann_span text, size_t from, size_t at);

#endif
