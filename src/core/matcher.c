#include "annotty/matcher.h"

#include "annotty/alloc.h"
#include "matcher_private.h"

#include <stdio.h>
#include <string.h>

/* The literal's place in the index, where it is added if it is new; -1: no memory. */
static long intern(struct index *index, const struct ann_literal *literal)
{
	for (size_t i = 0; i < index->count; i++) {
		if (memcmp(&index->literals[i], literal, sizeof(*literal)) == 0) {
			return (long)i;
		}
	}
	size_t want_room = index->room;

	if (ann_grow((void **)&index->literals, &index->room, index->count,
		    sizeof(*index->literals)) != 0) {
		return -1;
	}
	if (ann_grow((void **)&index->wants, &want_room, index->count,
		    sizeof(*index->wants)) != 0) {
		index->room = want_room;
		return -1;
	}
	index->literals[index->count] = *literal;
	index->wants[index->count] = (struct want){0};
	return (long)index->count++;
}

/* `who` wants to know of each of the literals. */
static enum ann_err want_literals(
	struct index *index, size_t who, const struct ann_literals *literals)
{
	for (size_t i = 0; i < literals->count; i++) {
		long at = intern(index, &literals->at[i]);
		struct want *want = at < 0 ? NULL : &index->wants[at];

		if (want == NULL || ann_grow((void **)&want->who, &want->room,
					    want->count, sizeof(*want->who)) != 0) {
			return ANN_ENOMEM;
		}
		want->who[want->count++] = (uint32_t)who;
	}
	return ANN_OK;
}

static enum ann_err build_index(struct index *index, struct ann_error *err)
{
	index->automaton = ann_automaton_new(index->literals, index->count);
	return index->automaton == NULL ? ann_error_nomem(err) : ANN_OK;
}

static void deinit_index(struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		ann_free(index->wants[i].who);
	}
	ann_automaton_free(index->automaton);
	ann_free(index->wants);
	ann_free(index->literals);
}

/* Lines with terminal colours are looked at without them; see scan.c. */
static enum ann_err intern_escape(struct ann_matcher *m, struct ann_error *err)
{
	static const struct ann_literal escape = {.len = 2, .text = "\033["};
	long at = intern(&m->patterns, &escape);

	m->escape = (uint32_t)at;
	return at < 0 ? ann_error_nomem(err) : ANN_OK;
}

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

/*
 * The expanded text as a condition on a whole line, which is only asked where its
 * literals stand.
 */
static enum ann_err compile_line_condition(
	const struct source *source, struct condition *condition, struct ann_error *err)
{
	struct ann_matcher *m = source->matcher;
	struct ann_span text = ann_buf_all(source->text);
	struct ann_literals literals = {0};
	enum ann_err failed = ANN_OK;

	if (ann_literals_leading_of(text, &literals) != ANN_OK) {
		return ann_error_nomem(err);
	}
	condition->listed = literals.count > 0;
	condition->leading = condition->listed && literals.leading;
	failed = ann_pattern_new(&condition->regex, text,
		condition->leading ? ANN_PATTERN_ANCHORED : 0, source->what, err);
	if (failed == ANN_OK && condition->listed) {
		condition->number = m->condition_count++;
		if (want_literals(&m->conditions, condition->number, &literals) !=
			ANN_OK) {
			failed = ann_error_nomem(err);
		}
	}
	ann_literals_deinit(&literals);
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
	return failed == ANN_OK ? compile_line_condition(source, condition, err)
				: failed;
}

/*
 * Whether a pattern begins with this group: settings and a lookbehind, which may hold
 * no brackets, and then the group.
 */
static bool begins_with(struct ann_span text, const char *group)
{
	while (text.len > 4 && (memcmp(text.ptr, "(?i)", 4) == 0 ||
				       memcmp(text.ptr, "(?<!", 4) == 0)) {
		const char *end = memchr(text.ptr, ')', text.len);
		const char *open = memchr(text.ptr + 1, '(', text.len - 1);

		if (end == NULL || (open != NULL && open < end)) {
			return false;
		}
		text.len -= (size_t)(end + 1 - text.ptr);
		text.ptr = end + 1;
	}
	return text.len > strlen(group) && memcmp(text.ptr, group, strlen(group)) == 0;
}

