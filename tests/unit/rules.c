/* Rule files: what is read, in which order, and what is refused. */
#include "annotty/rules.h"

#include "suite.h"

#include <string.h>

static struct ann_rules *rules_of(const char *text, const char *later)
{
	struct ann_rules *rules = ann_rules_new();
	struct ann_error err = {0};

	ck_assert_ptr_nonnull(rules);
	ck_assert_msg(ann_rules_add(rules, ann_span(text), "a.rules", &err) == ANN_OK,
		"%s", err.text);
	if (later != NULL) {
		ck_assert_msg(ann_rules_add(rules, ann_span(later), "b.rules", &err) ==
				      ANN_OK,
			"%s", err.text);
	}
	return rules;
}

static void refuse(const char *text, const char *expected)
{
	struct ann_rules *rules = ann_rules_new();
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_rules_add(rules, ann_span(text), "a.rules", &err), ANN_ECONFIG);
	ck_assert_int_eq(err.code, ANN_ECONFIG);
	ck_assert_str_eq(err.text, expected);
	ann_rules_free(rules);
}

static void expect_order(const char *text, const char *later, const char *expected)
{
	struct ann_rules *rules = rules_of(text, later);
	struct ann_buf names = {0};

	for (size_t i = 0; i < ann_rules_count(rules); i++) {
		const struct ann_rule *rule = ann_rules_at(rules, i);

		ann_buf_printf(&names, "%s:%s=%s ", rule->origin, rule->name,
			rule->enabled ? rule->regex[ANN_RULE_PATTERN] : "(off)");
	}
	ann_buf_char(&names, '\0');
	ck_assert_str_eq(names.ptr, expected);
	ann_buf_deinit(&names);
	ann_rules_free(rules);
}

START_TEST(a_rule_is_read_whole)
{
	struct ann_rules *rules = rules_of("[rule r]\n"
					   "pattern = a\n  b\n"
					   "base = dec\n"
					   "families = x, y\n"
					   "when = c\n"
					   "unless = d\n"
					   "unless-before = e\n"
					   "unless-after = f\n"
					   "enabled = yes\n",
		NULL);
	const struct ann_rule *rule = ann_rules_at(rules, 0);

	ck_assert_uint_eq(ann_rules_count(rules), 1);
	ck_assert_str_eq(rule->name, "r");
	ck_assert_str_eq(rule->regex[ANN_RULE_PATTERN], "a\nb");
	ck_assert_str_eq(rule->regex[ANN_RULE_WHEN], "c");
	ck_assert_str_eq(rule->regex[ANN_RULE_UNLESS], "d");
	ck_assert_str_eq(rule->regex[ANN_RULE_UNLESS_BEFORE], "e");
	ck_assert_str_eq(rule->regex[ANN_RULE_UNLESS_AFTER], "f");
	ck_assert_str_eq(rule->families, "x, y");
	ck_assert_str_eq(rule->origin, "a.rules");
	ck_assert_int_eq(rule->base, ANN_BASE_DEC);
	ck_assert(rule->enabled);
	ck_assert_uint_eq(rule->line, 1);
	ck_assert_uint_eq(rule->lines[ANN_RULE_PATTERN], 2);
	ck_assert_uint_eq(rule->lines[ANN_RULE_WHEN], 6);
	ann_rules_free(rules);
}
END_TEST

START_TEST(what_is_not_given_has_a_default)
{
	struct ann_rules *rules = rules_of("[rule r]\npattern = a\n", NULL);
	const struct ann_rule *rule = ann_rules_at(rules, 0);

	ck_assert_ptr_null(rule->families);
	ck_assert_ptr_null(rule->regex[ANN_RULE_WHEN]);
	ck_assert_int_eq(rule->base, ANN_BASE_AUTO);
	ck_assert(rule->enabled);
	ann_rules_free(rules);
}
END_TEST

START_TEST(of_a_key_given_twice_the_last_counts)
{
	expect_order("[rule r]\npattern = a\npattern = b\n", NULL, "a.rules:r=b ");
}
END_TEST

START_TEST(later_files_go_first_and_replace_in_place)
{
	expect_order("[rule a]\npattern = 1\n[rule b]\npattern = 2\n", NULL,
		"a.rules:a=1 a.rules:b=2 ");
	expect_order("[rule a]\npattern = 1\n[rule b]\npattern = 2\n",
		"[rule c]\npattern = 3\n[rule d]\npattern = 4\n",
		"b.rules:c=3 b.rules:d=4 a.rules:a=1 a.rules:b=2 ");
	expect_order("[rule a]\npattern = 1\n[rule b]\npattern = 2\n",
		"[rule b]\npattern = 3\n[rule c]\npattern = 4\n",
		"b.rules:c=4 a.rules:a=1 b.rules:b=3 ");
	expect_order("[rule a]\npattern = 1\nwhen = x\n", "[rule a]\npattern = 2\n",
		"b.rules:a=2 ");
}
END_TEST

