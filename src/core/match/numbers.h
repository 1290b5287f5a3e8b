/*
 * numbers - where in a text do words stand that can be numbers?
 *
 * A text is read 64 bytes at a time, a bit for each. The words in such a block that are
 * nothing but hexadecimal digits are told from the others by one addition: a carry that
 * is set off where a word begins runs through its digits and stops behind the last.
 */
#ifndef CORE_NUMBERS_H
#define CORE_NUMBERS_H

#include "annotty/span.h"

/* The words of a text from `at` on, up to `next`, or to the end of their line. */
struct ann_numbers {
	size_t at;
	size_t next; /* where to read on; none of the words goes on there */
	/* A bit for each byte from `at` on. */
	uint64_t outside; /* it is in no word */
	uint64_t ends;    /* a word of digits ends before it, or one with an h behind */
	uint64_t prefixes; /* it is the second one of a word, perhaps the x of 0x */
	bool long_word;    /* instead, one of 64 bytes or more begins at `at` */
	bool line_ends;    /* at `next`, or the text does */
};

/*
 * Reads a block. `at` is below text.len. What stands before it does not count: a word
 * may begin there. Some words that are no numbers are among those found.
 */
void ann_numbers_read(struct ann_numbers *numbers, struct ann_span text, size_t at);

/* The word that ends at the last bit of `ends`. */
static inline struct ann_span ann_numbers_last(
	const struct ann_numbers *numbers, struct ann_span text, uint64_t ends)
{
	unsigned end = 63 - (unsigned)__builtin_clzll(ends);
	uint64_t before = numbers->outside & ((UINT64_C(1) << end) - 1);
	unsigned start = before == 0 ? 0 : 64 - (unsigned)__builtin_clzll(before);

	return (struct ann_span){text.ptr + numbers->at + start, end - start};
}

/* The word that the first bit of `within` is in, or that ends before it. */
static inline struct ann_span ann_numbers_first(
	const struct ann_numbers *numbers, struct ann_span text, uint64_t within)
{
	uint64_t bit = within & (~within + 1);
	uint64_t behind = numbers->outside & ~(bit - 1);

	return ann_numbers_last(numbers, text, behind & (~behind + 1));
}

#endif
