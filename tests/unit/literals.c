/* What a pattern promises about the lines it matches: exactly, and never too much. */
#include "match/literals.h"

#include "suite.h"

#include "annotty/buf.h"

#include <stdlib.h>
#include <string.h>

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "<stat>" is a word, "(stat)" has no letters beside it; leading ones come behind "^".
 */
static char *print_literal(const struct ann_literal *literal)
{
	char *text = calloc(1, ANN_LITERAL_BYTES + 5);

	strcat(text, literal->word_start ? "<" : "");
	strcat(text, literal->letter_start ? "(" : "");
	strncat(text, literal->text, literal->len);
	strcat(text, literal->letter_end ? ")" : "");
	strcat(text, literal->word_end ? ">" : "");
	return text;
}

static void find(struct ann_span pattern, struct ann_literals *found)
{
	struct ann_regex regex;

	ck_assert_int_eq(ann_regex_read(&regex, pattern), ANN_OK);
	ck_assert_int_eq(ann_literals_of(&regex, found), ANN_OK);
	ann_regex_deinit(&regex);
}

static void expect(const char *pattern, const char *expected)
{
	struct ann_literals found = {0};
	struct ann_buf text = {0};
	char *texts[ANN_LITERALS_MOST];

	find(ann_span(pattern), &found);
	ck_assert_uint_le(found.count, ANN_LITERALS_MOST);
	for (size_t i = 0; i < found.count; i++) {
		texts[i] = print_literal(&found.at[i]);
	}
	qsort(texts, found.count, sizeof(*texts), compare_texts);
	ann_buf_str(&text, found.count > 0 && found.leading ? "^" : "");
	for (size_t i = 0; i < found.count; i++) {
		ann_buf_str(&text, i > 0 ? " " : "");
		ann_buf_str(&text, texts[i]);
		free(texts[i]);
	}
	ann_buf_char(&text, '\0');
	ck_assert_msg(strcmp(text.ptr, expected) == 0, "%s gives \"%s\", not \"%s\"",
		pattern, text.ptr, expected);
	ann_buf_deinit(&text);
	ann_literals_deinit(&found);
}

/* The bytes behind the pattern are not there, as a sanitizer would tell. */
START_TEST(no_pattern_is_read_past_its_end)
{
	static const char *const patterns[] = {"foo[", "foo[^", "foo[a\\",
		"foo[[:", "foo\\", "foo\\x", "foo(", "foo(?", "foo(?<", "foo(?i",
		"foo{", "foo{2,", "foo(?#", "(?x)foo#"};
	struct ann_literals found = {0};

	for (size_t i = 0; i < ANN_LEN(patterns); i++) {
		struct ann_span pattern = ann_span(patterns[i]);
		char *copy = malloc(pattern.len);

		memcpy(copy, pattern.ptr, pattern.len);
		pattern.ptr = copy;
		find(pattern, &found);
		ann_literals_deinit(&found);
		free(copy);
	}
	expect("foo[", "");
	expect("foo[^", "");
}
END_TEST

START_TEST(plain_text_is_its_own_literal)
{
	expect("status", "^status");
	expect("StaTus", "^status");
	expect("", "");
	expect("s", "^s");
	expect("rc = ", "^rc = ");
}
END_TEST

START_TEST(alternatives_are_united)
{
	expect("foo|bar|foo", "^bar foo");
	expect("(?:foo|bar)baz", "^barbaz foobaz");
	expect("a(?:b|c(?:d|e))f", "^abf acdf acef");
	expect("foo|", "");
	expect("foo|\\d", "");
	expect("(?:foo|\\d)bar", "bar");
	expect("foo\\d|\\dbar", "bar foo");
	expect("x\\dfoo|\\dbar", "bar foo");
}
END_TEST

START_TEST(what_may_be_left_out_makes_two_of_one)
{
	expect("colou?r", "^color colour");
	expect("ret(?:urned)?", "^ret returned");
	expect("x?y?", "");
	expect("x*foo", "foo");
	expect("(?:foo|bar)*", "");
	expect("(?:foo)?bar??baz+", "^babaz barbaz foobabaz foobarbaz");
	expect("(?:\\dfoo)?", "");
}
END_TEST

START_TEST(what_comes_again_ends_the_string)
{
	expect("ab+c", "^ab");
	expect("(?:foo|bar)+x", "^bar foo");
	expect("fo{2}x", "^fo");
	expect("fo{1}x", "^fox");
	expect("fo{0}x", "^f");
	expect("ab{0,1}cde", "^abcde acde");
	expect("fo{1,}xyz", "^fo");
	expect("fo{x}", "^fo{x}");
	expect("fo{,3}x", "");
	expect("fo{ 1}x", "");
	expect("fo{1, 2}x", "");
	expect("(?:\\dfoo)+", "foo");
}
END_TEST

START_TEST(words_further_in_are_worth_more_than_a_byte_in_front)
{
	expect("s\\d+status", "status");
	expect("st\\d+status", "^st");
	expect("\\d+(?<code>0x\\w+)", "0x");
	expect("\\W+foo\\d+longer", "longer");
	expect("\\W+longer\\d+foo", "longer");
}
END_TEST

