/*
 * What literals.h and shape.h promise holds for random patterns: wherever PCRE2 finds a
 * match, one of the literals stands in it, and at its front if they are leading; and a
 * shape says no only where PCRE2 does, and yes only where it does.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "match/literals.h"
#include "match/shape.h"

#include "chance.h"
#include "suite.h"

#include <pcre2.h>
#include <string.h>

/* A pattern, and a text that it should match, made side by side. */
struct making {
	struct test_chance *chance;
	struct ann_buf pattern;
	struct ann_buf sample;
	int depth;
};

/* A piece of a pattern and a piece of text for it. */
static const char *const atoms[][2] = {{"a", "a"}, {"b", "b"}, {"A", "A"}, {"ab", "ab"},
	{"foo", "foo"}, {"=", "="}, {"-", "-"}, {"1", "1"}, {" ", " "}, {"_", "_"},
	{"}", "}"}, {"]", "]"}, {"{", "{"}, {"{a", "{a"}, {"\\.", "."}, {"\\]", "]"},
	{"\\x41", "A"}, {"\\x61b", "ab"}, {"\\t", "\t"}, {".", "x"}, {"\\d", "1"},
	{"\\w", "a"}, {"\\W", "-"}, {"\\s", " "}, {"\\S", "b"}, {"[ab]", "b"},
	{"[aB=]", "b"}, {"[abcd]", "d"}, {"[abcd1]", "1"}, {"[a-c]", "c"},
	{"[^a]", "b"}, {"[]a]", "]"}, {"[^]a]", "b"}, {"[\\]b]", "]"}, {"[\\w=]", "="},
	{"[[:alpha:]b]", "a"}, {"[[:^alpha:]]", "1"}, {"[[:]", ":"}, {"[[:]a", "[a"},
	{"[[:a[:]", "a"}, {"[a\\-b]", "-"}, {"[-a]", "-"}, {"[a ]", " "}, {"[#a]", "#"},
	{"\\#", "#"}, {"\\Qa.\\E", "a."}, {"\\e", "\033"}, {"\\x{62}", "b"},
	{"(?:)", ""}, {"#", "#"}, {"(?:foobarbaz\\b)", "foobarbaz"},
	{"abcdefghijklmnopqrstu", "abcdefghijklmnopqrstu"}, {"\\N", "a"}, {"\\R", "\v"},
	{"a?b", "b"}, {"\\ ", " "}, {"a{0}b", "b"}, {"a{0,2}", ""}, {"(?i)", ""},
	{"(?-i)", ""}, {"(?U)", ""}, {"(?m)", ""}, {"(?x)", ""}, {"(?-x)", ""},
	{"(?xx)", ""}, {"(?s)", ""}, {"(?^)", ""}, {"(?# c)", ""}, {"(?#)", ""},
	{"[ ]a]", "]"}, {"(?:a|b|c|d|e|f|1)", "a"},
	{"(?:aa|bb|cc|dd|foooo|barrr)", "bb"}};

/* Those that take no bytes. */
static const char *const places[] = {"\\b", "\\B", "^", "$", "\\A", "\\z", "(?=a)",
	"(?!b)", "(?<=a)", "(?<!b)", "(?=.*b)", "\\G", "\\b\\b", "(?<!\\w)",
	"(?![A-Za-z])", "(?!a|\\w)", "(?!\\w\\w)", "\\Z", "(?<![^ ])"};

static const char *const opens[] = {"(", "(?:", "(?>", "(?i:", "(?x:", "(?-i:", "(?<n>",
	"(?P<m>", "(?'o'", "(?|", "(?s-x:"};

struct repeat {
	const char *text;
	int times; /* a number of times that it allows */
};

