/*
 * far - conditions that look back as far as they can.
 *
 * Of `near|other|(?:thing).*` on what stands before a value, the last alternative only
 * asks whether `thing` stands anywhere there. It mostly does not, which literals of it
 * tell faster than reading all of the text again for each value.
 */
#ifndef CORE_FAR_H
#define CORE_FAR_H

#include "match/regex.h"

#include "annotty/buf.h"

/*
 * Puts the alternatives of the expanded `regex` that end in `.*` into `far`, without
 * that, and the others into `near`, which may be none. False: there is no far one, or
 * the regex is not understood; the buffers are then of no use.
 */
bool ann_far_split(
	const struct ann_regex *regex, struct ann_buf *near, struct ann_buf *far);

#endif
