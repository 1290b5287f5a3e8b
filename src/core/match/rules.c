#include "annotty/rules.h"

#include "annotty/alloc.h"
#include "annotty/ini.h"

#include <limits.h>
#include <string.h>

struct definition {
	char *name;
	char *regex;
};

struct origin {
	struct origin *next;
	char name[];
};

struct ann_rules {
	struct ann_rule *rules;
	size_t count;
	size_t room;
	struct definition *definitions;
	size_t definition_count;
	size_t definition_room;
	struct ann_family_words *words;
	size_t words_count;
	size_t words_room;
	struct origin *origins;
	size_t ahead;    /* where the next new rule of the file being read goes */
	size_t open;     /* the rule whose keys are being read, or NONE */
	bool words_open; /* the keys of the last of `words` are being read */
};

enum { NONE = -1 };

static const char *const regex_keys[ANN_RULE_REGEXES] = {
	[ANN_RULE_PATTERN] = "pattern",
	[ANN_RULE_WHEN] = "when",
	[ANN_RULE_UNLESS] = "unless",
	[ANN_RULE_BEHIND] = "behind",
	[ANN_RULE_UNLESS_BEFORE] = "unless-before",
	[ANN_RULE_UNLESS_AFTER] = "unless-after",
};

const char *ann_rule_key(enum ann_rule_regex which)
{
	return regex_keys[which];
}

struct ann_rules *ann_rules_new(void)
{
	return ann_alloc(sizeof(struct ann_rules));
}

static void deinit_rule(struct ann_rule *rule)
{
	ann_free(rule->name);
	ann_free(rule->families);
	for (size_t i = 0; i < ANN_RULE_REGEXES; i++) {
		ann_free(rule->regex[i]);
	}
}

void ann_rules_free(struct ann_rules *rules)
{
	if (rules == NULL) {
		return;
	}
	for (size_t i = 0; i < rules->count; i++) {
		deinit_rule(&rules->rules[i]);
	}
	for (size_t i = 0; i < rules->definition_count; i++) {
		ann_free(rules->definitions[i].name);
		ann_free(rules->definitions[i].regex);
	}
	for (size_t i = 0; i < rules->words_count; i++) {
		ann_free(rules->words[i].family);
		ann_free(rules->words[i].regex);
	}
	while (rules->origins != NULL) {
		struct origin *next = rules->origins->next;

		ann_free(rules->origins);
		rules->origins = next;
	}
	ann_free(rules->rules);
	ann_free(rules->definitions);
	ann_free(rules->words);
	ann_free(rules);
}

/* Replaces a string we own. */
static enum ann_err put(char **to, struct ann_span value, struct ann_error *err)
{
	char *copy = ann_copy(value.ptr, value.len);

	if (copy == NULL) {
		return ann_error_nomem(err);
	}
	ann_free(*to);
	*to = copy;
	return ANN_OK;
}

static size_t find_rule(const struct ann_rules *rules, struct ann_span name)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (ann_span_is(name, rules->rules[i].name)) {
			return i;
		}
	}
	return (size_t)NONE;
}

/* A fresh rule, in the place of the one it replaces or ahead of the older files. */
static enum ann_err open_rule(struct ann_rules *rules,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct ann_rule fresh = {
		.origin = rules->origins->name, .line = entry->line, .enabled = true};
	size_t at = find_rule(rules, entry->name);

	rules->open = (size_t)NONE;
	if (entry->name.len == 0) {
		return ann_ini_error(entry, err, "a rule needs a name: [rule NAME]");
	}
	if (at != (size_t)NONE && rules->rules[at].origin == fresh.origin) {
		return ann_ini_error(entry, err,
			"rule \"%s\" is there already, at line %zu",
			rules->rules[at].name, rules->rules[at].line);
	}
	if (put(&fresh.name, entry->name, err) != ANN_OK) {
		return ANN_ENOMEM;
	}
	if (at != (size_t)NONE) {
		deinit_rule(&rules->rules[at]);
	} else {
		if (ann_grow((void **)&rules->rules, &rules->room, rules->count,
			    sizeof(fresh)) != 0) {
			deinit_rule(&fresh);
			return ann_error_nomem(err);
		}
		at = rules->ahead++;
		memmove(rules->rules + at + 1, rules->rules + at,
			(rules->count++ - at) * sizeof(fresh));
	}
	rules->rules[at] = fresh;
	rules->open = at;
	return ANN_OK;
}

static enum ann_err open_words(struct ann_rules *rules,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct ann_family_words fresh = {
		.origin = rules->origins->name, .line = entry->line};

	rules->words_open = false;
	if (entry->name.len == 0) {
		return ann_ini_error(
			entry, err, "a family needs a name: [family NAME]");
	}
	if (ann_grow((void **)&rules->words, &rules->words_room, rules->words_count,
		    sizeof(fresh)) != 0) {
		return ann_error_nomem(err);
	}
	enum ann_err failed = put(&fresh.family, entry->name, err);

	if (failed == ANN_OK) {
		rules->words[rules->words_count++] = fresh;
		rules->words_open = true;
	}
	return failed;
}