static const struct repeat repeats[] = {{"?", 0}, {"?", 1}, {"??", 0}, {"*", 0},
	{"*", 2}, {"*?", 1}, {"+", 1}, {"+", 3}, {"+?", 1}, {"++", 2}, {"{2}", 2},
	{"{1}", 1}, {"{0}", 0}, {"{0,1}", 0}, {"{1,}", 2}, {"{0,}", 0}, {"{1,2}?", 1},
	{" ?", 0}, {"(?#x)?", 0}, {"+ ?", 1}, {"+(?#y)+", 2}, {"{1} +", 1},
	{"{01}", 1}};

static void make_alternatives(struct making *m);

static void make_group(struct making *m)
{
	ann_buf_str(&m->pattern, test_pick(m->chance, opens));
	m->depth++;
	make_alternatives(m);
	m->depth--;
	ann_buf_char(&m->pattern, ')');
}

/* One part and perhaps a repetition, for which its text is repeated. */
static void make_part(struct making *m)
{
	size_t from = m->sample.len;
	char text[256];

	if (test_once_in(m->chance, 8)) {
		ann_buf_str(&m->pattern, test_pick(m->chance, places));
		return;
	}
	if (m->depth < 3 && test_once_in(m->chance, 4)) {
		make_group(m);
	} else {
		const char *const *atom = test_pick(m->chance, atoms);

		ann_buf_str(&m->pattern, atom[0]);
		ann_buf_str(&m->sample, atom[1]);
	}
	size_t len = m->sample.len - from;

	if (len < sizeof(text) && test_once_in(m->chance, 4)) {
		const struct repeat *repeat = &test_pick(m->chance, repeats);

		if (len > 0) {
			memcpy(text, m->sample.ptr + from, len);
		}
		ann_buf_str(&m->pattern, repeat->text);
		m->sample.len = from;
		for (int i = 0; i < repeat->times; i++) {
			ann_buf_add(&m->sample, text, len);
		}
	}
}

static void make_row(struct making *m)
{
	for (uint32_t i = test_below(m->chance, 5); i > 0; i--) {
		make_part(m);
	}
}

/* The text is of one of them. */
static void make_alternatives(struct making *m)
{
	make_row(m);
	while (test_once_in(m->chance, 3)) {
		size_t from = m->sample.len;

		ann_buf_char(&m->pattern, '|');
		make_row(m);
		if (test_once_in(m->chance, 2)) {
			m->sample.len = from;
		}
	}
}

/* A line with the sample, or with pieces of it, and what may stand around it. */
static void make_line(struct making *m, struct ann_buf *line)
{
	static const char bytes[] = "aabbAo1 -=_.[]{}:#cd";
	size_t skip = m->sample.len > 0 && test_once_in(m->chance, 4)
			      ? test_below(m->chance, (uint32_t)m->sample.len)
			      : 0;

	ann_buf_clear(line);
	test_scatter(
		m->chance, bytes, sizeof(bytes) - 1, test_below(m->chance, 4), line);
	ann_buf_add(line, m->sample.ptr == NULL ? "" : m->sample.ptr + skip,
		m->sample.len - skip);
	test_scatter(
		m->chance, bytes, sizeof(bytes) - 1, test_below(m->chance, 4), line);
	ann_buf_reserve(line, 1);
}

/* Whether a word or a letter that should not be there stands beside a literal. */
static bool edge_holds(bool no_word, bool no_letter, char beside)
{
	return !(no_word && ann_is_word((unsigned char)beside)) &&
	       !(no_letter && ann_is_letter((unsigned char)beside));
}

static bool stands_at(
	const struct ann_literal *literal, struct ann_span line, size_t at, size_t end)
{
	struct ann_span here = {line.ptr + at, literal->len};
	struct ann_span text = {literal->text, literal->len};
	size_t behind = at + literal->len;
	bool holds = false;

	if (behind > end || !ann_span_equal_nocase(here, text)) {
		return false;
	}
	holds = edge_holds(literal->word_start, literal->letter_start,
			at == 0 ? ' ' : line.ptr[at - 1]) &&
		edge_holds(literal->word_end, literal->letter_end,
			behind == line.len ? ' ' : line.ptr[behind]);
	ck_assert(ann_literal_edges_hold(literal, line, at) == holds);
	return holds;
}

