/*
 * matcher_private - a compiled matcher, between those who make it (matcher.c,
 * compile.c) and the one who uses it (scan.c).
 */
#ifndef CORE_MATCHER_PRIVATE_H
#define CORE_MATCHER_PRIVATE_H

#include "annotty/matcher.h"
#include "match/index.h"
#include "match/pattern.h"
#include "match/place.h"
#include "match/shape.h"
#include "match/values.h"

#include <stdatomic.h>

/* How a rule's lines are found. */
enum where {
	WHERE_TRIGGERED, /* matches begin exactly where one of its literals stands */
	WHERE_MENTIONED, /* lines hold one of its literals somewhere */
	WHERE_ANY,       /* nothing is known: every line is tried */
};

/*
 * What a line may be read for: what a veto needs, which is mostly not there, and what
 * the other conditions need, which mostly is.
 */
enum reading { READ_VETOES, READ_WORDS, READINGS };

/* A rule's condition made ready, or the words of a family. */
struct condition {
	struct ann_pattern *regex; /* NULL: there is none */
	struct ann_shape *shape;   /* for those on what stands beside a value */
	struct ann_shape *near;    /* the same without its far part; see far.h */
	bool far;                  /* there is one; it may be all, without a `near` */
	enum reading reading;      /* of a line, that finds its literals */
	uint32_t number;           /* among all conditions that have literals */
	bool listed;               /* it holds only on lines with one of its literals */
	bool leading;              /* and begins there; the regex is anchored then */
};

/* A rule made ready. */
struct job {
	const struct ann_rule *rule;
	uint32_t number; /* its place in ann_matcher::jobs */
	struct ann_pattern *pattern;
	struct ann_shape *shape;                       /* if WHERE_TRIGGERED */
	struct condition conditions[ANN_RULE_REGEXES]; /* but not ANN_RULE_PATTERN */
	struct ann_groups code;
	struct ann_groups name;
	struct ann_groups family;
	struct ann_groups same;
	uint8_t *rank; /* per family: its place in the rule's list, NOT_LISTED */
	enum where where;
	enum crowd crowd;      /* with which its shape is asked */
	uint8_t part;          /* which one of that crowd's it is */
	bool whole;            /* its values are whole words that a table knows */
	ann_families families; /* those it can find */
	struct ann_place place;
};

enum { NOT_LISTED = 0xFF, FAMILIES_MOST = NOT_LISTED };

struct ann_matcher {
	const struct ann_codebook *book;
	struct ann_matcher_options options;
	bool wanted[FAMILIES_MOST];  /* by the order of families: they may be found */
	bool unnamed[FAMILIES_MOST]; /* no rule has them in its list */
	struct job *jobs;
	size_t count;
	size_t any;                 /* how many jobs are WHERE_ANY */
	struct ann_pattern **stops; /* of options.stop_at */
	size_t stop_count;
	struct ann_known *known; /* values that some job can find */
	struct condition *words; /* per family: lines that speak of it */
	struct ann_shape *crowds[CROWDS];
	uint32_t members[CROWDS][ANN_SHAPE_PARTS]; /* jobs, by their part */
	uint64_t code_first;   /* parts of CROWD_VALUES whose matches begin with it */
	struct index patterns; /* literals of the jobs' patterns */
	/* Literals of conditions, of their far parts, and of the words of families. */
	struct index conditions[READINGS];
	uint32_t condition_count; /* that have literals */
	uint32_t escape; /* the literal that begins a terminal's control sequence */
	/* For the patterns. Both NULL until one of them is built. */
	_Atomic(struct ann_sieve *) sieve;
	_Atomic(struct ann_vectorscan *) vectorscan;
	/* For vetoes. NULL until it is built, or for good. */
	_Atomic(struct ann_sieve *) veto_sieve;
};

#endif