/* "unknown WHAT "x"; did you mean "y"?" with the nearest of `known`. */
static enum ann_err unknown(const struct ann_ini_entry *entry, const char *what,
	struct ann_span word, const char *const *known, size_t count,
	struct ann_error *err)
{
	return ann_ini_error(entry, err, "unknown %s \"%.*s\"; did you mean \"%s\"?",
		what, ANN_SPAN_ARG(word),
		ann_span_nearest(word, known, count, UINT_MAX));
}

/* The place of `word` among `known`, or `count`. */
static size_t place(struct ann_span word, const char *const *known, size_t count)
{
	size_t i = 0;

	while (i < count && !ann_span_is(word, known[i])) {
		i++;
	}
	return i;
}

static enum ann_err set_base(
	struct ann_rule *rule, const struct ann_ini_entry *entry, struct ann_error *err)
{
	static const char *const bases[] = {"auto", "hex", "dec", "bare"};
	size_t at = place(entry->value, bases, ANN_LEN(bases));

	if (at == ANN_LEN(bases)) {
		return unknown(entry, "base", entry->value, bases, ANN_LEN(bases), err);
	}
	rule->base = (enum ann_base)at;
	return ANN_OK;
}

/* yes or no. */
static enum ann_err set_answer(
	bool *answer, const struct ann_ini_entry *entry, struct ann_error *err)
{
	static const char *const answers[] = {"no", "yes"};
	size_t at = place(entry->value, answers, ANN_LEN(answers));

	if (at == ANN_LEN(answers)) {
		return unknown(
			entry, "answer", entry->value, answers, ANN_LEN(answers), err);
	}
	*answer = at == 1;
	return ANN_OK;
}

static enum ann_err set_rule_key(struct ann_rules *rules,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	static const char *const keys[] = {"pattern", "when", "unless", "behind",
		"unless-before", "unless-after", "base", "families", "enabled",
		"inside-word"};
	size_t at = place(entry->key, keys, ANN_LEN(keys));

	if (rules->open == (size_t)NONE) {
		return ANN_OK; /* the mistake in its section has been told */
	}
	struct ann_rule *rule = &rules->rules[rules->open];

	if (at < ANN_RULE_REGEXES) {
		rule->lines[at] = entry->line;
		return put(&rule->regex[at], entry->value, err);
	}
	switch (at) {
	case ANN_RULE_REGEXES:
		return set_base(rule, entry, err);
	case ANN_RULE_REGEXES + 1:
		return put(&rule->families, entry->value, err);
	case ANN_RULE_REGEXES + 2:
		return set_answer(&rule->enabled, entry, err);
	case ANN_RULE_REGEXES + 3:
		return set_answer(&rule->inside_word, entry, err);
	default:
		return unknown(entry, "key", entry->key, keys, ANN_LEN(keys), err);
	}
}

static struct definition *find_definition(
	const struct ann_rules *rules, struct ann_span name)
{
	for (size_t i = 0; i < rules->definition_count; i++) {
		if (ann_span_is(name, rules->definitions[i].name)) {
			return &rules->definitions[i];
		}
	}
	return NULL;
}

static enum ann_err set_definition(struct ann_rules *rules,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct definition *same = find_definition(rules, entry->key);
	struct definition fresh = {0};
	enum ann_err failed = ANN_OK;

	if (same != NULL) {
		return put(&same->regex, entry->value, err);
	}
	if (ann_grow((void **)&rules->definitions, &rules->definition_room,
		    rules->definition_count, sizeof(fresh)) != 0) {
		return ann_error_nomem(err);
	}
	failed = put(&fresh.name, entry->key, err);
	if (failed == ANN_OK) {
		failed = put(&fresh.regex, entry->value, err);
	}
	if (failed != ANN_OK) {
		ann_free(fresh.name);
		return failed;
	}
	rules->definitions[rules->definition_count++] = fresh;
	return ANN_OK;
}

static enum ann_err set_words(struct ann_rules *rules,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	static const char *const keys[] = {"words"};

	if (!rules->words_open) {
		return ANN_OK; /* as for rules */
	}
	struct ann_family_words *words = &rules->words[rules->words_count - 1];

	if (!ann_span_is(entry->key, keys[0])) {
		return unknown(entry, "key", entry->key, keys, ANN_LEN(keys), err);
	}
	words->line = entry->line;
	return put(&words->regex, entry->value, err);
}