/* Whether it is a group of the plain kinds, whose brackets can be counted. */
static bool opens_plainly(struct ann_span text)
{
	static const char *const plain[] = {
		"(?:", "(?>", "(?=", "(?!", "(?<", "(?i:", "(?-i:", "(?i)"};

	if (text.len < 2 || (text.ptr[1] != '?' && text.ptr[1] != '*')) {
		return true;
	}
	for (size_t i = 0; i < ANN_LEN(plain); i++) {
		size_t len = strlen(plain[i]);

		if (text.len >= len && memcmp(text.ptr, plain[i], len) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * Where the bracket that closes at the end of `text` was opened, if nothing else stands
 * beside that group; else `text.len`.
 */
static size_t opening_of_last(struct ann_span text)
{
	enum { DEEPEST = 64 };
	size_t open[DEEPEST];
	size_t depth = 0;
	size_t last = text.len;
	bool in_class = false;

	for (size_t i = 0; i < text.len; i++) {
		struct ann_span rest = {text.ptr + i, text.len - i};
		char c = text.ptr[i];

		if (c == '\\') {
			i++;
			depth = rest.len > 1 && rest.ptr[1] == 'Q' ? DEEPEST : depth;
		} else if (in_class) {
			in_class = c != ']' || text.ptr[i - 1] == '[' ||
				   text.ptr[i - 1] == '^';
		} else if (c == '[') {
			in_class = true;
		} else if (c == '(' && opens_plainly(rest) && depth < DEEPEST) {
			open[depth++] = i;
		} else if (c == ')' && depth > 0 && depth < DEEPEST) {
			last = open[--depth];
			last = i + 1 == text.len && depth == 0 ? last : text.len;
		} else if (c == '(' || c == ')' || (c == '|' && depth == 0)) {
			return text.len;
		}
	}
	return depth == 0 ? last : text.len;
}

/* Without `[...]*$` at its end, if no byte of a word is among the brackets. */
static bool strip_tail(struct ann_span *text)
{
	static const char tail[] = "]*$";
	size_t at = text->len - 3;

	if (text->len < sizeof(tail) || memcmp(text->ptr + at, tail, 3) != 0) {
		return false;
	}
	while (at > 0 && text->ptr[at - 1] != '[') {
		unsigned char c = (unsigned char)text->ptr[--at];
		bool tab = c == 't' && text->ptr[at - 1] == '\\';

		if (c == '^' || c == '-' || c == ']' || (ann_is_word(c) && !tab)) {
			return false;
		}
	}
	text->len = at > 0 ? at - 1 : 0;
	return text->len > 0;
}

/* Whether the pattern ends with the group `code`. */
static bool ends_with_code(struct ann_span text)
{
	static const char group[] = "(?<code>";
	size_t at = opening_of_last(text);

	return text.len - at > sizeof(group) &&
	       memcmp(text.ptr + at, group, sizeof(group) - 1) == 0;
}

/* Whether what closes at the end of `text` ends where a word does, whatever it is. */
static bool ends_with_word(struct ann_span text)
{
	static const char edge[] = "(?![0-9A-Za-z_])";
	size_t len = sizeof(edge) - 1;

	if (memchr(text.ptr, '|', text.len) != NULL) {
		return false;
	}
	while (text.len > len && memcmp(text.ptr + text.len - len, edge, len) != 0) {
		if (text.ptr[--text.len] != ')') {
			return false;
		}
	}
	return text.len > len;
}

/* What the text of a pattern tells about where its value stands. */
static void read_place(struct job *job, struct ann_span text)
{
	job->code_first = begins_with(text, "(?<code>");
	job->same_first = begins_with(text, "(?<same>");
	job->last = strip_tail(&text) && ends_with_code(text);
	job->plain = job->code_first && ends_with_code(text) && ends_with_word(text);
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

	if (failed == ANN_OK &&
		ann_literals_of(ann_buf_all(source->text), &literals) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	if (failed != ANN_OK) {
		return failed;
	}
	job->where = literals.count == 0 ? WHERE_ANY
		     : literals.leading  ? WHERE_TRIGGERED
					 : WHERE_MENTIONED;
	m->any += job->where == WHERE_ANY;
	read_place(job, ann_buf_all(source->text));
	if (job->where == WHERE_TRIGGERED) {
		job->shape = ann_shape_new(ann_buf_all(source->text), false);
		failed = job->shape == NULL ? ann_error_nomem(err) : ANN_OK;
	}
	if (failed == ANN_OK) {
		failed = ann_pattern_new(&job->pattern, ann_buf_all(source->text),
			job->where == WHERE_TRIGGERED ? ANN_PATTERN_ANCHORED : 0,
			source->what, err);
	}
	if (failed == ANN_OK && want_literals(&m->patterns, at, &literals) != ANN_OK) {
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
	job->last &= job->code.count == 1;
	job->plain &= job->whole && job->code.count == 1 && job->family.count == 0 &&
		      job->same.count == 0;
	if (job->code.count == 0 && job->name.count == 0) {
		return ann_error_set(err, ANN_ECONFIG,
			"%s:%zu: rule \"%s\": pattern has no group (?<code>...) or "
			"(?<name>...)",
			rule->origin, rule->lines[ANN_RULE_PATTERN], rule->name);
	}
	return ANN_OK;
}

/* Families that no rule names: they came with a table of the user's. */
static void mark_unnamed(struct ann_matcher *m, const struct ann_rules *rules)
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

static enum ann_err rank_families(
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

static enum ann_err compile_job(struct ann_matcher *m, const struct ann_rules *rules,
	size_t at, struct ann_buf *text, struct ann_error *err)
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
	}
	if (failed == ANN_OK) {
		failed = find_groups(job, err);
	}
	return failed == ANN_OK ? rank_families(m, job, err) : failed;
}

static enum ann_err compile_jobs(
	struct ann_matcher *m, const struct ann_rules *rules, struct ann_error *err)
{
	struct ann_buf text = {0};
	enum ann_err failed = ANN_OK;
	bool told = false;

	mark_unnamed(m, rules);
	m->jobs = ann_alloc(ann_rules_count(rules) * sizeof(*m->jobs));
	if (m->jobs == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < ann_rules_count(rules) && failed == ANN_OK; i++) {
		const struct ann_rule *rule = ann_rules_at(rules, i);

		if (rule->enabled) {
			m->jobs[m->count++].rule = rule;
			failed = compile_job(m, rules, m->count - 1, &text, err);
		}
		if (ann_error_tell(err, failed)) {
			told = true;
			failed = ANN_OK;
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
		failed = compile_line_condition(&source, condition, err);
	}
	if (failed != ANN_OK) {
		ann_error_context(err, "%s:%zu: family \"%s\"", words->origin,
			words->line, words->family);
	}
	return failed;
}

static enum ann_err compile_words(
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
		failed = compile_words_of(
			m, rules, ann_rules_words_at(rules, i), &text, err);
		if (ann_error_tell(err, failed)) {
			told = true;
			failed = ANN_OK;
		}
	}
	ann_buf_deinit(&text);
	return failed == ANN_OK && told ? ANN_ECONFIG : failed;
}

static enum ann_err mark_wanted(struct ann_matcher *m, struct ann_error *err)
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

/* Whether matches of the job begin with a value, which its literals are the front of.
 */
static bool begins_with_value(const struct job *job)
{
	return job->where == WHERE_TRIGGERED && job->whole &&
	       (job->code_first || job->same_first);
}

/* Of all jobs that can be tried together, where one of their literals stands. */
static enum ann_err make_crowd(struct ann_matcher *m)
{
	struct ann_shape **shapes = ann_resize_array(NULL, m->count, sizeof(*shapes));
	size_t count = 0;

	if (shapes == NULL) {
		return ANN_ENOMEM;
	}
	for (size_t i = 0; i < m->count; i++) {
		if (m->jobs[i].where == WHERE_TRIGGERED &&
			!begins_with_value(&m->jobs[i])) {
			shapes[count++] = m->jobs[i].shape;
		}
	}
	m->crowd = ann_shape_of_any(shapes, count);
	ann_free(shapes);
	return m->crowd == NULL ? ANN_ENOMEM : ANN_OK;
}

static void sum_up_want(const struct ann_matcher *m, struct want *want)
{
	want->value = want->count > 0;
	want->bare = want->count > 0;
	want->crowd = want->count > 0;
	for (size_t i = 0; i < want->count; i++) {
		const struct job *job = &m->jobs[want->who[i]];

		want->value &= begins_with_value(job);
		want->bare &= job->where == WHERE_TRIGGERED && job->whole &&
			      job->rule->base == ANN_BASE_BARE;
		want->crowd &= job->where == WHERE_TRIGGERED && !begins_with_value(job);
	}
}

/* What is told from the rules once all are compiled. */
static enum ann_err sum_up(struct ann_matcher *m, struct ann_error *err)
{
	ann_families families = 0;

	for (size_t i = 0; i < m->count; i++) {
		families |= m->jobs[i].families;
	}
	for (size_t i = 0; i < m->patterns.count; i++) {
		sum_up_want(m, &m->patterns.wants[i]);
	}
	if (make_crowd(m) != ANN_OK) {
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
	failed = mark_wanted(m, err);
	if (failed == ANN_OK) {
		failed = compile_jobs(m, rules, err);
	}
	if (failed == ANN_OK) {
		failed = compile_words(m, rules, err);
	}
	if (failed == ANN_OK && options->stop_at != NULL) {
		failed = ann_pattern_new(
			&m->stop, ann_span(options->stop_at), 0, "--quit-on", err);
	}
	if (failed == ANN_OK) {
		failed = intern_escape(m, err);
	}
	if (failed == ANN_OK) {
		failed = build_index(&m->patterns, err);
	}
	if (failed == ANN_OK) {
		failed = build_index(&m->conditions, err);
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

static void deinit_job(struct job *job)
{
	ann_pattern_free(job->pattern);
	ann_shape_free(job->shape);
	for (size_t i = 0; i < ANN_RULE_REGEXES; i++) {
		ann_pattern_free(job->conditions[i].regex);
		ann_shape_free(job->conditions[i].shape);
	}
	ann_free(job->rank);
}

void ann_matcher_free(struct ann_matcher *matcher)
{
	if (matcher == NULL) {
		return;
	}
	for (size_t i = 0; i < matcher->count; i++) {
		deinit_job(&matcher->jobs[i]);
	}
	for (size_t i = 0;
		matcher->words != NULL && i < ann_codebook_families(matcher->book);
		i++) {
		ann_pattern_free(matcher->words[i].regex);
	}
	ann_pattern_free(matcher->stop);
	ann_known_free(matcher->known);
	ann_shape_free(matcher->crowd);
	ann_sieve_free(atomic_load(&matcher->sieve));
	ann_vectorscan_free(atomic_load(&matcher->vectorscan));
	deinit_index(&matcher->patterns);
	deinit_index(&matcher->conditions);
	ann_free(matcher->words);
	ann_free(matcher->jobs);
	ann_free(matcher);
}

void ann_matcher_accelerate(struct ann_matcher *matcher)
{
	const struct index *patterns = &matcher->patterns;

	if (!ann_matcher_accelerated(matcher)) {
		atomic_store(&matcher->sieve,
			ann_sieve_new(patterns->literals, patterns->count));
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
