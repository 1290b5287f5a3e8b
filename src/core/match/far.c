#include "match/far.h"

/*
 * Whether a row ends with `.*` behind a group. What is too short to need brackets
 * stands in many lines, and it does not pay to look for it.
 */
static bool is_far(const struct ann_term *before, const struct ann_term *last)
{
	struct ann_byteset set = {0};

	if (before == NULL || before->kind != ANN_TERM_CHOICE ||
		last->kind != ANN_TERM_REPEAT || last->least != 0 ||
		last->most != ANN_TERM_UNLIMITED) {
		return false;
	}
	ann_term_single_bytes(last->first, &set);
	ann_byteset_put(&set, '\n');
	ann_byteset_put(&set, '\r');
	ann_byteset_turn(&set);
	return ann_byteset_next(&set, 0) > UINT8_MAX;
}

/*
 * Adds a row from `term` on to one of the two. False: it is empty, or has a setting,
 * which would be one of the rows behind it as well.
 */
static bool add_row(const struct ann_term *term, struct ann_span settings,
	struct ann_buf *near, struct ann_buf *far)
{
	const char *from = term == NULL ? NULL : term->text.ptr;
	const struct ann_term *before = NULL;
	const struct ann_term *last = NULL;
	struct ann_buf *buf = NULL;

	for (; term != NULL; term = term->next) {
		if (term->kind == ANN_TERM_SETTING) {
			return false;
		}
		before = last;
		last = term;
	}
	if (last == NULL) {
		return false;
	}
	buf = is_far(before, last) ? far : near;
	ann_buf_span(buf, buf->len > 0 ? ann_span("|") : settings);
	ann_buf_add(buf, from,
		(size_t)(last->text.ptr - from) + (buf == far ? 0 : last->text.len));
	return true;
}

bool ann_far_split(
	const struct ann_regex *regex, struct ann_buf *near, struct ann_buf *far)
{
	const struct ann_term *row = NULL;
	const struct ann_term *term = NULL;
	struct ann_span settings = {0};

	ann_buf_clear(near);
	ann_buf_clear(far);
	if (regex->whole == NULL) {
		return false;
	}
	row = regex->whole->first;
	term = row->first;
	if (term != NULL) {
		settings.ptr = term->text.ptr;
	}
	for (; term != NULL && term->kind == ANN_TERM_SETTING; term = term->next) {
		settings.len = (size_t)(term->text.ptr + term->text.len - settings.ptr);
	}
	while (add_row(term, settings, near, far)) {
		row = row->next;
		if (row == NULL) {
			return far->len > 0;
		}
		term = row->first;
	}
	return false;
}
