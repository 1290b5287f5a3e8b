#define PCRE2_CODE_UNIT_WIDTH 8

#include "reference.h"

#include "annotty/alloc.h"

#include "suite.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct ready {
	const struct ann_rule *rule;
	pcre2_code *regex[ANN_RULE_REGEXES];
};

struct test_reference {
	const struct ann_codebook *book;
	struct ann_matcher_options options;
	struct ready *rules;
	size_t count;
	pcre2_code **words; /* per family */
};

/* A line without terminal control, and where its bytes are in the batch. */
struct plain {
	struct ann_buf bytes;
	size_t *origin;
	size_t start;
	size_t end;
};

struct found {
	size_t rule;
	size_t start;
	size_t end;
	struct ann_hit hit;
};

struct founds {
	struct found *at;
	size_t count;
	size_t room;
};

struct match {
	pcre2_match_data *data;
	const pcre2_code *code;
	size_t start;
	size_t end;
};

static pcre2_code *compile(const struct ann_rules *rules, const char *regex)
{
	struct ann_buf text = {0};
	int number = 0;
	PCRE2_SIZE offset = 0;

	ck_assert_int_eq(ann_rules_expand(rules, regex, &text, NULL), ANN_OK);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
		PCRE2_NEVER_UTF | PCRE2_DUPNAMES, &number, &offset, NULL);

	ck_assert_msg(code != NULL, "%.*s: %d", (int)text.len, text.ptr, number);
	ann_buf_deinit(&text);
	return code;
}

struct test_reference *test_reference_new(const struct ann_rules *rules,
	const struct ann_codebook *book, const struct ann_matcher_options *options)
{
	struct test_reference *r = calloc(1, sizeof(*r));

	r->book = book;
	r->options = *options;
	r->rules = calloc(ann_rules_count(rules) + 1, sizeof(*r->rules));
	for (size_t i = 0; i < ann_rules_count(rules); i++) {
		const struct ann_rule *rule = ann_rules_at(rules, i);
		struct ready *ready = &r->rules[r->count];

		if (!rule->enabled) {
			continue;
		}
		ready->rule = rule;
		for (size_t j = 0; j < ANN_RULE_REGEXES; j++) {
			ready->regex[j] = rule->regex[j] == NULL
						  ? NULL
						  : compile(rules, rule->regex[j]);
		}
		r->count++;
	}
	r->words = calloc(ann_codebook_families(book) + 1, sizeof(pcre2_code *));
	for (size_t i = 0; i < ann_rules_words_count(rules); i++) {
		const struct ann_family_words *words = ann_rules_words_at(rules, i);
		const struct ann_family *family =
			ann_codebook_family_named(book, ann_span(words->family));

		pcre2_code_free(r->words[family->order]);
		r->words[family->order] = compile(rules, words->regex);
	}
	return r;
}

void test_reference_free(struct test_reference *r)
{
	for (size_t i = 0; i < r->count; i++) {
		for (size_t j = 0; j < ANN_RULE_REGEXES; j++) {
			pcre2_code_free(r->rules[i].regex[j]);
		}
	}
	for (size_t i = 0; i < ann_codebook_families(r->book); i++) {
		pcre2_code_free(r->words[i]);
	}
	free(r->words);
	free(r->rules);
	free(r);
}

static bool search(pcre2_code *code, struct ann_span text, size_t from,
	uint32_t options, struct match *match)
{
	match->code = code;
	match->data = pcre2_match_data_create_from_pattern(code, NULL);
	if (pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, from, options,
		    match->data, NULL) < 0) {
		pcre2_match_data_free(match->data);
		return false;
	}
	match->start = pcre2_get_ovector_pointer(match->data)[0];
	match->end = pcre2_get_ovector_pointer(match->data)[1];
	return true;
}

static bool matches(
	pcre2_code *code, struct ann_span text, size_t from, uint32_t options)
{
	struct match match;

	if (!search(code, text, from, options, &match)) {
		return false;
	}
	pcre2_match_data_free(match.data);
	return true;
}

