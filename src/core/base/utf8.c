#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wchar.h>

static bool in(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* How many bytes the first one promises, and what the second one may be. */
static size_t promised(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	*high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
	if (first < 0x80) {
		return 1;
	}
	if (in(first, 0xC2, 0xDF)) {
		return 2;
	}
	if (in(first, 0xE0, 0xEF)) {
		return 3;
	}
	return in(first, 0xF0, 0xF4) ? 4 : 0;
}

size_t ann_utf8_char(struct ann_span text)
{
	const unsigned char *bytes = (const unsigned char *)text.ptr;
	unsigned char low = 0;
	unsigned char high = 0;
	size_t len = text.len == 0 ? 0 : promised(bytes[0], &low, &high);

	if (len > text.len || (len > 1 && !in(bytes[1], low, high))) {
		return 0;
	}
	for (size_t i = 2; i < len; i++) {
		if (!in(bytes[i], 0x80, 0xBF)) {
			return 0;
		}
	}
	return len;
}

bool ann_utf8_is_control(struct ann_span text)
{
	return text.len > 1 && (unsigned char)text.ptr[0] == 0xC2 &&
	       in((unsigned char)text.ptr[1], 0x80, 0x9F);
}

static locale_t locale; /* (locale_t)0: there is none for UTF-8 */

static void make_locale(void)
{
	locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

size_t ann_utf8_columns(struct ann_span text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	mbstate_t state = {0};
	wchar_t wide = 0;
	int columns = 1;

	if (text.len == 0 || (unsigned char)text.ptr[0] < 0x80) {
		return 1;
	}
	(void)pthread_once(&once, make_locale);
	if (locale != (locale_t)0) {
		locale_t before = uselocale(locale);
		size_t len = mbrtowc(&wide, text.ptr, text.len, &state);

		columns = len > 0 && len <= text.len ? wcwidth(wide) : 1;
		(void)uselocale(before);
	}
	return columns < 0 ? 1 : (size_t)columns;
}

size_t ann_utf8_valid(struct ann_span text)
{
	size_t at = 0;

	while (at < text.len) {
		uint64_t eight = 0;

		if (text.len - at >= sizeof(eight)) {
			memcpy(&eight, text.ptr + at, sizeof(eight));
			if ((eight & 0x8080808080808080ULL) == 0) {
				at += sizeof(eight);
				continue;
			}
		}
		size_t len =
			ann_utf8_char((struct ann_span){text.ptr + at, text.len - at});

		if (len == 0) {
			break;
		}
		at += len;
	}
	return at;
}

struct ann_span ann_utf8_unmarked(struct ann_span text)
{
	enum { MARK_BYTES = 3 };

	if (text.len >= MARK_BYTES &&
		memcmp(text.ptr, "\xef\xbb\xbf", MARK_BYTES) == 0) {
		text.ptr += MARK_BYTES;
		text.len -= MARK_BYTES;
	}
	return text;
}
