/*
 * regex_private - the reader of patterns, between the one who builds the tree (regex.c)
 * and the one who knows its smallest pieces (regex_token.c).
 */
#ifndef CORE_REGEX_PRIVATE_H
#define CORE_REGEX_PRIVATE_H

#include "match/regex.h"

#include <string.h>

/* How the pattern is read, from a setting on to the end of the group around it. */
struct settings {
	bool caseless; /* (?i) */
	bool extended; /* (?x): blanks and comments do not count */
};

struct reader {
	const char *at;
	const char *end;
	struct settings settings;
	bool lost; /* something is not understood; then `at` is at the end */
	unsigned depth;
	struct ann_term *terms; /* with room for all that can come */
	size_t count;
};

static inline bool ann_reader_sees(const struct reader *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

/* Skips the text if it stands there. */
static inline bool ann_reader_skips(struct reader *r, const char *text)
{
	if (!ann_reader_sees(r, text)) {
		return false;
	}
	r->at += strlen(text);
	return true;
}

/* What is not understood makes all of it useless, so the rest is not read. */
static inline void ann_reader_give_up(struct reader *r)
{
	r->lost = true;
	r->at = r->end;
}

/*
 * Reads what stands for one byte: itself, `.`, a class, or an escape. False, and
 * nothing read: it is something else.
 */
bool ann_reader_bytes(struct reader *r, struct ann_byteset *set);

/* Skips comments, and blanks where they do not count. */
void ann_reader_blanks(struct reader *r);

/*
 * Reads `*` and its like into the numbers of a REPEAT, and whether it is atomic. False,
 * and nothing read: nothing is repeated.
 */
bool ann_reader_counts(struct reader *r, struct ann_term *repeat);

#endif
