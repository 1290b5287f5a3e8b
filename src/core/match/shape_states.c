#include "match/shape_private.h"

#include "annotty/alloc.h"

#include <string.h>

/* Splits the classes by a set: two classes stay one if the set does not tell them
 * apart. */
static bool refine(struct ann_shape *shape, const struct ann_byteset *set)
{
	uint8_t inside[CLASSES_MOST] = {
		0}; /* by class: what its bytes in the set get */

	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t *class = &shape->class_of[byte];
		unsigned char first = shape->byte_of[*class];

		if (*class == EDGE || ann_byteset_has(set, (unsigned char)byte) ==
					      ann_byteset_has(set, first)) {
			continue;
		}
		if (inside[*class] == 0) {
			if (shape->classes == CLASSES_MOST) {
				return false;
			}
			shape->byte_of[shape->classes] = (unsigned char)byte;
			inside[*class] = (uint8_t)shape->classes++;
		}
		*class = inside[*class];
	}
	return true;
}

static bool assign_classes(struct ann_shape *shape)
{
	memset(shape->class_of, 1, sizeof(shape->class_of));
	shape->class_of['\n'] = EDGE;
	shape->class_of['\r'] = EDGE;
	shape->classes = 2;
	for (size_t i = 0; i < shape->graph.set_count; i++) {
		if (!refine(shape, &shape->graph.sets[i])) {
			return false;
		}
	}
	return true;
}

static bool make_set(struct set *set, size_t nodes)
{
	set->nodes = ann_resize_array(NULL, nodes, sizeof(*set->nodes));
	set->has = ann_alloc(nodes);
	return set->nodes != NULL && set->has != NULL;
}

static bool make(struct ann_shape *shape)
{
	size_t nodes = 0;

	if (!ann_graph_read(
		    &shape->graph, shape->regexes, shape->parts, shape->backward) ||
		!assign_classes(shape)) {
		return false;
	}
	nodes = shape->graph.count;
	shape->count = FIRST_MADE;
	shape->states = ann_alloc(STATES_MOST * sizeof(*shape->states));
	while ((size_t)1 << shape->shift < shape->classes) {
		shape->shift++;
	}
	shape->first_made = (int32_t)FIRST_MADE << shape->shift;
	shape->steps = ann_alloc(STATES_MOST * sizeof(*shape->steps) << shape->shift);
	atomic_store(&shape->exact, shape->graph.exact);
	return make_set(&shape->now, nodes) && make_set(&shape->then, nodes) &&
	       shape->states != NULL && shape->steps != NULL;
}

void ann_shape_make_once(struct ann_shape *shape)
{
	pthread_mutex_lock(&shape->lock);
	if (!atomic_load(&shape->ready)) {
		shape->useless = !make(shape);
		atomic_store(&shape->ready, true);
	}
	pthread_mutex_unlock(&shape->lock);
}

static void clear(struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		set->has[set->nodes[i]] = 0;
	}
	set->count = 0;
	set->found = 0;
}

/* Does a condition on a byte hold, when this class of bytes stands there? */
static bool holds(
	const struct ann_shape *shape, const struct ann_node *node, size_t class)
{
	bool has = class != EDGE && ann_byteset_has(&shape->graph.sets[node->set],
					    shape->byte_of[class]);

	return has != node->negated;
}

enum { NOT_KNOWN = CLASSES_MOST };

/*
 * Adds a node and what can be reached from it without taking a byte, when `last` is the
 * class of the byte taken last and `next`, if known, of the one to come.
 */
static void add(
	struct ann_shape *shape, struct set *set, uint32_t at, size_t last, size_t next)
{
	const struct ann_node *node = &shape->graph.nodes[at];

