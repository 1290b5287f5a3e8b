/*
 * partial - what can be shown of a line that is not over.
 *
 * What a value means can depend on all of its line: a word behind it can make it a
 * status, or rule it out. So before the line ends (or its source has been silent for
 * so long that a reader wants to see all there is), it is shown up to the end of the
 * first value, and that value is not annotated yet. In text an annotation follows its
 * value, so nothing is lost by showing the value early.
 */
#ifndef ANNOTTY_PARTIAL_H
#define ANNOTTY_PARTIAL_H

#include "annotty/framer.h"
#include "annotty/matcher.h"

enum {
	ANN_IDLE_MS = 20,  /* a line that was silent for so long is shown */
	ANN_LATE_MS = 500, /* and all of it */
};

/* All zero: nothing of the line has been shown. */
struct ann_partial {
	size_t least; /* ann_framer_least(): behind that, the line may be cut; 0: never
		       */
	size_t shown; /* bytes at the front of the line */
	bool held;    /* there is more, which is not shown before it is late */
	struct ann_hits hits; /* of the line as far as it was there */
	struct ann_hits told; /* those that have been annotated */
};
void ann_partial_deinit(struct ann_partial *partial);

/*
 * What is to be shown of `line`, all that there is of it. A CR at its end is not shown:
 * it may be half of a line end. `late`: everything with all annotations. True: `batch`
 * has its bytes, `partial` and `shown`, and its hits are `partial->hits`. False:
 * nothing, or there is no memory to find that out.
 */
bool ann_partial_show(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, bool late, struct ann_batch *batch);

/*
 * The line is over, or is cut: `batch`, which is its next piece, is told what has been
 * shown of it. What is known of that piece moves to `ended`, for ann_partial_tell();
 * `partial` is ready for the next line, or for what goes on.
 */
void ann_partial_end(struct ann_partial *partial, struct ann_batch *batch,
	struct ann_partial *ended);

/* Tells the hits of that batch which of them have been annotated. */
void ann_partial_tell(const struct ann_partial *ended, struct ann_hits *hits);

/* Forgets the line, which has been lost. */
void ann_partial_reset(struct ann_partial *partial);

#endif