START_TEST(classes_of_few_bytes_are_alternatives)
{
	expect("[ab]c", "^ac bc");
	expect("[a]b[]c]", "^ab] abc");
	expect("[Aa]b", "^ab");
	expect("[abcd]x", "^ax bx cx dx");
	expect("[abcde]xy", "xy");
	expect("[abcdef]xy", "xy");
	expect("[^a]foo", "foo");
	expect("[^]a]foo", "foo");
	expect("[a-c]foo", "^afoo bfoo cfoo");
	expect("[a-e]foo", "foo");
	expect("[+-]foo", "^+foo -foo");
	expect("[A-Ca-c]foo", "^afoo bfoo cfoo");
	expect("[\\x41\\t]b", "^\tb ab");
	expect("[\\b]b", "^\bb");
	expect("[\\D]foo", "foo");
	expect("[\\pL]foo", "");
	expect("[\\c]]foo", "");
	expect("[\\Q]\\E]foo", "");
	expect("[a\\-c]d", "^-d ad cd");
	expect("[-a]b", "^-b ab");
	expect("[\\d]foo", "foo");
	expect("[\\]]foo", "^]foo");
	expect("[[:alpha:]]foo", "foo");
	expect("[x[:^digit:]]]foo", "]foo");
	expect("[[]foo", "^[foo");
	expect("[[:blank:]]foo", "^\tfoo  foo");
	expect("[[:<:]]foo", "");
	expect("[[=]foo", "^=foo [foo");
}
END_TEST

START_TEST(escapes_are_bytes_or_anything)
{
	expect("a\\.b", "^a.b");
	expect("\\x41b", "^ab");
	expect("\\e\\[", "^\033[");
	expect("a\\tb", "^a\tb");
	expect("\\d\\D\\w\\W\\s\\S\\h\\H\\v\\V\\N\\Rfoo", "foo");
	expect("\\Afoo\\z", "^foo");
	expect("a\\Bb", "^ab");
	expect("foo.bar", "^foo");
	expect("\\x{41}b", "");
	expect("\\x4", "");
	expect("\\Qa.b\\E", "");
	expect("(a)\\1", "");
	expect("foo\\Kbar", "");
	expect("\\pLfoo", "");
	expect("\\cAfoo", "");
	expect("\\012foo", "");
	expect("\\hfoo", "^\tfoo  foo \xa0"
			 "foo");
	expect("\\Xfoo", "foo");
	expect("foo\\", "");
}
END_TEST

START_TEST(boundaries_become_edges)
{
	expect("\\bfoo\\b", "^<foo>");
	expect("\\b(?:foo|bar)\\b", "^<bar> <foo>");
	expect("foo\\b-", "^foo-");
	expect("\\b-foo", "^-foo");
	expect("foo-\\b", "^foo-");
	expect("foo\\bbar", "^foobar");
	expect("(?:foo\\b)+", "^foo");
	expect("\\b(?:a|-)x", "^-x <ax");
	expect("\\W\\bfoo\\b\\W", "<foo>");
	expect("\\b0x\\d", "^<0x");
}
END_TEST

START_TEST(looking_around_promises_nothing)
{
	expect("(?<=foo)bar", "^bar");
	expect("bar(?=foo|qux)", "^bar");
	expect("bar(?!foo)x", "^barx");
	expect("(?<!foo)bar", "^bar");
	expect("(?=foo)\\w+", "");
	expect("^foo$", "^foo");
}
END_TEST

START_TEST(bytes_that_are_kept_away_make_edges)
{
	expect("(?<![A-Za-z])foo(?![a-zA-Z.])", "^(foo)");
	expect("(?<![0-9A-Za-z_])foo(?!\\w)", "^<(foo)>");
	expect("(?i)(?<![a-z])foo(?-i)(?![a-z])", "^(foo");
	expect("(?<![^ ])foo(?!.)", "^<(foo)>");
	expect("(?<![0-9])(?<![_.a-z]|[A-Z])foo", "^(foo");
	expect("foo(?!bar|\\w)", "^foo)>");
	expect("foo(?!\\w+)", "^foo");
	expect("(?!\\w)-foo", "^-foo");
	expect("(?:foo(?!\\w))+", "^foo");
}
END_TEST

START_TEST(groups_of_all_kinds_are_read)
{
	expect("(foo)", "^foo");
	expect("(?<a>foo)", "^foo");
	expect("(?P<a>foo)", "^foo");
	expect("(?'a'foo)", "^foo");
	expect("(?>foo)", "^foo");
	expect("((((foo))))", "^foo");
	expect("a(?#b)c", "^ac");
	expect("a(?#b)?c", "^ac c");
	expect("(?|foo|bar)", "");
	expect("(?R)foo", "");
	expect("(?P>a)foo", "");
	expect("(?&a)foo", "");
	expect("(?1)foo", "");
	expect("(?(1)a|b)foo", "");
	expect("(*UCP)foo", "");
	expect("(?C1)foo", "");
	expect("(?-1)foo", "");
	expect("(?*foo)", "");
	expect("(?<*foo)x>)foo", "");
	expect("(?i", "");
	expect("(?:foo", "");
	expect("foo)", "");
}
END_TEST

