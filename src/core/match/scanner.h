/*
 * scanner - where in a batch do any of these literals stand?
 *
 * Two ways to the same answer: an automaton of our own that is there at once and on
 * every machine, and vectorscan, which takes a while to build and is several times as
 * fast afterwards.
 */
#ifndef CORE_SCANNER_H
#define CORE_SCANNER_H

#include "match/literals.h"

#include "annotty/alloc.h"
#include "annotty/error.h"
#include "annotty/span.h"

/* A literal that was found, its edges checked. */
struct ann_trigger {
	uint32_t at;      /* where it begins in the batch */
	uint32_t literal; /* its place among the literals */
};

/* An all-zero struct is an empty list. */
struct ann_triggers {
	struct ann_trigger *at; /* ascending by the end of the literal */
	size_t count;
	size_t room;
	bool failed; /* no memory: the list is incomplete */
};

void ann_triggers_deinit(struct ann_triggers *triggers);

/* For the two below: adds literal `which` ending at `end`, if its edges hold. */
static inline void ann_triggers_add(struct ann_triggers *triggers,
	const struct ann_literal *literals, struct ann_span batch, size_t end,
	size_t which)
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

/* Aho and Corasick's automaton (CACM 18, 1975) as a table over classes of bytes. */
struct ann_automaton;

/* `literals` are borrowed for as long as the automaton lives. NULL: no memory. */
struct ann_automaton *ann_automaton_new(
	const struct ann_literal *literals, size_t count);
void ann_automaton_free(struct ann_automaton *automaton);

/* Fills `triggers` (emptied first). `batch` is shorter than 4 GiB. */
void ann_automaton_scan(const struct ann_automaton *automaton, struct ann_span batch,
	struct ann_triggers *triggers);

/*
 * A sieve that passes over most of the text 32 bytes at a time, and the trie for the
 * rest. For sets with few beginnings (see the source), on processors with AVX2.
 */
struct ann_sieve;

/*
 * Whether it is of no use to find a literal that begins at `at`, whoever wants one of
 * such `traits`: those of several literals, united. What they are is up to the caller.
 */
struct ann_idle {
	bool (*is)(void *user, size_t at, unsigned traits);
	void *user;
};

/*
 * As for the automaton. `traits` are of each literal, or NULL. NULL also when it is of
 * no use for the literals, or here.
 */
struct ann_sieve *ann_sieve_new(
	const struct ann_literal *literals, const uint8_t *traits, size_t count);
void ann_sieve_free(struct ann_sieve *sieve);

/*
 * Fills `triggers`, which ascend by their beginnings. `readable` bytes can be read from
 * the beginning of the batch on, as many as it has or more, which makes it faster.
 * Those that are idle may be left out. `idle` may be NULL; it is asked for places in
 * ascending order.
 */
void ann_sieve_scan(const struct ann_sieve *sieve, struct ann_span batch,
	size_t readable, const struct ann_idle *idle, struct ann_triggers *triggers);

/* A vectorscan database, shared by threads, and the scratch space one thread needs. */
struct ann_vectorscan;
struct ann_vectorscan_space;

/*
 * As for the automaton. NULL also when vectorscan declines (or is not built in): the
 * automaton goes on alone.
 */
struct ann_vectorscan *ann_vectorscan_new(
	const struct ann_literal *literals, size_t count);
void ann_vectorscan_free(struct ann_vectorscan *database);

struct ann_vectorscan_space *ann_vectorscan_space_new(
	const struct ann_vectorscan *database);
void ann_vectorscan_space_free(struct ann_vectorscan_space *space);

/* False when the scan failed; `triggers` are then incomplete. */
bool ann_vectorscan_scan(const struct ann_vectorscan *database,
	struct ann_vectorscan_space *space, struct ann_span batch,
	struct ann_triggers *triggers);

#endif
