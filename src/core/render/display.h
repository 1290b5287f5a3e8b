/*
 * display - the lines of one source on a terminal that somebody looks at.
 *
 * There, text is not only read but stands somewhere, and annotations must not get in
 * the way of what a program does with it:
 *
 * - On the alternate screen, and on lines that are edited in place (see screen.h),
 *   nothing is annotated; these bytes are passed on as they come. So that works only if
 *   the terminal obeys; where control characters are masked there is no such thing.
 * - A line that ends with a CR alone is going to be overwritten, as progress bars are,
 *   and an annotation would stay behind it, or break the line. So its annotations and
 *   its CR wait for what comes next: at another line end (devices say CR CR LF) they
 *   are shown at the end of the line, as they are if nothing comes any more; for
 *   anything else they are dropped. What overwrites a line and ends with a LF is a line
 *   like others.
 * - A line that is not over is shown with all there is and without annotations if the
 *   terminal obeys, for somebody may be typing on it. They stand at its end once that
 *   is there.
 */
#ifndef CORE_DISPLAY_H
#define CORE_DISPLAY_H

#include "annotty/render.h"

struct ann_display;

/* `obeys`: control sequences reach the terminal. NULL: no memory. */
struct ann_display *ann_display_new(bool obeys);
void ann_display_free(struct ann_display *display);

/*
 * Chooses what of `half`, a partial batch, is to be shown now if the terminal obeys;
 * what is not drawn waits for a silence of `least`. False: nothing is.
 */
bool ann_display_half(
	struct ann_display *display, struct ann_batch *half, enum ann_silence least);

/*
 * As ann_render_batch() for text. `on`: the line that the terminal is on is that of the
 * lines before. ANN_ENOMEM: something is missing in `out`.
 */
ANN_MUST_USE enum ann_err ann_display_batch(struct ann_display *display,
	struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, bool on, struct ann_buf *out);

/* Nothing comes next: what waits behind the CR of the last line is appended. */
void ann_display_end(struct ann_display *display, struct ann_buf *out);

/* The line, or all of it that is new, is not to be shown. A display of NULL is fine. */
void ann_display_pass(struct ann_display *display, const struct ann_batch *line);

#endif