START_TEST(settings_are_understood)
{
	expect("(?i)FOO", "^foo");
	expect("(?i:FOO)bar", "^foobar");
	expect("(?-i)foo", "^foo");
	expect("(?x) f o # comment\n o", "^foo");
	expect("(?x: f o )o o", "^foo o");
	expect("(?x) a (?-x) b", "^a b");
	expect("(?x) a ? b", "^ab b");
	expect("(?x) a\\ b", "^a b");
	expect("(?x) ab+ ?cd", "^ab");
	expect("(?x)a#b", "^a");
	expect("(?x)foo\x85", "");
	expect("foo\x85", "^foo\x85");
	expect("(?xx)[a b]", "");
	expect("(?^)foo", "");
	expect("(?smnJU)foo", "^foo");
}
END_TEST

START_TEST(sets_stay_small_and_strings_short)
{
	expect("abcdefghijklmnopqrstuvwxyz", "^abcdefghijklmnopqrstuvwx");
	expect("abcdefghijklmnopqrstuvwxyz\\b", "^abcdefghijklmnopqrstuvwx");
	expect("abcdefghijklmnopqrst(?:uvwxyz\\b)", "^abcdefghijklmnopqrstuvwx");
	/* 4^5 strings would be too many, and the first 4^4 are not as good as "word".
	 */
	expect("\\d[abcd][abcd][abcd][abcd][abcd]\\dworld", "world");
	/* What may be left out is promised by nobody, also where it is not joined. */
	expect("x.{9}y", "^x");
	expect("\\d(?:a|b|c|d|e|f|g)(?:h|i|j|k|l|m|n)(?:foooo|barrr|bazzz|quxxx|corge|plugh)?",
		"ah ai aj ak al am an bh bi bj bk bl bm bn ch ci cj ck cl cm cn dh di dj "
		"dk dl dm dn eh ei ej ek el em en fh fi fj fk fl fm fn gh gi gj gk gl gm gn");
}
END_TEST

START_TEST(line_ends_cannot_be_looked_for)
{
	expect("foo\\nbar", "^foo");
	expect("foo\\r", "^foo");
	expect("\\nfoo", "foo");
	expect("[\n]foo", "foo");
	expect("[\\r\\n]", "");
}
END_TEST

START_TEST(deep_nesting_is_given_up)
{
	struct ann_buf deep = {0};

	ann_buf_fill(&deep, '(', 101);
	ann_buf_str(&deep, "foo");
	ann_buf_fill(&deep, ')', 101);
	ann_buf_char(&deep, '\0');
	expect(deep.ptr, "");
	deep.ptr[0] = 'x';
	deep.ptr[deep.len - 2] = 'x';
	expect(deep.ptr, "^xfoox");
	ann_buf_deinit(&deep);
}
END_TEST

START_TEST(long_patterns_are_given_up)
{
	enum { MOST = 1 << 16 };
	struct ann_literals found = {0};
	struct ann_buf text = {0};

	ann_buf_str(&text, "foo[");
	ann_buf_fill(&text, 'x', MOST - text.len - 1);
	ann_buf_char(&text, ']');
	find(ann_buf_all(&text), &found);
	ck_assert_uint_eq(found.count, 1);
	ann_literals_deinit(&found);
	ann_buf_char(&text, 'x');
	find(ann_buf_all(&text), &found);
	ck_assert_uint_eq(found.count, 0);

	/* The tree has room for whatever is made of so many bytes. */
	ann_buf_clear(&text);
	for (int i = 0; i < MOST / 4; i++) {
		ann_buf_str(&text, i % 64 < 32 ? "(|(|" : "x*))");
	}
	find(ann_buf_all(&text), &found);
	ck_assert_uint_eq(found.count, 0);
	ann_buf_deinit(&text);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, no_pattern_is_read_past_its_end);
	test_add(suite, plain_text_is_its_own_literal);
	test_add(suite, alternatives_are_united);
	test_add(suite, what_may_be_left_out_makes_two_of_one);
	test_add(suite, what_comes_again_ends_the_string);
	test_add(suite, words_further_in_are_worth_more_than_a_byte_in_front);
	test_add(suite, classes_of_few_bytes_are_alternatives);
	test_add(suite, escapes_are_bytes_or_anything);
	test_add(suite, boundaries_become_edges);
	test_add(suite, looking_around_promises_nothing);
	test_add(suite, bytes_that_are_kept_away_make_edges);
	test_add(suite, groups_of_all_kinds_are_read);
	test_add(suite, settings_are_understood);
	test_add(suite, sets_stay_small_and_strings_short);
	test_add(suite, line_ends_cannot_be_looked_for);
	test_add(suite, deep_nesting_is_given_up);
	test_add(suite, long_patterns_are_given_up);
}
