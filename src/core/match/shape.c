#include "match/shape_private.h"

#include "annotty/alloc.h"

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

static inline bool usable(struct ann_shape *shape)
{
	if (shape != NULL &&
		!atomic_load_explicit(&shape->ready, memory_order_acquire)) {
		ann_shape_make_once(shape);
	}
	return shape != NULL && !shape->useless;
}

/* Whether a shifted state is no answer, so that there is a way on. */
static inline bool goes_on(const struct ann_shape *shape, uint32_t state)
{
	return (int32_t)state >= shape->first_made;
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

	return to != UNKNOWN ? to : ann_shape_make_step(shape, from, class);
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
	int32_t first_made = shape->first_made;
	size_t i = *at;

	for (; i > from; i--) {
		uint32_t to = atomic_load_explicit(
			&steps[state | class_of[(unsigned char)text[i - 1]]],
			memory_order_acquire);

		if ((int32_t)to < first_made) {
			i -= to != UNKNOWN;
			state = to != UNKNOWN ? to : state;
			break;
		}
		state = to;
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

/* Of a shape of a single regex, and of one in which there is no way on. */
static bool tell_all(
	const struct ann_shape *shape, uint32_t state, struct ann_answers *answers)
{
	if (shape->parts == 1) {
		answers->maybe = answer(shape, state) != ANN_NO;
		answers->yes = answer(shape, state) == ANN_YES;
		return true;
	}
	if (state & DONE) {
		uint64_t found = shape->states[(state & ~DONE) >> shape->shift].found;

		answers->maybe = found | shape->graph.untold;
		answers->yes = found & atomic_load(&shape->exact);
		return true;
	}
	return false;
}

void ann_shape_all_ahead(struct ann_shape *shape, struct ann_span text, size_t at,
	struct ann_answers *answers)
{
	answers->told =
		usable(shape) && tell_all(shape, run_ahead(shape, text, at), answers);
	if (!answers->told) {
		answers->maybe = UINT64_MAX;
		answers->yes = 0;
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
