#include "match/literal_set.h"

#include "annotty/alloc.h"

#include <string.h>

void ann_set_add(bool *no_memory, struct ann_set *set, struct ann_literal literal)
{
	for (size_t i = 0; i < set->count; i++) {
		if (memcmp(&set->at[i], &literal, sizeof(literal)) == 0) {
			return;
		}
	}
	if (ann_grow((void **)&set->at, &set->room, set->count, sizeof(literal)) != 0) {
		*no_memory = true;
		return;
	}
	set->at[set->count++] = literal;
}

void ann_set_deinit(struct ann_set *set)
{
	ann_free(set->at);
	*set = (struct ann_set){0};
}

struct ann_set ann_set_move(struct ann_set *set)
{
	struct ann_set moved = *set;

	*set = (struct ann_set){0};
	return moved;
}

struct ann_set ann_set_copy(bool *no_memory, const struct ann_set *set)
{
	struct ann_set copy = {.count = set->count, .room = set->count};

	copy.at = ann_resize_array(NULL, set->count, sizeof(*copy.at));
	if (copy.at == NULL) {
		*no_memory = true;
		return (struct ann_set){0};
	}
	memcpy(copy.at, set->at, set->count * sizeof(*copy.at));
	return copy;
}

bool ann_set_promises(const struct ann_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->at[i].len == 0) {
			return false;
		}
	}
	return set->count > 0;
}

/* Longer is rarer, and rarer is better; then fewer. */
size_t ann_set_worth(const struct ann_set *set)
{
	size_t shortest = ANN_LITERAL_BYTES;

	if (!ann_set_promises(set)) {
		return 0;
	}
	for (size_t i = 0; i < set->count; i++) {
		shortest = set->at[i].len < shortest ? set->at[i].len : shortest;
	}
	return shortest * (2 * (size_t)ANN_LITERALS_MOST) - set->count;
}

/* Keeps the better of two sets in `best`; takes `other`. */
void ann_set_keep_better(struct ann_set *best, struct ann_set *other)
{
	if (ann_set_worth(other) > ann_set_worth(best)) {
		struct ann_set swap = *best;

		*best = *other;
		*other = swap;
	}
	ann_set_deinit(other);
}

/* Text with what an assertion (an empty string with flags) says of its end. */
static struct ann_literal assert_end(
	struct ann_literal a, const struct ann_literal *edge)
{
	a.letter_end |= edge->letter_end;
	a.word_end |= edge->word_end && ann_is_word((unsigned char)a.text[a.len - 1]);
	return a;
}

/* Text that an assertion stands before. */
static struct ann_literal assert_start(
	const struct ann_literal *edge, const struct ann_literal *b)
{
	struct ann_literal made = *b;

	made.letter_start |= edge->letter_start;
	made.word_start = (made.word_start || edge->word_start) &&
			  ann_is_word((unsigned char)b->text[0]);
	return made;
}

/*
 * `a` directly followed by `b`. A word boundary is only kept where it stands beside the
 * word byte that makes it say "no word byte there".
 */
static struct ann_literal join(struct ann_literal a, const struct ann_literal *b)
{
	if (a.len > 0 && b->len == 0) {
		return assert_end(a, b);
	}
	if (a.len == 0 && b->len > 0) {
		return assert_start(&a, b);
	}
	if (a.len == 0) {
		a.word_start |= b->word_start;
		a.letter_start |= b->letter_start;
		return a;
	}
	size_t take = (size_t)(ANN_LITERAL_BYTES - a.len);

	take = b->len < take ? b->len : take;
	memcpy(a.text + a.len, b->text, take);
	a.len = (uint8_t)(a.len + take);
	a.word_end = take == b->len && b->word_end;
	a.letter_end = take == b->len && b->letter_end;
	return a;
}

/* A full string has no room to go on, so its parts must not be told apart by it. */
static bool any_full(const struct ann_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->at[i].len == ANN_LITERAL_BYTES) {
			return true;
		}
	}
	return false;
}

/* set = set x other. False, and nothing done, when that gets too large. */
bool ann_set_multiply(bool *no_memory, struct ann_set *set, const struct ann_set *other)
{
	size_t most = ann_set_promises(set) ? ANN_LITERALS_MANY : ANN_LITERALS_MOST;
	struct ann_set product = {0};

	if (set->count * other->count > most || any_full(set)) {
		return false;
	}
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < other->count; j++) {
			ann_set_add(
				no_memory, &product, join(set->at[i], &other->at[j]));
		}
	}
	ann_set_deinit(set);
	*set = product;
	return true;
}

void ann_set_unite(bool *no_memory, struct ann_set *set, const struct ann_set *other)
{
	for (size_t i = 0; i < other->count; i++) {
		ann_set_add(no_memory, set, other->at[i]);
	}
	if (set->count > ANN_LITERALS_MOST) {
		ann_set_deinit(set);
		ann_set_add(no_memory, set, (struct ann_literal){0});
	}
}
