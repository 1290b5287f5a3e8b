#include "match/far.h"

#include <string.h>

/*
 * Whether the bracket at the front of `text` opens a group that ends with its closing
 * bracket and changes nothing behind it.
 */
static bool opens_group(struct ann_span text)
{
	if (text.len < 3 || text.ptr[1] == '*') {
		return false;
	}
	if (text.ptr[1] != '?') {
		return true;
	}
	for (size_t i = 2; i < text.len; i++) {
		char c = text.ptr[i];

		if (c != 'i' && c != '-') {
			return strchr(":=!<>", c) != NULL && c != '\0';
		}
	}
	return false;
}

/* Where the class whose bracket is at `at` ends; the end of the text if nowhere. */
static size_t class_end(struct ann_span text, size_t at)
{
	size_t i = at + 1;

	i += i < text.len && text.ptr[i] == '^';
	i += i < text.len && text.ptr[i] == ']';
	while (i < text.len && text.ptr[i] != ']') {
		if (text.ptr[i] == '[') {
			return text.len; /* perhaps [:alpha:] */
		}
		i += text.ptr[i] == '\\' ? 2 : 1;
	}
	return i < text.len ? i : text.len;
}

/* The length of the first alternative; SIZE_MAX: it is not understood. */
static size_t alternative_length(struct ann_span text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		struct ann_span rest = {text.ptr + i, text.len - i};
		char c = text.ptr[i];

		if (c == '\\') {
			i++;
			if (i == text.len || strchr("QEK", text.ptr[i]) != NULL) {
				return SIZE_MAX;
			}
		} else if (c == '[') {
			i = class_end(text, i);
			if (i == text.len) {
				return SIZE_MAX;
			}
		} else if (c == '(') {
			if (!opens_group(rest)) {
				return SIZE_MAX;
			}
			depth++;
		} else if (c == ')') {
			if (depth-- == 0) {
				return SIZE_MAX;
			}
		} else if (c == '|' && depth == 0) {
			return i;
		}
	}
	return depth == 0 ? text.len : SIZE_MAX;
}

/* Takes off `).*`; the bracket stays. */
static bool strip_far(struct ann_span *text)
{
	static const char tail[] = ").*";
	size_t len = sizeof(tail) - 1;

	if (text->len <= len || memcmp(text->ptr + text->len - len, tail, len) != 0 ||
		text->ptr[text->len - len - 1] == '\\') {
		return false;
	}
	text->len -= len - 1;
	return true;
}

static void add(struct ann_buf *buf, struct ann_span settings, struct ann_span text)
{
	if (buf->len > 0) {
		ann_buf_char(buf, '|');
	} else {
		ann_buf_span(buf, settings);
	}
	ann_buf_span(buf, text);
}

bool ann_far_split(struct ann_span regex, struct ann_buf *near, struct ann_buf *far)
{
	static const char nocase[] = "(?i)";
	struct ann_span settings = {regex.ptr, 0};

	ann_buf_clear(near);
	ann_buf_clear(far);
	if (regex.len > sizeof(nocase) && memcmp(regex.ptr, nocase, 4) == 0) {
		settings.len = 4;
		regex.ptr += 4;
		regex.len -= 4;
	}
	for (bool more = true; more;) {
		struct ann_span one = {regex.ptr, alternative_length(regex)};

		if (one.len == SIZE_MAX || one.len == 0) {
			return false;
		}
		more = one.len < regex.len;
		regex.ptr += one.len + more;
		regex.len -= one.len + more;
		add(strip_far(&one) ? far : near, settings, one);
	}
	return far->len > 0;
}
