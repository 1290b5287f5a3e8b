/*
 * view - a line as the patterns see it: without the control sequences of terminals.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "annotty/lines.h"
#include "annotty/span.h"

/*
 * A line as the patterns see it: as it is, or, when terminal control sequences are in
 * it, a copy without them and with the way back.
 */
struct ann_view {
	struct ann_line line; /* in the batch */
	struct ann_span text;
	const uint32_t
		*origin; /* per byte of `text`: its offset in the line; NULL: same */
};

/* Memory for such a copy. */
struct ann_plain {
	char *bytes;
	uint32_t *origin;
	size_t room;
};

/*
 * Makes `view->text` a copy without control sequences (ECMA-48, 5.4), in memory that
 * the next call takes back. False: no memory.
 */
bool ann_view_strip(struct ann_plain *plain, struct ann_view *view);
void ann_plain_deinit(struct ann_plain *plain);

#endif
