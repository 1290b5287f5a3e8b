#include "match/compile.h"

#include "annotty/alloc.h"
#include "match/far.h"
#include "match/rank.h"

#include <stdio.h>

/* A regex of a rule or family and what is needed to compile it. */
struct source {
	struct ann_matcher *matcher;
	const struct ann_rules *rules;
	const char *regex;
	const char *what;     /* for messages */
	struct ann_buf *text; /* for the expansion */
};

static enum ann_err expand(const struct source *source, const char *before,
	const char *behind, struct ann_error *err)
{
	struct ann_buf *text = source->text;

	ann_buf_clear(text);
	ann_buf_str(text, before);

	enum ann_err failed = ann_rules_expand(source->rules, source->regex, text, err);

	if (failed != ANN_OK) {
		ann_error_context(err, "%s", source->what);
		return failed;
	}
	ann_buf_str(text, behind);
	return text->failed ? ann_error_nomem(err) : ANN_OK;
}

static enum ann_err read_literals(struct ann_span text,
	enum ann_err (*literals_of)(const struct ann_regex *, struct ann_literals *),
	struct ann_literals *literals)
{
	struct ann_regex regex;
	enum ann_err failed = ann_regex_read(&regex, text);

	if (failed == ANN_OK) {
		failed = literals_of(&regex, literals);
	}
	ann_regex_deinit(&regex);
	return failed;
}

/* From now on lines are read for the literals of the condition, if there are any. */
static enum ann_err list_condition(struct ann_matcher *m, struct condition *condition,
	const struct ann_literals *literals, enum reading reading)
{
	if (literals->count == 0) {
		return ANN_OK;
	}
	condition->reading = reading;
	condition->number = m->condition_count++;
	return ann_index_want(&m->conditions[reading], condition->number, literals);
}

/*
 * The expanded text as a condition on a whole line, which is only asked where its
 * literals stand.
 */
static enum ann_err compile_line_condition(const struct source *source,
	struct condition *condition, enum reading reading, struct ann_error *err)
{
	struct ann_matcher *m = source->matcher;
	struct ann_span text = ann_buf_all(source->text);
	struct ann_literals literals = {0};
	enum ann_err failed = ANN_OK;

	if (read_literals(text, ann_literals_leading_of, &literals) != ANN_OK) {
		return ann_error_nomem(err);
	}
	condition->listed = literals.count > 0;
	condition->leading = condition->listed && literals.leading;
	failed = ann_pattern_new(&condition->regex, text,
		condition->leading ? ANN_PATTERN_ANCHORED : 0, source->what, err);
	if (failed == ANN_OK &&
		list_condition(m, condition, &literals, reading) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	ann_literals_deinit(&literals);
	return failed;
}

static enum ann_err add_far(struct ann_matcher *m, struct condition *condition,
	struct ann_span near, struct ann_span far)
{
	struct ann_literals literals = {0};
	enum ann_err failed = read_literals(far, ann_literals_of, &literals);

	for (size_t i = 0; i < literals.count; i++) {
		/* The condition sees the line end where the value begins. */
		literals.at[i].word_end = false;
		literals.at[i].letter_end = false;
	}
	condition->far = failed == ANN_OK && literals.count > 0;
	if (failed == ANN_OK) {
		failed = list_condition(m, condition, &literals, READ_VETOES);
	}
	if (condition->far && near.len > 0) {
		condition->near = ann_shape_new(near, true);
		failed = condition->near == NULL ? ANN_ENOMEM : failed;
	}
	ann_literals_deinit(&literals);
	return failed;
}

/* Parts the expanded text, if it has a far part of which literals are known. */
static enum ann_err part_far(const struct source *source, struct condition *condition)
{
	struct ann_buf near = {0};
	struct ann_buf far = {0};
	struct ann_regex regex;
	enum ann_err failed = ann_regex_read(&regex, ann_buf_all(source->text));
	bool parted = failed == ANN_OK && ann_far_split(&regex, &near, &far);

	ann_regex_deinit(&regex);
	if (near.failed || far.failed) {
		failed = ANN_ENOMEM;
	} else if (parted) {
		failed = add_far(source->matcher, condition, ann_buf_all(&near),
			ann_buf_all(&far));
	}
	ann_buf_deinit(&near);
	ann_buf_deinit(&far);
	return failed;
}

/* A condition on what ends where the value begins, or begins where it ends. */
static enum ann_err compile_place_condition(const struct source *source,
	struct condition *condition, bool before, struct ann_error *err)
{
	enum ann_err failed = expand(source, "", "", err);

