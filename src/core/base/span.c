#include "annotty/span.h"

const uint8_t ann_byte_kinds[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
	['A'] = 11,
	['B'] = 12,
	['C'] = 13,
	['D'] = 14,
	['E'] = 15,
	['F'] = 16,
	['g' ... 'z'] = ANN_BYTE_OTHER,
	['G' ... 'Z'] = ANN_BYTE_OTHER,
	['_'] = ANN_BYTE_OTHER,
};

struct ann_span ann_span(const char *text)
{
	return (struct ann_span){text, text == NULL ? 0 : strlen(text)};
}

bool ann_span_is(struct ann_span span, const char *text)
{
	return ann_span_equal(span, ann_span(text));
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool ann_span_equal_nocase(struct ann_span a, struct ann_span b)
{
	size_t same = 0;

	/* Not strncasecmp(3): to that, what follows a NUL is equal. */
	while (same < a.len && same < b.len &&
		lower(a.ptr[same]) == lower(b.ptr[same])) {
		same++;
	}
	return a.len == b.len && same == a.len;
}

long ann_span_find_nocase(struct ann_span span, struct ann_span needle)
{
	if (needle.len == 0) {
		return 0;
	}
	for (size_t at = 0; at + needle.len <= span.len; at++) {
		struct ann_span here = {span.ptr + at, needle.len};

		if (ann_span_equal_nocase(here, needle)) {
			return (long)at;
		}
	}
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ann_span ann_span_trim(struct ann_span span)
{
	while (span.len > 0 && is_blank(span.ptr[0])) {
		span.ptr++;
		span.len--;
	}
	while (span.len > 0 && is_blank(span.ptr[span.len - 1])) {
		span.len--;
	}
	return span;
}

struct ann_span ann_span_front(struct ann_span span, size_t most)
{
	if (span.len > most) {
		span.len = most;
		while (span.len > 0 && (span.ptr[span.len] & 0xC0) == 0x80) {
			span.len--;
		}
	}
	return span;
}

struct ann_span ann_span_next(struct ann_span *rest, char separator)
{
	struct ann_span piece = *rest;
	const char *end =
		rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);

	if (end == NULL) {
		*rest = (struct ann_span){NULL, 0};
		return piece;
	}
	piece.len = (size_t)(end - piece.ptr);
	rest->ptr = end + 1;
	rest->len -= piece.len + 1;
	return piece;
}

static bool separates(char c)
{
	return c == ',' || is_blank(c);
}

struct ann_span ann_span_word(struct ann_span *rest)
{
	while (rest->len > 0 && separates(rest->ptr[0])) {
		rest->ptr++;
		rest->len--;
	}
	struct ann_span word = {rest->ptr, 0};

	while (rest->len > 0 && !separates(rest->ptr[0])) {
		rest->ptr++;
		rest->len--;
		word.len++;
	}
	return word;
}

/* The value of a hexadecimal digit; 16 or more for what is none. */
static inline unsigned digit(char c)
{
	return ann_byte_kinds[(unsigned char)c] - 1U;
}

/* Of no more hexadecimal digits than fit. */
static bool few_hex_digits(struct ann_span span, uint64_t *value)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < span.len; i++) {
		unsigned d = digit(span.ptr[i]);

		if (d >= 16) {
			return false;
		}
		sum = sum << 4 | d;
	}
	*value = sum;
	return span.len > 0;
}

bool ann_span_digits(struct ann_span span, int base, uint64_t *value)
{
	uint64_t sum = 0;

	if (base == 16 && span.len <= 16) {
		return few_hex_digits(span, value);
	}
	for (size_t i = 0; i < span.len; i++) {
		unsigned d = digit(span.ptr[i]);

		if (d >= (unsigned)base ||
			__builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
			__builtin_add_overflow(sum, d, &sum)) {
			return false;
		}
	}
	*value = sum;
	return span.len > 0;
}

bool ann_span_number(struct ann_span span, uint64_t *value)
{
	if (span.len > 2 && span.ptr[0] == '0' && (span.ptr[1] | 0x20) == 'x') {
		return ann_span_digits(
			(struct ann_span){span.ptr + 2, span.len - 2}, 16, value);
	}
	return ann_span_digits(span, 10, value);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned ann_span_distance(struct ann_span a, struct ann_span b)
{
	enum { LONGEST = 63 };
	unsigned row[LONGEST + 1];

	a.len = a.len > LONGEST ? LONGEST : a.len;
	b.len = b.len > LONGEST ? LONGEST : b.len;
	for (size_t j = 0; j <= b.len; j++) {
		row[j] = (unsigned)j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned above = row[j];
			unsigned same = lower(a.ptr[i - 1]) == lower(b.ptr[j - 1]);

			row[j] = least(diagonal + !same, least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[b.len];
}

const char *ann_span_nearest(
	struct ann_span word, const char *const *known, size_t count, unsigned most)
{
	const char *best = NULL;
	unsigned fewest = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned distance = ann_span_distance(word, ann_span(known[i]));

		if (distance <= most && (best == NULL || distance < fewest)) {
			fewest = distance;
			best = known[i];
		}
	}
	return best;
}
