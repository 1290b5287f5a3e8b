/*
 * The tree of a regex is laid out as a graph from its end to its beginning, or the
 * other way round for matches that are to be read backward.
 */
#include "match/shape_graph.h"

#include "annotty/alloc.h"
#include "match/shape_tree.h"

struct layout {
	const struct part *parts;
	struct ann_graph *graph;
	bool backward;
	uint8_t part; /* the regex that is laid out */
	bool exact;
	bool lost;
};

static uint32_t add_node(struct layout *l, struct ann_node node)
{
	struct ann_graph *g = l->graph;

	if (g->count == ANN_GRAPH_NODES_MOST ||
		ann_grow((void **)&g->nodes, &g->room, g->count, sizeof(node)) != 0) {
		l->lost = true;
		return 0;
	}
	node.part = l->part;
	g->nodes[g->count] = node;
	return (uint32_t)g->count++;
}

static uint32_t lay(struct layout *l, uint32_t part, uint32_t out);

static uint32_t split(struct layout *l, uint32_t out, uint32_t other)
{
	return add_node(
		l, (struct ann_node){ANN_NODE_SPLIT, .out = out, .other = other});
}

/* The last part first, since it has to know what comes behind it. */
static uint32_t lay_row(struct layout *l, uint32_t part, uint32_t out)
{
	if (part == NONE || l->lost) {
		return out;
	}
	uint32_t next = l->parts[part].next;

	return l->backward ? lay_row(l, next, lay(l, part, out))
			   : lay(l, part, lay_row(l, next, out));
}

static uint32_t lay_choice(struct layout *l, uint32_t part, uint32_t out)
{
	uint32_t start = lay(l, part, out);

	for (part = l->parts[part].next; part != NONE && !l->lost;
		part = l->parts[part].next) {
		start = split(l, lay(l, part, out), start);
	}
	return start;
}

static uint32_t lay_repeat(struct layout *l, const struct part *part, uint32_t out)
{
	uint32_t start = out;

	if (part->most == UNLIMITED) {
		start = split(l, 0, out);
		uint32_t inside = lay(l, part->first, start);

		if (!l->lost) {
			l->graph->nodes[start].out = inside;
		}
	}
	for (unsigned i = part->least; part->most != UNLIMITED && i < part->most; i++) {
		start = split(l, lay(l, part->first, start), out);
	}
	for (unsigned i = 0; i < part->least && !l->lost; i++) {
		start = lay(l, part->first, start);
	}
	return start;
}

/* Where a match of the part begins that goes on with `out`. */
static uint32_t lay(struct layout *l, uint32_t at, uint32_t out)
{
	const struct part *part = &l->parts[at];

	if (l->lost) {
		return 0;
	}
	switch (part->kind) {
	case BYTE:
		return add_node(l,
			(struct ann_node){ANN_NODE_BYTE, .set = part->set, .out = out});
	case ROW:
		return lay_row(l, part->first, out);
	case CHOICE:
		return lay_choice(l, part->first, out);
	case REPEAT:
		return lay_repeat(l, part, out);
	case AHEAD:
	case BEHIND:
		return add_node(
			l, (struct ann_node){(part->kind == AHEAD) != l->backward
						     ? ANN_NODE_NEXT
						     : ANN_NODE_LAST,
				   .negated = part->negated, .set = part->set,
				   .out = out});
	case END:
		if (!l->backward) {
			return add_node(l, (struct ann_node){ANN_NODE_END, .out = out});
		}
		l->exact = false;
		break;
	case EMPTY:
		break;
	}
	return out;
}

/* Adds one regex. False: it is not understood, or too large. */
static bool add_part(struct layout *l, struct ann_span regex, uint32_t *start)
{
	struct tree tree = {0};

	l->lost = !ann_tree_read(&tree, l->graph, regex);
	l->parts = tree.parts;
	l->exact = tree.exact;
	if (!l->lost) {
		*start = lay(l, tree.whole,
			add_node(l, (struct ann_node){.kind = ANN_NODE_FINAL}));
	}
	ann_free(tree.parts);
	return !l->lost;
}

bool ann_graph_read(struct ann_graph *graph, const struct ann_span *regexes,
	size_t count, bool backward)
{
	struct layout l = {.graph = graph, .backward = backward};
	bool any = false;

	*graph = (struct ann_graph){0};
	for (size_t i = 0; i < count; i++) {
		uint32_t start = 0;

		l.part = (uint8_t)i;
		if (!add_part(&l, regexes[i], &start)) {
			graph->untold |= UINT64_C(1) << i;
			continue;
		}
		graph->exact |= (uint64_t)l.exact << i;
		l.lost = false;
		graph->start = any ? split(&l, graph->start, start) : start;
		any = true;
		if (l.lost) {
			return false;
		}
	}
	return any;
}

void ann_graph_deinit(struct ann_graph *graph)
{
	ann_free(graph->nodes);
	ann_free(graph->sets);
	*graph = (struct ann_graph){0};
}
