/*
 * index - literals, who wants to know of them, and an automaton that finds them.
 */
#ifndef CORE_INDEX_H
#define CORE_INDEX_H

#include "match/scanner.h"

/* Jobs whose shapes are asked all at once, where one of their literals stands. */
enum crowd {
	CROWD_VALUES, /* matches begin with a value, which the literal is the front of
		       */
	CROWD_BARE,   /* the value has no 0x, and stands behind the literal */
	CROWD_WORDS,  /* other matches that begin with a literal */
	CROWDS,
	CROWD_NONE = CROWDS
};

/* Who wants to know of a literal: jobs or conditions, by number. */
struct want {
	uint64_t parts[CROWDS]; /* jobs that are asked with a crowd, by their part */
	uint32_t *who;          /* the others */
	size_t count;
	size_t room;
};

/*
 * Who wants to know of a literal: jobs that are asked with their crowd, others that
 * would be of it if it had room, and those of no crowd.
 */
enum { WANT_ANYWAY = 1 << 2 * CROWDS };
static inline unsigned ann_want_with(enum crowd crowd)
{
	return 1U << crowd;
}
static inline unsigned ann_want_like(enum crowd crowd)
{
	return 1U << (CROWDS + crowd);
}

/* Literals, each once. */
struct index {
	struct ann_literal *literals;
	struct want *wants; /* per literal */
	uint8_t *traits;    /* the same; NULL until they are summed up */
	size_t count;
	size_t room;
	struct ann_automaton *automaton;
};

/* The literal's place in the index, where it is added if it is new; -1: no memory. */
long ann_index_intern(struct index *index, const struct ann_literal *literal);

/* `who` wants to know of each of the literals. ANN_ENOMEM only. */
ANN_MUST_USE enum ann_err ann_index_want(
	struct index *index, size_t who, const struct ann_literals *literals);

/* When all literals are there. ANN_ENOMEM only. */
ANN_MUST_USE enum ann_err ann_index_build(struct index *index, struct ann_error *err);
void ann_index_deinit(struct index *index);

#endif