/* What the group of that name caught; ptr NULL: nothing. */
static struct ann_span caught(
	const struct match *match, const char *name, struct ann_span text)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(match->data);
	PCRE2_SPTR first = NULL;
	PCRE2_SPTR last = NULL;
	int step = pcre2_substring_nametable_scan(
		match->code, (PCRE2_SPTR)name, &first, &last);

	for (PCRE2_SPTR entry = first; step > 0 && entry <= last; entry += step) {
		const PCRE2_SIZE *range = &at[2 * (entry[0] * 256 + entry[1])];

		if (range[0] != PCRE2_UNSET && range[0] <= range[1]) {
			return (struct ann_span){
				text.ptr + range[0], range[1] - range[0]};
		}
	}
	return ann_span(NULL);
}

/* The whole of `text` as a number in `base`. */
static bool number(struct ann_span text, int base, uint64_t *value)
{
	char copy[32] = {0};
	char *end = NULL;

	if (text.len == 0 || text.len > 30 ||
		!strchr("0123456789abcdefABCDEF", text.ptr[0])) {
		return false;
	}
	memcpy(copy, text.ptr, text.len);
	if (strcspn(copy, "xX") != text.len) {
		return false;
	}
	*value = strtoull(copy, &end, base);
	return end == copy + text.len;
}

/* Decimal first. Bare digits with a leading zero are hex, unless the rule says dec. */
static size_t read_number(struct ann_span text, enum ann_base base, uint64_t *values)
{
	bool prefix = text.len > 2 && strncasecmp(text.ptr, "0x", 2) == 0;
	bool suffix = !prefix && text.len > 1 && strchr("hH", text.ptr[text.len - 1]);
	struct ann_span digits = {
		text.ptr + (prefix ? 2 : 0), text.len - (prefix ? 2 : suffix)};
	bool marked = prefix || suffix;
	bool zero = digits.len > 1 && digits.ptr[0] == '0';
	bool either = base == ANN_BASE_AUTO || base == ANN_BASE_BARE;
	size_t count = 0;

	if (prefix && base == ANN_BASE_BARE) {
		return 0;
	}
	if (!marked && (base == ANN_BASE_DEC || (either && !zero)) &&
		number(digits, 10, &values[count])) {
		count++;
	}
	if ((marked || base != ANN_BASE_DEC) && number(digits, 16, &values[count]) &&
		(count == 0 || values[0] != values[1])) {
		count++;
	}
	return count;
}

/* The family's place in a list of names, or -1. */
static int listed(const char *list, struct ann_span name)
{
	struct ann_span rest = ann_span(list);
	int found = -1;

	for (int at = 0;; at++) {
		struct ann_span word = ann_span_word(&rest);

		if (word.len == 0) {
			return found;
		}
		found = ann_span_equal(word, name) ? at : found;
	}
}

static int rank_of(const struct test_reference *r, const struct ann_rule *rule,
	const struct ann_family *family)
{
	if (r->options.families != NULL &&
		listed(r->options.families, family->name) < 0) {
		return -1;
	}
	return rule->families == NULL ? (int)family->order
				      : listed(rule->families, family->name);
}

static bool shown(const struct test_reference *r, const struct ann_code *code)
{
	return code->severity != ANN_SEVERITY_OK || r->options.annotate_ok;
}

/* Appends the codes of a family with that value. */
static void add_codes(const struct test_reference *r, const struct ann_family *family,
	uint64_t value, struct ann_hit *hit)
{
	const struct ann_code *codes = ann_family_codes(family);

	for (size_t i = 0; i < family->count; i++) {
		if (codes[i].value == value && shown(r, &codes[i]) &&
			hit->count < ANN_MEANINGS_MOST) {
			hit->codes[hit->count++] = &codes[i];
		}
	}
}

/* From the likeliest: spoken of or not, then rank, then reading. */
static void mean_number(const struct test_reference *r, const struct ann_rule *rule,
	struct ann_span line, struct ann_span digits, struct ann_hit *hit)
{
	enum { RANKS = 16 };
	const struct ann_family *in_order[2 * RANKS] = {0};
	uint64_t values[2];
	size_t count = read_number(digits, rule->base, values);

	for (size_t f = 0; count > 0 && f < ann_codebook_families(r->book); f++) {
		pcre2_code *words = r->words[f];
		int rank = rank_of(r, rule, ann_codebook_family(r->book, f));
		bool spoken = words != NULL && matches(words, line, 0, 0);

		ck_assert_int_lt(rank, RANKS);
		if (rank >= 0) {
			in_order[rank + (spoken ? 0 : RANKS)] =
				ann_codebook_family(r->book, f);
		}
	}
	for (size_t i = 0; i < 2 * RANKS * count; i++) {
		if (in_order[i / count] != NULL) {
			add_codes(r, in_order[i / count], values[i % count], hit);
		}
	}
}

