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

/* Set in a step to a state of several regexes from which there is no way on. */
#define DONE UINT32_C(0x80000000)

/* The nodes of a state: bytes, and conditions on what is to come. */
struct state {
	uint32_t *nodes;
	size_t count;
	uint64_t found; /* the parts that match, of which there are no nodes left */
};

/* A set of nodes in the making. */
struct set {
	uint32_t *nodes;
	size_t count;
	uint8_t *has;   /* per node */
	uint64_t found; /* parts that match */
};

struct ann_shape {
	struct ann_span *regexes; /* copies */
	size_t parts;
	bool backward;
	pthread_mutex_t lock; /* of all below, but for the reading of steps */
	atomic_bool ready;    /* all but the states is there */
	bool useless;         /* not understood, or no memory */
	_Atomic uint64_t exact; /* by part: a yes is a yes */
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

/* Without regexes yet, for which there is room. */
static struct ann_shape *make_empty(size_t parts, bool backward)
{
	struct ann_shape *shape = ann_alloc(sizeof(*shape));

	if (shape == NULL) {
		return NULL;
	}
	shape->regexes = ann_alloc((parts + 1) * sizeof(*shape->regexes));
	if (shape->regexes == NULL) {
		ann_free(shape);
		return NULL;
	}
	shape->backward = backward;
	pthread_mutex_init(&shape->lock, NULL);
	return shape;
}

static bool add_regex(struct ann_shape *shape, struct ann_span regex)
{
	struct ann_span copy = {ann_copy(regex.ptr, regex.len), regex.len};

	if (copy.ptr == NULL) {
		return false;
	}
	shape->regexes[shape->parts++] = copy;
	return true;
}

struct ann_shape *ann_shape_new(struct ann_span regex, bool backward)
{
	struct ann_shape *shape = make_empty(1, backward);

	if (shape != NULL && !add_regex(shape, regex)) {
		ann_shape_free(shape);
		return NULL;
	}
	return shape;
}

struct ann_shape *ann_shape_of_all(struct ann_shape *const *shapes, size_t count)
{
	struct ann_shape *all = make_empty(count, false);

	for (size_t i = 0; all != NULL && i < count; i++) {
		if (!add_regex(all, shapes[i]->regexes[0])) {
			ann_shape_free(all);
			return NULL;
		}
	}
	return all;
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
	for (size_t i = 0; i < shape->parts; i++) {
		ann_free((char *)shape->regexes[i].ptr);
	}
	ann_free(shape->regexes);
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

	if (!ann_graph_read(&shape->graph, shape->regexes, shape->parts,
		    shape->backward) ||
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
			atomic_fetch_and(
				&shape->exact, ~(UINT64_C(1) << node->part));
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
		fresh.nodes =
			ann_resize_array(NULL, count + 1, sizeof(*fresh.nodes));
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

/* States are shifted here, and below. */
__attribute__((noinline)) static uint32_t make_step(
	struct ann_shape *shape, uint32_t from, size_t class)
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

/* Whether a shifted state is no answer, so that there is a way on. */
static inline bool goes_on(const struct ann_shape *shape, uint32_t state)
{
	return (int32_t)state >= (int32_t)FIRST_MADE << shape->shift;
}

static enum ann_answer answer(const struct ann_shape *shape, uint32_t state)
{
	state >>= shape->shift;
	if (state == YES) {
		return atomic_load(&shape->exact) & 1 ? ANN_YES : ANN_MAYBE;
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
	size_t i = *at;

	while (goes_on(shape, state) && i < end) {
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
	size_t i = *at;

	while (goes_on(shape, state) && i > from) {
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

/* The state at the end of the way ahead from `at`. */
static uint32_t run_ahead(struct ann_shape *shape, struct ann_span text, size_t at)
{
	/* In front of the text stands what is behind its end: nothing. */
	uint32_t state = step(shape, (uint32_t)OUTSIDE << shape->shift,
		class_at(shape, text, at - 1));

	while (goes_on(shape, state)) {
		state = walk_ahead(shape, state, text.ptr, text.len, &at);
		if (goes_on(shape, state)) {
			state = step(shape, state, class_at(shape, text, at++));
		}
	}
	return state;
}

enum ann_answer ann_shape_ahead(
	struct ann_shape *shape, struct ann_span text, size_t at)
{
	return usable(shape) ? answer(shape, run_ahead(shape, text, at)) : ANN_MAYBE;
}

void ann_shape_all_ahead(struct ann_shape *shape, struct ann_span text, size_t at,
	struct ann_answers *answers)
{
	uint32_t state = 0;

	answers->maybe = UINT64_MAX;
	answers->yes = 0;
	if (!usable(shape)) {
		return;
	}
	state = run_ahead(shape, text, at);
	if (shape->parts == 1) {
		answers->maybe = answer(shape, state) != ANN_NO;
		answers->yes = answer(shape, state) == ANN_YES;
	} else if (state & DONE) {
		uint64_t found = shape->states[(state & ~DONE) >> shape->shift].found;

		answers->maybe = found | shape->graph.untold;
		answers->yes = found & atomic_load(&shape->exact);
	}
}

enum ann_answer ann_shape_before(
	struct ann_shape *shape, struct ann_span text, size_t from, size_t at)
{
	uint32_t state = 0;

	if (!usable(shape)) {
		return ANN_MAYBE;
	}
	state = step(shape, (uint32_t)OUTSIDE << shape->shift, EDGE);
	while (goes_on(shape, state) && at > from) {
		state = walk_back(shape, state, text.ptr, from, &at);
		if (goes_on(shape, state) && at > from) {
			state = step(shape, state, class_at(shape, text, --at));
		}
	}
	if (!goes_on(shape, state)) {
		return answer(shape, state);
	}
	/* A match may begin here if what stands in front of it is right. */
	state = step(shape, state, class_at(shape, text, from - 1));
	if (from > 0) {
		return goes_on(shape, state) || answer(shape, state) == ANN_NO
			       ? ANN_NO
			       : ANN_MAYBE;
	}
	return answer(shape, state);
}
