/*
 * code_index - the codes of a codebook by value and by name.
 *
 * Made at once for the values; for the names when one is first asked for, which many
 * runs never do.
 */
#ifndef CORE_CODE_INDEX_H
#define CORE_CODE_INDEX_H

#include "annotty/codebook.h"

struct ann_code_index;

/*
 * Of the families that are in the book now, whose codes are borrowed. NULL: no memory.
 */
struct ann_code_index *ann_code_index_new(const struct ann_codebook *book);
void ann_code_index_free(struct ann_code_index *index); /* NULL is fine */

/* These two may be called by several threads; see annotty/codebook.h. */
size_t ann_code_index_find(const struct ann_code_index *index, uint64_t value,
	const struct ann_code *const **codes);
const struct ann_code *ann_code_index_find_name(
	struct ann_code_index *index, struct ann_span name);

#endif
