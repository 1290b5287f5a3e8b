#include "match/rank.h"

#include "annotty/alloc.h"

#include <string.h>

/* Families that no rule names: they came with a table of the user's. */
void ann_rank_mark_unnamed(struct ann_matcher *m, const struct ann_rules *rules)
{
	memset(m->unnamed, true, sizeof(m->unnamed));
	for (size_t i = 0; i < ann_rules_count(rules); i++) {
		struct ann_span rest = ann_span(ann_rules_at(rules, i)->families);
		struct ann_span name = ann_span_word(&rest);

		for (; name.len > 0; name = ann_span_word(&rest)) {
			const struct ann_family *family =
				ann_codebook_family_named(m->book, name);

			if (family != NULL) {
				m->unnamed[family->order] = false;
			}
		}
	}
}

/* `*` in a list. */
static void rank_unnamed(const struct ann_matcher *m, uint8_t *rank, uint8_t next)
{
	for (size_t i = 0; i < ann_codebook_families(m->book); i++) {
		if (m->unnamed[i]) {
			rank[i] = next;
		}
	}
}

/* Gives the families of `list` their places in `rank`; the others keep theirs. */
static enum ann_err rank_listed(const struct ann_matcher *m, const char *list,
	uint8_t *rank, struct ann_error *err)
{
	struct ann_span rest = ann_span(list);
	struct ann_span name = ann_span_word(&rest);
	uint8_t next = 0;

	if (name.len == 0) {
		return ann_error_set(err, ANN_ECONFIG,
			"families: expected names, as annotty codes has them, found "
			"none");
	}
	for (; name.len > 0; name = ann_span_word(&rest)) {
		const struct ann_family *family = NULL;
		enum ann_err failed = ANN_OK;

		if (ann_span_is(name, "*")) {
			rank_unnamed(m, rank, next++);
			continue;
		}
		failed = ann_codebook_need_family(m->book, name, &family, err);

		if (failed != ANN_OK) {
			return failed;
		}
		rank[family->order] = next++;
	}
	return ANN_OK;
}

enum ann_err ann_rank_families(
	const struct ann_matcher *m, struct job *job, struct ann_error *err)
{
	size_t families = ann_codebook_families(m->book);
	const char *list = job->rule->families;
	enum ann_err failed = ANN_OK;

	job->rank = ann_alloc(families);
	if (job->rank == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < families; i++) {
		job->rank[i] = list == NULL ? (uint8_t)i : NOT_LISTED;
	}
	failed = list == NULL ? ANN_OK : rank_listed(m, list, job->rank, err);
	if (failed != ANN_OK) {
		ann_error_context(err, "%s:%zu: rule \"%s\"", job->rule->origin,
			job->rule->line, job->rule->name);
	}
	for (size_t i = 0; i < families; i++) {
		if (!m->wanted[i]) {
			job->rank[i] = NOT_LISTED;
		}
		if (job->rank[i] != NOT_LISTED) {
			job->families |= ann_family_bit(i);
		}
	}
	return failed;
}

enum ann_err ann_rank_mark_wanted(struct ann_matcher *m, struct ann_error *err)
{
	size_t families = ann_codebook_families(m->book);
	uint8_t rank[FAMILIES_MOST];
	enum ann_err failed = ANN_OK;

	if (families >= FAMILIES_MOST) {
		return ann_error_set(
			err, ANN_ECONFIG, "more than %d families", FAMILIES_MOST - 1);
	}
	memset(rank, m->options.families == NULL ? 0 : NOT_LISTED, sizeof(rank));
	if (m->options.families != NULL) {
		failed = rank_listed(m, m->options.families, rank, err);
	}
	for (size_t i = 0; i < families; i++) {
		m->wanted[i] = rank[i] != NOT_LISTED;
	}
	return failed;
}
