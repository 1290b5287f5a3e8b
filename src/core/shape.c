/*
 * States are sets of nodes, made when they are first reached, under a lock; the table
 * of steps between them is read without one. Bytes that no set of the graph tells apart
 * share a class; class 0 is the edge of the text, which a line end is as well.
 */
#include "shape.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"
#include "shape_graph.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { STATES_MOST = 1024, CLASSES_MOST = 128, EDGE = 0 };

/* States. What is not known yet is 0, so that a fresh table is all unknown. */
enum { UNKNOWN, NO, MAYBE, YES, OUTSIDE, FIRST_MADE };

/* The nodes of a state: bytes, and conditions on what is to come. */
struct state {
	uint32_t *nodes;
	size_t count;
};

/* A set of nodes in the making. */
struct set {
	uint32_t *nodes;
	size_t count;
	uint8_t *has; /* per node */
	bool final;
};

struct ann_shape {
	struct ann_span regex; /* a copy */
	bool backward;
	pthread_mutex_t lock; /* of all below, but for the reading of steps */
	atomic_bool ready;    /* all but the states is there */
	bool useless;         /* not understood, or no memory */
	atomic_bool exact;    /* a yes is a yes */
	struct ann_graph graph;
	uint8_t class_of[256];
	unsigned char byte_of[CLASSES_MOST]; /* a byte of each class */
	size_t classes;
	struct state *states;
	size_t count;
	unsigned shift;          /* 1 << shift is at least `classes` */
	_Atomic uint32_t *steps; /* by state << shift | class: a state << shift */
	struct set now;          /* what can take a byte */
	struct set then;         /* what comes of it */
};

struct ann_shape *ann_shape_new(struct ann_span regex, bool backward)
{
	struct ann_shape *shape = ann_alloc(sizeof(*shape));

	if (shape == NULL) {
		return NULL;
	}
	shape->regex = (struct ann_span){ann_copy(regex.ptr, regex.len), regex.len};
	shape->backward = backward;
	if (shape->regex.ptr == NULL) {
		ann_free(shape);
		return NULL;
	}
	pthread_mutex_init(&shape->lock, NULL);
	return shape;
}

struct ann_shape *ann_shape_of_any(struct ann_shape *const *shapes, size_t count)
{
	struct ann_buf text = {0};
	struct ann_shape *shape = NULL;

	for (size_t i = 0; i < count; i++) {
		ann_buf_str(&text, i == 0 ? "(?:" : ")|(?:");
		ann_buf_span(&text, shapes[i]->regex);
	}
	ann_buf_str(&text, ")");
	shape = text.failed ? NULL : ann_shape_new(ann_buf_all(&text), false);
	ann_buf_deinit(&text);
	return shape;
}

void ann_shape_free(struct ann_shape *shape)
{
	if (shape == NULL) {
		return;
	}
	for (size_t i = FIRST_MADE; i < shape->count; i++) {
		ann_free(shape->states[i].nodes);
	}
	ann_free(shape->states);
	ann_free((void *)shape->steps);
	ann_free(shape->now.nodes);
	ann_free(shape->now.has);
	ann_free(shape->then.nodes);
	ann_free(shape->then.has);
	ann_graph_deinit(&shape->graph);
	ann_free((char *)shape->regex.ptr);
	pthread_mutex_destroy(&shape->lock);
	ann_free(shape);
}

/* --- making -------------------------------------------------------------------------
 */

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

	if (!ann_graph_read(&shape->graph, shape->regex, shape->backward) ||
		!assign_classes(shape)) {
		return false;
	}
	nodes = shape->graph.count;
	shape->count = FIRST_MADE;
	shape->states = ann_alloc(STATES_MOST * sizeof(*shape->states));
	while ((size_t)1 << shape->shift < shape->classes) {
		shape->shift++;
	}
	shape->steps = ann_alloc(STATES_MOST * sizeof(*shape->steps) << shape->shift);
	atomic_store(&shape->exact, shape->graph.exact);
	return make_set(&shape->now, nodes) && make_set(&shape->then, nodes) &&
	       shape->states != NULL && shape->steps != NULL;
}

static void make_once(struct ann_shape *shape)
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
	set->final = false;
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
			atomic_store(&shape->exact, false);
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
		set->final = true;
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

