/*
 * values - the words of a line that can be a status value of some rule.
 *
 * Most numbers of a log are values of no table. They are told from the others before
 * any pattern is tried, which is what makes the matcher pass over them quickly.
 */
#ifndef CORE_VALUES_H
#define CORE_VALUES_H

#include "annotty/codebook.h"
#include "annotty/span.h"

/* Families as bits, by their order; those behind the 63rd share the last one. */
typedef uint64_t ann_families;
static inline ann_families ann_family_bit(size_t order)
{
	return (ann_families)1 << (order < 63 ? order : 63);
}

/* Which families have a code of a value. */
struct ann_known;

/*
 * Of the codes in `book` (borrowed) those of `wanted` families; with severity ok only
 * if `ok`. NULL: no memory.
 */
struct ann_known *ann_known_new(
	const struct ann_codebook *book, ann_families wanted, bool ok);
void ann_known_free(struct ann_known *known);

/*
 * The families that may know `word` (not empty) in any base; 0: it is no value. A very
 * long one may be anything.
 */
ann_families ann_known_word(const struct ann_known *known, struct ann_span word);

/* The word that a text begins with. */
struct ann_word {
	size_t len;            /* 0: it begins with no word */
	ann_families families; /* that may know it */
};
void ann_known_first(
	const struct ann_known *known, struct ann_span text, struct ann_word *word);

/* The same for the last word of `line`, which begins at `*start`. */
ann_families ann_known_last(
	const struct ann_known *known, struct ann_span line, size_t *start);

/* Where the last value without 0x stands in a line, of which a part is looked at. */
struct ann_bare {
	size_t last; /* SIZE_MAX: there is none from `from` on */
	size_t from;
	size_t line_end;
};
struct ann_bare ann_known_bare(
	const struct ann_known *known, struct ann_span text, size_t from);

struct ann_value {
	uint32_t start; /* in the line */
	bool prefixed;  /* with 0x */
	ann_families families;
};

/* An all-zero struct is an empty list. */
struct ann_values {
	struct ann_value *at; /* ascending */
	size_t count;
	size_t room;
};
void ann_values_deinit(struct ann_values *values);

/*
 * Fills `values` (emptied first) with the values in `line` from `from` on, which is not
 * inside of a word. ANN_ENOMEM only.
 */
ANN_MUST_USE enum ann_err ann_values_find(const struct ann_known *known,
	struct ann_span line, size_t from, struct ann_values *values);

#endif
