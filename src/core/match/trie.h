/*
 * trie - literals as a tree of their bytes, over classes of bytes that are alike.
 */
#ifndef CORE_TRIE_H
#define CORE_TRIE_H

#include "match/literals.h"

struct ann_trie {
	const struct ann_literal *literals; /* borrowed */
	uint8_t class_of[256];              /* class 0: bytes that are in no literal */
	uint32_t classes;
	uint32_t states; /* 0 is the root */
	uint32_t *next;  /* states x classes; 0: no way on */
	uint32_t *ends;  /* per state: 1 + the literal that ends here, 0: none */
	uint32_t *same;  /* per literal: 1 + another one of the same text, 0: none */
};

/* ANN_ENOMEM only. Release with ann_trie_deinit(), also after a failure. */
ANN_MUST_USE enum ann_err ann_trie_init(
	struct ann_trie *trie, const struct ann_literal *literals, size_t count);
void ann_trie_deinit(struct ann_trie *trie);

/* The way on from `state` with a byte. */
static inline uint32_t ann_trie_step(
	const struct ann_trie *trie, uint32_t state, unsigned char byte)
{
	return trie->next[state * trie->classes + trie->class_of[byte]];
}

#endif
