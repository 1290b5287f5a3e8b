/*
 * shape_tree - a regex as a tree of parts, on its way to become a graph.
 */
#ifndef CORE_SHAPE_TREE_H
#define CORE_SHAPE_TREE_H

#include "match/shape_graph.h"

enum { UNLIMITED = 255, NONE = UINT32_MAX };

enum kind { EMPTY, BYTE, ROW, CHOICE, REPEAT, AHEAD, BEHIND, END };

/* A part of the tree; the parts of a row or choice are linked. */
struct part {
	enum kind kind;
	bool negated;
	uint8_t least, most; /* of a REPEAT; most: UNLIMITED */
	uint32_t set;
	uint32_t first; /* inside of it, or NONE */
	uint32_t next;  /* beside it, or NONE */
};

struct tree {
	struct part *parts;
	size_t count;
	size_t room;
	uint32_t whole; /* the part that is all of it */
	bool exact;     /* it stands for no more than the regex does */
};

/*
 * Puts its sets of bytes into the graph. False: not understood, too large, or no
 * memory. Free `parts` in any case.
 */
bool ann_tree_read(struct tree *tree, struct ann_graph *graph, struct ann_span regex);

#endif