static bool any_stands_in(const struct ann_literals *literals, struct ann_span line,
	size_t start, size_t end, bool at_start)
{
	for (size_t i = 0; i < literals->count; i++) {
		for (size_t at = start; at <= (at_start ? start : end); at++) {
			if (stands_at(&literals->at[i], line, at, end)) {
				return true;
			}
		}
	}
	return false;
}

static pcre2_code *compile(const struct ann_buf *pattern)
{
	int number = 0;
	PCRE2_SIZE offset = 0;

	return pcre2_compile((PCRE2_SPTR)(pattern->ptr == NULL ? "" : pattern->ptr),
		pattern->len, PCRE2_NEVER_UTF | PCRE2_DUPNAMES, &number, &offset, NULL);
}

/* 1 if there was a match, for which the promise then held. */
static int check_line(const struct making *m, const pcre2_code *code,
	const struct ann_literals *literals, struct ann_span line)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	int found = pcre2_match(code, (PCRE2_SPTR)line.ptr, line.len, 0, 0, data, NULL);
	size_t start = pcre2_get_ovector_pointer(data)[0];
	size_t end = pcre2_get_ovector_pointer(data)[1];

	pcre2_match_data_free(data);
	if (found < 0) {
		return 0;
	}
	ck_assert_msg(literals->count == 0 || any_stands_in(literals, line, start, end,
						      literals->leading),
		"%.*s matches \"%.*s\" at %zu-%zu, which it promised not to",
		(int)m->pattern.len, m->pattern.ptr, (int)line.len, line.ptr, start,
		end);
	return 1;
}

/* Whether the pattern matches from `at` on. */
static bool matches(const pcre2_code *code, struct ann_span line, size_t at)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	int found = pcre2_match(
		code, (PCRE2_SPTR)line.ptr, line.len, at, PCRE2_ANCHORED, data, NULL);

	pcre2_match_data_free(data);
	return found >= 0;
}

/* Whether a match that begins at `from` or behind it ends at `at`. */
static bool ends_at(
	const pcre2_code *code, struct ann_span line, size_t from, size_t at)
{
	struct ann_span left = {line.ptr, at};
	bool found = false;

	for (size_t i = from; i <= at && !found; i++) {
		pcre2_match_data *data =
			pcre2_match_data_create_from_pattern(code, NULL);

		found = pcre2_match(code, (PCRE2_SPTR)left.ptr, left.len, i,
				PCRE2_ANCHORED | PCRE2_ENDANCHORED, data, NULL) >= 0;
		pcre2_match_data_free(data);
	}
	return found;
}

/* How many answers were no maybe. */
static int check_answer(const struct making *m, struct ann_span line, size_t at,
	enum ann_answer answer, bool found)
{
	ck_assert_msg(answer == ANN_MAYBE || (answer == ANN_YES) == found,
		"%.*s in \"%.*s\" at %zu: the shape says %s", (int)m->pattern.len,
		m->pattern.ptr, (int)line.len, line.ptr, at,
		answer == ANN_YES ? "yes" : "no");
	return answer != ANN_MAYBE;
}

static int check_shapes(const struct making *m, const pcre2_code *code,
	struct ann_shape *ahead, struct ann_shape *before, struct ann_span line)
{
	int told = 0;

	for (size_t at = 0; at <= line.len; at++) {
		size_t from = at > 6 ? at - 6 : 0;

		told += check_answer(m, line, at, ann_shape_ahead(ahead, line, at),
			matches(code, line, at));
		told += check_answer(m, line, at,
			ann_shape_before(
				before, (struct ann_span){line.ptr, at}, from, at),
			ends_at(code, line, from, at));
	}
	return told;
}

