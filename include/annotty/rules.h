/*
 * rules - where in a line a status value stands, as text.
 *
 *     [define]                     names for parts of patterns, used as %{NAME}
 *     word = status|error
 *
 *     [rule keyword-hex]
 *     pattern = (?i)\b(?:%{word})\W{0,3}(?<code>0x[0-9a-f]{1,8})\b
 *     base = auto                  auto, hex, dec, or bare: auto, but no 0x
 *     families = nx_secure_tls nx  the likeliest first, * for those that no rule names;
 *                                  without it, all
 *     when = REGEX                 the line must match this too
 *     unless = REGEX               and must not match this
 *     behind = REGEX               what stands right before the value must match this;
 *                                  the text ends there
 *     unless-before = REGEX        and must not match this
 *     unless-after = REGEX         nor what follows the value, this
 *     inside-word = no             yes: the value may be a part of a word, as in E263
 *     enabled = yes                no: the rule is as if it were not there
 *
 *     [family nx_dns]
 *     words = (?i)dns              on lines with these, this family leads
 *
 * Patterns are PCRE2's, on bytes, and see one line without its line end. A pattern has
 * a group named `code`, or `name` for symbols, or both; a group `family` may catch the
 * name of a family, and a group `same` another print of the same number (hex and
 * decimal, say), without which the match does not count. The first rule that claims a
 * piece of the line has it.
 *
 * Definitions are looked up when the rules are used, so a later file can widen what an
 * earlier one matches. A rule of a name that is there already replaces it in its place;
 * new rules of a later file come before those of earlier files.
 */
#ifndef ANNOTTY_RULES_H
#define ANNOTTY_RULES_H

#include "annotty/buf.h"
#include "annotty/error.h"
#include "annotty/ini.h"

enum ann_base {
	ANN_BASE_AUTO, /* decimal and hex, whichever is a known code */
	ANN_BASE_HEX,
	ANN_BASE_DEC,
	ANN_BASE_BARE, /* as AUTO, but not for numbers that say 0x themselves */
};

enum ann_rule_regex {
	ANN_RULE_PATTERN,
	ANN_RULE_WHEN,
	ANN_RULE_UNLESS,
	ANN_RULE_BEHIND,
	ANN_RULE_UNLESS_BEFORE,
	ANN_RULE_UNLESS_AFTER,
	ANN_RULE_REGEXES, /* how many there are */
};

/* The key of a regex in the file: "pattern", "when", … */
const char *ann_rule_key(enum ann_rule_regex which);

struct ann_rule {
	char *name;                     /* unique */
	char *regex[ANN_RULE_REGEXES];  /* as written; NULL: not given */
	size_t lines[ANN_RULE_REGEXES]; /* where each begins in `origin` */
	char *families;                 /* list as written; NULL: all */
	const char *origin;             /* file, owned by the rules */
	size_t line;                    /* where the section begins */
	enum ann_base base;
	bool inside_word; /* letters, digits and _ may stand beside the value */
	bool enabled;
};

/* A `[family NAME]` section. */
struct ann_family_words {
	char *family;
	char *regex;
	const char *origin;
	size_t line;
};

struct ann_rules;

struct ann_rules *ann_rules_new(void);
void ann_rules_free(struct ann_rules *rules);

/*
 * Adds a rule file. `origin` names it in messages and is copied.
 * ANN_ECONFIG with origin:line: for an unknown section, key or value (the nearest known
 * word is named), a rule without pattern; ANN_ENOMEM. After an error the rules are in
 * no state to be used.
 */
ANN_MUST_USE enum ann_err ann_rules_add(struct ann_rules *rules, struct ann_span text,
	const char *origin, struct ann_error *err);

/*
 * The same in parts, for sections that stand in a file of something else: `begin` names
 * the file, `take` (an ann_ini_cb on the rules) is given the openings and keys of its
 * sections rule, define and family, `complete` asks for what is still missing.
 */
ANN_MUST_USE enum ann_err ann_rules_begin(
	struct ann_rules *rules, const char *origin, struct ann_error *err);
ANN_MUST_USE enum ann_err ann_rules_take(
	void *rules, const struct ann_ini_entry *entry, struct ann_error *err);
ANN_MUST_USE enum ann_err ann_rules_complete(
	const struct ann_rules *rules, struct ann_error *err);

/* Rules in order, disabled ones included. */
size_t ann_rules_count(const struct ann_rules *rules);
const struct ann_rule *ann_rules_at(const struct ann_rules *rules, size_t at);

size_t ann_rules_words_count(const struct ann_rules *rules);
const struct ann_family_words *ann_rules_words_at(
	const struct ann_rules *rules, size_t at);

/*
 * Appends `regex` to `out` with every %{NAME} replaced by `(?:definition)` and joined
 * lines put together. ANN_ECONFIG for a name that is not defined or refers to itself.
 */
ANN_MUST_USE enum ann_err ann_rules_expand(const struct ann_rules *rules,
	const char *regex, struct ann_buf *out, struct ann_error *err);

#endif