enum ann_err ann_rules_take(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err)
{
	static const char *const kinds[] = {"define", "rule", "family"};
	struct ann_rules *rules = user;
	bool opens = entry->key.len == 0;

	if (entry->kind.len == 0) {
		return ann_ini_error(entry, err,
			"\"%.*s\" stands before any section such as [rule NAME]",
			ANN_SPAN_ARG(entry->key));
	}
	switch (place(entry->kind, kinds, ANN_LEN(kinds))) {
	case 0:
		return opens ? ANN_OK : set_definition(rules, entry, err);
	case 1:
		return opens ? open_rule(rules, entry, err)
			     : set_rule_key(rules, entry, err);
	case 2:
		return opens ? open_words(rules, entry, err)
			     : set_words(rules, entry, err);
	default:
		/* Its keys are not a mistake each. */
		return opens ? unknown(entry, "section", entry->kind, kinds,
				       ANN_LEN(kinds), err)
			     : ANN_OK;
	}
}

enum ann_err ann_rules_complete(const struct ann_rules *rules, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < rules->count; i++) {
		const struct ann_rule *rule = &rules->rules[i];

		if (rule->enabled && rule->regex[ANN_RULE_PATTERN] == NULL) {
			failed = ann_error_set(err, ANN_ECONFIG,
				"%s:%zu: rule \"%s\" has no pattern", rule->origin,
				rule->line, rule->name);
			if (!ann_error_tell(err, failed)) {
				return failed;
			}
		}
	}
	for (size_t i = 0; i < rules->words_count; i++) {
		const struct ann_family_words *words = &rules->words[i];

		if (words->regex == NULL) {
			failed = ann_error_set(err, ANN_ECONFIG,
				"%s:%zu: family \"%s\" has no words", words->origin,
				words->line, words->family);
			if (!ann_error_tell(err, failed)) {
				return failed;
			}
		}
	}
	return failed;
}

enum ann_err ann_rules_begin(
	struct ann_rules *rules, const char *origin, struct ann_error *err)
{
	size_t len = strlen(origin) + 1;
	struct origin *from = ann_resize_array(NULL, sizeof(*from) + len, 1);

	if (from == NULL) {
		return ann_error_nomem(err);
	}
	from->next = rules->origins;
	memcpy(from->name, origin, len);
	rules->origins = from;
	rules->ahead = 0;
	return ANN_OK;
}

enum ann_err ann_rules_add(struct ann_rules *rules, struct ann_span text,
	const char *origin, struct ann_error *err)
{
	enum ann_err failed = ann_rules_begin(rules, origin, err);

	if (failed == ANN_OK) {
		failed = ann_ini_read(text, origin, ann_rules_take, rules, err);
	}
	return failed == ANN_OK ? ann_rules_complete(rules, err) : failed;
}

size_t ann_rules_count(const struct ann_rules *rules)
{
	return rules->count;
}

const struct ann_rule *ann_rules_at(const struct ann_rules *rules, size_t at)
{
	return &rules->rules[at];
}

size_t ann_rules_words_count(const struct ann_rules *rules)
{
	return rules->words_count;
}

const struct ann_family_words *ann_rules_words_at(
	const struct ann_rules *rules, size_t at)
{
	return &rules->words[at];
}

static enum ann_err expand(const struct ann_rules *rules, const char *regex,
	struct ann_buf *out, unsigned depth, struct ann_error *err)
{
	enum { DEEPEST = 16, LONGEST = 65536 };

	while (*regex != '\0') {
		const char *end =
			regex[0] == '%' && regex[1] == '{' ? strchr(regex, '}') : NULL;

		if (end == NULL) {
			if (*regex != '\n') {
				ann_buf_char(out, *regex);
			}
			regex++;
			continue;
		}
		struct ann_span name = {regex + 2, (size_t)(end - regex) - 2};
		const struct definition *found = find_definition(rules, name);

		if (found == NULL || depth == DEEPEST) {
			return ann_error_set(err, ANN_ECONFIG, "%%{%.*s} %s",
				ANN_SPAN_ARG(name),
				found == NULL ? "is not in a [define] section"
					      : "refers to itself");
		}
		ann_buf_str(out, "(?:");
		enum ann_err failed = expand(rules, found->regex, out, depth + 1, err);

		if (failed != ANN_OK) {
			return failed;
		}
		ann_buf_char(out, ')');
		if (out->len > LONGEST) {
			return ann_error_set(err, ANN_ECONFIG,
				"%%{%.*s} makes more than %d bytes", ANN_SPAN_ARG(name),
				LONGEST);
		}
		regex = end + 1;
	}
	return out->failed ? ann_error_nomem(err) : ANN_OK;
}

enum ann_err ann_rules_expand(const struct ann_rules *rules, const char *regex,
	struct ann_buf *out, struct ann_error *err)
{
	return expand(rules, regex, out, 0, err);
}
