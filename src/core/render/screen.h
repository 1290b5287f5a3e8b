/*
 * screen - what a program does on the terminal, as far as annotations have to know.
 *
 * An annotation is text that the program knows nothing of. Behind it the cursor is not
 * where the program believes it to be, so on a line that is edited in place it would
 * end up in the middle of something, and on the alternate screen, where full-screen
 * programs draw, anywhere. Here is seen which lines these are.
 *
 * Harmless is what neither moves the cursor nor changes what stands elsewhere on the
 * screen: colours (SGR), modes, reports, the choice of a character set, and erasing
 * from the cursor to the end of the line, which compilers do for each of their
 * messages. All other control sequences of ECMA-48 and xterm(1) edit, and so do
 * backspace, vertical tab and form feed, and strings (OSC and the like), in which no
 * text may be put at all. A carriage return is no business of this module; see
 * display.h.
 */
#ifndef CORE_SCREEN_H
#define CORE_SCREEN_H

#include "annotty/span.h"

#include <stdbool.h>

enum { ANN_SCREEN_PARAMETERS = 32 }; /* bytes; longer sequences edit */

/* All zero: at the start of a line of the usual screen. The members are private. */
struct ann_screen {
	enum {
		ANN_SCREEN_TEXT,
		ANN_SCREEN_ESCAPE,
		ANN_SCREEN_CHARSET, /* ESC ( and the like: one more byte */
		ANN_SCREEN_SEQUENCE,
		ANN_SCREEN_STRING,
		ANN_SCREEN_STRING_ESCAPE,
	} state;
	char parameters[ANN_SCREEN_PARAMETERS]; /* of the sequence at hand */
	size_t len;
	bool alternate;
	bool edited; /* the line, since its beginning */
};

/*
 * Goes over what the program has printed next, up to a line end at most, which belongs
 * to its line. However the bytes are cut into calls, the answer behind them is the
 * same.
 */
void ann_screen_see(struct ann_screen *screen, struct ann_span bytes);

/* Whether what has been seen of the line is to be shown as it is, without annotations.
 */
bool ann_screen_is_drawn(const struct ann_screen *screen);

/* The line has ended with a LF: the next one is a fresh one. */
void ann_screen_end_line(struct ann_screen *screen);

#endif
