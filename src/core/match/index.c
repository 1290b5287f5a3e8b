#include "match/index.h"

#include "annotty/alloc.h"

#include <string.h>

/* The literal's place in the index, where it is added if it is new; -1: no memory. */
long ann_index_intern(struct index *index, const struct ann_literal *literal)
{
	for (size_t i = 0; i < index->count; i++) {
		if (memcmp(&index->literals[i], literal, sizeof(*literal)) == 0) {
			return (long)i;
		}
	}
	size_t want_room = index->room;

	if (ann_grow((void **)&index->literals, &index->room, index->count,
		    sizeof(*index->literals)) != 0) {
		return -1;
	}
	if (ann_grow((void **)&index->wants, &want_room, index->count,
		    sizeof(*index->wants)) != 0) {
		index->room = want_room;
		return -1;
	}
	index->literals[index->count] = *literal;
	index->wants[index->count] = (struct want){0};
	return (long)index->count++;
}

/* `who` wants to know of each of the literals. */
enum ann_err ann_index_want(
	struct index *index, size_t who, const struct ann_literals *literals)
{
	for (size_t i = 0; i < literals->count; i++) {
		long at = ann_index_intern(index, &literals->at[i]);
		struct want *want = at < 0 ? NULL : &index->wants[at];

		if (want == NULL || ann_grow((void **)&want->who, &want->room,
					    want->count, sizeof(*want->who)) != 0) {
			return ANN_ENOMEM;
		}
		want->who[want->count++] = (uint32_t)who;
	}
	return ANN_OK;
}

enum ann_err ann_index_build(struct index *index, struct ann_error *err)
{
	index->automaton = ann_automaton_new(index->literals, index->count);
	return index->automaton == NULL ? ann_error_nomem(err) : ANN_OK;
}

void ann_index_deinit(struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		ann_free(index->wants[i].who);
	}
	ann_automaton_free(index->automaton);
	ann_free(index->wants);
	ann_free(index->traits);
	ann_free(index->literals);
}