	if (failed == ANN_OK) {
		condition->shape = ann_shape_new(ann_buf_all(source->text), before);
		failed = condition->shape == NULL ? ann_error_nomem(err) : ANN_OK;
	}
	if (failed == ANN_OK && before && part_far(source, condition) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	if (failed == ANN_OK && before) {
		failed = expand(source, "(?:", ")\\z", err);
	}
	return failed == ANN_OK
		       ? ann_pattern_new(&condition->regex, ann_buf_all(source->text),
				 before ? 0 : ANN_PATTERN_ANCHORED, source->what, err)
		       : failed;
}

static enum ann_err compile_rule_condition(const struct source *source, struct job *job,
	enum ann_rule_regex which, struct ann_error *err)
{
	struct condition *condition = &job->conditions[which];
	enum ann_err failed = ANN_OK;

	if (which == ANN_RULE_UNLESS_BEFORE || which == ANN_RULE_BEHIND ||
		which == ANN_RULE_UNLESS_AFTER) {
		return compile_place_condition(
			source, condition, which != ANN_RULE_UNLESS_AFTER, err);
	}
	failed = expand(source, "", "", err);
	return failed == ANN_OK
		       ? compile_line_condition(source, condition,
				 which == ANN_RULE_UNLESS ? READ_VETOES : READ_WORDS,
				 err)
		       : failed;
}

/* What the expanded text tells of the pattern. */
static enum ann_err read_pattern(
	const struct source *source, struct job *job, struct ann_literals *literals)
{
	struct ann_regex regex;
	enum ann_err failed = ann_regex_read(&regex, ann_buf_all(source->text));

	if (failed == ANN_OK) {
		failed = ann_literals_of(&regex, literals);
		job->place = ann_place_of(&regex);
	}
	ann_regex_deinit(&regex);
	return failed;
}

/*
 * The main pattern: its literals tell where to try it. Where they tell exactly, it is
 * compiled to match nowhere else.
 */
static enum ann_err compile_pattern(
	const struct source *source, size_t at, struct ann_error *err)
{
	struct ann_matcher *m = source->matcher;
	struct job *job = &m->jobs[at];
	struct ann_literals literals = {0};
	enum ann_err failed = expand(source, "", "", err);

	if (failed == ANN_OK && read_pattern(source, job, &literals) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	if (failed != ANN_OK) {
		return failed;
	}
	job->where = literals.count == 0 ? WHERE_ANY
		     : literals.leading  ? WHERE_TRIGGERED
					 : WHERE_MENTIONED;
	m->any += job->where == WHERE_ANY;
	if (job->where == WHERE_TRIGGERED) {
		job->shape = ann_shape_new(ann_buf_all(source->text), false);
		failed = job->shape == NULL ? ann_error_nomem(err) : ANN_OK;
	}
	if (failed == ANN_OK) {
		failed = ann_pattern_new(&job->pattern, ann_buf_all(source->text),
			job->where == WHERE_TRIGGERED ? ANN_PATTERN_ANCHORED : 0,
			source->what, err);
	}
	if (failed == ANN_OK && ann_index_want(&m->patterns, at, &literals) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	ann_literals_deinit(&literals);
	return failed;
}

static enum ann_err find_groups(struct job *job, struct ann_error *err)
{
	const struct ann_pattern *pattern = job->pattern;
	const struct ann_rule *rule = job->rule;

	job->code = ann_pattern_groups(pattern, "code");
	job->name = ann_pattern_groups(pattern, "name");
	job->family = ann_pattern_groups(pattern, "family");
	job->same = ann_pattern_groups(pattern, "same");
	job->whole = job->name.count == 0 && !rule->inside_word;
	job->place.last &= job->code.count == 1;
	job->place.plain &= job->whole && job->code.count == 1 &&
			    job->family.count == 0 && job->same.count == 0;
	if (job->code.count == 0 && job->name.count == 0) {
		return ann_error_set(err, ANN_ECONFIG,
			"%s:%zu: rule \"%s\": pattern has no group (?<code>...) or "
			"(?<name>...)",
			rule->origin, rule->lines[ANN_RULE_PATTERN], rule->name);
	}
	return ANN_OK;
}

/* A mistake that somebody is told of does not hide the next one. */
static enum ann_err go_on(enum ann_err failed, bool *told, struct ann_error *err)
{
	if (ann_error_tell(err, failed)) {
		*told = true;
		return ANN_OK;
	}
	return failed;
}

static enum ann_err compile_job(struct ann_matcher *m, const struct ann_rules *rules,
	size_t at, struct ann_buf *text, bool *told, struct ann_error *err)
{
	struct job *job = &m->jobs[at];
	const struct ann_rule *rule = job->rule;
	enum ann_err failed = ANN_OK;
	char what[256];

	for (int i = ANN_RULE_PATTERN; i < ANN_RULE_REGEXES && failed == ANN_OK; i++) {
		struct source source = {m, rules, rule->regex[i], what, text};

		snprintf(what, sizeof(what), "%s:%zu: rule \"%s\": %s", rule->origin,
			rule->lines[i], rule->name,
			ann_rule_key((enum ann_rule_regex)i));
		if (i == ANN_RULE_PATTERN) {
			failed = compile_pattern(&source, at, err);
		} else if (rule->regex[i] != NULL) {
			failed = compile_rule_condition(
				&source, job, (enum ann_rule_regex)i, err);
		}
		failed = go_on(failed, told, err);
	}
	if (failed == ANN_OK && job->pattern != NULL) {
		failed = go_on(find_groups(job, err), told, err);
	}
	return failed == ANN_OK ? go_on(ann_rank_families(m, job, err), told, err)
				: failed;
}

enum ann_err ann_compile_jobs(
	struct ann_matcher *m, const struct ann_rules *rules, struct ann_error *err)
{
	struct ann_buf text = {0};
	enum ann_err failed = ANN_OK;
	bool told = false;

	ann_rank_mark_unnamed(m, rules);
	m->jobs = ann_alloc(ann_rules_count(rules) * sizeof(*m->jobs));
	if (m->jobs == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < ann_rules_count(rules) && failed == ANN_OK; i++) {
		const struct ann_rule *rule = ann_rules_at(rules, i);

		if (rule->enabled) {
			m->jobs[m->count].number = (uint32_t)m->count;
			m->jobs[m->count++].rule = rule;
			failed = compile_job(m, rules, m->count - 1, &text, &told, err);
		}
	}
	ann_buf_deinit(&text);
	return failed == ANN_OK && told ? ANN_ECONFIG : failed;
}

static enum ann_err compile_words_of(struct ann_matcher *m,
	const struct ann_rules *rules, const struct ann_family_words *words,
	struct ann_buf *text, struct ann_error *err)
{
	struct source source = {m, rules, words->regex, "words", text};
	const struct ann_family *family = NULL;
	enum ann_err failed = ann_codebook_need_family(
		m->book, ann_span(words->family), &family, err);

	if (failed == ANN_OK) {
		failed = expand(&source, "", "", err);
	}
	if (failed == ANN_OK) {
		struct condition *condition = &m->words[family->order];

		ann_pattern_free(condition->regex);
		*condition = (struct condition){0};
		failed = compile_line_condition(&source, condition, READ_WORDS, err);
	}
	if (failed != ANN_OK) {
		ann_error_context(err, "%s:%zu: family \"%s\"", words->origin,
			words->line, words->family);
	}
	return failed;
}

enum ann_err ann_compile_words(
	struct ann_matcher *m, const struct ann_rules *rules, struct ann_error *err)
{
	struct ann_buf text = {0};
	enum ann_err failed = ANN_OK;
	bool told = false;

	m->words = ann_alloc(ann_codebook_families(m->book) * sizeof(*m->words));
	if (m->words == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < ann_rules_words_count(rules) && failed == ANN_OK; i++) {
		failed = go_on(compile_words_of(m, rules, ann_rules_words_at(rules, i),
				       &text, err),
			&told, err);
	}
	ann_buf_deinit(&text);
	return failed == ANN_OK && told ? ANN_ECONFIG : failed;
}

enum ann_err ann_compile_stops(struct ann_matcher *m, struct ann_error *err)
{
	const struct ann_matcher_options *options = &m->options;
	enum ann_err failed = ANN_OK;

	m->stops = ann_alloc(options->stop_count * sizeof(struct ann_pattern *));
	if (m->stops == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < options->stop_count && failed == ANN_OK; i++) {
		failed = ann_pattern_new(&m->stops[i], ann_span(options->stop_at[i]), 0,
			"--quit-on", err);
		m->stop_count += failed == ANN_OK;
	}
	return failed;
}

static void deinit_job(struct job *job)
{
	ann_pattern_free(job->pattern);
	ann_shape_free(job->shape);
	for (size_t i = 0; i < ANN_RULE_REGEXES; i++) {
		ann_pattern_free(job->conditions[i].regex);
		ann_shape_free(job->conditions[i].shape);
		ann_shape_free(job->conditions[i].near);
	}
	ann_free(job->rank);
}

void ann_compiled_free(struct ann_matcher *m)
{
	for (size_t i = 0; i < m->count; i++) {
		deinit_job(&m->jobs[i]);
	}
	for (size_t i = 0; m->words != NULL && i < ann_codebook_families(m->book);
		i++) {
		ann_pattern_free(m->words[i].regex);
	}
	for (size_t i = 0; i < m->stop_count; i++) {
		ann_pattern_free(m->stops[i]);
	}
	ann_free(m->stops);
	ann_free(m->words);
	ann_free(m->jobs);
}
