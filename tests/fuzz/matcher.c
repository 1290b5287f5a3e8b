/*
 * Any rules, any table, any lines, separated by lines of `==`: what is refused has a
 * message; what is found is in order and inside its lines, and the same with and
 * without vectorscan; and without what was added, the rendered text is the input.
 */
#include "annotty/matcher.h"
#include "annotty/render.h"
#include "annotty/rules.h"
#include "annotty/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static struct ann_span next_part(struct ann_span *rest)
{
	static const char border[] = "\n==\n";
	size_t len = sizeof(border) - 1;
	const char *at =
		rest->len < len ? NULL : memmem(rest->ptr, rest->len, border, len);
	struct ann_span part = *rest;

	if (at == NULL) {
		rest->ptr += rest->len;
		rest->len = 0;
		return part;
	}
	part.len = (size_t)(at - part.ptr) + 1;
	rest->ptr += part.len + len - 1;
	rest->len -= part.len + len - 1;
	return part;
}

static void check_message(enum ann_err code, const struct ann_error *err)
{
	must(code == ANN_ECONFIG && err->code == code && err->text[0] != '\0');
}

static bool ends_line(struct ann_span text, size_t from, size_t to)
{
	for (; from < to; from++) {
		if (text.ptr[from] == '\n' || text.ptr[from] == '\r') {
			return true;
		}
	}
	return false;
}

static void check_hits(struct ann_span text, const struct ann_hits *hits)
{
	size_t free_from = 0;

	for (size_t i = 0; i < hits->count; i++) {
		const struct ann_hit *hit = &hits->at[i];

		must(hit->start >= free_from && hit->end > hit->start);
		must(hit->start >= hit->line_start && hit->end <= hit->line_end);
		must(hit->line_end <= text.len);
		must(!ends_line(text, hit->line_start, hit->line_end));
		must(hit->line_start == 0 ||
			ends_line(text, hit->line_start - 1, hit->line_start));
		must(hit->line_end == text.len ||
			ends_line(text, hit->line_end, hit->line_end + 1));
		must(hit->count >= 1 && hit->count <= ANN_MEANINGS_MOST);
		must(hit->codes[0] != NULL && hit->rule != NULL);
		free_from = hit->end;
	}
}

static void check_same(const struct ann_hits *a, const struct ann_hits *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct ann_hit *x = &a->at[i];
		const struct ann_hit *y = &b->at[i];

		must(x->start == y->start && x->end == y->end && x->rule == y->rule &&
			x->count == y->count && x->symbol == y->symbol &&
			memcmp(x->codes, y->codes, x->count * sizeof(x->codes[0])) ==
				0);
	}
}

/* What is rendered is the text up to a hit's end, its annotation, and so on. */
static void check_removable(
	struct ann_span text, const struct ann_hits *hits, enum ann_placement placement)
{
	const struct ann_render_options options = {.placement = placement};
	const struct ann_batch batch = {.bytes = text};
	struct ann_renderer renderer;
	struct ann_buf out = {0};
	struct ann_buf added = {0};
	size_t at = 0;
	size_t in = 0;

	ann_renderer_init(&renderer, &options);
	ann_render_batch(&renderer, &batch, hits->at, hits->count, &out);
	for (size_t i = 0; i < hits->count; i++) {
		const struct ann_hit *hit = &hits->at[i];
		size_t len = (placement == ANN_INLINE ? hit->end : hit->line_end) - in;

		must(len <= out.len - at &&
			memcmp(out.ptr + at, text.ptr + in, len) == 0);
		at += len;
		in += len;
		ann_buf_clear(&added);
		ann_render_annotation(hit, false, false, &added);
		must(added.len <= out.len - at &&
			memcmp(out.ptr + at, added.ptr, added.len) == 0);
		at += added.len;
	}
	must(out.len - at == text.len - in);
	must(text.len == in || memcmp(out.ptr + at, text.ptr + in, text.len - in) == 0);
	ann_buf_deinit(&out);
	ann_buf_deinit(&added);
}

static void scan(
	struct ann_matcher *matcher, struct ann_span text, struct ann_hits *hits)
{
	struct ann_scan *scan = ann_scan_new(matcher);
	size_t end = 0;
	bool stopped = false;

	must(scan != NULL);
	must(ann_scan_batch(scan, text, hits, &end, &stopped) == ANN_OK);
	must(end == text.len && !stopped);
	ann_scan_free(scan);
}

static void check_text(struct ann_matcher *matcher, struct ann_span text)
{
	const struct ann_render_options json = {.format = ANN_FORMAT_JSON};
	const struct ann_batch batch = {.bytes = text};
	struct ann_renderer renderer;
	struct ann_hits plain = {0};
	struct ann_hits fast = {0};
	struct ann_buf out = {0};

	scan(matcher, text, &plain);
	check_hits(text, &plain);
	check_removable(text, &plain, ANN_INLINE);
	check_removable(text, &plain, ANN_SUFFIX);
	ann_renderer_init(&renderer, &json);
	ann_render_batch(&renderer, &batch, plain.at, plain.count, &out);
	ann_matcher_accelerate(matcher);
	scan(matcher, text, &fast);
	check_same(&plain, &fast);
	ann_hits_deinit(&plain);
	ann_hits_deinit(&fast);
	ann_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ann_matcher_options options = {.annotate_ok = true};
	struct ann_span rest = {(const char *)data, size};
	struct ann_span rule_text = next_part(&rest);
	struct ann_span table = next_part(&rest);
	struct ann_rules *rules = ann_rules_new();
	struct ann_codebook *book = ann_codebook_new();
	struct ann_matcher *matcher = NULL;
	struct ann_error err = {0};
	enum ann_err code = ANN_OK;

	must(rules != NULL && book != NULL);
	if (ann_table_add(book, table, "dev.tsv", NULL) != ANN_OK) {
		must(ann_table_add(book, ann_span("1\tD\tE\n263\tA_B\tC\n"), "dev.tsv",
			     NULL) == ANN_OK);
	}
	must(ann_codebook_index(book) == ANN_OK);
	code = ann_rules_add(rules, rule_text, "a.rules", &err);
	if (code == ANN_OK) {
		code = ann_matcher_new(&matcher, rules, book, &options, &err);
	}
	if (code == ANN_OK) {
		check_text(matcher, rest);
	} else {
		check_message(code, &err);
	}
	ann_matcher_free(matcher);
	ann_rules_free(rules);
	ann_codebook_free(book);
	return 0;
}
