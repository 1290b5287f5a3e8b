/*
 * shape_graph - a pattern as a graph of nodes that take a byte each, for shape.c.
 */
#ifndef CORE_SHAPE_GRAPH_H
#define CORE_SHAPE_GRAPH_H

#include "base/byteset.h"

#include "annotty/error.h"

enum { ANN_GRAPH_NODES_MOST = 8192 };

enum ann_node_kind {
	ANN_NODE_BYTE,  /* takes a byte of its set, then `out` */
	ANN_NODE_SPLIT, /* `out` or `other` */
	ANN_NODE_NEXT,  /* `out`, if the byte to come is (not) in its set */
	ANN_NODE_LAST,  /* `out`, if the byte taken last is (not) in its set */
	ANN_NODE_END,   /* `out`, if the text ends here */
	ANN_NODE_FINAL, /* a match */
};

struct ann_node {
	enum ann_node_kind kind;
	bool negated; /* of NEXT and LAST; then the edge of the text will do too */
	uint8_t part; /* the regex it is of */
	uint32_t set;
	uint32_t out;
	uint32_t other;
};

struct ann_graph {
	struct ann_node *nodes;
	size_t count;
	size_t room;
	struct ann_byteset *sets; /* without line ends, which are not part of a line */
	size_t set_count;
	size_t set_room;
	uint32_t start;
	uint64_t exact;  /* by part: matches are exactly those of the pattern */
	uint64_t untold; /* by part: it is not understood, or too large */
};

/*
 * Of `count` regexes, ANN_SHAPE_PARTS at most. False: none is understood, or there is
 * no memory. Release with ann_graph_deinit() in any case.
 */
bool ann_graph_read(struct ann_graph *graph, const struct ann_span *regexes,
	size_t count, bool backward);
void ann_graph_deinit(struct ann_graph *graph);

#endif
