/*
 * Random rules on random lines: the matcher, by the fastest way to scan and by the one
 * that is there at once, finds what the reference finds, which knows no short cuts.
 */
#include "chance.h"
#include "kit.h"
#include "reference.h"
#include "suite.h"

#include <stdio.h>

static const char *const heads[] = {"", "\\bstatus", "(?i)\\bstatus\\b", "(?i)error",
	"(?:status|error|rc)", "(?i)\\b(?:status|ret(?:urned)?|rc)\\b", "[se]t", "r?c",
	"(?<=\\()", "(?<!port )", "(?<![-0-9A-Za-z_])", "(?<![=])",
	"(?i)(?<![a-z])(?:%{word}|err)(?![a-z])", "(?i:Err)", "x{2,}", "s(?:ta|x)*t",
	"\\berr?\\b", "^", "(?x: stat us (?# a comment) )", "[rR][cC]", "\\x72c",
	"%{word}", "(?>status|rc)", "(?=.*fail)", "(?<family>dev|NET|sys|lan)",
	"(?:(?<family>dev|net)[ :])?"};

static const char *const links[] = {"", "\\W{0,3}", "\\s*=\\s*", "\\x20?", "[:=(]",
	".*", ".*?", "\\D+", "[ =:]{1,4}", "\\h*", "(?: is| was)?[ =]", "=", "\\x20"};

static const char *const values[] = {"(?<code>0x[0-9a-fA-F]+)", "(?<code>\\d+)",
	"(?<code>\\d{3})", "(?<code>[0-9A-Fa-f]{2,4}[hH]?)", "(?<name>[A-Z]+_[A-Z]+)",
	"(?<name>DEV_\\w+|NET_[A-Z]*)", "(?:(?<code>\\d+)|(?<name>[A-Z_]+))",
	"(?:rr (?<code>\\d+)|fail (?<code>0x\\w+))", "(?=.*?(?<code>0x\\w+))",
	"(?<code>(?:0x)?[0-9a-fA-F]{1,8})", "(?<code>0x\\w+) \\((?<same>\\d+)\\)",
	"(?<code>\\d+|)", "(?<code>\\d+)(?:/(?<same>0x\\w+))?", "(?<code>\\w+)",
	"(?<name>V_L|DEV_LOST|NET_DOWN|T_D)",
	"(?<code>(?:0[xX][0-9a-fA-F]{1,8}(?![0-9A-Za-z_])))",
	"(?<code>(?:0[xX][0-9a-fA-F]{1,4}))",
	"(?<code>(?<![0-9A-Za-z_.])[0-9]{1,6}(?![0-9A-Za-z_%]))",
	"(?:(?<code>0x1)|x) ?(?<code>\\d+)"};

static const char *const tails[] = {"", "", "\\b", "(?!\\w)", "\\)", "$", "(?= |$)",
	".?", "[^x]", "(?i)H?", "[ \\t]*$", "[ \\t.!)]*$", "[ 0]*$"};

static const char *const lines_match[] = {
	"ok", "^s", "http", "(?i)fail", "\\d$", "x", "e.*r", "status|rc", "\\bport\\b"};

static const char *const befores[] = {"port ", "\\.", "\\w", "x{1,3}", "=", "(?i)rc ",
	"(?:len|port)[ =]", "^.{0,70}", "\\(", "(?<=x) ",
	"(?i)(?<![a-z])(?:%{word})(?![a-z])[ =:]{0,3}", "(?<!\\w)(?:dev|net).*",
	"\\.|(?i)x|(?:port).*", "(?i)rc |(?:stat|\\bdev(?!\\w)).*",
	"(?:rc|error)[^0-9]+"};

static const char *const afters[] = {
	"\\w", "\\x20?ms", "\\.", "%", "\\)", "$", "\\x20(?!x)", "[:/]", "(?:x|)y"};

static const char *const bases[] = {"auto", "hex", "dec", "bare"};

static const char *const lists[] = {
	"dev", "net", "sys dev", "net, sys", "sys net dev", "net dev"};

static const char *const words[] = {"status", "error", "rc", "ret", "returned",
	"STATUS", "Err", "fail ", "rr ", "xx", "x", "dev", "net", "sys", "lan", "port ",
	"http", " ms", "ok", "len", "=", " = ", ": ", ":", " ", " ", " ", "(", ")",
	") ", ".", "/", "\t", "%", "is", "0x107", "0x0107", "0X107", "263", "107",
	"107h", "0x11B", "0x263", "1", "0", "0x20003", "131075", "0x20004", "0x200",
	"512", "99999", "0x", "DEV_LOST", "DEV_OK", "DEV_READY", "NET_DOWN",
	"SYS_ROUTE", "DEV_", "0x107 (263)", "263/0x107", "\033[31m", "\033[0m",
	"\033[2K", "\033[", "\033", "\033[1;", "sta\033[0mtus", "0x1\033[7m07",
	"\x80\xff", "status = 0x107", "error: 263", "rc=107", "ret 1",
	"status (0x20003)", "error 0x11B\033[0m", "(131075)", "err 263", "rr 107",
	"fail 0x263", "xx=0x20004", "dev 0x107", "rc = DEV_LOST", "NET_DOWN SYS_ROUTE",
	"Status: 11Bh"};

static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\r"};

static void add_key(
	struct ann_buf *out, const char *key, const char *const *from, uint32_t at)
{
	ann_buf_printf(out, "%s = %s\n", key, from[at]);
}

