/* Where a pattern has its value, as its syntax tells. */
#include "match/place.h"

#include "suite.h"

#include <string.h>

/* "first last plain", or "same" for another print of the value in front. */
static void expect(const char *text, const char *expected)
{
	struct ann_regex regex;
	struct ann_place place;
	char found[32] = "";

	ck_assert_int_eq(ann_regex_read(&regex, ann_span(text)), ANN_OK);
	place = ann_place_of(&regex);
	ann_regex_deinit(&regex);
	strcat(found, place.code_first ? " first" : "");
	strcat(found, place.same_first ? " same" : "");
	strcat(found, place.last ? " last" : "");
	strcat(found, place.plain ? " plain" : "");
	ck_assert_msg(strcmp(found + (found[0] == ' '), expected) == 0,
		"\"%s\" has it \"%s\", not \"%s\"", text, found, expected);
}

START_TEST(what_takes_no_text_may_stand_in_front)
{
	expect("(?<code>x)", "first");
	expect("(?P<code>x)y", "first");
	expect("(?i)(?<![a-z])(?'code'x)", "first");
	expect("\\b(?<!local |unix )^(?=\\w)(?<code>x)", "first");
	expect("(?i)(?<same>x) (?<code>y)", "same");
	expect("(?#c)(?x) (?<code>x)", "first");
}
END_TEST

START_TEST(another_beginning_is_none)
{
	expect("x(?<code>x)", "");
	expect("x?(?<code>x)", "");
	expect("(?<code>x)?", "");
	expect("(?<codes>x)", "");
	expect("(?:(?<code>x))", "");
	expect("(x)", "");
	expect("", "");
}
END_TEST

START_TEST(all_alternatives_have_to_begin_so)
{
	expect("(?<code>x)|y", "");
	expect("y|(?<code>x)", "");
	expect("(?<code>x)|", "");
	expect("(?<code>x)|(?<code>y)z", "first");
	expect("(?<code>x)y|(?<same>z)", "");
}
END_TEST

/* The first group of a name that took part in a match is the one with the value. */
START_TEST(a_group_of_that_name_elsewhere_may_have_the_value)
{
	expect("(?<=(?<code>x))(?<code>y)", "");
	expect("(?<code>x)(?<code>y)", "");
	expect("(?=(?<family>x))(?<code>y)", "first");
}
END_TEST

START_TEST(the_last_word_of_a_line)
{
	expect("x(?<code>x)[ \\t.!)]*$", "last");
	expect("x(?<code>x)$", "last");
	expect("x(?<code>x) ?\\W+(?![a-z])\\z", "last");
	expect("(?<code>x) *$", "first last");
	expect("x(?<code>x)[ \\t_]*$", "");
	expect("x(?<code>x)[^a]*$", "");
	expect("x(?<code>x).*$", "");
	expect("x(?<code>x)[ \\t]*", "");
	expect("x(?<code>x)\\R$", "");
	expect("x(?<code>x)$|y", "");
	expect("x(?<code>x)(?:$|y)", "");
	expect("x(?:(?<code>x))$", "");
	expect("x(?<code>x)?$", "");
}
END_TEST

START_TEST(a_whole_word_that_is_all_of_the_match)
{
	expect("(?<![0-9a-z])(?<code>0x[0-9a-f]{1,8}(?![0-9A-Za-z_]))", "first plain");
	expect("(?<code>x(?!\\w)|y(?!\\w|-))", "first plain");
	expect("(?<code>(?:x|y(?!\\w))(?!\\w))[ ]*$", "first last plain");
	expect("(?<code>x|y(?!\\w))", "first");
	expect("(?<code>x(?![0-9a-z_]))", "first");
	expect("(?<code>x(?=\\W))", "first");
	expect("(?<code>x(?!\\w+))", "first");
	expect("(?<code>x y(?!\\w))", "first");
	expect("(?<code>x.*(?!\\w))", "first");
	expect("(?<code>x(?!\\w))y", "first");
	expect("(?<code>x(?!\\w)|)", "first");
	expect("(?<code>)", "first");
}
END_TEST

START_TEST(what_is_not_understood_has_no_place)
{
	expect("(?<code>x)\\K", "");
	expect("\\Q(?<code>x)\\E", "");
	expect("(?|(?<code>x))", "");
	expect("(?<code>x)(?1)", "");
	expect("(?<code>x", "");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, what_takes_no_text_may_stand_in_front);
	test_add(suite, another_beginning_is_none);
	test_add(suite, all_alternatives_have_to_begin_so);
	test_add(suite, a_group_of_that_name_elsewhere_may_have_the_value);
	test_add(suite, the_last_word_of_a_line);
	test_add(suite, a_whole_word_that_is_all_of_the_match);
	test_add(suite, what_is_not_understood_has_no_place);
}
