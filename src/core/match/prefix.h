/*
 * prefix - which literals begin at a place, told from its first bytes.
 *
 * A table of hashes says of most places that none does. For the others it leads to the
 * state that these bytes end at in the trie of the literals.
 */
#ifndef CORE_PREFIX_H
#define CORE_PREFIX_H

#include "match/scanner.h"
#include "match/trie.h"

#include <string.h>

enum {
	ANN_PREFIX_BYTES = 4,
	ANN_PREFIX_LEAST = 2, /* with a single byte, too many places would pass */
	ANN_PREFIXES_MOST = 64,
	ANN_PREFIX_HASH_BITS = 13,
};

/* The literals that begin alike. */
struct ann_prefix {
	unsigned char byte[ANN_PREFIX_BYTES]; /* lower case */
	uint8_t len;
	bool free;      /* one of them may stand behind a letter */
	uint8_t next;   /* 1 + another one that may begin alike, 0: none */
	uint32_t bytes; /* what a place holds, where `mask` is set */
	uint32_t mask;
	uint32_t state;  /* where it ends in the trie */
	unsigned traits; /* of its literals, united */
};

struct ann_prefixes {
	struct ann_trie trie;
	struct ann_prefix at[ANN_PREFIXES_MOST];
	size_t count;
	/* By the hash of its bytes, whatever their number: there is one. */
	bool passes[1 << ANN_PREFIX_HASH_BITS];
	/* By the hash of its first ANN_PREFIX_LEAST bytes: 1 + one of them, 0: none. */
	uint8_t first[1 << ANN_PREFIX_HASH_BITS];
};

/*
 * `literals` are borrowed; `traits` of each may be NULL for none. False: a literal is
 * too short, there are too many prefixes, or there is no memory. Release with
 * ann_prefixes_deinit() in any case.
 */
bool ann_prefixes_init(struct ann_prefixes *prefixes,
	const struct ann_literal *literals, const uint8_t *traits, size_t count);
void ann_prefixes_deinit(struct ann_prefixes *prefixes);

/* The first bytes of a place; it has ANN_PREFIX_BYTES, be it of something else. */
static inline uint32_t ann_prefix_bytes(const char *text)
{
	uint32_t bytes = 0;

	memcpy(&bytes, text, sizeof(bytes));
	return bytes;
}

/* Of the first `len` bytes, and the same for both cases. */
static inline uint32_t ann_prefix_hash(uint32_t bytes, unsigned len)
{
	uint64_t mask = (UINT64_C(1) << 8 * len) - 1;
	uint32_t folded = (uint32_t)((bytes | 0x20202020) & mask);

	return folded * UINT32_C(0x9e3779b1) >> (32 - ANN_PREFIX_HASH_BITS);
}

/* Whether a literal may begin with these bytes. */
static inline bool ann_prefixes_pass(
	const struct ann_prefixes *prefixes, uint32_t bytes)
{
	bool any = false;

	for (unsigned len = ANN_PREFIX_LEAST; len <= ANN_PREFIX_BYTES; len++) {
		any |= prefixes->passes[ann_prefix_hash(bytes, len)];
	}
	return any;
}

/*
 * Adds the literals that begin at `at` in the batch, where these bytes stand, but for
 * those that are idle; `idle` may be NULL.
 */
void ann_prefixes_look(const struct ann_prefixes *prefixes, struct ann_span batch,
	size_t at, uint32_t bytes, const struct ann_idle *idle,
	struct ann_triggers *triggers);

#endif
