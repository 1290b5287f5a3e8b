#include "annotty/lines.h"

#include <string.h>

static bool ends_line(char c)
{
	return c == '\n' || c == '\r';
}

#ifdef __SSE2__

#	include <emmintrin.h>

enum { AT_ONCE = sizeof(__m128i) };

/* A bit for each of the 16 bytes that ends a line. */
static unsigned ends_among(const char *text)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)text);
	__m128i feeds = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
	__m128i backs = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(feeds, backs));
}

#else

enum { AT_ONCE = 1 };

static unsigned ends_among(const char *text)
{
	return ends_line(*text);
}

#endif

/* Behind the last line end before `at`. */
static size_t last_end(const char *text, size_t at)
{
	for (; at >= AT_ONCE; at -= AT_ONCE) {
		unsigned ends = ends_among(text + at - AT_ONCE);

		if (ends != 0) {
			unsigned last = 31 - (unsigned)__builtin_clz(ends);

			return at - AT_ONCE + last + 1;
		}
	}
	while (at > 0 && !ends_line(text[at - 1])) {
		at--;
	}
	return at;
}

/* The first line end at `at` or behind it. */
static size_t first_end(struct ann_span text, size_t at)
{
	for (; text.len - at >= AT_ONCE; at += AT_ONCE) {
		unsigned ends = ends_among(text.ptr + at);

		if (ends != 0) {
			return at + (unsigned)__builtin_ctz(ends);
		}
	}
	while (at < text.len && !ends_line(text.ptr[at])) {
		at++;
	}
	return at;
}

struct ann_line ann_line_at(struct ann_span text, size_t start)
{
	const char *from = text.ptr + start;
	const char *feed = memchr(from, '\n', text.len - start);
	size_t len = feed == NULL ? text.len - start : (size_t)(feed - from);
	const char *back = memchr(from, '\r', len);
	struct ann_line line = {.start = start};

	if (back == NULL) {
		line.end = start + len;
		line.next = line.end + (feed != NULL);
		return line;
	}
	line.end = (size_t)(back - text.ptr);
	line.next = line.end + 1 + (back + 1 == feed);
	return line;
}

struct ann_line ann_line_around(struct ann_span text, size_t at)
{
	size_t start = last_end(text.ptr, at);
	struct ann_line line = {.start = start};

	line.end = first_end(text, at);
	line.next = line.end + (line.end < text.len);
	if (line.next < text.len && text.ptr[line.end] == '\r' &&
		text.ptr[line.next] == '\n') {
		line.next++;
	}
	return line;
}

uint64_t ann_lines_count(struct ann_span text)
{
	uint64_t count = 0;

	for (size_t at = first_end(text, 0); at < text.len; at = first_end(text, at)) {
		bool back = text.ptr[at++] == '\r';

		at += back && at < text.len && text.ptr[at] == '\n';
		count++;
	}
	return count;
}

uint64_t ann_line_number(struct ann_line_counter *counter, size_t start)
{
	struct ann_span between = {
		counter->text.ptr + counter->at, start - counter->at};

	counter->number += ann_lines_count(between);
	counter->at = start;
	return counter->number;
}