START_TEST(shapes_say_yes_and_no_only_where_it_is_true)
{
	struct test_chance chance = test_chance(_i);
	struct making m = {.chance = &chance};
	struct ann_buf line = {0};
	int told = 0;

	for (int patterns = 0; patterns < 2000; patterns++) {
		struct ann_shape *ahead = NULL;
		struct ann_shape *before = NULL;
		pcre2_code *code = NULL;

		ann_buf_clear(&m.pattern);
		ann_buf_clear(&m.sample);
		make_alternatives(&m);
		ann_buf_reserve(&m.pattern, 1);
		ahead = ann_shape_new(ann_buf_all(&m.pattern), false);
		before = ann_shape_new(ann_buf_all(&m.pattern), true);
		code = compile(&m.pattern);
		for (int lines = 0; code != NULL && lines < 4; lines++) {
			make_line(&m, &line);
			told += check_shapes(
				&m, code, ahead, before, ann_buf_all(&line));
		}
		pcre2_code_free(code);
		ann_shape_free(ahead);
		ann_shape_free(before);
	}
	ck_assert_int_gt(told, 10000);
	ann_buf_deinit(&line);
	ann_buf_deinit(&m.pattern);
	ann_buf_deinit(&m.sample);
}
END_TEST

/* Patterns that are asked at once, each by itself, and by PCRE2. */
struct choir {
	struct making of[5];
	pcre2_code *codes[5];
	struct ann_shape *shapes[5];
	struct ann_shape *all;
	size_t count;
};

static void form(struct choir *c, struct test_chance *chance)
{
	c->count = 1 + test_below(chance, ANN_LEN(c->of));
	for (size_t i = 0; i < c->count; i++) {
		struct making *m = &c->of[i];

		*m = (struct making){.chance = chance};
		make_alternatives(m);
		ann_buf_reserve(&m->pattern, 1);
		c->codes[i] = compile(&m->pattern);
		c->shapes[i] = ann_shape_new(ann_buf_all(&m->pattern), false);
	}
	c->all = ann_shape_of_all(c->shapes, c->count);
}

static void dissolve(struct choir *c)
{
	ann_shape_free(c->all);
	for (size_t i = 0; i < c->count; i++) {
		pcre2_code_free(c->codes[i]);
		ann_shape_free(c->shapes[i]);
		ann_buf_deinit(&c->of[i].pattern);
		ann_buf_deinit(&c->of[i].sample);
	}
}

/* How many answers were no maybe. */
static int check_choir(const struct choir *c, struct ann_span line)
{
	int told = 0;

	for (size_t at = 0; at <= line.len; at++) {
		struct ann_answers answers;

		ann_shape_all_ahead(c->all, line, at, &answers);
		for (unsigned i = 0; i < c->count; i++) {
			enum ann_answer all = ann_answer_of(&answers, i);
			enum ann_answer one = ann_shape_ahead(c->shapes[i], line, at);

			ck_assert(!answers.told || (all == ANN_NO) == (one == ANN_NO));
			if (c->codes[i] != NULL) {
				told += check_answer(&c->of[i], line, at, all,
					matches(c->codes[i], line, at));
			}
		}
	}
	return told;
}

START_TEST(shapes_asked_at_once_say_what_each_would)
{
	struct test_chance chance = test_chance(_i);
	struct ann_buf line = {0};
	int told = 0;

	for (int rounds = 0; rounds < 600; rounds++) {
		struct choir choir;

		form(&choir, &chance);
		for (size_t i = 0; i < choir.count; i++) {
			make_line(&choir.of[i], &line);
			told += check_choir(&choir, ann_buf_all(&line));
		}
		dissolve(&choir);
	}
	ck_assert_int_gt(told, 10000);
	ann_buf_deinit(&line);
}
END_TEST

