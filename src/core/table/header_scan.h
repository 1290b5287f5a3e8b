/*
 * header_scan - finds the definitions in a header, and the comments on them.
 */
#ifndef CORE_HEADER_SCAN_H
#define CORE_HEADER_SCAN_H

#include "table/header_expression.h"

#include "annotty/header.h"

enum ann_definition_state {
	ANN_DEFINITION_NEW,
	ANN_DEFINITION_OPEN, /* waits for what it is made of */
	ANN_DEFINITION_DONE, /* has a value, or a fault */
};

/* A macro or an enumerator. Spans lead into the header. */
struct ann_definition {
	const struct ann_header *header; /* where it stands */
	size_t line;                     /* of its name */
	size_t last_line;                /* of its last token */
	struct ann_span name;
	struct ann_span
		comment; /* source from its first comment to the last, or empty */
	struct ann_span expression; /* what it is defined as, unless it counts on */
	bool wanted;                /* it can be a number */
	size_t base;   /* number of the one it counts on from; its own: of none */
	size_t offset; /* how far it counts on */

	/* For header.c, zero at first. */
	const struct ann_definition *first; /* of its name, may be itself */
	enum ann_definition_state state;
	struct ann_fault fault;
	struct ann_integer value;
};

/* All zero: empty. Numbers are indices of `all`. */
struct ann_definitions {
	struct ann_definition *all;
	size_t count;
	size_t room;
};

/*
 * Adds the macros and enumerators of `header`. Not wanted are those that cannot be a
 * number: function-like and empty macros, strings, names that stand for themselves, the
 * guard of the header. An enumerator whose count is lost (behind an #if among the
 * enumerators, or a macro that makes some) has an `expression` with ptr NULL and is its
 * own base.
 *
 * False when there is no memory.
 */
bool ann_definitions_scan(
	struct ann_definitions *definitions, const struct ann_header *header);

#endif
