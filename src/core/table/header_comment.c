#include "table/header_comment.h"

#include "base/utf8.h"
#include "table/header_lexer.h"

#include <string.h>

struct writer {
	char *room;
	size_t len;
	bool blank; /* one is due before the next character */
	bool full;
};

static void put(struct writer *w, const char *bytes, size_t len)
{
	bool blank = w->blank && w->len > 0;

	if (w->full || w->len + blank + len > ANN_COMMENT_BYTES) {
		w->full = true;
		return;
	}
	if (blank) {
		w->room[w->len++] = ' ';
	}
	memcpy(w->room + w->len, bytes, len);
	w->len += len;
	w->blank = false;
}

/* Blanks and control characters, also those of 0x80 to 0x9f that terminals obey. */
static bool is_space(const char *at, size_t len)
{
	unsigned char c = (unsigned char)at[0];

	return (len == 1 && (c <= ' ' || c == 0x7f)) ||
	       (len == 2 && c == 0xc2 && (unsigned char)at[1] < 0xa0);
}

/* How often the byte at `at` stands there in a row. */
static size_t run_length(struct ann_span text, size_t at)
{
	size_t end = at + 1;

	while (end < text.len && text.ptr[end] == text.ptr[at]) {
		end++;
	}
	return end - at;
}

/* A rule drawn with punctuation; not the underscores of a name. */
static bool is_rule(struct ann_span text, size_t at, size_t run)
{
	bool joins = at > 0 && ann_is_word((unsigned char)text.ptr[at - 1]) &&
		     at + run < text.len &&
		     ann_is_word((unsigned char)text.ptr[at + run]);

	return run >= 3 && !joins && strchr("-=*#~+_/", text.ptr[at]) != NULL;
}

static void put_line(struct writer *w, struct ann_span line)
{
	size_t at = 0;

	while (at < line.len && !w->full) {
		struct ann_span rest = {line.ptr + at, line.len - at};
		size_t run = run_length(line, at);
		size_t len = ann_utf8_char(rest);

		if (is_space(rest.ptr, len) || is_rule(line, at, run)) {
			w->blank = true;
			at += len == 1 ? run : len;
			continue;
		}
		if (len == 0) {
			put(w, "\xef\xbf\xbd", 3);
			at++;
			continue;
		}
		/* A run is taken whole, or its second character could begin a rule. */
		size_t end = len == 1 ? at + run : at + len;

		for (; at < end; at += len) {
			put(w, line.ptr + at, len);
		}
	}
	w->blank = true;
}

static bool starts_with(struct ann_span text, char c)
{
	return text.len > 0 && text.ptr[0] == c;
}

static bool ends_with(struct ann_span text, char c)
{
	return text.len > 0 && text.ptr[text.len - 1] == c;
}

static void drop_front(struct ann_span *text, size_t len)
{
	text->ptr += len;
	text->len -= len;
}

/* The text between the marks; true when they were of the kind that points back. */
static bool strip_marks(struct ann_span *comment)
{
	bool block = comment->ptr[1] == '*';
	size_t marks = 0;

	drop_front(comment, 2);
	if (block && comment->len > 1 && ends_with(*comment, '/') &&
		comment->ptr[comment->len - 2] == '*') {
		comment->len -= 2;
	}
	while (starts_with(*comment, '*') || starts_with(*comment, '!') ||
		starts_with(*comment, '/')) {
		drop_front(comment, 1);
		marks++;
	}
	if (marks == 0 || !starts_with(*comment, '<')) {
		return false;
	}
	drop_front(comment, 1);
	return true;
}

static void put_comment(struct writer *w, struct ann_span comment)
{
	bool block = comment.ptr[1] == '*';

	strip_marks(&comment);
	while (comment.ptr != NULL && !w->full) {
		struct ann_span line = ann_span_trim(ann_span_next(&comment, '\n'));

		if (comment.ptr != NULL && ends_with(line, '\\')) {
			line.len--; /* the line went on, and so did a directive */
		}
		while (block && starts_with(line, '*')) {
			drop_front(&line, 1);
		}
		while (block && ends_with(line, '*')) {
			line.len--;
		}
		put_line(w, line);
	}
}

static bool has_word(struct ann_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c >= 0x80 || (ann_is_word(c) && c != '_')) {
			return true;
		}
	}
	return false;
}

struct ann_span ann_comment_words(struct ann_span source, char *room)
{
	static const char brief[] = "brief ";
	struct writer w = {.room = room};
	struct ann_lexer lexer = ann_lexer(source);
	struct ann_token token = ann_lexer_next(&lexer);

	for (; token.kind != ANN_TOKEN_END && !w.full; token = ann_lexer_next(&lexer)) {
		if (token.kind == ANN_TOKEN_COMMENT) {
			put_comment(&w, token.text);
		}
	}
	struct ann_span words = {room, w.len};

	if ((starts_with(words, '@') || starts_with(words, '\\')) &&
		words.len > sizeof(brief) &&
		memcmp(words.ptr + 1, brief, sizeof(brief) - 1) == 0) {
		drop_front(&words, sizeof(brief));
	}
	return has_word(words) ? words : ann_span(NULL);
}

bool ann_comment_points_back(struct ann_span comment)
{
	return strip_marks(&comment);
}

bool ann_comment_documents(struct ann_span comment)
{
	char mark = comment.len > 3 ? comment.ptr[2] : '\0';

	return mark == '!' || (mark == comment.ptr[1] && comment.ptr[3] != mark);
}
