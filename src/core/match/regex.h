/*
 * regex - the syntax of patterns, read into a tree.
 *
 * This is the one place that reads what PCRE2 compiles. What can be told of a pattern
 * before it is tried is found by walking the tree: strings that it must hold
 * (literals.h), an automaton for it (shape.h), parts that look far back (far.h), and
 * where its value stands (place.h).
 *
 * Understood are bytes and their escapes, classes, groups of all kinds, atomic ones
 * included, alternatives, counts, lookarounds, places such as `^` and `\b`, settings
 * such as (?i) and (?x), and comments. Not understood, and all of the pattern with
 * them, are \Q, \K, \C, \p, \c, octal escapes, references to groups and their
 * recursion, conditions, verbs, callouts, (?|, (?^ and (?xx, and what versions of PCRE2
 * read in different ways. A pattern that PCRE2 refuses may be understood all the same.
 */
#ifndef CORE_REGEX_H
#define CORE_REGEX_H

#include "base/byteset.h"

#include "annotty/error.h"

enum { ANN_TERM_UNLIMITED = UINT32_MAX };

enum ann_term_kind {
	/* What takes no text. */
	ANN_TERM_EDGE,    /* \b */
	ANN_TERM_END,     /* of the line: $, \z, \Z */
	ANN_TERM_PLACE,   /* one that is not told: ^, \A, \B, \G */
	ANN_TERM_SETTING, /* how the rest of the group around it is read: (?i) */
	ANN_TERM_AHEAD,   /* what is inside comes next, or does not */
	ANN_TERM_BEHIND,  /* what is inside came last, or did not */
	/* What may take some. */
	ANN_TERM_BYTE,   /* a byte of `set` */
	ANN_TERM_TEXT,   /* what is not told: \R, \X */
	ANN_TERM_REPEAT, /* what is inside, `least` to `most` times */
	ANN_TERM_ROW,    /* all that is inside, one behind the other */
	ANN_TERM_CHOICE, /* one of the rows inside: a group, or the whole pattern */
};

struct ann_term {
	enum ann_term_kind kind;
	bool negated;           /* AHEAD, BEHIND */
	bool atomic;            /* CHOICE, REPEAT: only its first match counts */
	struct ann_term *first; /* inside of it, or NULL */
	struct ann_term *next;  /* beside it in its row or choice, or NULL */
	struct ann_span text;   /* in a row: what it was read from */
	union {
		struct ann_byteset set; /* BYTE */
		struct {
			uint32_t least;
			uint32_t most; /* or UNLIMITED */
		};
		struct ann_span name; /* CHOICE: of a named group */
	};
};

struct ann_regex {
	struct ann_term *whole; /* a CHOICE; NULL: the pattern is not understood */
	size_t count;           /* of all terms, which stand behind it */
};

/*
 * `pattern` is borrowed for as long as the tree lives. ANN_ENOMEM only. What is nested
 * deeper than 100, or longer than 64 KiB, is not understood. Release the tree with
 * ann_regex_deinit() in any case.
 */
ANN_MUST_USE enum ann_err ann_regex_read(
	struct ann_regex *regex, struct ann_span pattern);
void ann_regex_deinit(struct ann_regex *regex);

/*
 * Unites the single bytes among the alternatives of a term into `set`. False: it may
 * also be something else.
 */
bool ann_term_single_bytes(const struct ann_term *term, struct ann_byteset *set);

#endif
