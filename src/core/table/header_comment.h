/*
 * header_comment - the words of a comment.
 */
#ifndef CORE_HEADER_COMMENT_H
#define CORE_HEADER_COMMENT_H

#include "annotty/span.h"

/* The longest description; a longer one is cut between two characters. */
enum { ANN_COMMENT_BYTES = 512 };

/*
 * What the comments in `source` say, as one line of UTF-8: without their marks, stars,
 * rules (-----, =====) and control characters, white space folded. Empty when there is
 * no word in it. Written to `room`, which has ANN_COMMENT_BYTES.
 */
struct ann_span ann_comment_words(struct ann_span source, char *room);

/* A comment that says itself that it is about what stands before it: one with "**<". */
bool ann_comment_points_back(struct ann_span comment);

/* A comment in the manner of Doxygen, which is about one definition, not several. */
bool ann_comment_documents(struct ann_span comment);

#endif
