/*
 * byteset - a set of bytes.
 */
#ifndef CORE_BYTESET_H
#define CORE_BYTESET_H

#include "annotty/span.h"

/* An all-zero struct is the empty set. */
struct ann_byteset {
	uint64_t bits[4];
};

static inline bool ann_byteset_has(const struct ann_byteset *set, unsigned char byte)
{
	return set->bits[byte / 64] >> byte % 64 & 1;
}

/* The first byte from `from` on that is in it; 256: there is none. */
unsigned ann_byteset_next(const struct ann_byteset *set, unsigned from);

/* Whether all bytes of `set` are in `other`. */
bool ann_byteset_within(const struct ann_byteset *set, const struct ann_byteset *other);

void ann_byteset_put(struct ann_byteset *set, unsigned char byte);
void ann_byteset_put_range(struct ann_byteset *set, unsigned from, unsigned to);

/* All bytes that were not in it. */
void ann_byteset_turn(struct ann_byteset *set);
void ann_byteset_unite(struct ann_byteset *set, const struct ann_byteset *other);

/* With each ASCII letter, its other case. */
void ann_byteset_fold_case(struct ann_byteset *set);

/* What `\c` stands for, if it is d, w, s, h, v or one of their opposites; else false.
 */
bool ann_byteset_class(char c, struct ann_byteset *set);

#endif
