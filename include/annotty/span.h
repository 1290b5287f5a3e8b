/*
 * span - bytes somebody else owns.
 */
#ifndef ANNOTTY_SPAN_H
#define ANNOTTY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ann_span {
	const char *ptr; /* not NUL-terminated; may be NULL when len is 0 */
	size_t len;      /* bytes */
};

/* For `printf("%.*s", ANN_SPAN_ARG(span))`. */
#define ANN_SPAN_ARG(span) (int)(span).len, (span).ptr == NULL ? "" : (span).ptr

/* A string literal or NUL-terminated string; NULL becomes the empty span. */
struct ann_span ann_span(const char *text);

/* Same bytes; case matters. */
static inline bool ann_span_equal(struct ann_span a, struct ann_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
bool ann_span_is(struct ann_span span, const char *text);

/* Same letters; ASCII case does not matter. */
bool ann_span_equal_nocase(struct ann_span a, struct ann_span b);

/* Where `needle` first stands in `span`, ASCII case apart, or -1. */
long ann_span_find_nocase(struct ann_span span, struct ann_span needle);

/* Without blanks, tabs and line ends at both ends. */
struct ann_span ann_span_trim(struct ann_span span);

/* Its front, at most `most` bytes, never a part of a UTF-8 character. */
struct ann_span ann_span_front(struct ann_span span, size_t most);

/*
 * Takes the text up to the next `separator` off the front of `*rest` and returns it;
 * the separator goes too. At the last piece `*rest` becomes empty with ptr NULL.
 */
struct ann_span ann_span_next(struct ann_span *rest, char separator);

/* Takes the next word off a list with commas or blanks between; empty: no more. */
struct ann_span ann_span_word(struct ann_span *rest);

/*
 * An unsigned number: `0x` hex, decimal. False when `span` is anything else or does
 * not fit 64 bits.
 */
bool ann_span_number(struct ann_span span, uint64_t *value);

/* Digits of `base` (2 to 16) and nothing else. False as above. */
bool ann_span_digits(struct ann_span span, int base, uint64_t *value);

/* True for ASCII letters. */
static inline bool ann_is_letter(unsigned char byte)
{
	return (unsigned char)((byte | 0x20) - 'a') < 26;
}

/*
 * What a byte is to words of ASCII letters, digits and underscores: no part of them, a
 * hexadecimal digit (one more than its value), or another part.
 */
enum { ANN_BYTE_OUTSIDE = 0, ANN_BYTE_OTHER = 17 };
extern const uint8_t ann_byte_kinds[256];

/* True for the bytes of \w: ASCII letters, digits and underscore. */
static inline bool ann_is_word(unsigned char byte)
{
	return ann_byte_kinds[byte] != ANN_BYTE_OUTSIDE;
}

/*
 * How unlike two words are: single-character edits to get from one to the other,
 * ASCII case apart (Levenshtein). Words longer than 63 bytes compare by their start.
 */
unsigned ann_span_distance(struct ann_span a, struct ann_span b);

/*
 * The one of the `count` words that is most like `word`, the first of several; at most
 * `most` edits away. NULL: none is.
 */
const char *ann_span_nearest(
	struct ann_span word, const char *const *known, size_t count, unsigned most);

#endif