START_TEST(every_match_holds_what_was_promised)
{
	struct test_chance chance = test_chance(_i);
	struct making m = {.chance = &chance};
	struct ann_buf line = {0};
	int promised = 0;
	int matched = 0;

	for (int patterns = 0; patterns < 10000; patterns++) {
		struct ann_literals literals = {0};
		struct ann_regex regex;
		pcre2_code *code = NULL;

		ann_buf_clear(&m.pattern);
		ann_buf_clear(&m.sample);
		make_alternatives(&m);
		ck_assert_int_eq(
			ann_regex_read(&regex, ann_buf_all(&m.pattern)), ANN_OK);
		ck_assert_int_eq(ann_literals_of(&regex, &literals), ANN_OK);
		ann_regex_deinit(&regex);
		code = literals.count == 0 ? NULL : compile(&m.pattern);
		promised += code != NULL;
		for (int lines = 0; code != NULL && lines < 6; lines++) {
			make_line(&m, &line);
			matched += check_line(&m, code, &literals, ann_buf_all(&line));
		}
		pcre2_code_free(code);
		ann_literals_deinit(&literals);
	}
	/* Neither rare promises nor rare matches would show much. */
	ck_assert_int_gt(promised, 1500);
	ck_assert_int_gt(matched, 2500);
	ann_buf_deinit(&line);
	ann_buf_deinit(&m.pattern);
	ann_buf_deinit(&m.sample);
}
END_TEST

/* Each byte that may be in a line, for each way to write classes down. */
START_TEST(classes_hold_what_pcre2_has_in_them)
{
	static const char *const classes[] = {".", "\\N", "\\d", "\\D", "\\w", "\\W",
		"\\s", "\\S", "\\h", "\\H", "\\v", "\\V", "\\a", "\\e", "\\f", "\\t",
		"\\x41", "\\xe9", "\\.", "\\\xe9", "\xe9", "[a-cx-z]", "[^a-c]",
		"[]-a]", "[^]-a]", "[\\]-a]", "[a-]", "[-a]", "[a-c-e]", "[+--]",
		"[--/]", "[a\\-c]", "[\\x41-\\x5a]", "[\\t-\\x20]", "[\\e\\b\\a]",
		"[\\d\\s.]", "[^\\W_]", "[\\h\\V]", "[\x80-\xff]", "[[:alnum:]]",
		"[[:alpha:]]", "[[:blank:]]", "[[:digit:]]", "[[:graph:]]",
		"[[:lower:]]", "[[:print:]]", "[[:punct:]]", "[[:space:]]",
		"[[:upper:]]", "[[:word:]]", "[[:xdigit:]]", "[[:^upper:]]",
		"[^[:upper:]]", "[^[:^lower:]x]", "[a[:digit:]z]", "[[.]", "[[=a]"};
	static const char *const settings[] = {"", "(?i)", "(?x)", "(?sm)"};

	for (size_t i = 0; i < ANN_LEN(classes) * ANN_LEN(settings); i++) {
		struct making m = {0};
		struct ann_shape *shape = NULL;
		pcre2_code *code = NULL;

		ann_buf_str(&m.pattern, settings[i % ANN_LEN(settings)]);
		ann_buf_str(&m.pattern, classes[i / ANN_LEN(settings)]);
		shape = ann_shape_new(ann_buf_all(&m.pattern), false);
		code = compile(&m.pattern);
		ck_assert_ptr_nonnull(code);
		for (int byte = 0; byte < 256; byte++) {
			const char text = (char)byte;
			struct ann_span line = {&text, 1};
			bool found = matches(code, line, 0);

			if (byte != '\n' && byte != '\r') {
				ck_assert(ann_shape_ahead(shape, line, 0) != ANN_MAYBE);
				check_answer(&m, line, 0,
					ann_shape_ahead(shape, line, 0), found);
			}
		}
		pcre2_code_free(code);
		ann_shape_free(shape);
		ann_buf_deinit(&m.pattern);
	}
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, classes_hold_what_pcre2_has_in_them);
	test_add_loop(suite, every_match_holds_what_was_promised, 4);
	test_add_loop(suite, shapes_say_yes_and_no_only_where_it_is_true, 4);
	test_add_loop(suite, shapes_asked_at_once_say_what_each_would, 4);
}
