/* Which alternatives look back as far as they can, and what is left without them. */
#include "match/far.h"

#include "suite.h"

#include <string.h>

static bool split(const char *text, struct ann_buf *near, struct ann_buf *far)
{
	struct ann_regex regex;
	bool parted = false;

	ck_assert_int_eq(ann_regex_read(&regex, ann_span(text)), ANN_OK);
	parted = ann_far_split(&regex, near, far);
	ann_regex_deinit(&regex);
	return parted;
}

static void expect(const char *regex, const char *near, const char *far)
{
	struct ann_buf found_near = {0};
	struct ann_buf found_far = {0};

	ck_assert_msg(
		split(regex, &found_near, &found_far), "\"%s\" was not split", regex);
	ann_buf_char(&found_near, '\0');
	ann_buf_char(&found_far, '\0');
	ck_assert_str_eq(found_near.ptr, near);
	ck_assert_str_eq(found_far.ptr, far);
	ann_buf_deinit(&found_near);
	ann_buf_deinit(&found_far);
}

static void expect_whole(const char *regex)
{
	struct ann_buf near = {0};
	struct ann_buf far = {0};

	ck_assert_msg(!split(regex, &near, &far), "\"%s\" was split", regex);
	ann_buf_deinit(&near);
	ann_buf_deinit(&far);
}

START_TEST(alternatives_are_parted_by_how_they_end)
{
	expect("a|(?:b|c).*", "a", "(?:b|c)");
	expect("(?:b).*|a|d", "a|d", "(?:b)");
	expect("x(b).*|a|(?:[|)]).*", "a", "x(b)|(?:[|)])");
	expect("(?:b).*", "", "(?:b)");
	expect("(?#|)a|(?:b).*", "a", "(?:b)");
	expect("a|(?:b)[^\\r\\n]*", "a", "(?:b)");
	expect("[[:alpha:]]|(?:b).*?", "[[:alpha:]]", "(?:b)");
}
END_TEST

START_TEST(settings_in_front_are_those_of_both)
{
	expect("(?i)a|(?:b).*", "(?i)a", "(?i)(?:b)");
	expect("(?i)(?:b|(?-i:C)).*", "", "(?i)(?:b|(?-i:C))");
	expect("(?x)a # |\n|(?:b) .* | c", "(?x)a # |\n|c", "(?x)(?:b) ");
	expect("(?i)(?x) a|(?:b).*", "(?i)(?x)a", "(?i)(?x)(?:b)");
}
END_TEST

START_TEST(what_ends_otherwise_is_near)
{
	expect_whole("a|b");
	expect_whole("a|b.*");
	expect_whole("(a\\).*");
	expect_whole("a|(?:b)+.*");
	expect_whole("a|(?:b)[^a]*");
	expect_whole("a|(?:b)\\X*");
	expect_whole("a|(?:b).*c");
	expect_whole("(?i).*");
	expect_whole("a|(?:b).{0,9}");
	expect_whole("(?:a|(?:b).*)");
}
END_TEST

START_TEST(what_is_not_understood_stays_whole)
{
	expect_whole("");
	expect_whole("|(?:b).*");
	expect_whole("(?:b).*|");
	expect_whole("a(?i)|(?:b).*");
	expect_whole("a|(?x)|(?:b).*");
	expect_whole("a|(?x)b|(?:b).*");
	expect_whole("(*COMMIT)a|(?:b).*");
	expect_whole("(?|a|b)|(?:b).*");
	expect_whole("\\Qa\\E|(?:b).*");
	expect_whole("a)|(?:b).*");
	expect_whole("(a|(?:b).*");
	expect_whole("[a|(?:b).*");
	expect_whole("(?:b).*\\");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, alternatives_are_parted_by_how_they_end);
	test_add(suite, settings_in_front_are_those_of_both);
	test_add(suite, what_ends_otherwise_is_near);
	test_add(suite, what_is_not_understood_stays_whole);
}
