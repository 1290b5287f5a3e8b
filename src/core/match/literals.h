/*
 * literals - what a line must contain before a pattern can match in it.
 *
 * A set of strings of which at least one stands in every match, so that a scanner can
 * pass over all other lines. Always on the safe side: of a pattern that is not
 * understood nothing is expected.
 */
#ifndef CORE_LITERALS_H
#define CORE_LITERALS_H

#include "match/regex.h"

enum {
	ANN_LITERAL_BYTES = 24,  /* longer strings are cut, which is as true */
	ANN_LITERALS_MOST = 512, /* larger sets are given up */
	ANN_LITERALS_MANY = 128, /* good enough sets are not made longer beyond this */
};

struct ann_literal {
	uint8_t len;                  /* bytes, 1 to ANN_LITERAL_BYTES */
	bool word_start;              /* no word byte stands before it */
	bool word_end;                /* no word byte stands behind it */
	bool letter_start;            /* no ASCII letter stands before it */
	bool letter_end;              /* no ASCII letter stands behind it */
	char text[ANN_LITERAL_BYTES]; /* lower case; ASCII case is not looked at */
};

struct ann_literals {
	struct ann_literal *at;
	size_t count; /* 0: nothing is known, every line has to be tried */
	bool leading; /* every match begins with one of them */
};

/* ANN_ENOMEM only. Release with ann_literals_deinit(). */
ANN_MUST_USE enum ann_err ann_literals_of(
	const struct ann_regex *regex, struct ann_literals *literals);

/* The same, but a set that leads is taken even if a better one stands further in. */
ANN_MUST_USE enum ann_err ann_literals_leading_of(
	const struct ann_regex *regex, struct ann_literals *literals);
void ann_literals_deinit(struct ann_literals *literals);

/* True when `literal` stands at `at` in `text` (its bytes are known to), edges too. */
static inline bool ann_literal_edges_hold(
	const struct ann_literal *literal, struct ann_span text, size_t at)
{
	size_t end = at + literal->len;
	unsigned char before = at > 0 ? (unsigned char)text.ptr[at - 1] : ' ';
	unsigned char behind = end < text.len ? (unsigned char)text.ptr[end] : ' ';

	return !(literal->letter_start && ann_is_letter(before)) &&
	       !(literal->letter_end && ann_is_letter(behind)) &&
	       !(literal->word_start && ann_is_word(before)) &&
	       !(literal->word_end && ann_is_word(behind));
}

#endif
