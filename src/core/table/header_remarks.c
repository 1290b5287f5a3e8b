#include "table/header_remarks.h"

#include "table/header_comment.h"

/* Makes `*source`, which may be empty, reach to the end of the comment. */
static void reach(struct ann_span *source, const struct ann_token *comment)
{
	if (source->len == 0) {
		source->ptr = comment->text.ptr;
	}
	source->len = (size_t)(comment->text.ptr + comment->text.len - source->ptr);
}

struct ann_span ann_remarks_before(const struct ann_remarks *r, size_t line)
{
	bool adjacent = r->before_line == line ||
			(r->before_line + 1 == line && !r->before_inline);

	return adjacent ? r->before : ann_span(NULL);
}

void ann_remarks_forget(struct ann_remarks *r)
{
	r->before.len = 0;
}

void ann_remarks_turn_to(
	struct ann_remarks *r, struct ann_span *about, const struct ann_token *token)
{
	r->about = about;
	r->last_line = token->last_line;
	r->behind = false;
}

/* Alone on its line, the next one, and in the same column. */
static bool is_below(const struct ann_token *comment, size_t line, size_t column)
{
	return comment->first && comment->line == line + 1 &&
	       comment->column == column && column < ANN_TOKEN_FAR;
}

/*
 * A comment is behind a definition 1. on the line where that ends, 2. on the next line
 * if it says so with a mark (with a blank line between, people who write the mark mean
 * what follows), 3. under a comment behind it, in the same column.
 */
static bool is_behind(const struct ann_remarks *r, const struct ann_token *comment)
{
	size_t end = r->behind ? r->behind_line : r->last_line;

	if (r->about == NULL) {
		return false;
	}
	if (comment->line == end) {
		return true;
	}
	if (comment->line == end + 1 && ann_comment_points_back(comment->text)) {
		return true;
	}
	return r->behind && is_below(comment, r->behind_line, r->behind_column);
}

/* Comments behind a definition replace the one before it, and add up. */
void ann_remarks_add_behind(struct ann_remarks *r, const struct ann_token *comment)
{
	if (r->about == NULL) {
		return;
	}
	if (!r->behind) {
		*r->about = ann_span(NULL);
		r->behind_column = comment->column;
	}
	reach(r->about, comment);
	r->behind = true;
	r->behind_line = comment->last_line;
}

/* True when the comment goes on with what those before it say. */
static bool goes_on(const struct ann_remarks *r, const struct ann_token *comment)
{
	if (r->before.len == 0 || comment->line > r->before_line + 1 ||
		r->before_points_back != ann_comment_points_back(comment->text)) {
		return false;
	}
	if (!r->before_inline) {
		return comment->first;
	}
	return !comment->first || is_below(comment, r->before_line, r->before_column);
}

void ann_remarks_add(struct ann_remarks *r, const struct ann_token *comment)
{
	if (is_behind(r, comment)) {
		ann_remarks_add_behind(r, comment);
		return;
	}
	if (!goes_on(r, comment)) {
		r->before.len = 0;
		r->before_column = comment->column;
		r->before_inline = !comment->first;
		r->before_points_back = ann_comment_points_back(comment->text);
	}
	reach(&r->before, comment);
	r->before_line = comment->last_line;
}