static size_t keep_staying(const struct ann_shape *shape, struct set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint32_t at = set->nodes[i];

		set->has[at] = 0;
		if (stays(&shape->graph.nodes[at])) {
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
	bool final = set->final;
	size_t count = keep_staying(shape, set);
	size_t bytes = count * sizeof(*set->nodes);
	struct state fresh = {NULL, count};

	set->final = false;
	if (final || count == 0) {
		return final ? YES : NO;
	}
	for (size_t i = FIRST_MADE; i < shape->count; i++) {
		if (shape->states[i].count == count &&
			memcmp(shape->states[i].nodes, set->nodes, bytes) == 0) {
			return (uint16_t)i;
		}
	}
	if (shape->count < STATES_MOST) {
		fresh.nodes = ann_resize_array(NULL, count, sizeof(*fresh.nodes));
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
	bool final = false;

	if (from == OUTSIDE) {
		add(shape, &shape->then, graph->start, class, NOT_KNOWN);
		return state_of(shape);
	}
	for (size_t i = 0; i < shape->states[from].count; i++) {
		add(shape, now, shape->states[from].nodes[i], NOT_KNOWN, class);
	}
	final = now->final;
	for (size_t i = 0; i < now->count && class != EDGE && !final; i++) {
		const struct ann_node *node = &graph->nodes[now->nodes[i]];

		if (node->kind == ANN_NODE_BYTE &&
			ann_byteset_has(
				&graph->sets[node->set], shape->byte_of[class])) {
			add(shape, &shape->then, node->out, class, NOT_KNOWN);
		}
	}
	clear(now);
	return final ? YES : state_of(shape);
}

/* States are shifted here, and below. */
__attribute__((noinline)) static uint32_t make_step(
	struct ann_shape *shape, uint32_t from, size_t class)
{
	_Atomic uint32_t *step = &shape->steps[from | class];
	uint32_t to = UNKNOWN;

	pthread_mutex_lock(&shape->lock);
	to = atomic_load(step);
	if (to == UNKNOWN) {
		to = (uint32_t)find_step(shape, from >> shape->shift, class)
		     << shape->shift;
		atomic_store(step, to);
	}
	pthread_mutex_unlock(&shape->lock);
	return to;
}

/* --- asking -------------------------------------------------------------------------
 */

static inline bool usable(struct ann_shape *shape)
{
	if (shape != NULL &&
		!atomic_load_explicit(&shape->ready, memory_order_acquire)) {
		make_once(shape);
	}
	return shape != NULL && !shape->useless;
}

/* The least shifted state that is no answer. */
static uint32_t first_made(const struct ann_shape *shape)
{
	return (uint32_t)FIRST_MADE << shape->shift;
}

static enum ann_answer answer(const struct ann_shape *shape, uint32_t state)
{
	state >>= shape->shift;
	if (state == YES) {
		return atomic_load(&shape->exact) ? ANN_YES : ANN_MAYBE;
	}
	return state == NO ? ANN_NO : ANN_MAYBE;
}

static inline uint32_t known_step(
	const struct ann_shape *shape, uint32_t from, size_t class)
{
	return atomic_load_explicit(&shape->steps[from | class], memory_order_acquire);
}

static inline uint32_t step(struct ann_shape *shape, uint32_t from, size_t class)
{
	uint32_t to = known_step(shape, from, class);

	return to != UNKNOWN ? to : make_step(shape, from, class);
}

static inline size_t class_at(
	const struct ann_shape *shape, struct ann_span text, size_t at)
{
	return at < text.len ? shape->class_of[(unsigned char)text.ptr[at]] : EDGE;
}

/*
 * These two walk from `*at` on as long as the way is known and there is text. Ahead, a
 * state mostly stays, and the inner loop lets the processor guess that it does. Back,
 * it mostly changes, which is better not guessed.
 */
static uint32_t walk_ahead(const struct ann_shape *shape, uint32_t state,
	const char *text, size_t end, size_t *at)
{
	const _Atomic uint32_t *steps = shape->steps;
	const uint8_t *class_of = shape->class_of;
	uint32_t least = first_made(shape);
	size_t i = *at;

	while (state >= least && i < end) {
		uint32_t to = state;

		while (i < end && to == state) {
			to = atomic_load_explicit(
				&steps[state | class_of[(unsigned char)text[i++]]],
				memory_order_acquire);
		}
		if (to == UNKNOWN) {
			i--;
			break;
		}
		state = to;
	}
	*at = i;
	return state;
}

static uint32_t walk_back(const struct ann_shape *shape, uint32_t state,
	const char *text, size_t from, size_t *at)
{
	const _Atomic uint32_t *steps = shape->steps;
	const uint8_t *class_of = shape->class_of;
	uint32_t least = first_made(shape);
	size_t i = *at;

	while (state >= least && i > from) {
		size_t class = class_of[(unsigned char)text[i - 1]];
		uint32_t to = atomic_load_explicit(
			&steps[state | class], memory_order_acquire);

		if (to == UNKNOWN) {
			break;
		}
		state = to;
		i--;
	}
	*at = i;
	return state;
}

enum ann_answer ann_shape_ahead(
	struct ann_shape *shape, struct ann_span text, size_t at)
{
	uint32_t state = 0;

	if (!usable(shape)) {
		return ANN_MAYBE;
	}
	/* In front of the text stands what is behind its end: nothing. */
	state = step(shape, (uint32_t)OUTSIDE << shape->shift,
		class_at(shape, text, at - 1));
	while (state >= first_made(shape)) {
		state = walk_ahead(shape, state, text.ptr, text.len, &at);
		if (state >= first_made(shape)) {
			state = step(shape, state, class_at(shape, text, at++));
		}
	}
	return answer(shape, state);
}

enum ann_answer ann_shape_before(
	struct ann_shape *shape, struct ann_span text, size_t from, size_t at)
{
	uint32_t state = 0;

	if (!usable(shape)) {
		return ANN_MAYBE;
	}
	state = step(shape, (uint32_t)OUTSIDE << shape->shift, EDGE);
	while (state >= first_made(shape) && at > from) {
		state = walk_back(shape, state, text.ptr, from, &at);
		if (state >= first_made(shape) && at > from) {
			state = step(shape, state, class_at(shape, text, --at));
		}
	}
	if (state < first_made(shape)) {
		return answer(shape, state);
	}
	/* A match may begin here if what stands in front of it is right. */
	state = step(shape, state, class_at(shape, text, from - 1));
	if (from > 0) {
		return state >= first_made(shape) || answer(shape, state) == ANN_NO
			       ? ANN_NO
			       : ANN_MAYBE;
	}
	return answer(shape, state);
}
