/*
 * select - only the lines with a hit, and some around them.
 *
 * Works on a stream of batches, so that context reaches over their borders.
 */
#ifndef ANNOTTY_SELECT_H
#define ANNOTTY_SELECT_H

#include "annotty/framer.h"
#include "annotty/matcher.h"

/*
 * A run of lines to be shown: a part of a batch (or lines kept from an earlier one)
 * with its hits, whose offsets are into `batch`. Borrowed for the call. `gap`: lines
 * were left out between this run and the one before.
 */
typedef void (*ann_select_cb)(void *user, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, bool gap);

struct ann_select;

/* `before`, `after`: lines of context on each side of a hit. NULL: no memory. */
struct ann_select *ann_select_new(size_t before, size_t after);
void ann_select_free(struct ann_select *select);

/* Only hits of this severity and above count; by default all. NULL is fine. */
void ann_select_least(struct ann_select *select, enum ann_severity severity);

/* Takes the next batch and calls `show` for what is to be seen of it, in order. */
ANN_MUST_USE enum ann_err ann_select_batch(struct ann_select *select,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count,
	ann_select_cb show, void *user);

#endif