	if (set->has[at]) {
		return;
	}
	set->has[at] = 1;
	set->nodes[set->count++] = at;
	switch (node->kind) {
	case ANN_NODE_SPLIT:
		add(shape, set, node->out, last, next);
		add(shape, set, node->other, last, next);
		break;
	case ANN_NODE_LAST:
		if (last == NOT_KNOWN) {
			atomic_fetch_and(&shape->exact, ~(UINT64_C(1) << node->part));
		}
		if (last == NOT_KNOWN || holds(shape, node, last)) {
			add(shape, set, node->out, last, next);
		}
		break;
	case ANN_NODE_NEXT:
		if (next != NOT_KNOWN && holds(shape, node, next)) {
			add(shape, set, node->out, last, next);
		}
		break;
	case ANN_NODE_END:
		if (next == EDGE) {
			add(shape, set, node->out, last, next);
		}
		break;
	case ANN_NODE_FINAL:
		set->found |= UINT64_C(1) << node->part;
		break;
	case ANN_NODE_BYTE:
		break;
	}
}

static bool stays(const struct ann_node *node)
{
	return node->kind == ANN_NODE_BYTE || node->kind == ANN_NODE_NEXT ||
	       node->kind == ANN_NODE_END;
}

/* Of parts that match already, none has to stay. */
static size_t keep_staying(const struct ann_shape *shape, struct set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint32_t at = set->nodes[i];

		set->has[at] = 0;
		if (stays(&shape->graph.nodes[at]) &&
			(set->found >> shape->graph.nodes[at].part & 1) == 0) {
			set->nodes[kept++] = at;
		}
	}
	set->count = 0;
	return kept;
}

/* The state of the nodes in `then`, which is emptied. */
static uint16_t state_of(struct ann_shape *shape)
{
	struct set *set = &shape->then;
	uint64_t found = set->found;
	size_t count = keep_staying(shape, set);
	size_t bytes = count * sizeof(*set->nodes);
	struct state fresh = {NULL, count, found};

	set->found = 0;
	if (shape->parts == 1 && (found != 0 || count == 0)) {
		return found != 0 ? YES : NO;
	}
	for (size_t i = FIRST_MADE; i < shape->count; i++) {
		if (shape->states[i].count == count &&
			shape->states[i].found == found &&
			memcmp(shape->states[i].nodes, set->nodes, bytes) == 0) {
			return (uint16_t)i;
		}
	}
	if (shape->count < STATES_MOST) {
		fresh.nodes = ann_resize_array(NULL, count + 1, sizeof(*fresh.nodes));
	}
	if (fresh.nodes == NULL) {
		return MAYBE;
	}
	memcpy(fresh.nodes, set->nodes, bytes);
	shape->states[shape->count] = fresh;
	return (uint16_t)shape->count++;
}

static uint16_t find_step(struct ann_shape *shape, size_t from, size_t class)
{
	const struct ann_graph *graph = &shape->graph;
	struct set *now = &shape->now;
	struct set *then = &shape->then;

	if (from == OUTSIDE) {
		add(shape, then, graph->start, class, NOT_KNOWN);
		return state_of(shape);
	}
	for (size_t i = 0; i < shape->states[from].count; i++) {
		add(shape, now, shape->states[from].nodes[i], NOT_KNOWN, class);
	}
	then->found = shape->states[from].found | now->found;
	for (size_t i = 0; i < now->count && class != EDGE; i++) {
		const struct ann_node *node = &graph->nodes[now->nodes[i]];

		if (node->kind == ANN_NODE_BYTE &&
			ann_byteset_has(
				&graph->sets[node->set], shape->byte_of[class])) {
			add(shape, then, node->out, class, NOT_KNOWN);
		}
	}
	clear(now);
	return state_of(shape);
}

/* Shifted, and with DONE if there is nothing more to find. */
static uint32_t step_to(const struct ann_shape *shape, uint16_t state)
{
	bool done = state >= FIRST_MADE && shape->states[state].count == 0;

	return (uint32_t)state << shape->shift | (done ? DONE : 0);
}

uint32_t ann_shape_make_step(struct ann_shape *shape, uint32_t from, size_t class)
{
	_Atomic uint32_t *step = &shape->steps[from | class];
	uint32_t to = UNKNOWN;

	pthread_mutex_lock(&shape->lock);
	to = atomic_load(step);
	if (to == UNKNOWN) {
		to = step_to(shape, find_step(shape, from >> shape->shift, class));
		atomic_store(step, to);
	}
	pthread_mutex_unlock(&shape->lock);
	return to;
}
