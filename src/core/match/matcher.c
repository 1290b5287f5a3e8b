#include "annotty/matcher.h"

#include "annotty/alloc.h"
#include "match/compile.h"
#include "match/crowd.h"
#include "match/rank.h"

/* Lines with terminal colours are looked at without them; see scan.c. */
static enum ann_err intern_escape(struct ann_matcher *m, struct ann_error *err)
{
	static const struct ann_literal escape = {.len = 2, .text = "\033["};
	long at = ann_index_intern(&m->patterns, &escape);

	m->escape = (uint32_t)at;
	return at < 0 ? ann_error_nomem(err) : ANN_OK;
}

/* What is told from the rules once all are compiled. */
static enum ann_err sum_up(struct ann_matcher *m, struct ann_error *err)
{
	ann_families families = 0;

	for (size_t i = 0; i < m->count; i++) {
		families |= m->jobs[i].families;
	}
	if (ann_crowds_make(m) != ANN_OK) {
		return ann_error_nomem(err);
	}
	m->known = ann_known_new(m->book, families, m->options.annotate_ok);
	return m->known == NULL ? ann_error_nomem(err) : ANN_OK;
}

enum ann_err ann_matcher_new(struct ann_matcher **matcher,
	const struct ann_rules *rules, const struct ann_codebook *book,
	const struct ann_matcher_options *options, struct ann_error *err)
{
	struct ann_matcher *m = ann_alloc(sizeof(*m));
	enum ann_err failed = ANN_OK;

	if (m == NULL) {
		return ann_error_nomem(err);
	}
	m->book = book;
	m->options = *options;
	failed = ann_rank_mark_wanted(m, err);
	if (failed == ANN_OK) {
		failed = ann_compile_jobs(m, rules, err);
	}
	if (failed == ANN_OK) {
		failed = ann_compile_words(m, rules, err);
	}
	if (failed == ANN_OK) {
		failed = ann_compile_stops(m, err);
	}
	if (failed == ANN_OK) {
		failed = intern_escape(m, err);
	}
	if (failed == ANN_OK) {
		failed = ann_index_build(&m->patterns, err);
	}
	for (size_t i = 0; i < READINGS && failed == ANN_OK; i++) {
		failed = ann_index_build(&m->conditions[i], err);
	}
	if (failed == ANN_OK) {
		failed = sum_up(m, err);
	}
	if (failed != ANN_OK) {
		ann_matcher_free(m);
		return failed;
	}
	*matcher = m;
	return ANN_OK;
}

void ann_matcher_free(struct ann_matcher *matcher)
{
	if (matcher == NULL) {
		return;
	}
	ann_compiled_free(matcher);
	ann_known_free(matcher->known);
	for (size_t i = 0; i < CROWDS; i++) {
		ann_shape_free(matcher->crowds[i]);
	}
	ann_sieve_free(atomic_load(&matcher->sieve));
	ann_sieve_free(atomic_load(&matcher->veto_sieve));
	ann_vectorscan_free(atomic_load(&matcher->vectorscan));
	ann_index_deinit(&matcher->patterns);
	for (size_t i = 0; i < READINGS; i++) {
		ann_index_deinit(&matcher->conditions[i]);
	}
	ann_free(matcher);
}

void ann_matcher_accelerate(struct ann_matcher *matcher)
{
	const struct index *patterns = &matcher->patterns;
	const struct index *vetoes = &matcher->conditions[READ_VETOES];

	if (atomic_load(&matcher->veto_sieve) == NULL) {
		atomic_store(&matcher->veto_sieve,
			ann_sieve_new(vetoes->literals, NULL, vetoes->count));
	}
	if (!ann_matcher_accelerated(matcher)) {
		atomic_store(
			&matcher->sieve, ann_sieve_new(patterns->literals,
						 patterns->traits, patterns->count));
	}
	if (!ann_matcher_accelerated(matcher)) {
		atomic_store(&matcher->vectorscan,
			ann_vectorscan_new(patterns->literals, patterns->count));
	}
}

bool ann_matcher_accelerated(const struct ann_matcher *matcher)
{
	return atomic_load(&matcher->sieve) != NULL ||
	       atomic_load(&matcher->vectorscan) != NULL;
}

void ann_matcher_slow_rules(const struct ann_matcher *matcher,
	void (*tell)(void *user, const struct ann_rule *rule), void *user)
{
	for (size_t i = 0; i < matcher->count; i++) {
		if (matcher->jobs[i].where == WHERE_ANY) {
			tell(user, matcher->jobs[i].rule);
		}
	}
}