static void mean_symbol(const struct test_reference *r, const struct ann_rule *rule,
	struct ann_span symbol, struct ann_hit *hit)
{
	for (size_t f = 0; f < ann_codebook_families(r->book); f++) {
		const struct ann_family *family = ann_codebook_family(r->book, f);
		const struct ann_code *codes = ann_family_codes(family);

		for (size_t i = 0; i < family->count; i++) {
			if (!ann_span_equal(codes[i].name, symbol)) {
				continue;
			}
			/* The first family with that symbol has it, no other. */
			if (shown(r, &codes[i]) && rank_of(r, rule, family) >= 0) {
				hit->codes[0] = &codes[i];
				hit->count = 1;
				hit->symbol = true;
			}
			return;
		}
	}
}

static void keep_family(struct ann_hit *hit, struct ann_span name)
{
	for (unsigned i = 0; name.ptr != NULL && i < hit->count; i++) {
		if (ann_span_equal_nocase(hit->codes[i]->family->name, name)) {
			hit->codes[0] = hit->codes[i];
			hit->count = 1;
		}
	}
}

/* Whether `same`, if it caught anything, can be the same number as `digits`. */
static bool says_the_same(struct ann_span digits, struct ann_span same)
{
	uint64_t a[2];
	uint64_t b[2];
	size_t count_a = read_number(digits, ANN_BASE_AUTO, a);
	size_t count_b = same.ptr == NULL ? 0 : read_number(same, ANN_BASE_AUTO, b);

	for (size_t i = 0; i < count_a * count_b; i++) {
		if (a[i % count_a] == b[i / count_a]) {
			return true;
		}
	}
	return same.ptr == NULL;
}

/* Right before: a match that ends where the value begins. */
static bool stands_before(pcre2_code *regex, struct ann_span line, size_t start)
{
	for (size_t from = start > 64 ? start - 64 : 0; from <= start; from++) {
		if (matches(regex, (struct ann_span){line.ptr, start}, from,
			    PCRE2_ANCHORED | PCRE2_ENDANCHORED)) {
			return true;
		}
	}
	return false;
}

static bool allowed(
	const struct ready *ready, struct ann_span line, size_t start, size_t end)
{
	pcre2_code *const *regex = ready->regex;

	if (regex[ANN_RULE_WHEN] != NULL &&
		!matches(regex[ANN_RULE_WHEN], line, 0, 0)) {
		return false;
	}
	if (regex[ANN_RULE_UNLESS] != NULL &&
		matches(regex[ANN_RULE_UNLESS], line, 0, 0)) {
		return false;
	}
	if (regex[ANN_RULE_BEHIND] != NULL &&
		!stands_before(regex[ANN_RULE_BEHIND], line, start)) {
		return false;
	}
	if (regex[ANN_RULE_UNLESS_BEFORE] != NULL &&
		stands_before(regex[ANN_RULE_UNLESS_BEFORE], line, start)) {
		return false;
	}
	return regex[ANN_RULE_UNLESS_AFTER] == NULL ||
	       !matches(regex[ANN_RULE_UNLESS_AFTER], line, end, PCRE2_ANCHORED);
}

static bool stands_free(struct ann_span line, struct ann_span part)
{
	const char *end = part.ptr + part.len;

	return (part.ptr == line.ptr || !ann_is_word((unsigned char)part.ptr[-1])) &&
	       (end == line.ptr + line.len || !ann_is_word((unsigned char)*end));
}

static void take(const struct test_reference *r, size_t rule, struct ann_span line,
	const struct match *match, struct founds *all)
{
	const struct ready *ready = &r->rules[rule];
	struct ann_span code = caught(match, "code", line);
	struct ann_span name = caught(match, "name", line);
	struct ann_span place = code.ptr == NULL ? name : code;
	struct found one = {.rule = rule, .hit = {.rule = ready->rule->name}};

	if (code.ptr != NULL && !ready->rule->inside_word && !stands_free(line, code)) {
		return;
	}
	if (code.ptr != NULL && says_the_same(code, caught(match, "same", line))) {
		mean_number(r, ready->rule, line, code, &one.hit);
	} else if (code.ptr == NULL && name.ptr != NULL) {
		mean_symbol(r, ready->rule, name, &one.hit);
	}
	if (one.hit.count == 0) {
		return;
	}
	keep_family(&one.hit, caught(match, "family", line));
	one.start = (size_t)(place.ptr - line.ptr);
	one.end = one.start + place.len;
	if (allowed(ready, line, one.start, one.end)) {
		ck_assert_int_eq(ann_grow((void **)&all->at, &all->room, all->count,
					 sizeof(one)),
			0);
		all->at[all->count++] = one;
	}
}

