/*
 * The tree of a regex is laid out as a graph from its end to its beginning, or the
 * other way round for matches that are to be read backward.
 */
#include "match/shape_graph.h"

#include "annotty/alloc.h"
#include "match/regex.h"

#include <string.h>

/* Larger counts are not laid out, and neither are regexes of more parts. */
enum { COUNT_MOST = 16, PARTS_MOST = 8192 };

struct layout {
	struct ann_graph *graph;
	bool backward;
	uint8_t part; /* the regex that is laid out */
	bool exact;   /* the graph stands for no more than the regex does */
	bool lost;    /* not understood, too large, no memory */
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

/* Without line ends. */
static uint32_t keep_set(struct layout *l, struct ann_byteset set)
{
	struct ann_graph *g = l->graph;

	set.bits[0] &= ~(UINT64_C(1) << '\n' | UINT64_C(1) << '\r');
	for (size_t i = 0; i < g->set_count; i++) {
		if (memcmp(&g->sets[i], &set, sizeof(set)) == 0) {
			return (uint32_t)i;
		}
	}
	if (ann_grow((void **)&g->sets, &g->set_room, g->set_count, sizeof(set)) != 0) {
		l->lost = true;
		return 0;
	}
	g->sets[g->set_count] = set;
	return (uint32_t)g->set_count++;
}

static uint32_t lay(struct layout *l, const struct ann_term *part, uint32_t out);

static uint32_t split(struct layout *l, uint32_t out, uint32_t other)
{
	return add_node(
		l, (struct ann_node){ANN_NODE_SPLIT, .out = out, .other = other});
}

/* The last part first, since it has to know what comes behind it. */
static uint32_t lay_row(struct layout *l, const struct ann_term *part, uint32_t out)
{
	if (part == NULL || l->lost) {
		return out;
	}
	return l->backward ? lay_row(l, part->next, lay(l, part, out))
			   : lay(l, part, lay_row(l, part->next, out));
}

static uint32_t lay_choice(struct layout *l, const struct ann_term *row, uint32_t out)
{
	uint32_t start = lay(l, row, out);

	while ((row = row->next) != NULL && !l->lost) {
		start = split(l, lay(l, row, out), start);
	}
	return start;
}

/*
 * Counts that are too large are taken for smaller and unlimited ones. What comes no
 * times at all may still be an (?=a), see lay_look().
 */
static uint32_t lay_repeat(struct layout *l, const struct ann_term *part, uint32_t out)
{
	bool unlimited = part->most > COUNT_MOST;
	uint32_t least = part->least < COUNT_MOST ? part->least : COUNT_MOST;
	uint32_t start = out;

	l->exact &= part->most > 0 && least == part->least &&
		    (!unlimited || part->most == ANN_TERM_UNLIMITED);
	if (unlimited) {
		start = split(l, 0, out);
		uint32_t again = lay(l, part->first, start);

		if (!l->lost) {
			l->graph->nodes[start].out = again;
		}
	}
	for (uint32_t i = least; !unlimited && i < part->most && !l->lost; i++) {
		start = split(l, lay(l, part->first, start), out);
	}
	for (uint32_t i = 0; i < least && !l->lost; i++) {
		start = lay(l, part->first, start);
	}
	return start;
}

/*
 * What is longer than a byte is only kept out as far as it is not. Where (?=a) stands,
 * PCRE2 has the last word: 10.42 does not find `(?=a)b?a` in "a", since it looks for
 * the a that a match must hold behind the a that it must begin with.
 */
static uint32_t lay_look(struct layout *l, const struct ann_term *part, uint32_t out)
{
	bool next = (part->kind == ANN_TERM_AHEAD) != l->backward;
	struct ann_byteset set = {0};

	bool all = ann_term_single_bytes(part->first, &set);

	l->exact &= all && (part->negated || part->kind == ANN_TERM_BEHIND);
	if (!all && !part->negated) {
		return out; /* a part of it would promise too much */
	}
	return add_node(l,
		(struct ann_node){next ? ANN_NODE_NEXT : ANN_NODE_LAST,
			.negated = part->negated, .set = keep_set(l, set), .out = out});
}

/* Where a match of the part begins that goes on with `out`. */
static uint32_t lay(struct layout *l, const struct ann_term *part, uint32_t out)
{
	if (l->lost) {
		return 0;
	}
	switch (part->kind) {
	case ANN_TERM_BYTE:
		return add_node(l, (struct ann_node){ANN_NODE_BYTE,
					   .set = keep_set(l, part->set), .out = out});
	case ANN_TERM_ROW:
		return lay_row(l, part->first, out);
	case ANN_TERM_CHOICE:
		l->exact &= !part->atomic;
		return lay_choice(l, part->first, out);
	case ANN_TERM_REPEAT:
		l->exact &= !part->atomic;
		return lay_repeat(l, part, out);
	case ANN_TERM_AHEAD:
	case ANN_TERM_BEHIND:
		return lay_look(l, part, out);
	case ANN_TERM_END:
		if (!l->backward) {
			return add_node(l, (struct ann_node){ANN_NODE_END, .out = out});
		}
		l->exact = false;
		break;
	case ANN_TERM_EDGE:
	case ANN_TERM_PLACE:
		l->exact = false; /* taken for true */
		break;
	case ANN_TERM_TEXT:
		l->lost = true;
		break;
	case ANN_TERM_SETTING:
		break;
	}
	return out;
}

/* Adds one regex. False: it is not understood, or too large. */
static bool add_part(struct layout *l, struct ann_span text, uint32_t *start)
{
	struct ann_regex regex;

	l->lost = ann_regex_read(&regex, text) != ANN_OK || regex.whole == NULL ||
		  regex.count > PARTS_MOST;
	l->exact = true;
	if (!l->lost) {
		*start = lay(l, regex.whole,
			add_node(l, (struct ann_node){.kind = ANN_NODE_FINAL}));
	}
	ann_regex_deinit(&regex);
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
