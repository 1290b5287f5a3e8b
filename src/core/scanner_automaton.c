#include "scanner.h"

#include "annotty/alloc.h"

#include <string.h>

struct ann_automaton {
	const struct ann_literal *literals;
	uint8_t class_of[256]; /* class 0: bytes that are in no literal */
	uint32_t classes;
	uint32_t states;
	uint32_t *next; /* states x classes */
	uint32_t *ends; /* per state: 1 + the literal that ends here, 0: none */
	uint32_t
		*suffix; /* per state: the nearest shorter state with an end, 0: none */
	uint32_t *same; /* per literal: 1 + another literal of the same text, 0: none */
};

void ann_triggers_deinit(struct ann_triggers *triggers)
{
	ann_free(triggers->at);
	*triggers = (struct ann_triggers){0};
}

void ann_triggers_add(struct ann_triggers *triggers, const struct ann_literal *literals,
	struct ann_span batch, size_t end, size_t which)
{
	size_t at = end - literals[which].len;

	if (!ann_literal_edges_hold(&literals[which], batch, at)) {
		return;
	}
	if (ann_grow((void **)&triggers->at, &triggers->room, triggers->count,
		    sizeof(*triggers->at)) != 0) {
		triggers->failed = true;
		return;
	}
	triggers->at[triggers->count++] =
		(struct ann_trigger){(uint32_t)at, (uint32_t)which};
}

static void assign_classes(struct ann_automaton *a, size_t count)
{
	a->classes = 1;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < a->literals[i].len; j++) {
			unsigned char c = (unsigned char)a->literals[i].text[j];

			if (a->class_of[c] == 0) {
				a->class_of[c] = (uint8_t)a->classes++;
			}
		}
	}
	for (unsigned c = 'A'; c <= 'Z'; c++) {
		a->class_of[c] = a->class_of[c + 32];
	}
}

/* The trie; 0 in `next` means that there is no way on yet. */
static void plant(struct ann_automaton *a, size_t count)
{
	a->states = 1;
	for (size_t i = 0; i < count; i++) {
		const struct ann_literal *literal = &a->literals[i];
		uint32_t state = 0;

		for (size_t j = 0; j < literal->len; j++) {
			uint32_t *way =
				&a->next[state * a->classes +
					 a->class_of[(unsigned char)literal->text[j]]];

			if (*way == 0) {
				*way = a->states++;
			}
			state = *way;
		}
		a->same[i] = a->ends[state];
		a->ends[state] = (uint32_t)i + 1;
	}
}

/*
 * Breadth first, so that what a state falls back to is finished before it. `queue` and
 * `fallback` have room for all states.
 */
static void connect(struct ann_automaton *a, uint32_t *queue, uint32_t *fallback)
{
	size_t head = 0;
	size_t tail = 0;

	for (uint32_t c = 0; c < a->classes; c++) {
		if (a->next[c] != 0) {
			fallback[a->next[c]] = 0;
			queue[tail++] = a->next[c];
		}
	}
	while (head < tail) {
		uint32_t state = queue[head++];
		uint32_t back = fallback[state];
		uint32_t *ways = &a->next[state * a->classes];

		a->suffix[state] = a->ends[back] != 0 ? back : a->suffix[back];
		for (uint32_t c = 0; c < a->classes; c++) {
			uint32_t instead = a->next[back * a->classes + c];

			if (ways[c] == 0) {
				ways[c] = instead;
			} else {
				fallback[ways[c]] = instead;
				queue[tail++] = ways[c];
			}
		}
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

struct ann_automaton *ann_automaton_new(
	const struct ann_literal *literals, size_t count)
{
	struct ann_automaton *a = ann_alloc(sizeof(*a));
	size_t states = most_states(literals, count);
	uint32_t *queue = ann_alloc(states * 2 * sizeof(*queue));

	if (a == NULL || queue == NULL) {
		goto free_queue;
	}
	a->literals = literals;
	assign_classes(a, count);
	a->next = ann_alloc(states * a->classes * sizeof(*a->next));
	a->ends = ann_alloc(states * sizeof(*a->ends));
	a->suffix = ann_alloc(states * sizeof(*a->suffix));
	a->same = ann_alloc(count * sizeof(*a->same));
	if (a->next == NULL || a->ends == NULL || a->suffix == NULL ||
		a->same == NULL) {
		goto free_queue;
	}
	plant(a, count);
	connect(a, queue, queue + states);
	ann_free(queue);
	return a;

free_queue:
	ann_free(queue);
	ann_automaton_free(a);
	return NULL;
}

void ann_automaton_free(struct ann_automaton *automaton)
{
	if (automaton == NULL) {
		return;
	}
	ann_free(automaton->next);
	ann_free(automaton->ends);
	ann_free(automaton->suffix);
	ann_free(automaton->same);
	ann_free(automaton);
}

static void report(const struct ann_automaton *a, uint32_t state, size_t end,
	struct ann_span batch, struct ann_triggers *triggers)
{
	for (uint32_t s = a->ends[state] != 0 ? state : a->suffix[state]; s != 0;
		s = a->suffix[s]) {
		for (uint32_t i = a->ends[s]; i != 0; i = a->same[i - 1]) {
			ann_triggers_add(triggers, a->literals, batch, end, i - 1);
		}
	}
}

void ann_automaton_scan(const struct ann_automaton *automaton, struct ann_span batch,
	struct ann_triggers *triggers)
{
	const uint32_t *next = automaton->next;
	const uint32_t *ends = automaton->ends;
	const uint32_t *suffix = automaton->suffix;
	uint32_t classes = automaton->classes;
	uint32_t state = 0;

	triggers->count = 0;
	triggers->failed = false;
	for (size_t i = 0; i < batch.len; i++) {
		state = next[state * classes +
			     automaton->class_of[(unsigned char)batch.ptr[i]]];
		if ((ends[state] | suffix[state]) != 0) {
			report(automaton, state, i + 1, batch, triggers);
		}
	}
}
