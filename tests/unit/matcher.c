/* What a line means: values, families, conditions. */
#include "annotty/matcher.h"

#include "kit.h"
#include "suite.h"

#include <string.h>

#define KEYWORD "pattern = (?i)\\b(?:status|error|rc)\\b\\W{0,3}(?<code>\\w+)\n"

static void expect(const char *rules, const char *text, const char *expected)
{
	struct test_kit kit;

	test_kit_start(&kit, rules);
	ck_assert_str_eq(test_kit_annotate(&kit, text), expected);
	ann_matcher_accelerate(kit.matcher);
	ck_assert_str_eq(test_kit_annotate(&kit, text), expected);
	test_kit_deinit(&kit);
}

/* The same with the first family only, for tests that are not about families. */
static void expect_dev(const char *keys, const char *text, const char *expected)
{
	struct ann_buf rules = {0};

	ann_buf_str(&rules, "[rule r]\nfamilies = dev\n");
	ann_buf_str(&rules, keys);
	ann_buf_char(&rules, '\0');
	expect(rules.ptr, text, expected);
	ann_buf_deinit(&rules);
}

START_TEST(a_value_is_annotated_behind_it)
{
	expect_dev(KEYWORD, "status = 0x11B, so", "status = 0x11B [DEV_ISSUER], so");
	expect_dev(KEYWORD, "nothing here", "nothing here");
	expect_dev(KEYWORD, "status = 0x999", "status = 0x999");
	expect_dev(KEYWORD, "", "");
	expect_dev(KEYWORD, "status 0x11b\nrc: 0X011B\r\n",
		"status 0x11b [DEV_ISSUER]\nrc: 0X011B [DEV_ISSUER]\r\n");
}
END_TEST

