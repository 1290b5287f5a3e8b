/*
 * literal_set - strings of which one stands in every match of a part of a pattern.
 *
 * What literals.c puts together. A set with an empty string in it promises nothing.
 * Memory that is missing is noted in a flag, and the set is then too small to be used.
 */
#ifndef CORE_LITERAL_SET_H
#define CORE_LITERAL_SET_H

#include "match/literals.h"

/* An all-zero struct is a set without strings. */
struct ann_set {
	struct ann_literal *at;
	size_t count;
	size_t room;
};

static inline char ann_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Each string is in it once. */
void ann_set_add(bool *no_memory, struct ann_set *set, struct ann_literal literal);
void ann_set_deinit(struct ann_set *set);

/* The strings of `set`, which is left without; and a copy of it, which keeps them. */
struct ann_set ann_set_move(struct ann_set *set);
struct ann_set ann_set_copy(bool *no_memory, const struct ann_set *set);

/* Whether there are strings, and none of them is empty. */
bool ann_set_promises(const struct ann_set *set);

/* Longer is rarer, and rarer is better; then fewer. 0: it promises nothing. */
size_t ann_set_worth(const struct ann_set *set);

/* Keeps the better of two sets in `best`; takes `other`. */
void ann_set_keep_better(struct ann_set *best, struct ann_set *other);

/* set = set x other. False, and nothing done, when that gets too large. */
bool ann_set_multiply(
	bool *no_memory, struct ann_set *set, const struct ann_set *other);

/* set = set or other; nothing is promised any more when that gets too large. */
void ann_set_unite(bool *no_memory, struct ann_set *set, const struct ann_set *other);

#endif
