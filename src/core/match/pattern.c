#define PCRE2_CODE_UNIT_WIDTH 8

#include "match/pattern.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
	GROUPS_MOST = 32,          /* captures we look at */
	MATCH_LIMIT = 100000,      /* steps; bounds what a hostile line can cost */
	JIT_STACK_BYTES = 1 << 18, /* at most; it begins small */
};

struct ann_pattern {
	pcre2_code *code;
	atomic_bool ready; /* the JIT compiler has run, with or without success */
};

struct ann_pattern_state {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint64_t given_up;
};

static pthread_mutex_t jit_lock = PTHREAD_MUTEX_INITIALIZER;

static void *pcre2_take(size_t size, void *user)
{
	(void)user;
	return ann_resize_array(NULL, size, 1);
}

static void pcre2_give(void *block, void *user)
{
	(void)user;
	ann_free(block);
}

/* The pattern and, below it, a mark at `offset`; a window of it when it is long. */
static enum ann_err explain(struct ann_error *err, struct ann_span text, size_t offset,
	int number, const char *what)
{
	enum { WINDOW = 72 };
	PCRE2_UCHAR reason[128];
	size_t from = offset > WINDOW / 2 ? offset - WINDOW / 2 : 0;
	size_t len = text.len - from < WINDOW ? text.len - from : WINDOW;

	pcre2_get_error_message(number, reason, sizeof(reason));
	return ann_error_set(err, ANN_ECONFIG,
		"%s: %s at offset %zu\n    %s%.*s\n    %*s^", what,
		(const char *)reason, offset, from > 0 ? "..." : "", (int)len,
		text.ptr + from, (int)(offset - from + (from > 0 ? 3 : 0)), "");
}

enum ann_err ann_pattern_new(struct ann_pattern **pattern, struct ann_span text,
	unsigned flags, const char *what, struct ann_error *err)
{
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_DUPNAMES |
			   (flags & ANN_PATTERN_ANCHORED ? PCRE2_ANCHORED : 0);
	struct ann_pattern *made = ann_alloc(sizeof(*made));
	pcre2_general_context *heap =
		pcre2_general_context_create(pcre2_take, pcre2_give, NULL);
	pcre2_compile_context *context =
		heap == NULL ? NULL : pcre2_compile_context_create(heap);
	enum ann_err failed = ANN_OK;
	size_t offset = 0;
	int number = 0;

	text.ptr = text.len == 0 ? "" : text.ptr; /* PCRE2 wants no NULL */
	if (made == NULL || context == NULL) {
		failed = ann_error_nomem(err);
		goto free_contexts;
	}
	made->code = pcre2_compile(
		(PCRE2_SPTR)text.ptr, text.len, options, &number, &offset, context);
	if (made->code == NULL) {
		failed = number == PCRE2_ERROR_NOMEMORY || number == 121
				 ? ann_error_nomem(err)
				 : explain(err, text, offset, number, what);
	}
free_contexts:
	pcre2_compile_context_free(context);
	pcre2_general_context_free(heap);
	if (failed != ANN_OK) {
		ann_free(made);
		return failed;
	}
	*pattern = made;
	return ANN_OK;
}

void ann_pattern_free(struct ann_pattern *pattern)
{
	if (pattern != NULL) {
		pcre2_code_free(pattern->code);
		ann_free(pattern);
	}
}

struct ann_groups ann_pattern_groups(
	const struct ann_pattern *pattern, const char *name)
{
	struct ann_groups groups = {0};
	PCRE2_SPTR first = NULL;
	PCRE2_SPTR last = NULL;
	int step = pcre2_substring_nametable_scan(
		pattern->code, (PCRE2_SPTR)name, &first, &last);

	if (step < 0) {
		return groups;
	}
	/* An entry is the number of the group, two bytes, and its name. */
	for (PCRE2_SPTR entry = first; entry <= last; entry += step) {
		unsigned number = (unsigned)(entry[0] << 8 | entry[1]);

		if (number < GROUPS_MOST && groups.count < sizeof(groups.number)) {
			groups.number[groups.count++] = (uint8_t)number;
		}
	}
	return groups;
}

struct ann_pattern_state *ann_pattern_state_new(void)
{
	struct ann_pattern_state *state = ann_alloc(sizeof(*state));
	pcre2_general_context *heap =
		pcre2_general_context_create(pcre2_take, pcre2_give, NULL);

	if (state == NULL || heap == NULL) {
		goto failed;
	}
	state->data = pcre2_match_data_create(GROUPS_MOST, heap);
	state->context = pcre2_match_context_create(heap);
	state->stack = pcre2_jit_stack_create(1 << 15, JIT_STACK_BYTES, heap);
	if (state->data == NULL || state->context == NULL || state->stack == NULL) {
		goto failed;
	}
	pcre2_set_match_limit(state->context, MATCH_LIMIT);
	pcre2_jit_stack_assign(state->context, NULL, state->stack);
	pcre2_general_context_free(heap);
	return state;

failed:
	pcre2_general_context_free(heap);
	ann_pattern_state_free(state);
	return NULL;
}

void ann_pattern_state_free(struct ann_pattern_state *state)
{
	if (state != NULL) {
		pcre2_match_data_free(state->data);
		pcre2_match_context_free(state->context);
		pcre2_jit_stack_free(state->stack);
		ann_free(state);
	}
}

/* No other thread may be matching with the pattern while it is being compiled. */
static void make_ready(struct ann_pattern *pattern)
{
	pthread_mutex_lock(&jit_lock);
	if (!atomic_load_explicit(&pattern->ready, memory_order_relaxed)) {
		/* Without JIT (no such processor, W^X) the interpreter serves. */
		(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
		atomic_store_explicit(&pattern->ready, true, memory_order_release);
	}
	pthread_mutex_unlock(&jit_lock);
}

bool ann_pattern_find(struct ann_pattern *pattern, struct ann_pattern_state *state,
	struct ann_span line, size_t from, struct ann_range *whole)
{
	if (!atomic_load_explicit(&pattern->ready, memory_order_acquire)) {
		make_ready(pattern);
	}
	int groups = pcre2_match(pattern->code, (PCRE2_SPTR)line.ptr, line.len, from, 0,
		state->data, state->context);

	if (groups < 0) {
		state->given_up += groups != PCRE2_ERROR_NOMATCH;
		return false;
	}
	const PCRE2_SIZE *ranges = pcre2_get_ovector_pointer(state->data);

	/* \K inside a lookahead can put the start behind the end. */
	*whole = (struct ann_range){ranges[0], ranges[1]};
	return whole->start <= whole->end;
}

bool ann_pattern_group(const struct ann_pattern_state *state,
	const struct ann_groups *groups, struct ann_range *range)
{
	const PCRE2_SIZE *ranges = pcre2_get_ovector_pointer(state->data);

	for (size_t i = 0; i < groups->count; i++) {
		const PCRE2_SIZE *at = &ranges[groups->number[i] * 2];

		if (at[0] != PCRE2_UNSET) {
			*range = (struct ann_range){at[0], at[1]};
			return range->start <= range->end;
		}
	}
	return false;
}

uint64_t ann_pattern_given_up(const struct ann_pattern_state *state)
{
	return state->given_up;
}