START_TEST(a_bare_number_is_read_as_its_rule_says)
{
	expect_dev(KEYWORD "base = hex\n", "rc 107", "rc 107 [DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD "base = dec\n", "rc 107", "rc 107 [DEV_DECIMAL]");
	expect_dev(KEYWORD "base = auto\n", "rc 107",
		"rc 107 [DEV_DECIMAL | DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD, "rc 107", "rc 107 [DEV_DECIMAL | DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD, "rc 263", "rc 263 [DEV_LOST | DEV_GONE]");
}
END_TEST

START_TEST(a_marked_number_is_hex_whatever_the_rule_says)
{
	expect_dev(
		KEYWORD "base = dec\n", "rc 0x107", "rc 0x107 [DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD "base = dec\n", "rc 107h", "rc 107h [DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD "base = auto\n", "rc 11B", "rc 11B [DEV_ISSUER]");
	expect_dev(KEYWORD "base = dec\n", "rc 11B", "rc 11B");
}
END_TEST

START_TEST(digits_with_a_leading_zero_are_hex)
{
	expect_dev(KEYWORD, "rc 00000107", "rc 00000107 [DEV_LOST | DEV_GONE]");
	expect_dev(KEYWORD "base = dec\n", "rc 0107", "rc 0107 [DEV_DECIMAL]");
}
END_TEST

START_TEST(families_come_in_the_order_of_the_rule)
{
	expect("[rule r]\n" KEYWORD, "rc 0x107",
		"rc 0x107 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]");
	expect("[rule r]\nfamilies = sys, net\n" KEYWORD, "rc 0x107",
		"rc 0x107 [SYS_FAULT | NET_TIMEOUT]");
	expect("[rule r]\nfamilies = net dev\n" KEYWORD, "rc 0x107",
		"rc 0x107 [NET_TIMEOUT | DEV_LOST | DEV_GONE]");
	expect("[rule r]\nfamilies = net\n" KEYWORD, "rc 0x11B", "rc 0x11B");
}
END_TEST

START_TEST(a_line_that_speaks_of_a_family_puts_it_first)
{
	static const char rules[] =
		"[rule r]\n" KEYWORD "[family sys]\nwords = (?i)kernel\n"
		"[family net]\nwords = (?i)socket|link\n";

	expect(rules, "socket rc 0x20003", "socket rc 0x20003 [NET_ROUTE | SYS_ROUTE]");
	expect(rules, "KERNEL rc 0x20003", "KERNEL rc 0x20003 [SYS_ROUTE | NET_ROUTE]");
	expect(rules, "kernel socket rc 0x20003",
		"kernel socket rc 0x20003 [NET_ROUTE | SYS_ROUTE]");
	expect(rules, "rc 0x20003\nkernel",
		"rc 0x20003 [NET_ROUTE | SYS_ROUTE]\nkernel");
}
END_TEST

START_TEST(later_words_of_a_family_replace_earlier_ones)
{
	static const char rules[] =
		"[rule r]\n" KEYWORD "[family sys]\nwords = kernel\n"
		"[family sys]\nwords = fault\n";

	expect(rules, "kernel rc 0x20003", "kernel rc 0x20003 [NET_ROUTE | SYS_ROUTE]");
	expect(rules, "fault rc 0x20003", "fault rc 0x20003 [SYS_ROUTE | NET_ROUTE]");
}
END_TEST

START_TEST(a_family_in_the_line_keeps_the_others_out)
{
	static const char rules[] =
		"[rule r]\npattern = (?<family>\\w+): (?<code>0x\\w+)\n";

	expect(rules, "net: 0x107", "net: 0x107 [NET_TIMEOUT]");
	expect(rules, "DEV: 0x107", "DEV: 0x107 [DEV_LOST]");
	expect(rules, "lan: 0x20003", "lan: 0x20003 [NET_ROUTE | SYS_ROUTE]");
}
END_TEST

START_TEST(symbols_are_found_by_their_names)
{
	static const char rules[] =
		"[rule r]\npattern = \\b(?<name>[A-Z]+_[A-Z]+)\\b\n";

	expect(rules, "DEV_LOST then NET_DOWN",
		"DEV_LOST [0x107] then NET_DOWN [0x01]");
	expect(rules, "DEV_NOTHING", "DEV_NOTHING");
	expect(rules, "DEV_OK", "DEV_OK");
	expect("[rule r]\nfamilies = net\npattern = (?<name>[A-Z]+_[A-Z]+)\n",
		"DEV_LOST NET_DOWN", "DEV_LOST NET_DOWN [0x01]");
}
END_TEST

START_TEST(of_literals_in_each_other_the_first_to_begin_is_tried_first)
{
	static const char rules[] = "[rule r]\npattern = (?<name>T_D|NET_DOWN)\n";

	expect(rules, "NET_DOWN T_D", "NET_DOWN [0x01] T_D");
}
END_TEST

START_TEST(groups_of_one_name_may_stand_in_alternatives)
{
	static const char rules[] =
		"[rule r]\nfamilies = dev\n"
		"pattern = \\b(?:err (?<code>\\d+)|fail (?<code>0x\\w+)|is (?<name>\\w+))\n";

	expect(rules, "err 263 fail 0x11B is DEV_LOST",
		"err 263 [DEV_LOST | DEV_GONE] fail 0x11B [DEV_ISSUER] is DEV_LOST [0x107]");
}
END_TEST

START_TEST(a_line_may_hold_many_values)
{
	expect_dev(KEYWORD, "rc 0x11B rc 0x11B rc 9 rc 0x11B",
		"rc 0x11B [DEV_ISSUER] rc 0x11B [DEV_ISSUER] rc 9 rc 0x11B [DEV_ISSUER]");
}
END_TEST

START_TEST(when_asks_the_line)
{
	static const char keys[] = KEYWORD "when = (?i)tls|dtls\n";

	expect_dev(keys, "TLS rc 0x11B", "TLS rc 0x11B [DEV_ISSUER]");
	expect_dev(keys, "rc 0x11B tls", "rc 0x11B [DEV_ISSUER] tls");
	expect_dev(keys, "rc 0x11B", "rc 0x11B");
	expect_dev(keys, "tls\nrc 0x11B\n", "tls\nrc 0x11B\n");
}
END_TEST

START_TEST(unless_vetoes_the_line)
{
	static const char keys[] = KEYWORD "unless = HTTP/\n";

	expect_dev(keys, "rc 0x11B", "rc 0x11B [DEV_ISSUER]");
	expect_dev(keys, "rc 0x11B HTTP/1.1", "rc 0x11B HTTP/1.1");
	expect_dev(keys, "HTTP/1.1\rrc 0x11B", "HTTP/1.1\rrc 0x11B [DEV_ISSUER]");
}
END_TEST

START_TEST(unless_before_looks_at_what_touches_the_value)
{
	static const char keys[] = KEYWORD "unless-before = = ?|^error:\\s\n";

	expect_dev(keys, "rc 0x11B", "rc 0x11B [DEV_ISSUER]");
	expect_dev(keys, "rc = 0x11B", "rc = 0x11B");
	expect_dev(keys, "x = rc 0x11B", "x = rc 0x11B [DEV_ISSUER]");
	expect_dev(keys, "an error: 0x11B", "an error: 0x11B [DEV_ISSUER]");
	expect_dev(keys, "error: 0x11B", "error: 0x11B");
}
END_TEST

START_TEST(unless_before_may_look_far_back)
{
	static const char keys[] = "pattern = (?<code>0x\\w+)\n"
				   "unless-before = (?i)rc |(?:port|\\bpin(?!\\w)).*\n";

	expect_dev(keys, "port 3: 0x11B", "port 3: 0x11B");
	expect_dev(keys, "PIN 3: 0x11B", "PIN 3: 0x11B");
	expect_dev(keys, "pin:0x11B", "pin:0x11B");
	expect_dev(keys, "rc 0x11B", "rc 0x11B");
	expect_dev(keys, "rc: 0x11B", "rc: 0x11B [DEV_ISSUER]");
	expect_dev(keys, "pins 3: 0x11B", "pins 3: 0x11B [DEV_ISSUER]");
	expect_dev(keys, "0x11B on port 0x11B", "0x11B [DEV_ISSUER] on port 0x11B");
	expect_dev(keys, "0x11B on port\n0x11B",
		"0x11B [DEV_ISSUER] on port\n0x11B [DEV_ISSUER]");
}
END_TEST

START_TEST(unless_after_looks_at_what_follows_the_value)
{
	static const char keys[] = KEYWORD "unless-after = \\s?(?:bytes|ms)\\b|$\n";

	expect_dev(keys, "rc 0x11B, ms", "rc 0x11B [DEV_ISSUER], ms");
	expect_dev(keys, "rc 0x11B ms", "rc 0x11B ms");
	expect_dev(keys, "rc 0x11B", "rc 0x11B");
	expect_dev(keys, "rc 0x11B rc 283bytes", "rc 0x11B [DEV_ISSUER] rc 283bytes");
}
END_TEST

START_TEST(the_earlier_rule_has_what_both_claim)
{
	static const char rules[] =
		"[rule first]\npattern = x(?<code>0x107)\nfamilies = net\n"
		"inside-word = yes\n"
		"[rule second]\npattern = (?<code>0x\\w+)\nfamilies = dev\n";

	expect(rules, "x0x107 0x107",
		"x0x107 [NET_TIMEOUT] 0x107 [DEV_LOST | DEV_GONE]");
}
END_TEST

START_TEST(an_earlier_rule_has_it_also_with_a_longer_literal)
{
	static const char rules[] =
		"[rule first]\npattern = (?<code>0x107)\nfamilies = sys\nunless = no\n"
		"[rule second]\npattern = (?<code>0x107)\nfamilies = net\n"
		"[rule third]\npattern = (?<code>0x\\w+)\nfamilies = dev\n";

	expect(rules, "0x107", "0x107 [SYS_FAULT]");
	expect(rules, "no 0x107", "no 0x107 [NET_TIMEOUT]");
	expect(rules, "no 0x11B", "no 0x11B [DEV_ISSUER]");
}
END_TEST

START_TEST(an_earlier_rule_has_it_also_when_it_begins_later)
{
	static const char rules[] = "[rule first]\npattern = DEV_(?<code>1)\n"
				    "inside-word = yes\n"
				    "[rule second]\npattern = (?<name>\\w+_\\w+)\n"
				    "[define]\nunused = x\n";
	const char *const tables[] = {"# family: a\n1\tDEV_1\tOne.\n", NULL};
	struct test_kit kit;

	test_kit_init(&kit, tables, rules);
	test_kit_compile(&kit, NULL);
	ck_assert_str_eq(test_kit_list(&kit, ann_span("DEV_1")), "4-5 first DEV_1");
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(a_rule_that_is_vetoed_leaves_the_value_to_the_next)
{
	static const char rules[] =
		"[rule first]\npattern = rc (?<code>0x107)\nfamilies = net\nunless = no\n"
		"[rule second]\npattern = (?<code>0x\\w+)\nfamilies = sys\n";

	expect(rules, "rc 0x107", "rc 0x107 [NET_TIMEOUT]");
	expect(rules, "no rc 0x107", "no rc 0x107 [SYS_FAULT]");
}
END_TEST

START_TEST(an_empty_condition_always_holds)
{
	expect_dev(KEYWORD "when =\n", "rc 0x11B", "rc 0x11B [DEV_ISSUER]");
	expect_dev(KEYWORD "unless =\n", "rc 0x11B", "rc 0x11B");
	expect_dev(KEYWORD "unless-before =\n", "rc 0x11B", "rc 0x11B");
	expect_dev(KEYWORD "unless-after =\n", "rc 0x11B", "rc 0x11B");
}
END_TEST

START_TEST(a_disabled_rule_is_not_there)
{
	expect("[rule r]\nenabled = no\n" KEYWORD, "rc 0x107", "rc 0x107");
}
END_TEST

START_TEST(colours_in_the_line_hide_nothing)
{
	expect_dev(KEYWORD, "sta\033[1mtus: \033[31m0x11B\033[0m!",
		"sta\033[1mtus: \033[31m0x11B [DEV_ISSUER]\033[0m!");
	expect_dev(KEYWORD, "rc 0x1\033[7m1B", "rc 0x1\033[7m1B [DEV_ISSUER]");
	expect_dev(KEYWORD "when = ^rc\n", "\033[31mrc 0x11B",
		"\033[31mrc 0x11B [DEV_ISSUER]");
	/* Not a whole sequence. */
	expect_dev(KEYWORD, "rc\033[\n0x11B", "rc\033[\n0x11B");
}
END_TEST

START_TEST(offsets_are_those_of_the_bytes_that_came)
{
	struct test_kit kit;
	struct ann_span text =
		ann_span("x\n\033[31mrc\033[0m: \033[1m0x1\033[2m1B\033[0m\n");

	test_kit_start(&kit, "[rule r]\nfamilies = dev\n" KEYWORD);
	test_kit_scan(&kit, text);
	ck_assert_uint_eq(kit.hits.count, 1);
	ck_assert_uint_eq(kit.hits.at[0].line_start, 2);
	ck_assert_uint_eq(kit.hits.at[0].line_end, text.len - 1);
	ck_assert_uint_eq(kit.hits.at[0].start, 19);
	ck_assert_uint_eq(kit.hits.at[0].end, 28);
	ck_assert_str_eq(kit.hits.at[0].rule, "r");
	ck_assert(!kit.hits.at[0].symbol);
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(the_two_prints_of_a_number_must_agree)
{
	static const char rules[] =
		"[rule r]\nfamilies = dev\n"
		"pattern = (?<code>0x\\w+)(?: \\((?<same>\\d+)\\))?\n";

	expect(rules, "0x11B (283)", "0x11B [DEV_ISSUER] (283)");
	expect(rules, "0x11B (284)", "0x11B (284)");
	expect(rules, "0x11B", "0x11B [DEV_ISSUER]");
}
END_TEST

START_TEST(successes_are_found_when_asked_for)
{
	struct ann_matcher_options options = {.annotate_ok = true};
	struct test_kit kit;

	expect_dev(KEYWORD, "rc 0 rc 0x200", "rc 0 rc 0x200");
	test_kit_init(&kit, test_tables, "[rule r]\nfamilies = dev\n" KEYWORD);
	test_kit_compile(&kit, &options);
	ck_assert_str_eq(test_kit_annotate(&kit, "rc 0 rc 0x200"),
		"rc 0 [DEV_OK] rc 0x200 [DEV_READY]");
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(only_the_families_asked_for_are_found)
{
	struct ann_matcher_options options = {.families = "sys,dev"};
	struct test_kit kit;

	test_kit_init(&kit, test_tables,
		"[rule r]\n" KEYWORD
		"[rule s]\nfamilies = net\npattern = (?<code>0x\\w+)\n");
	test_kit_compile(&kit, &options);
	ck_assert_str_eq(test_kit_annotate(&kit, "rc 0x107, 0x107"),
		"rc 0x107 [DEV_LOST | DEV_GONE | SYS_FAULT], 0x107");
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(of_many_meanings_the_likeliest_are_kept)
{
	const char *tables[41] = {0};
	struct ann_buf texts[40] = {{0}};
	struct test_kit kit;

	for (int i = 0; i < 40; i++) {
		ann_buf_printf(
			&texts[i], "# family: f%d%c1\tN%d\t%c", i, '\n', i, '\0');
		tables[i] = texts[i].ptr;
	}
	test_kit_init(&kit, tables,
		"[rule r]\npattern = rc (?<code>1)\n"
		"families = f20 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11\n"
		"[rule s]\npattern = ee (?<code>1)\n"
		"[family f11]\nwords = eleven\n");
	test_kit_compile(&kit, NULL);
	ck_assert_str_eq(test_kit_annotate(&kit, "rc 1"),
		"rc 1 [N20 | N1 | N2 | N3 | N4 | N5 | N6 | N7]");
	ck_assert_str_eq(test_kit_annotate(&kit, "eleven rc 1"),
		"eleven rc 1 [N11 | N20 | N1 | N2 | N3 | N4 | N5 | N6]");
	ck_assert_str_eq(test_kit_annotate(&kit, "ee 1"),
		"ee 1 [N0 | N1 | N2 | N3 | N4 | N5 | N6 | N7]");
	test_kit_deinit(&kit);
	for (int i = 0; i < 40; i++) {
		ann_buf_deinit(&texts[i]);
	}
}
END_TEST

START_TEST(nothing_behind_the_stop_is_looked_at)
{
	static const char *const stop_at[] = {"never there", "(?i)shut down"};
	struct ann_matcher_options options = {
		.stop_at = stop_at, .stop_count = ANN_LEN(stop_at)};
	struct ann_span text = ann_span("rc 0x11B\nShut down rc 0x11B\r\nrc 0x11B\n");
	struct test_kit kit;
	size_t end = 0;
	bool stopped = false;

	test_kit_init(&kit, test_tables, "[rule r]\nfamilies = dev\n" KEYWORD);
	test_kit_compile(&kit, &options);
	ck_assert_int_eq(
		ann_scan_batch(kit.scan, text, &kit.hits, &end, &stopped), ANN_OK);
	ck_assert(stopped);
	ck_assert_uint_eq(end, 29);
	ck_assert_uint_eq(kit.hits.count, 2);
	ck_assert_str_eq(test_kit_annotate(&kit, "rc 0x11B"), "rc 0x11B [DEV_ISSUER]");
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(a_line_too_hard_for_a_pattern_is_given_up)
{
	struct ann_buf text = {0};
	struct test_kit kit;

	test_kit_start(&kit,
		"[rule hard]\npattern = (?:x+x+)+y(?<code>1)\n"
		"inside-word = yes\n"
		"[rule easy]\nfamilies = dev\npattern = rc (?<code>0x\\w+)\n");
	ck_assert_uint_eq(ann_scan_given_up(kit.scan), 0);
	ann_buf_fill(&text, 'x', 60);
	ann_buf_str(&text, "-y1\nrc 0x11B\n");
	test_kit_scan(&kit, ann_buf_all(&text));
	ck_assert_uint_eq(kit.hits.count, 1);
	ck_assert_str_eq(kit.hits.at[0].rule, "easy");
	ck_assert_uint_gt(ann_scan_given_up(kit.scan), 0);
	ann_buf_deinit(&text);
	test_kit_deinit(&kit);
}
END_TEST

static void note_rule(void *user, const struct ann_rule *rule)
{
	ann_buf_str(user, rule->name);
	ann_buf_char(user, ' ');
}

START_TEST(rules_without_a_literal_are_told)
{
	struct ann_buf names = {0};
	struct test_kit kit;

	test_kit_start(&kit, "[rule a]\npattern = (?<code>\\d+)\n"
			     "[rule b]\npattern = rc(?<code>\\d+)\n"
			     "[rule c]\npattern = \\d(?<name>\\w+)\n");
	ann_matcher_slow_rules(kit.matcher, note_rule, &names);
	ck_assert(ann_span_is(ann_buf_all(&names), "a c "));
	ann_buf_deinit(&names);
	test_kit_deinit(&kit);
}
END_TEST

START_TEST(a_value_that_comes_again_is_read_on_its_own_line)
{
	static const char rules[] = "[family net]\nwords = lan\n[rule r]\n" KEYWORD;

	expect(rules, "rc 0x107 lan\nrc 0x107\nrc 0x107 lan\nrc 0x11b\nrc 0x11b",
		"rc 0x107 [NET_TIMEOUT | DEV_LOST | DEV_GONE | SYS_FAULT] lan\n"
		"rc 0x107 [DEV_LOST | DEV_GONE | NET_TIMEOUT | SYS_FAULT]\n"
		"rc 0x107 [NET_TIMEOUT | DEV_LOST | DEV_GONE | SYS_FAULT] lan\n"
		"rc 0x11b [DEV_ISSUER]\nrc 0x11b [DEV_ISSUER]");
}
END_TEST

START_TEST(a_value_that_comes_again_is_read_as_its_own_rule_says)
{
	expect("[rule a]\nfamilies = dev\nbase = hex\npattern = hex (?<code>\\w+)\n"
	       "[rule b]\nfamilies = dev\nbase = dec\npattern = dec (?<code>\\w+)\n"
	       "[rule c]\nfamilies = net\npattern = net (?<code>\\w+)\n",
		"hex 107, dec 107, net 107, hex 0x107, net 0x107",
		"hex 107 [DEV_LOST | DEV_GONE], dec 107 [DEV_DECIMAL], "
		"net 107 [NET_TIMEOUT], hex 0x107 [DEV_LOST | DEV_GONE], "
		"net 0x107 [NET_TIMEOUT]");
}
END_TEST

/* More rules than are asked at once; `pattern` has a place for a number. */
static void expect_of_many(const char *pattern, const char *text, const char *expected)
{
	struct ann_buf rules = {0};

	for (int i = 0; i < 150; i++) {
		ann_buf_printf(&rules, "[rule r%d]\nfamilies = dev\n", i);
		ann_buf_str(&rules, "pattern = ");
		for (const char *c = pattern; *c != '\0'; c++) {
			if (*c == '#') {
				ann_buf_u64(&rules, (uint64_t)i);
			} else {
				ann_buf_char(&rules, *c);
			}
		}
		ann_buf_char(&rules, '\n');
	}
	ann_buf_char(&rules, '\0');
	expect(rules.ptr, text, expected);
	ann_buf_deinit(&rules);
}

START_TEST(any_number_of_rules_may_have_the_same_literal)
{
	expect_of_many("at# (?<code>\\w+)",
		"at0 0x11B at63 0x11B at64 0x11B at149 0x11B at150 0x11B",
		"at0 0x11B [DEV_ISSUER] at63 0x11B [DEV_ISSUER] at64 0x11B "
		"[DEV_ISSUER] at149 0x11B [DEV_ISSUER] at150 0x11B");
	expect_of_many("(?<code>0x[0-9A-F]+) at#;",
		"0x11B at0; 0x11B at63; 0x11B at64; 0x11B at149; 0x11B at150;",
		"0x11B [DEV_ISSUER] at0; 0x11B [DEV_ISSUER] at63; "
		"0x11B [DEV_ISSUER] at64; 0x11B [DEV_ISSUER] at149; 0x11B at150;");
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_value_that_comes_again_is_read_on_its_own_line);
	test_add(suite, a_value_that_comes_again_is_read_as_its_own_rule_says);
	test_add(suite, any_number_of_rules_may_have_the_same_literal);
	test_add(suite, a_value_is_annotated_behind_it);
	test_add(suite, a_bare_number_is_read_as_its_rule_says);
	test_add(suite, a_marked_number_is_hex_whatever_the_rule_says);
	test_add(suite, digits_with_a_leading_zero_are_hex);
	test_add(suite, families_come_in_the_order_of_the_rule);
	test_add(suite, a_line_that_speaks_of_a_family_puts_it_first);
	test_add(suite, later_words_of_a_family_replace_earlier_ones);
	test_add(suite, a_family_in_the_line_keeps_the_others_out);
	test_add(suite, symbols_are_found_by_their_names);
	test_add(suite, of_literals_in_each_other_the_first_to_begin_is_tried_first);
	test_add(suite, groups_of_one_name_may_stand_in_alternatives);
	test_add(suite, a_line_may_hold_many_values);
	test_add(suite, when_asks_the_line);
	test_add(suite, unless_vetoes_the_line);
	test_add(suite, unless_before_looks_at_what_touches_the_value);
	test_add(suite, unless_before_may_look_far_back);
	test_add(suite, unless_after_looks_at_what_follows_the_value);
	test_add(suite, the_earlier_rule_has_what_both_claim);
	test_add(suite, an_earlier_rule_has_it_also_with_a_longer_literal);
	test_add(suite, an_earlier_rule_has_it_also_when_it_begins_later);
	test_add(suite, a_rule_that_is_vetoed_leaves_the_value_to_the_next);
	test_add(suite, an_empty_condition_always_holds);
	test_add(suite, a_disabled_rule_is_not_there);
	test_add(suite, colours_in_the_line_hide_nothing);
	test_add(suite, offsets_are_those_of_the_bytes_that_came);
	test_add(suite, the_two_prints_of_a_number_must_agree);
	test_add(suite, successes_are_found_when_asked_for);
	test_add(suite, only_the_families_asked_for_are_found);
	test_add(suite, of_many_meanings_the_likeliest_are_kept);
	test_add(suite, nothing_behind_the_stop_is_looked_at);
	test_add(suite, a_line_too_hard_for_a_pattern_is_given_up);
	test_add(suite, rules_without_a_literal_are_told);
}
