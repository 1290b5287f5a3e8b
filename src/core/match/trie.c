#include "match/trie.h"

#include "annotty/alloc.h"

static void assign_classes(struct ann_trie *trie, size_t count)
{
	trie->classes = 1;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < trie->literals[i].len; j++) {
			unsigned char c = (unsigned char)trie->literals[i].text[j];

			if (trie->class_of[c] == 0) {
				trie->class_of[c] = (uint8_t)trie->classes++;
			}
		}
	}
	for (unsigned c = 'A'; c <= 'Z'; c++) {
		trie->class_of[c] = trie->class_of[c + 32];
	}
}

static void plant(struct ann_trie *trie, size_t count)
{
	trie->states = 1;
	for (size_t i = 0; i < count; i++) {
		const struct ann_literal *literal = &trie->literals[i];
		uint32_t state = 0;

		for (size_t j = 0; j < literal->len; j++) {
			unsigned char c = (unsigned char)literal->text[j];
			uint32_t *way =
				&trie->next[state * trie->classes + trie->class_of[c]];

			if (*way == 0) {
				*way = trie->states++;
			}
			state = *way;
		}
		trie->same[i] = trie->ends[state];
		trie->ends[state] = (uint32_t)i + 1;
	}
}

static size_t most_states(const struct ann_literal *literals, size_t count)
{
	size_t states = 1;

	for (size_t i = 0; i < count; i++) {
		states += literals[i].len;
	}
	return states;
}

enum ann_err ann_trie_init(
	struct ann_trie *trie, const struct ann_literal *literals, size_t count)
{
	size_t states = most_states(literals, count);

	*trie = (struct ann_trie){.literals = literals};
	assign_classes(trie, count);
	trie->next = ann_alloc(states * trie->classes * sizeof(*trie->next));
	trie->ends = ann_alloc(states * sizeof(*trie->ends));
	trie->same = ann_alloc(count * sizeof(*trie->same));
	if (trie->next == NULL || trie->ends == NULL || trie->same == NULL) {
		return ANN_ENOMEM;
	}
	plant(trie, count);
	return ANN_OK;
}

void ann_trie_deinit(struct ann_trie *trie)
{
	ann_free(trie->next);
	ann_free(trie->ends);
	ann_free(trie->same);
}
