#include "match/scanner.h"

#include "annotty/alloc.h"
#include "match/trie.h"

struct ann_automaton {
	struct ann_trie trie; /* once connected, with ways for all bytes; see pack() */
	uint32_t
		*suffix; /* per state: the nearest shorter state with an end, 0: none */
};

void ann_triggers_deinit(struct ann_triggers *triggers)
{
	ann_free(triggers->at);
	*triggers = (struct ann_triggers){0};
}

/*
 * Breadth first, so that what a state falls back to is finished before it. `queue` and
 * `fallback` have room for all states.
 */
static void connect(struct ann_automaton *a, uint32_t *queue, uint32_t *fallback)
{
	struct ann_trie *trie = &a->trie;
	size_t head = 0;
	size_t tail = 0;

	for (uint32_t c = 0; c < trie->classes; c++) {
		if (trie->next[c] != 0) {
			fallback[trie->next[c]] = 0;
			queue[tail++] = trie->next[c];
		}
	}
	while (head < tail) {
		uint32_t state = queue[head++];
		uint32_t back = fallback[state];
		uint32_t *ways = &trie->next[state * trie->classes];

		a->suffix[state] = trie->ends[back] != 0 ? back : a->suffix[back];
		for (uint32_t c = 0; c < trie->classes; c++) {
			uint32_t instead = trie->next[back * trie->classes + c];

			if (ways[c] == 0) {
				ways[c] = instead;
			} else {
				fallback[ways[c]] = instead;
				queue[tail++] = ways[c];
			}
		}
	}
}

/*
 * A way becomes twice the place of its state in the table of ways, plus one if literals
 * end there: all that a byte without literals needs to know, in one number.
 */
static void pack(struct ann_automaton *a)
{
	struct ann_trie *trie = &a->trie;

	for (size_t i = 0; i < (size_t)trie->states * trie->classes; i++) {
		uint32_t state = trie->next[i];
		bool reports = trie->ends[state] != 0 || a->suffix[state] != 0;

		trie->next[i] = state * trie->classes << 1 | reports;
	}
}

struct ann_automaton *ann_automaton_new(
	const struct ann_literal *literals, size_t count)
{
	struct ann_automaton *a = ann_alloc(sizeof(*a));
	uint32_t *queue = NULL;

	if (a == NULL || ann_trie_init(&a->trie, literals, count) != ANN_OK) {
		goto failed;
	}
	a->suffix = ann_alloc(a->trie.states * sizeof(*a->suffix));
	queue = ann_alloc((size_t)a->trie.states * 2 * sizeof(*queue));
	if (a->suffix == NULL || queue == NULL) {
		goto failed;
	}
	connect(a, queue, queue + a->trie.states);
	pack(a);
	ann_free(queue);
	return a;

failed:
	ann_free(queue);
	ann_automaton_free(a);
	return NULL;
}

void ann_automaton_free(struct ann_automaton *automaton)
{
	if (automaton != NULL) {
		ann_trie_deinit(&automaton->trie);
		ann_free(automaton->suffix);
		ann_free(automaton);
	}
}

static void report(const struct ann_automaton *a, uint32_t state, size_t end,
	struct ann_span batch, struct ann_triggers *triggers)
{
	const struct ann_trie *trie = &a->trie;

	for (uint32_t s = trie->ends[state] != 0 ? state : a->suffix[state]; s != 0;
		s = a->suffix[s]) {
		for (uint32_t i = trie->ends[s]; i != 0; i = trie->same[i - 1]) {
			ann_triggers_add(triggers, trie->literals, batch, end, i - 1);
		}
	}
}

void ann_automaton_scan(const struct ann_automaton *automaton, struct ann_span batch,
	struct ann_triggers *triggers)
{
	const struct ann_trie *trie = &automaton->trie;
	const uint32_t *next = trie->next;
	uint32_t way = 0;

	triggers->count = 0;
	triggers->failed = false;
	for (size_t i = 0; i < batch.len; i++) {
		way = next[(way >> 1) + trie->class_of[(unsigned char)batch.ptr[i]]];
		if (way & 1) {
			report(automaton, (way >> 1) / trie->classes, i + 1, batch,
				triggers);
		}
	}
}
