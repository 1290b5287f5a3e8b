/* Rules that a matcher refuses, and what it says about them. */
#include "annotty/matcher.h"

#include "kit.h"
#include "suite.h"

#define KEYWORD "pattern = (?i)\\b(?:status|error|rc)\\b\\W{0,3}(?<code>\\w+)\n"

static void refuse(const char *rules, const char *expected)
{
	struct test_kit kit;

	test_kit_init(&kit, test_tables, rules);
	ck_assert_str_eq(test_kit_refusal(&kit, NULL), expected);
	test_kit_deinit(&kit);
}

START_TEST(a_bad_regex_is_told_with_its_place)
{
	refuse("[rule r]\n\npattern = rc (?<code>\\d+\n",
		"a.rules:3: rule \"r\": pattern: missing closing parenthesis at offset 14\n"
		"    rc (?<code>\\d+\n"
		"                  ^");
	refuse("[rule r]\n" KEYWORD "when = a**\n",
		"a.rules:3: rule \"r\": when: quantifier does not follow a repeatable item "
		"at offset 2\n"
		"    a**\n"
		"      ^");
}
END_TEST

START_TEST(of_a_long_bad_regex_a_window_is_shown)
{
	struct ann_buf rules = {0};

	ann_buf_str(&rules, "[rule r]\npattern = ");
	ann_buf_fill(&rules, 'x', 100);
	ann_buf_str(&rules, "**");
	ann_buf_char(&rules, '\0');
	refuse(rules.ptr,
		"a.rules:2: rule \"r\": pattern: quantifier does not follow a repeatable "
		"item at offset 101\n"
		"    ...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx**\n"
		"                                           ^");
	ann_buf_deinit(&rules);
}
END_TEST

START_TEST(an_unknown_family_is_told_with_the_nearest)
{
	struct ann_matcher_options options = {.families = "dev nett"};
	struct test_kit kit;

	refuse("[rule r]\nfamilies = dev, syss\n" KEYWORD,
		"a.rules:1: rule \"r\": unknown family \"syss\"; did you mean \"sys\"?");
	refuse("[rule r]\nfamilies = quite-another\n" KEYWORD,
		"a.rules:1: rule \"r\": unknown family \"quite-another\"");
	refuse("[rule r]\n" KEYWORD "[family dew]\nwords = x\n",
		"a.rules:4: family \"dew\": unknown family \"dew\"; did you mean \"dev\"?");
	test_kit_init(&kit, test_tables, "[rule r]\n" KEYWORD);
	ck_assert_str_eq(test_kit_refusal(&kit, &options),
		"unknown family \"nett\"; did you mean \"net\"?");
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(a_pattern_names_what_it_catches)
{
	refuse("[rule r]\npattern = rc (\\d+)\n",
		"a.rules:2: rule \"r\": pattern has no group (?<code>...) or (?<name>...)");
	refuse("[rule r]\npattern =\n",
		"a.rules:2: rule \"r\": pattern has no group (?<code>...) or (?<name>...)");
}
END_TEST

START_TEST(other_bad_regexes_are_told_too)
{
	static const char *const stop_at[] = {"("};
	struct ann_matcher_options options = {.stop_at = stop_at, .stop_count = 1};
	struct test_kit kit;

	refuse("[rule r]\n" KEYWORD "[family dev]\nwords = (x\n",
		"a.rules:4: family \"dev\": words: missing closing parenthesis at offset 2\n"
		"    (x\n"
		"      ^");
	refuse("[rule r]\npattern = %{word}(?<code>1)\n",
		"a.rules:2: rule \"r\": pattern: %{word} is not in a [define] section");
	test_kit_init(&kit, test_tables, "[rule r]\n" KEYWORD);
	ck_assert_str_eq(test_kit_refusal(&kit, &options),
		"--quit-on: missing closing parenthesis at offset 1\n    (\n     ^");
	test_kit_deinit(&kit);
}
END_TEST

static void note_mistake(void *user, const struct ann_error *err)
{
	ann_buf_str(user, err->text);
	ann_buf_char(user, '\n');
}

START_TEST(all_mistakes_are_told_to_who_listens)
{
	static const struct ann_matcher_options none = {0};
	struct ann_buf told = {0};
	struct ann_error err = {.tell = note_mistake, .user = &told};
	struct test_kit kit;

	test_kit_init(&kit, test_tables,
		"[rule a]\npattern = x\n[rule b]\n" KEYWORD
		"[rule c]\nfamilies = deb\n" KEYWORD);
	ck_assert_int_eq(
		ann_matcher_new(&kit.matcher, kit.rules, kit.book, &none, &err),
		ANN_ECONFIG);
	ann_buf_char(&told, '\0');
	ck_assert_str_eq(told.ptr,
		"a.rules:2: rule \"a\": pattern has no group (?<code>...) or (?<name>...)\n"
		"a.rules:5: rule \"c\": unknown family \"deb\"; did you mean \"dev\"?\n");
	ann_buf_deinit(&told);
	test_kit_deinit(&kit);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_bad_regex_is_told_with_its_place);
	test_add(suite, of_a_long_bad_regex_a_window_is_shown);
	test_add(suite, an_unknown_family_is_told_with_the_nearest);
	test_add(suite, a_pattern_names_what_it_catches);
	test_add(suite, other_bad_regexes_are_told_too);
	test_add(suite, all_mistakes_are_told_to_who_listens);
}