static void find_all(const struct test_reference *r, size_t rule, struct ann_span line,
	struct founds *all)
{
	size_t from = 0;
	struct match match;

	while (from <= line.len &&
		search(r->rules[rule].regex[ANN_RULE_PATTERN], line, from, 0, &match)) {
		take(r, rule, line, &match, all);
		from = match.end > from && match.end > match.start ? match.end
								   : match.end + 1;
		pcre2_match_data_free(match.data);
	}
}

/* By place, then by rule; insertion keeps the order of those that are alike. */
static void sort(struct founds *all)
{
	for (size_t i = 1; i < all->count; i++) {
		for (size_t j = i; j > 0; j--) {
			struct found *a = &all->at[j - 1];
			struct found *b = &all->at[j];
			struct found swap = *a;

			if (a->start < b->start ||
				(a->start == b->start && a->rule <= b->rule)) {
				break;
			}
			*a = *b;
			*b = swap;
		}
	}
}

static void settle(
	const struct founds *all, const struct plain *plain, struct ann_hits *hits)
{
	const struct found *last = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct found *one = &all->at[i];

		if (last != NULL && one->start < last->end) {
			if (one->rule >= last->rule) {
				continue;
			}
			hits->count--;
		}
		last = one;
		ck_assert_int_eq(ann_grow((void **)&hits->at, &hits->room, hits->count,
					 sizeof(one->hit)),
			0);
		struct ann_hit *hit = &hits->at[hits->count++];

		*hit = one->hit;
		hit->line_start = plain->start;
		hit->line_end = plain->end;
		hit->start = plain->origin[one->start];
		hit->end = plain->origin[one->end - 1] + 1;
	}
}

/* How long the control sequence at `at` is: ESC [ parameters, and a final byte. */
static size_t control(struct ann_span batch, size_t at, size_t end)
{
	size_t i = at + 2;

	if (end - at < 3 || memcmp(batch.ptr + at, "\033[", 2) != 0) {
		return 0;
	}
	while (i < end && (unsigned char)batch.ptr[i] >= 0x20 &&
		(unsigned char)batch.ptr[i] <= 0x3f) {
		i++;
	}
	return i < end && (unsigned char)batch.ptr[i] >= 0x40 &&
			       (unsigned char)batch.ptr[i] <= 0x7e
		       ? i + 1 - at
		       : 0;
}

static void scan_line(const struct test_reference *r, struct ann_span batch,
	size_t start, size_t end, struct ann_hits *hits)
{
	struct plain plain = {.start = start, .end = end};
	struct founds all = {0};

	plain.origin = calloc(end - start + 1, sizeof(*plain.origin));
	ann_buf_reserve(&plain.bytes, 1);
	for (size_t at = start; at < end;) {
		size_t skip = control(batch, at, end);

		if (skip == 0) {
			plain.origin[plain.bytes.len] = at;
			ann_buf_char(&plain.bytes, batch.ptr[at++]);
		}
		at += skip;
	}
	for (size_t i = 0; i < r->count; i++) {
		find_all(r, i, ann_buf_all(&plain.bytes), &all);
	}
	sort(&all);
	settle(&all, &plain, hits);
	ann_free(all.at);
	ann_buf_deinit(&plain.bytes);
	free(plain.origin);
}

void test_reference_scan(
	const struct test_reference *r, struct ann_span batch, struct ann_hits *hits)
{
	size_t start = 0;

	hits->count = 0;
	for (size_t at = 0; at < batch.len; at++) {
		if (batch.ptr[at] != '\n' && batch.ptr[at] != '\r') {
			continue;
		}
		scan_line(r, batch, start, at, hits);
		if (batch.ptr[at] == '\r' && at + 1 < batch.len &&
			batch.ptr[at + 1] == '\n') {
			at++;
		}
		start = at + 1;
	}
	if (start < batch.len) {
		scan_line(r, batch, start, batch.len, hits);
	}
}