START_TEST(a_rule_can_be_switched_off_without_a_pattern)
{
	expect_order("[rule a]\npattern = 1\n", "[rule a]\nenabled = no\n",
		"b.rules:a=(off) ");
}
END_TEST

START_TEST(words_of_families_are_listed)
{
	struct ann_rules *rules =
		rules_of("[family x]\nwords = a\n[family y z]\n\nwords = b\n", NULL);

	ck_assert_uint_eq(ann_rules_words_count(rules), 2);
	ck_assert_str_eq(ann_rules_words_at(rules, 0)->family, "x");
	ck_assert_str_eq(ann_rules_words_at(rules, 1)->family, "y z");
	ck_assert_str_eq(ann_rules_words_at(rules, 1)->regex, "b");
	ck_assert_str_eq(ann_rules_words_at(rules, 1)->origin, "a.rules");
	ck_assert_uint_eq(ann_rules_words_at(rules, 1)->line, 5);
	ann_rules_free(rules);
}
END_TEST

START_TEST(mistakes_are_told_with_their_line)
{
	refuse("a = 1\n",
		"a.rules:1: \"a\" stands before any section such as [rule NAME]");
	refuse("[ruel x]\n",
		"a.rules:1: unknown section \"ruel\"; did you mean \"rule\"?");
	refuse("[rule]\npattern = a\n", "a.rules:1: a rule needs a name: [rule NAME]");
	refuse("[family]\n", "a.rules:1: a family needs a name: [family NAME]");
	refuse("[rule a]\npattern = 1\n[rule a]\npattern = 2\n",
		"a.rules:3: rule \"a\" is there already, at line 1");
	refuse("[rule a]\npatern = 1\n",
		"a.rules:2: unknown key \"patern\"; did you mean \"pattern\"?");
	refuse("[rule a]\nunless_after = 1\n",
		"a.rules:2: unknown key \"unless_after\"; did you mean \"unless-after\"?");
	refuse("[rule a]\npattern = 1\nbase = octal\n",
		"a.rules:3: unknown base \"octal\"; did you mean \"auto\"?");
	refuse("[rule a]\nenabled = ye\n",
		"a.rules:2: unknown answer \"ye\"; did you mean \"yes\"?");
	refuse("[family a]\nword = 1\n",
		"a.rules:2: unknown key \"word\"; did you mean \"words\"?");
	refuse("\n[rule a]\nbase = hex\n", "a.rules:2: rule \"a\" has no pattern");
	refuse("[family a]\n", "a.rules:1: family \"a\" has no words");
	refuse("[rule a]\nthis\n",
		"a.rules:2: expected \"key = value\" or \"[section]\", found \"this\"");
}
END_TEST

static void tell(void *user, const struct ann_error *err)
{
	ck_assert_int_eq(err->code, ANN_ECONFIG);
	ann_buf_str(user, err->text);
	ann_buf_char(user, '\n');
}

static void expect_told(const char *text, const char *expected)
{
	struct ann_rules *rules = ann_rules_new();
	struct ann_buf told = {0};
	struct ann_error err = {.tell = tell, .user = &told};

	ck_assert_int_eq(
		ann_rules_add(rules, ann_span(text), "a.rules", &err), ANN_ECONFIG);
	ann_buf_char(&told, '\0');
	ck_assert_str_eq(told.ptr, expected);
	ann_buf_deinit(&told);
	ann_rules_free(rules);
}

START_TEST(who_listens_is_told_every_mistake_once)
{
	expect_told("[rule]\npattern = 1\nbase = x\n[family]\nwords = a\n"
		    "[odd]\na = 1\nb = 2\n"
		    "[rule a]\nbase = x\n[rule b]\nkey = 1\npattern = 2\n"
		    "[rule b]\nkey = 2\n",
		"a.rules:1: a rule needs a name: [rule NAME]\n"
		"a.rules:4: a family needs a name: [family NAME]\n"
		"a.rules:6: unknown section \"odd\"; did you mean \"rule\"?\n"
		"a.rules:10: unknown base \"x\"; did you mean \"hex\"?\n"
		"a.rules:12: unknown key \"key\"; did you mean \"when\"?\n"
		"a.rules:14: rule \"b\" is there already, at line 11\n");
	expect_told("[rule a]\n[rule b]\npattern = 1\n[rule c]\n[family d]\n",
		"a.rules:1: rule \"a\" has no pattern\n"
		"a.rules:4: rule \"c\" has no pattern\n"
		"a.rules:5: family \"d\" has no words\n");
}
END_TEST