#define maybe(chance, times, out, key, from)                                \
	if (test_once_in(chance, times)) {                                  \
		add_key(out, key, from, test_below(chance, ANN_LEN(from))); \
	}

static void add_rule(struct test_chance *chance, int number, struct ann_buf *out)
{
	ann_buf_printf(out, "[rule r%d]\npattern = ", number);
	ann_buf_str(out, test_pick(chance, heads));
	ann_buf_str(out, test_pick(chance, links));
	ann_buf_str(out, test_pick(chance, values));
	ann_buf_str(out, test_pick(chance, tails));
	ann_buf_char(out, '\n');
	maybe(chance, 2, out, "base", bases);
	maybe(chance, 3, out, "families", lists);
	maybe(chance, 5, out, "when", lines_match);
	maybe(chance, 5, out, "unless", lines_match);
	maybe(chance, 6, out, "behind", befores);
	maybe(chance, 4, out, "unless-before", befores);
	maybe(chance, 4, out, "unless-after", afters);
	ann_buf_str(out, test_once_in(chance, 20) ? "enabled = no\n" : "");
}

static void add_rules(struct test_chance *chance, struct ann_buf *out)
{
	static const char *const families[] = {"dev", "net", "sys"};
	int count = 1 + (int)test_below(chance, 5);

	ann_buf_str(out, "[define]\nword = status|%{short}\nshort = rc|x\n");
	for (int i = 0; i < count; i++) {
		add_rule(chance, i, out);
	}
	for (size_t i = 0; i < ANN_LEN(families); i++) {
		if (test_once_in(chance, 2)) {
			ann_buf_printf(out, "[family %s]\n", families[i]);
			add_key(out, "words", lines_match,
				test_below(chance, ANN_LEN(lines_match)));
		}
	}
	ann_buf_char(out, '\0');
}

static void add_lines(struct test_chance *chance, size_t count, struct ann_buf *out)
{
	while (count-- > 0) {
		for (uint32_t i = test_below(chance, 14); i > 0; i--) {
			ann_buf_str(out, test_pick(chance, words));
			ann_buf_str(out, test_once_in(chance, 3) ? " " : "");
		}
		ann_buf_str(out, test_pick(chance, ends));
	}
	if (test_once_in(chance, 2)) {
		ann_buf_str(out, "status 0x107");
	}
}

static void complain(const char *who, const struct ann_buf *rules,
	const struct ann_buf *text, const struct ann_hits *found,
	const struct ann_hits *expected)
{
	struct ann_buf story = {0};

	test_print_hits(found, &story);
	ann_buf_str(&story, "\nbut the reference\n");
	test_print_hits(expected, &story);
	ck_abort_msg("with the rules\n%s\nin\n%.*s\n%s finds\n%.*s\n", rules->ptr,
		(int)text->len, text->ptr, who, (int)story.len, story.ptr);
}

struct trial {
	struct test_kit kit;
	struct test_kit fast; /* the same, accelerated */
	struct test_reference *reference;
	struct ann_buf rules;
};

static void trial_init(struct trial *t, struct test_chance *chance)
{
	struct ann_matcher_options options = {
		.annotate_ok = test_once_in(chance, 2),
		.families = test_once_in(chance, 6) ? test_pick(chance, lists) : NULL,
	};

	*t = (struct trial){0};
	add_rules(chance, &t->rules);
	test_kit_init(&t->kit, test_tables, t->rules.ptr);
	test_kit_init(&t->fast, test_tables, t->rules.ptr);
	/* One book, so that codes can be compared by address. */
	ann_codebook_free(t->fast.book);
	t->fast.book = t->kit.book;
	test_kit_compile(&t->kit, &options);
	test_kit_compile(&t->fast, &options);
	ann_matcher_accelerate(t->fast.matcher);
	t->reference = test_reference_new(t->kit.rules, t->kit.book, &options);
}

static void trial_deinit(struct trial *t)
{
	test_reference_free(t->reference);
	t->fast.book = NULL;
	test_kit_deinit(&t->fast);
	test_kit_deinit(&t->kit);
	ann_buf_deinit(&t->rules);
}

static size_t try_text(struct trial *t, const struct ann_buf *text)
{
	struct ann_hits expected = {0};
	size_t count = 0;

	test_reference_scan(t->reference, ann_buf_all(text), &expected);
	test_kit_scan(&t->kit, ann_buf_all(text));
	test_kit_scan(&t->fast, ann_buf_all(text));
	if (!test_same_hits(&t->kit.hits, &expected)) {
		complain("the matcher", &t->rules, text, &t->kit.hits, &expected);
	}
	if (!test_same_hits(&t->fast.hits, &expected)) {
		complain("the fast matcher", &t->rules, text, &t->fast.hits, &expected);
	}
	count = expected.count;
	ann_hits_deinit(&expected);
	return count;
}

START_TEST(random_rules_find_what_the_reference_finds)
{
	struct test_chance chance = test_chance(_i);
	size_t hits = 0;

	for (int rules = 0; rules < 60; rules++) {
		struct trial trial;

		trial_init(&trial, &chance);
		for (int texts = 0; texts < 5; texts++) {
			struct ann_buf text = {0};

			add_lines(&chance, 20, &text);
			hits += try_text(&trial, &text);
			ann_buf_deinit(&text);
		}
		trial_deinit(&trial);
	}
	/* Rules that never hit would show nothing. */
	ck_assert_uint_gt(hits, 100);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, random_rules_find_what_the_reference_finds, 10);
}
