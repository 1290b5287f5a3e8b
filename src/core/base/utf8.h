/*
 * utf8 - is it text?
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "annotty/span.h"

/*
 * The length of the valid UTF-8 character at the front of `text` (Unicode 15, table
 * 3-7: no surrogates, nothing overlong), or 0 when there is none.
 */
size_t ann_utf8_char(struct ann_span text);

/* Whether U+0080 to U+009F, controls as those of ASCII are, stands at the front. */
bool ann_utf8_is_control(struct ann_span text);

/*
 * How many columns of a terminal the character at the front takes, by wcwidth(3): 2 for
 * wide ones, 0 for accents that are added to a letter, 1 for what is no character.
 */
size_t ann_utf8_columns(struct ann_span text);

/* How many bytes at the front of `text` are valid UTF-8. */
size_t ann_utf8_valid(struct ann_span text);

/* The text behind the byte order mark that some editors write at its front. */
struct ann_span ann_utf8_unmarked(struct ann_span text);

#endif
