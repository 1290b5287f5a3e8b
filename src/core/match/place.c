#include "match/place.h"

#include "annotty/macros.h"

#include <string.h>

/*
 * Whether a pattern begins with this group: settings and a lookbehind, which may hold
 * no brackets, and then the group.
 */
static bool begins_with(struct ann_span text, const char *group)
{
	while (text.len > 4 && (memcmp(text.ptr, "(?i)", 4) == 0 ||
				       memcmp(text.ptr, "(?<!", 4) == 0)) {
		const char *end = memchr(text.ptr, ')', text.len);
		const char *open = memchr(text.ptr + 1, '(', text.len - 1);

		if (end == NULL || (open != NULL && open < end)) {
			return false;
		}
		text.len -= (size_t)(end + 1 - text.ptr);
		text.ptr = end + 1;
	}
	return text.len > strlen(group) && memcmp(text.ptr, group, strlen(group)) == 0;
}

/* Whether it is a group of the plain kinds, whose brackets can be counted. */
static bool opens_plainly(struct ann_span text)
{
	static const char *const plain[] = {
		"(?:", "(?>", "(?=", "(?!", "(?<", "(?i:", "(?-i:", "(?i)"};

	if (text.len < 2 || (text.ptr[1] != '?' && text.ptr[1] != '*')) {
		return true;
	}
	for (size_t i = 0; i < ANN_LEN(plain); i++) {
		size_t len = strlen(plain[i]);

		if (text.len >= len && memcmp(text.ptr, plain[i], len) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * Where the bracket that closes at the end of `text` was opened, if nothing else stands
 * beside that group; else `text.len`.
 */
static size_t opening_of_last(struct ann_span text)
{
	enum { DEEPEST = 64 };
	size_t open[DEEPEST];
	size_t depth = 0;
	size_t last = text.len;
	bool in_class = false;

	for (size_t i = 0; i < text.len; i++) {
		struct ann_span rest = {text.ptr + i, text.len - i};
		char c = text.ptr[i];

		if (c == '\\') {
			i++;
			depth = rest.len > 1 && rest.ptr[1] == 'Q' ? DEEPEST : depth;
		} else if (in_class) {
			in_class = c != ']' || text.ptr[i - 1] == '[' ||
				   text.ptr[i - 1] == '^';
		} else if (c == '[') {
			in_class = true;
		} else if (c == '(' && opens_plainly(rest) && depth < DEEPEST) {
			open[depth++] = i;
		} else if (c == ')' && depth > 0 && depth < DEEPEST) {
			last = open[--depth];
			last = i + 1 == text.len && depth == 0 ? last : text.len;
		} else if (c == '(' || c == ')' || (c == '|' && depth == 0)) {
			return text.len;
		}
	}
	return depth == 0 ? last : text.len;
}

/* Without `[...]*$` at its end, if no byte of a word is among the brackets. */
static bool strip_tail(struct ann_span *text)
{
	static const char tail[] = "]*$";
	size_t at = text->len - 3;

	if (text->len < sizeof(tail) || memcmp(text->ptr + at, tail, 3) != 0) {
		return false;
	}
	while (at > 0 && text->ptr[at - 1] != '[') {
		unsigned char c = (unsigned char)text->ptr[--at];
		bool tab = c == 't' && text->ptr[at - 1] == '\\';

		if (c == '^' || c == '-' || c == ']' || (ann_is_word(c) && !tab)) {
			return false;
		}
	}
	text->len = at > 0 ? at - 1 : 0;
	return text->len > 0;
}

/* Whether the pattern ends with the group `code`. */
static bool ends_with_code(struct ann_span text)
{
	static const char group[] = "(?<code>";
	size_t at = opening_of_last(text);

	return text.len - at > sizeof(group) &&
	       memcmp(text.ptr + at, group, sizeof(group) - 1) == 0;
}

/* Whether what closes at the end of `text` ends where a word does, whatever it is. */
static bool ends_with_word(struct ann_span text)
{
	static const char edge[] = "(?![0-9A-Za-z_])";
	size_t len = sizeof(edge) - 1;

	if (memchr(text.ptr, '|', text.len) != NULL) {
		return false;
	}
	while (text.len > len && memcmp(text.ptr + text.len - len, edge, len) != 0) {
		if (text.ptr[--text.len] != ')') {
			return false;
		}
	}
	return text.len > len;
}

struct ann_place ann_place_of(struct ann_span text)
{
	struct ann_place place = {
		.code_first = begins_with(text, "(?<code>"),
		.same_first = begins_with(text, "(?<same>"),
	};

	place.last = strip_tail(&text) && ends_with_code(text);
	place.plain = place.code_first && ends_with_code(text) && ends_with_word(text);
	return place;
}
