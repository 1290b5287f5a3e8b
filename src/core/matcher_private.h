/*
 * matcher_private - a compiled matcher, between the one who makes it (matcher.c) and
 * the one who uses it (scan.c).
 */
#ifndef CORE_MATCHER_PRIVATE_H
#define CORE_MATCHER_PRIVATE_H

#include "annotty/matcher.h"
#include "pattern.h"
#include "scanner.h"

#include <stdatomic.h>

/* How a rule's lines are found. */
enum where {
	WHERE_TRIGGERED, /* matches begin exactly where one of its literals stands */
	WHERE_MENTIONED, /* lines hold one of its literals somewhere */
	WHERE_ANY,       /* nothing is known: every line is tried */
};

/* A rule made ready. */
struct job {
	const struct ann_rule *rule;
	struct ann_pattern *regex[ANN_RULE_REGEXES];
	struct ann_groups code;
	struct ann_groups name;
	struct ann_groups family;
	struct ann_groups same;
	uint8_t *rank; /* per family: its place in the rule's list, NOT_LISTED */
	enum where where;
};

/* Which jobs want to know of a literal. */
struct want {
	uint32_t *jobs;
	size_t count;
	size_t room;
};

enum { NOT_LISTED = 0xFF, FAMILIES_MOST = NOT_LISTED };

struct ann_matcher {
	const struct ann_codebook *book;
	struct ann_matcher_options options;
	bool wanted[FAMILIES_MOST]; /* by the order of families */
	struct job *jobs;
	size_t count;
	size_t any;                    /* how many jobs are WHERE_ANY */
	struct ann_pattern *stop;      /* options.stop_at, or NULL */
	struct ann_pattern **words;    /* per family: lines that speak of it, or NULL */
	struct ann_literal *literals;  /* of all jobs, each once */
	struct want *wants;            /* per literal */
	size_t literal_count;
	size_t literal_room;
	uint32_t escape; /* the literal that begins a terminal's control sequence */
	struct ann_automaton *automaton;
	_Atomic(struct ann_vectorscan *) vectorscan; /* NULL until it is built */
};

/* The vectorscan database if it is there already, else NULL. */
static inline const struct ann_vectorscan *ann_matcher_vectorscan(
	const struct ann_matcher *matcher)
{
	return atomic_load_explicit(&matcher->vectorscan, memory_order_acquire);
}

#endif