static void expect_expansion(
	const char *definitions, const char *regex, const char *expected)
{
	struct ann_rules *rules = rules_of(definitions, NULL);
	struct ann_error err = {0};
	struct ann_buf out = {0};

	ck_assert_msg(
		ann_rules_expand(rules, regex, &out, &err) == ANN_OK, "%s", err.text);
	ann_buf_char(&out, '\0');
	ck_assert_str_eq(out.ptr, expected);
	ann_buf_deinit(&out);
	ann_rules_free(rules);
}

static void refuse_expansion(
	const char *definitions, const char *regex, const char *expected)
{
	struct ann_rules *rules = rules_of(definitions, NULL);
	struct ann_error err = {0};
	struct ann_buf out = {0};

	ck_assert_int_eq(ann_rules_expand(rules, regex, &out, &err), ANN_ECONFIG);
	ck_assert_str_eq(err.text, expected);
	ck_assert_int_eq(ann_rules_expand(rules, regex, &out, NULL), ANN_ECONFIG);
	ann_buf_deinit(&out);
	ann_rules_free(rules);
}

START_TEST(names_are_replaced_by_their_definitions)
{
	static const char definitions[] =
		"[define]\na = x|y\nb = 1%{a}2\nc =\n  p\n  q\n";

	expect_expansion(definitions, "plain", "plain");
	expect_expansion(definitions, "%{a}", "(?:x|y)");
	expect_expansion(definitions, "<%{b}%{a}>", "<(?:1(?:x|y)2)(?:x|y)>");
	expect_expansion(definitions, "%{c}", "(?:pq)");
	expect_expansion(definitions, "a\nb", "ab");
	expect_expansion(definitions, "100% %x {a} %{a", "100% %x {a} %{a");
}
END_TEST

START_TEST(a_later_definition_replaces_an_earlier_one)
{
	struct ann_rules *rules =
		rules_of("[define]\na = 1\nb = %{a}\n", "[define]\na = 2\n");
	struct ann_buf out = {0};

	ck_assert_int_eq(ann_rules_expand(rules, "%{b}", &out, NULL), ANN_OK);
	ck_assert(ann_span_is(ann_buf_all(&out), "(?:(?:2))"));
	ann_buf_deinit(&out);
	ann_rules_free(rules);
}
END_TEST

START_TEST(names_that_lead_nowhere_are_mistakes)
{
	refuse_expansion("", "x%{a}", "%{a} is not in a [define] section");
	refuse_expansion("", "%{}", "%{} is not in a [define] section");
	refuse_expansion(
		"[define]\na = %{b}\n", "%{a}", "%{b} is not in a [define] section");
	refuse_expansion("[define]\na = 1%{a}\n", "%{a}", "%{a} refers to itself");
	refuse_expansion(
		"[define]\na = %{b}\nb = %{a}\n", "%{a}", "%{a} refers to itself");
}
END_TEST

START_TEST(definitions_cannot_explode)
{
	refuse_expansion(
		"[define]\na = 0123456789abcdef\nb = %{a}%{a}%{a}%{a}%{a}%{a}\n"
		"c = %{b}%{b}%{b}%{b}%{b}%{b}\nd = %{c}%{c}%{c}%{c}%{c}%{c}\n"
		"e = %{d}%{d}%{d}%{d}%{d}%{d}\nf = %{e}%{e}%{e}%{e}%{e}%{e}\n",
		"%{f}", "%{a} makes more than 65536 bytes");
}
END_TEST

START_TEST(keys_of_regexes_have_names)
{
	ck_assert_str_eq(ann_rule_key(ANN_RULE_PATTERN), "pattern");
	ck_assert_str_eq(ann_rule_key(ANN_RULE_UNLESS_AFTER), "unless-after");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_rule_is_read_whole);
	test_add(suite, what_is_not_given_has_a_default);
	test_add(suite, of_a_key_given_twice_the_last_counts);
	test_add(suite, later_files_go_first_and_replace_in_place);
	test_add(suite, a_rule_can_be_switched_off_without_a_pattern);
	test_add(suite, words_of_families_are_listed);
	test_add(suite, mistakes_are_told_with_their_line);
	test_add(suite, who_listens_is_told_every_mistake_once);
	test_add(suite, names_are_replaced_by_their_definitions);
	test_add(suite, a_later_definition_replaces_an_earlier_one);
	test_add(suite, names_that_lead_nowhere_are_mistakes);
	test_add(suite, definitions_cannot_explode);
	test_add(suite, keys_of_regexes_have_names);
}
