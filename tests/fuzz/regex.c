/*
 * Any pattern and any line, separated by a line end: where PCRE2 finds a match, a
 * literal stands in it, and the shapes say no only where PCRE2 does, and yes only where
 * it does.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "match/literals.h"
#include "match/shape.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How PCRE2 answers; given up is not known. */
enum found { FOUND_NO, FOUND_YES, FOUND_UNKNOWN };

struct trial {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static enum found search(
	const struct trial *t, struct ann_span line, size_t from, uint32_t options)
{
	int found = pcre2_match(t->code, (PCRE2_SPTR)line.ptr, line.len, from, options,
		t->data, t->limits);

	return found >= 0                     ? FOUND_YES
	       : found == PCRE2_ERROR_NOMATCH ? FOUND_NO
					      : FOUND_UNKNOWN;
}

static void check_answer(enum ann_answer answer, enum found found)
{
	must(found == FOUND_UNKNOWN || answer == ANN_MAYBE ||
		(answer == ANN_YES) == (found == FOUND_YES));
}

static bool stands_between(const struct ann_literal *literal, struct ann_span line,
	size_t start, size_t end)
{
	struct ann_span text = {literal->text, literal->len};

	for (size_t at = start; at + text.len <= end; at++) {
		struct ann_span here = {line.ptr + at, text.len};

		if (ann_span_equal_nocase(here, text) &&
			ann_literal_edges_hold(literal, line, at)) {
			return true;
		}
	}
	return false;
}

/* In every match of the line stands one of the literals. */
static void check_literals(
	const struct trial *t, struct ann_span pattern, struct ann_span line)
{
	const PCRE2_SIZE *range = pcre2_get_ovector_pointer(t->data);
	struct ann_literals literals = {0};
	struct ann_regex regex;

	must(ann_regex_read(&regex, pattern) == ANN_OK);
	must(ann_literals_of(&regex, &literals) == ANN_OK);
	ann_regex_deinit(&regex);
	for (size_t from = 0; from <= line.len && literals.count > 0; from++) {
		bool stands = search(t, line, from, PCRE2_ANCHORED) != FOUND_YES;

		for (size_t i = 0; i < literals.count && !stands; i++) {
			size_t end = literals.leading ? range[0] + literals.at[i].len
						      : range[1];

			stands = stands_between(&literals.at[i], line, range[0],
				end < range[1] ? end : range[1]);
		}
		must(stands);
	}
	ann_literals_deinit(&literals);
}

static void check_ahead(
	const struct trial *t, struct ann_shape *shape, struct ann_span line)
{
	for (size_t at = 0; at <= line.len; at++) {
		check_answer(ann_shape_ahead(shape, line, at),
			search(t, line, at, PCRE2_ANCHORED));
	}
}

static void check_before(
	const struct trial *t, struct ann_shape *shape, struct ann_span line)
{
	for (size_t at = 0; at <= line.len; at++) {
		struct ann_span left = {line.ptr, at};
		enum found found = FOUND_NO;

		for (size_t from = 0; from <= at && found == FOUND_NO; from++) {
			found = search(
				t, left, from, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
		}
		check_answer(ann_shape_before(shape, left, 0, at), found);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memrchr(data, '\n', size);
	size_t len = end == NULL ? 0 : (size_t)(end - data);
	struct ann_span pattern = {(const char *)data, len};
	struct ann_span line = {(const char *)data + len + 1, size - len - 1};
	struct trial t = {0};
	int number = 0;
	size_t offset = 0;

	if (end == NULL || line.len > 40 || memchr(line.ptr, '\r', line.len) != NULL) {
		return -1;
	}
	t.code = pcre2_compile(
		data, len, PCRE2_NEVER_UTF | PCRE2_DUPNAMES, &number, &offset, NULL);
	if (t.code == NULL) {
		return 0;
	}
	t.data = pcre2_match_data_create(1, NULL);
	t.limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(t.limits, 10000);
	check_literals(&t, pattern, line);
	for (int backward = 0; backward < 2; backward++) {
		struct ann_shape *shape = ann_shape_new(pattern, backward);

		must(shape != NULL);
		(backward ? check_before : check_ahead)(&t, shape, line);
		ann_shape_free(shape);
	}
	pcre2_match_context_free(t.limits);
	pcre2_match_data_free(t.data);
	pcre2_code_free(t.code);
	return 0;
}
