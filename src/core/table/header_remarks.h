/*
 * header_remarks - which comment is about which definition.
 *
 * The one behind a definition, or else the one directly before it. The scanner shows
 * all comments and definitions in the order of the text.
 */
#ifndef CORE_HEADER_REMARKS_H
#define CORE_HEADER_REMARKS_H

#include "table/header_lexer.h"

struct ann_remarks {
	/* Comments that may be about what comes next. */
	struct ann_span before;  /* source from the first to the last, or empty */
	size_t before_line;      /* where they end */
	size_t before_column;    /* where they begin */
	bool before_inline;      /* they share a line with something before them */
	bool before_points_back; /* they have the mark of comments that stand behind */

	/* The definition that a comment may stand behind. */
	struct ann_span
		*about;       /* gets the comment; NULL: there is no such definition */
	size_t last_line;     /* where its last token ends */
	bool behind;          /* there is a comment behind that token already */
	size_t behind_line;   /* where that ends */
	size_t behind_column; /* where that begins */
};

/* The comment before a definition that starts on `line`; may be empty. */
struct ann_span ann_remarks_before(const struct ann_remarks *remarks, size_t line);

/* What was seen so far is not about what comes. */
void ann_remarks_forget(struct ann_remarks *remarks);

/* `token` is the last so far of the definition whose comment is `*about`, or NULL. */
void ann_remarks_turn_to(struct ann_remarks *remarks, struct ann_span *about,
	const struct ann_token *token);

/* A comment that is behind the definition because it is inside of it. */
void ann_remarks_add_behind(
	struct ann_remarks *remarks, const struct ann_token *comment);

/* A comment anywhere else. */
void ann_remarks_add(struct ann_remarks *remarks, const struct ann_token *comment);

#endif
