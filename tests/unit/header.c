#include "annotty/header.h"

#include "annotty/alloc.h"
#include "annotty/table.h"

#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct ann_buf notes; /* of the import at hand, a line each */

static void take_note(void *user, const char *note)
{
	ck_assert_ptr_eq(user, &notes);
	ann_buf_str(&notes, note);
	ann_buf_char(&notes, '\n');
}

static struct ann_codebook *import_all(
	const struct ann_header *headers, size_t count, const char *prefix)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_error err = {0};

	ck_assert_ptr_nonnull(book);
	ck_assert_int_eq(ann_header_add(book, ann_span("made"), headers, count,
				 ann_span(prefix), take_note, &notes, &err),
		ANN_OK);
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	return book;
}

static struct ann_codebook *import_bytes(const char *bytes, size_t len)
{
	struct ann_header header = {{bytes, len}, "a.h"};

	return import_all(&header, 1, "");
}

static struct ann_codebook *import(const char *text)
{
	return import_bytes(text, strlen(text));
}

/* The notes of the import are exactly these lines; both are done with. */
static void finish(struct ann_codebook *book, const char *expected)
{
	ann_buf_char(&notes, '\0');
	ck_assert_str_eq(notes.ptr, expected);
	ann_buf_deinit(&notes);
	ann_codebook_free(book);
}

static const struct ann_code *code(const struct ann_codebook *book, const char *name)
{
	const struct ann_code *found = ann_codebook_find_name(book, ann_span(name));

	ck_assert_msg(found != NULL, "there is no code %s", name);
	return found;
}

static void expect(const struct ann_codebook *book, const char *name, uint64_t value)
{
	uint64_t found = code(book, name)->value;

	ck_assert_msg(
		found == value, "%s is %" PRIx64 ", not %" PRIx64, name, found, value);
}

static void expect_no(const struct ann_codebook *book, const char *name)
{
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span(name)));
}

static void expect_text(
	const struct ann_codebook *book, const char *name, const char *text)
{
	struct ann_span found = code(book, name)->description;

	ck_assert_msg(ann_span_is(found, text), "%s: \"%.*s\" is not \"%s\"", name,
		ANN_SPAN_ARG(found), text);
}

/* The text says of X what is expected, and nothing else comes of it. */
static void check_text(const char *source, const char *text)
{
	struct ann_codebook *book = import(source);

	expect_text(book, "X", text);
	finish(book, "");
}

static void check_value(const char *expression, uint64_t value)
{
	char source[400];

	snprintf(source, sizeof(source), "#define X %s\n", expression);

	struct ann_codebook *book = import(source);

	expect(book, "X", value);
	finish(book, "");
}

static void check_fault(const char *expression, const char *why)
{
	char source[400];
	char note[400] = "";

	snprintf(source, sizeof(source), "#define X %s\n", expression);
	if (why != NULL) {
		snprintf(note, sizeof(note), "a.h:1: X: %s\n", why);
	}
	struct ann_codebook *book = import(source);

	expect_no(book, "X");
	finish(book, note);
}

START_TEST(numbers_are_read_as_c_reads_them)
{
	check_value("283", 283);
	check_value("0x11B", 0x11b);
	check_value("0X11b", 0x11b);
	check_value("010", 8);
	check_value("0", 0);
	check_value("0b101", 5);
	check_value("18446744073709551615", UINT64_MAX);
	check_value("0xFFFFFFFFFFFFFFFF", UINT64_MAX);
}
END_TEST

START_TEST(suffixes_come_in_any_mix)
{
	check_value("1u", 1);
	check_value("1UL", 1);
	check_value("1lU", 1);
	check_value("0x10ULL", 16);
	check_value("0x10llu", 16);
	check_value("0L", 0);
}
END_TEST

START_TEST(what_is_no_integer_is_noted)
{
	check_fault("089", "no integer of 64 bits: \"089\"");
	check_fault("1.5", "no integer of 64 bits: \"1.5\"");
	check_fault("1e3", "no integer of 64 bits: \"1e3\"");
	check_fault("0x", "no integer of 64 bits: \"0x\"");
	check_fault("0b2", "no integer of 64 bits: \"0b2\"");
	check_fault("18446744073709551616",
		"no integer of 64 bits: \"18446744073709551616\"");
	check_fault("0x10000000000000000",
		"no integer of 64 bits: \"0x10000000000000000\"");
}
END_TEST

START_TEST(character_constants_are_numbers)
{
	check_value("'A'", 65);
	check_value("'\\n'", 10);
	check_value("'\\0'", 0);
	check_value("'\\033'", 27);
	check_value("'\\x1b'", 27);
	check_value("'\\xff'", 255);
	check_value("'\\''", 39);
	check_value("'\"'", 34);
	check_value("'ABCD'", 0x41424344);
	check_fault("''", "no character constant: \"''\"");
	check_fault("'A", "no character constant: \"'A\"");
	check_fault("'ABCDE'", "no character constant: \"'ABCDE'\"");
	check_fault("'\\q'", "no character constant: \"'\\q'\"");
	check_fault("'\\400'", "no character constant: \"'\\400'\"");
	check_fault("'\\x'", "no character constant: \"'\\x'\"");
}
END_TEST

START_TEST(operators_bind_as_in_c)
{
	check_value("1 + 2 * 3", 7);
	check_value("(1 + 2) * 3", 9);
	check_value("10 - 3 - 2", 5);
	check_value("100 / 5 % 7", 6);
	check_value("1 << 2 + 1", 8);
	check_value("0x80 >> 3", 16);
	check_value("1 | 2 ^ 3 & 5", 3);
	check_value("5 & 3 == 3", 1);
	check_value("1 < 2 == 1", 1);
	check_value("3 <= 3", 1);
	check_value("2 >= 3", 0);
	check_value("3 > 2", 1);
	check_value("3 != 3", 0);
	check_value("0 && 1 || 1", 1);
	check_value("1 || 0 && 0", 1);
	check_value("!0 + !5", 1);
	check_value("- -7", 7);
	check_value("+7", 7);
	check_value("~ ~7", 7);
	check_value("1 ? 2 : 3", 2);
	check_value("0 ? 2 : 0 ? 3 : 4", 4);
	check_value("1 ? 0 ? 5 : 6 : 7", 6);
}
END_TEST

START_TEST(unsigned_wraps_at_its_width)
{
	check_value("~0u", 0xffffffff);
	check_value("0u - 1", 0xffffffff);
	check_value("-1u", 0xffffffff);
	check_value("0xFFFFFFFF + 1", 0);
	check_value("~0ull", UINT64_MAX);
	check_value("-1 < 0u", 0);
	check_value("-1 < 0", 1);
	check_value("-7 / 2 + 10", 7);
	check_value("(-8 >> 1) + 10", 6);
	check_value("2147483648", 0x80000000);
	check_value("4294967295u * 4294967295u", 1);
	check_value("-1u / 2", 0x7fffffff);
	check_value("-1u % 16", 15);
}
END_TEST

START_TEST(a_bit_at_the_top_is_no_sign)
{
	check_value("1 << 31", 0x80000000);
	check_value("(1 << 31) | 1", 0x80000001);
	check_value("(1u << 31) | 1", 0x80000001);
	check_value("1 << 40", UINT64_C(1) << 40);
	check_value("1ull << 63", UINT64_C(1) << 63);
}
END_TEST

START_TEST(casts_cut_to_unsigned_types_only)
{
	check_value("((UINT) 0x04)", 4);
	check_value("(unsigned long)3", 3);
	check_value("(UINT)(const unsigned short int)0x12345", 0x2345);
	check_value("((UINT)-1)", 0xffffffff);
	check_value("(uint8_t)~0", 0xff);
	check_value("(unsigned long long)-1", UINT64_MAX);
	check_value("((HRESULT)0x80070005L)", 0x80070005);
	check_value("(int)0x80000000", 0x80000000);
	check_value("(my_status_t)7", 7);
	check_value("(struct whatever)7", 7);
	check_value("(my_status_t) +7", 7);
	check_value("(NX)'A'", 65);
	check_value("(NX)(7)", 7);
	check_value("(UINT)~(UINT)0", 0xffffffff);
}
END_TEST

START_TEST(parentheses_before_a_sign_are_no_cast)
{
	struct ann_codebook *book = import("#define BASE 0x100\n"
					   "#define UINT unsigned int\n"
					   "#define A (BASE) + 3\n"
					   "#define B ((BASE) - 1)\n"
					   "#define C ((UINT) 5)\n"
					   "#define D (OTHER) - 1\n");

	expect(book, "A", 0x103);
	expect(book, "B", 0xff);
	expect(book, "C", 5);
	finish(book, "a.h:2: UINT: unknown name \"unsigned\"\n"
		     "a.h:6: D: unknown name \"OTHER\"\n");
}
END_TEST

START_TEST(faulty_expressions_are_noted)
{
	check_fault("1 / 0", "division by zero: \"/\"");
	check_fault("1 % 0", "division by zero: \"%\"");
	check_fault("1u / (2 - 2)", "division by zero: \"/\"");
	check_fault("1 << 64", "shift by less than 0 or more than 63 bits: \"<<\"");
	check_fault("1 >> -1", "shift by less than 0 or more than 63 bits: \">>\"");
	check_fault("0x7fffffffffffffff + 1", "does not fit 64 bits: \"+\"");
	check_fault("-0x7fffffffffffffff - 2", "does not fit 64 bits: \"-\"");
	check_fault("0x7fffffffffffffff * 2", "does not fit 64 bits: \"*\"");
	check_fault("1 << 63", "does not fit 64 bits: \"<<\"");
	check_fault("(-0x7fffffffffffffff - 1) / -1", "does not fit 64 bits: \"/\"");
	check_fault("-(-0x7fffffffffffffff - 1)", "does not fit 64 bits: \"-\"");
	check_fault("(1", "the expression ends too early");
	check_fault("1 +", "the expression ends too early");
	check_fault("1 ? 2", "the expression ends too early");
	check_fault("1 2", "no integer expression: unexpected \"2\"");
	check_fault("(1, 2)", "no integer expression: unexpected \",\"");
	check_fault("5;", "no integer expression: unexpected \";\"");
	check_fault("{ 1 }", "no integer expression: unexpected \"{\"");
	check_fault("\x1b", "no integer expression: unexpected \"?\"");
	check_fault("MAKE(3)", "calls are not evaluated: \"MAKE\"");
	check_fault("sizeof(int)", "calls are not evaluated: \"sizeof\"");
	check_fault("OTHER", "unknown name \"OTHER\"");
	check_fault("-1", "negative value -1");
	check_fault("-0x7fffffffffffffff - 1", "negative value -9223372036854775808");
}
END_TEST

START_TEST(what_a_choice_does_not_reach_is_not_evaluated)
{
	check_value("1 ? 2 : 1 / 0", 2);
	check_value("0 ? OTHER : 3", 3);
	check_value("1 || OTHER", 1);
	check_value("0 && 1 / 0", 0);
	check_value("0 && (1 || OTHER << 99)", 0);
	check_fault("1 || (2", "the expression ends too early");
}
END_TEST

START_TEST(what_is_plainly_no_number_goes_unsaid)
{
	check_fault("", NULL);
	check_fault("/* a comment */", NULL);
	check_fault("\"text\"", NULL);
	check_fault("\"te\\\nxt\"", NULL);
	check_fault("L\"text\" OTHER", NULL);
	check_fault("X", NULL);

	struct ann_codebook *book = import("#define F(x) ((x) + 1)\n"
					   "#define\n"
					   "#define 7 8\n"
					   "#undef A\n"
					   "#define V (1)\n");

	expect(book, "V", 1);
	finish(book, "");
}
END_TEST

START_TEST(the_guard_of_a_header_is_no_code)
{
	struct ann_codebook *book = import("/* Copyright */\n"
					   "#ifndef A_H\n"
					   "#define A_H 1\n"
					   "#ifndef LATER\n"
					   "#define LATER 1\n"
					   "#endif\n"
					   "#endif\n");

	expect_no(book, "A_H");
	expect(book, "LATER", 1);
	finish(book, "");

	book = import("#if !defined(A_H)\n#define A_H 1\n#endif\n");
	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, 0);
	finish(book, "");
}
END_TEST

START_TEST(names_may_be_defined_later_and_elsewhere)
{
	const struct ann_header headers[] = {
		{ann_span("#define NX_A (BASE | 0x01)\n#define NX_B NX_C\n"),
			"dir/a.h"},
		{ann_span("#define BASE 0x100\nenum { C_FIRST = 4, NX_C };\n"), "b.h"},
	};
	struct ann_codebook *book = import_all(headers, 2, "NX_");
	const struct ann_family *family = ann_codebook_family(book, 0);

	expect(book, "NX_A", 0x101);
	expect(book, "NX_B", 5);
	expect_no(book, "BASE");
	expect_no(book, "C_FIRST");
	ck_assert_uint_eq(family->count, 3);
	ck_assert(ann_span_is(family->name, "made"));
	ck_assert(ann_span_is(family->source, "a.h, b.h"));
	ck_assert_str_eq(family->origin, "dir/a.h");
	finish(book, "");
}
END_TEST

START_TEST(cycles_are_noted)
{
	struct ann_codebook *book = import("#define A (B + 1)\n"
					   "#define B (C)\n"
					   "#define C A\n"
					   "enum { D = E, E };\n"
					   "#define F 1 + F\n"
					   "#define G 7\n");

	expect(book, "G", 7);
	finish(book, "a.h:1: A: made of what has no value: \"B\"\n"
		     "a.h:2: B: made of what has no value: \"C\"\n"
		     "a.h:3: C: defined by itself, through \"A\"\n"
		     "a.h:4: D: made of what has no value: \"E\"\n"
		     "a.h:4: E: defined by itself, through \"D\"\n"
		     "a.h:5: F: defined by itself, through \"F\"\n");
}
END_TEST

START_TEST(of_two_definitions_the_first_counts)
{
	struct ann_codebook *book = import("#define A 1 /* first */\n"
					   "#define A 0x01 /* again */\n"
					   "#define A 2\n"
					   "enum { B = 3, C };\n"
					   "#define B B\n"
					   "#define C (4)\n"
					   "#define S \"text\"\n"
					   "#define S 5\n");

	expect(book, "A", 1);
	expect_text(book, "A", "first");
	expect(book, "B", 3);
	expect(book, "C", 4);
	expect(book, "S", 5);
	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, 4);
	finish(book, "a.h:3: A: defined otherwise in a.h:1, which counts\n");
}
END_TEST

START_TEST(aliases_keep_the_order_of_the_header)
{
	struct ann_codebook *book = import("#define Z 5\n"
					   "#define LOW 1\n"
					   "#define A Z\n"
					   "#define M 0x5\n");
	const struct ann_code *const *codes;

	ck_assert_uint_eq(ann_codebook_find(book, 5, &codes), 3);
	ck_assert(ann_span_is(codes[0]->name, "Z"));
	ck_assert(ann_span_is(codes[1]->name, "A"));
	ck_assert(ann_span_is(codes[2]->name, "M"));
	finish(book, "");
}
END_TEST

START_TEST(zero_is_ok_and_all_else_an_error)
{
	struct ann_codebook *book = import("#define A 0\n#define B 1\n");

	ck_assert_int_eq(code(book, "A")->severity, ANN_SEVERITY_OK);
	ck_assert_int_eq(code(book, "B")->severity, ANN_SEVERITY_ERROR);
	finish(book, "");
}
END_TEST

START_TEST(definitions_go_on_behind_a_backslash)
{
	struct ann_codebook *book = import("#define A \\\n  0x10 \\\n  + 1\n"
					   "#define B \\\r\n  (A \\ \r\n + 1)\r\n"
					   "#  define C 3\n"
					   "  # \\\n define /* odd */ D 4\n"
					   "#define E 5 // it \\\n goes on\n"
					   "#define F 6");

	expect(book, "A", 0x11);
	expect(book, "B", 0x12);
	expect(book, "C", 3);
	expect(book, "D", 4);
	expect_text(book, "E", "it goes on");
	expect(book, "F", 6);
	finish(book, "");
}
END_TEST

START_TEST(enumerators_count_on)
{
	struct ann_codebook *book = import(
		"enum tag { A, B = 3, C, };\n"
		"typedef enum __attribute__((packed)) { D = C * 2, E } name_t;\n"
		"typedef struct { enum { F = 0x10, G } member; } other_t;\n"
		"enum class H : uint8_t { I __attribute__((deprecated(\"a, b\"))) = "
		"7,\n"
		"J = (1, 2), K, L = 9, };\n"
		"enum tag use(enum tag x);\n"
		"enum { M = -1, N };\n"
		"enum { O = 0xFFFFFFFF, P, Q = 0xFFFFFFFFFFFFFFFF, R };\n");

	expect(book, "A", 0);
	expect(book, "B", 3);
	expect(book, "C", 4);
	expect(book, "D", 8);
	expect(book, "E", 9);
	expect(book, "F", 16);
	expect(book, "G", 17);
	expect(book, "I", 7);
	expect(book, "L", 9);
	expect(book, "N", 0);
	expect(book, "P", UINT64_C(0x100000000));
	finish(book, "a.h:5: J: no integer expression: unexpected \",\"\n"
		     "a.h:5: K: made of what has no value: \"J\"\n"
		     "a.h:7: M: negative value -1\n"
		     "a.h:8: R: does not fit 64 bits: \"Q\"\n");
}
END_TEST

START_TEST(enumerators_behind_a_branch_have_no_value)
{
	struct ann_codebook *book = import("enum {\n"
					   "  A,\n"
					   "#ifdef MORE\n"
					   "  B,\n"
					   "#endif\n"
					   "  C,\n"
					   "  D = 7,\n"
					   "#define E 1\n"
					   "  F,\n"
					   "  LIST(G)\n"
					   "  H,\n"
					   "};\n");

	expect(book, "B", 1);
	expect(book, "D", 7);
	expect(book, "E", 1);
	expect(book, "F", 8);
	finish(book, "a.h:6: C: counts on from what the preprocessor decides\n"
		     "a.h:11: H: counts on from what the preprocessor decides\n");
}
END_TEST

START_TEST(all_branches_are_read)
{
	struct ann_codebook *book = import("#if 0\n"
					   "it's unfinished \"prose\n"
					   "#define A 1\n"
					   "#else\n"
					   "#define B 2\n"
					   "#endif\n");

	expect(book, "A", 1);
	expect(book, "B", 2);
	finish(book, "");
}
END_TEST

START_TEST(the_comment_behind_becomes_the_description)
{
	check_text("#define X 1 /* No memory. */\n", "No memory.");
	check_text("#define X 1 // No memory.\n", "No memory.");
	check_text("#define X 1 /**< No memory. */\n", "No memory.");
	check_text("#define X 1 ///< No memory.\n", "No memory.");
	check_text("#define X 1 /*!< No memory. */\n", "No memory.");
	check_text("/* before */\n#define X 1 /* behind */\n", "behind");
	check_text("#define X /* inside */ 1\n", "inside");
	check_text("#define X (1 /* inside */) /* behind */\n", "behind");
	check_text("#define X 1 /* one */ /* two */\n", "one two");
}
END_TEST

START_TEST(the_comment_behind_may_go_on)
{
	check_text("#define X 1 /* It has\n"
		   "             * two lines. */\n",
		"It has two lines.");
	check_text("#define X 1 // It has\n"
		   "            // two lines.\n",
		"It has two lines.");
	check_text("#define X 1\t/* It has    */\n"
		   "\t\t/* two lines. */\n",
		"It has two lines.");
	check_text("#define X 1\n/**< It stands below. */\n", "It stands below.");
	check_text(
		"#define X \\\n 1 \\\n /* It stands below. */\n", "It stands below.");
	check_text("#define X 1 ///< It has\n///< two lines.\n", "It has two lines.");
	check_text("#define X 1 // Its own\n\n            // Another's\n", "Its own");
}
END_TEST

START_TEST(the_comment_before_becomes_the_description)
{
	check_text("/* No memory. */\n#define X 1\n", "No memory.");
	check_text("/* No memory. */ #define X 1\n", "No memory.");
	check_text("// It has\n// two lines.\n#define X 1\n", "It has two lines.");
	check_text("/**\n * @brief No memory.\n */\n#define X 1\n", "No memory.");
	check_text("/* a */\n/* b */\n#define X 1\n", "a b");
	check_text("/* a */\n\n/* b */\n#define X 1\n", "b");
	check_text("/* banner */\n/**< No memory. */\n#define X 1\n", "No memory.");
}
END_TEST

START_TEST(a_comment_that_is_not_directly_before_does_not_count)
{
	check_text("/* banner */\n\n#define X 1\n", "");
	check_text("int a; /* a's */\n#define X 1\n", "");
	check_text("int a; // a's\n       // own\n#define X 1\n", "");
	check_text("/* b's */\nint b;\n#define X 1\n", "");
	check_text("/* of the test */\n#ifdef A\n#define X 1\n#endif\n", "");
	check_text("#endif /* A */\n#define X 1\n", "");
	check_text("#define F(x) (x) /* F's */\n#define X 1\n", "");
	check_text("#define F(x) (x) // F's\n                 // own\n"
		   "#define X 1\n",
		"");
	check_text("enum { // colours\n X };\n", "");
	check_text("#define X 1\n/* below */\n", "");
}
END_TEST

START_TEST(a_comment_over_several_is_a_heading)
{
	struct ann_codebook *book = import("/* Codes of the server. */\n"
					   "#define A 1\n"
					   "#define B 2\n"
					   "\n"
					   "/** Doxygen. */\n"
					   "#define C 3\n"
					   "#define D 4\n"
					   "/* E's. */\n"
					   "#define E 5\n"
					   "#define F 6 /* F's. */\n"
					   "/* G's. */\n"
					   "#define G 7\n"
					   "\n"
					   "#define H 8\n");

	expect_text(book, "A", "");
	expect_text(book, "B", "");
	expect_text(book, "C", "Doxygen.");
	expect_text(book, "D", "");
	expect_text(book, "E", "E's.");
	expect_text(book, "F", "F's.");
	expect_text(book, "G", "G's.");
	expect_text(book, "H", "");
	finish(book, "");
}
END_TEST

START_TEST(a_mark_behind_a_blank_line_means_what_follows)
{
	/* As in nx_azure_iot.h. */
	struct ann_codebook *book = import("#define A 1\n"
					   "\n"
					   "/**< It was not found. */\n"
					   "#define B 2\n"
					   "#define C 3\n");

	expect_text(book, "A", "");
	expect_text(book, "B", "It was not found.");
	expect_text(book, "C", "");
	finish(book, "");
}
END_TEST

START_TEST(enumerators_have_comments_on_both_sides_of_the_comma)
{
	struct ann_codebook *book = import("enum {\n"
					   "  A, /* a\n"
					   "        goes on */\n"
					   "  B = 3 /* b */,\n"
					   "  // before c\n"
					   "  C,\n"
					   "  /* before d */ D = 7,\n"
					   "  E = 1 + /* inside */ 2, // behind e\n"
					   "  F /* f */, /* too */\n"
					   "  G\n"
					   "  /**< g */\n"
					   "}; /* the enum's */\n");

	expect_text(book, "A", "a goes on");
	expect_text(book, "B", "b");
	expect_text(book, "C", "before c");
	expect_text(book, "D", "before d");
	expect_text(book, "E", "behind e");
	expect_text(book, "F", "f too");
	expect_text(book, "G", "g");
	finish(book, "");
}
END_TEST

START_TEST(descriptions_are_words_only)
{
	check_text("#define X 1 /***** No memory *****/\n", "No memory");
	check_text("/*-----\n * No   memory\t left\n *=====\n */\n#define X 1\n",
		"No memory left");
	check_text(
		"//----------\n// No memory\n//----------\n#define X 1\n", "No memory");
	check_text("#define X 1 /* ---------- */\n", "");
	check_text("#define X 1 /**/\n", "");
	check_text("#define X 1 /* a -- b == c, d---e, __f__ */\n",
		"a -- b == c, d---e, __f__");
	check_text("#define X 1 /* \x1b[31mred\x7f\xc2\x9b \x01 */\n", "[31mred");
	check_text("#define X 1 /* see http://a.b/c */\n", "see http://a.b/c");
	check_text("/*****************\n * No memory    *\n ****************/\n"
		   "#define X 1\n",
		"No memory");
	check_text("#define X 1 /* a \\\n b */\n", "a b");
}
END_TEST

START_TEST(descriptions_are_valid_utf8)
{
	check_text("#define X 1 /* \xe4\xb8\xad f\xc3\xbcr \xf0\x9f\x98\x80 */\n",
		"\xe4\xb8\xad f\xc3\xbcr \xf0\x9f\x98\x80");
	check_text("#define X 1 /* f\xfcr */\n", "f\xef\xbf\xbdr");
	check_text(
		"#define X 1 /* a\xe4\xb8 b\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 */\n",
		"a\xef\xbf\xbd\xef\xbf\xbd b\xef\xbf\xbd\xef\xbf\xbd "
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(long_descriptions_are_cut_between_characters)
{
	struct ann_buf source = {0};

	ann_buf_str(&source, "#define X 1 /* a");
	for (int i = 0; i < 400; i++) {
		ann_buf_str(&source, "\xc3\xbc");
	}
	ann_buf_str(&source, " */\n");

	struct ann_codebook *book = import_bytes(source.ptr, source.len);
	struct ann_span text = code(book, "X")->description;

	ck_assert_uint_eq(text.len, 511);
	ck_assert_mem_eq(text.ptr + 509, "\xc3\xbc", 2);
	finish(book, "");
	ann_buf_deinit(&source);
}
END_TEST

START_TEST(any_bytes_are_survived)
{
	static const char nul[] = "#define\0A\0 1\n#define B\0 2\n";
	struct ann_codebook *book = import_bytes(nul, sizeof(nul) - 1);

	expect(book, "A", 1);
	expect(book, "B", 2);
	finish(book, "");
	finish(import_bytes(NULL, 0), "");
	finish(import_all(NULL, 0, ""), "");
	finish(import("/* no end"), "");
	finish(import("/*/"), "");
	finish(import("#define"), "");
	finish(import("#define A \"no end"), "");
	finish(import("enum"), "");
	finish(import("enum __attribute__(("), "");
	finish(import("enum { LIST("), "");
	finish(import("#define A 1\\"),
		"a.h:1: A: no integer expression: unexpected \"\\\"\n");
	finish(import("enum { A = ("), "a.h:1: A: the expression ends too early\n");
	finish(import("enum { A = , B"),
		"a.h:1: A: the expression ends too early\n"
		"a.h:1: B: made of what has no value: \"A\"\n");
	book = import("\xef\xbb\xbf#define A 1\n");
	expect(book, "A", 1);
	finish(book, "");
}
END_TEST

START_TEST(a_header_without_codes_makes_an_empty_family)
{
	struct ann_codebook *book = import("int a;\n");

	ck_assert_uint_eq(ann_codebook_families(book), 1);
	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, 0);
	finish(book, "");
}
END_TEST

START_TEST(notes_may_go_nowhere)
{
	struct ann_header header = {ann_span("#define A B\n#define C 1\n"), "a.h"};
	struct ann_codebook *book = ann_codebook_new();

	ck_assert_int_eq(ann_header_add(book, ann_span("made"), &header, 1,
				 ann_span(""), NULL, NULL, NULL),
		ANN_OK);
	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, 1);
	ann_codebook_free(book);
}
END_TEST

/* `repeats` times `one`, between `before` and `behind`. */
static void check_nesting(const char *before, const char *one, int repeats,
	const char *behind, const char *expected)
{
	struct ann_buf source = {0};

	ann_buf_str(&source, before);
	for (int i = 0; i < repeats; i++) {
		ann_buf_str(&source, one);
	}
	ann_buf_str(&source, behind);
	finish(import_bytes(source.ptr, source.len), expected);
	ann_buf_deinit(&source);
}

START_TEST(deep_nesting_is_noted)
{
	check_nesting("#define X ", "(", 100000, "1\n",
		"a.h:1: X: nested too deeply: \"(\"\n");
	check_nesting("#define X ", "-", 100000, "1\n",
		"a.h:1: X: nested too deeply: \"-\"\n");
	check_nesting("#define X ", "1?1:", 100000, "1\n",
		"a.h:1: X: nested too deeply: \"1\"\n");
	check_nesting("#define X ", "1?", 100000, "1\n",
		"a.h:1: X: nested too deeply: \"1\"\n");
	check_nesting("#define X ", "(int)", 100000, "1\n",
		"a.h:1: X: nested too deeply: \"(\"\n");
	check_nesting("#define X 1", "+1", 100000, "\n", "");
	check_nesting("#define X ", "(", 60, "1",
		"a.h:1: X: the expression ends too "
		"early\n");
}
END_TEST

START_TEST(long_chains_are_evaluated_once_each)
{
	enum { LINKS = 50000 };
	struct ann_buf source = {0};

	/* Each is made of the next one twice: without memory it would take 2^50000. */
	for (int i = 0; i < LINKS; i++) {
		ann_buf_printf(&source, "#define A%d (A%d + A%d)\n", i, i + 1, i + 1);
	}
	ann_buf_printf(&source, "#define A%d 0\n", LINKS);

	struct ann_codebook *book = import_bytes(source.ptr, source.len);

	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, LINKS + 1);
	expect(book, "A0", 0);
	finish(book, "");
	ann_buf_deinit(&source);
}
END_TEST

START_TEST(an_import_can_be_written_as_a_table)
{
	struct ann_codebook *book = import("#define B 2 /* second */\n#define A 0\n");
	struct ann_buf table = {0};

	ann_table_write(ann_codebook_family(book, 0), &table);
	ann_buf_char(&table, '\0');
	ck_assert_str_eq(table.ptr, "# family: made\n"
				    "# source: a.h\n"
				    "0x00\tA\t\tok\n"
				    "0x02\tB\tsecond\terror\n");
	finish(book, "");
	ann_buf_deinit(&table);
}
END_TEST

static void ignore_note(void *user, const char *note)
{
	(void)user;
	(void)note;
}

START_TEST(every_allocation_may_fail)
{
	struct ann_header header = {
		ann_span("enum { A = C /* a */, B = -1, C = 3, D, E, F, G, H, I };\n"
			 "#define J OTHER\n#define A 4\n#define K 2\n"),
		"a.h"};
	struct ann_error err = {0};

	test_heap_begin(_i);

	struct ann_codebook *book = ann_codebook_new();
	enum ann_err failed =
		book == NULL ? ANN_ENOMEM
			     : ann_header_add(book, ann_span("made"), &header, 1,
				       ann_span(""), ignore_note, NULL, &err);

	if (book != NULL) {
		ck_assert_uint_eq(ann_codebook_families(book), failed == ANN_OK);
		ck_assert_int_eq(err.code, failed);
	}
	ann_codebook_free(book);
	ck_assert_int_eq(failed, test_heap_end() ? ANN_ENOMEM : ANN_OK);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, numbers_are_read_as_c_reads_them);
	test_add(suite, suffixes_come_in_any_mix);
	test_add(suite, what_is_no_integer_is_noted);
	test_add(suite, character_constants_are_numbers);
	test_add(suite, operators_bind_as_in_c);
	test_add(suite, unsigned_wraps_at_its_width);
	test_add(suite, a_bit_at_the_top_is_no_sign);
	test_add(suite, casts_cut_to_unsigned_types_only);
	test_add(suite, parentheses_before_a_sign_are_no_cast);
	test_add(suite, faulty_expressions_are_noted);
	test_add(suite, what_a_choice_does_not_reach_is_not_evaluated);
	test_add(suite, what_is_plainly_no_number_goes_unsaid);
	test_add(suite, the_guard_of_a_header_is_no_code);
	test_add(suite, names_may_be_defined_later_and_elsewhere);
	test_add(suite, cycles_are_noted);
	test_add(suite, of_two_definitions_the_first_counts);
	test_add(suite, aliases_keep_the_order_of_the_header);
	test_add(suite, zero_is_ok_and_all_else_an_error);
	test_add(suite, definitions_go_on_behind_a_backslash);
	test_add(suite, enumerators_count_on);
	test_add(suite, enumerators_behind_a_branch_have_no_value);
	test_add(suite, all_branches_are_read);
	test_add(suite, the_comment_behind_becomes_the_description);
	test_add(suite, the_comment_behind_may_go_on);
	test_add(suite, the_comment_before_becomes_the_description);
	test_add(suite, a_comment_that_is_not_directly_before_does_not_count);
	test_add(suite, a_comment_over_several_is_a_heading);
	test_add(suite, a_mark_behind_a_blank_line_means_what_follows);
	test_add(suite, enumerators_have_comments_on_both_sides_of_the_comma);
	test_add(suite, descriptions_are_words_only);
	test_add(suite, descriptions_are_valid_utf8);
	test_add(suite, long_descriptions_are_cut_between_characters);
	test_add(suite, any_bytes_are_survived);
	test_add(suite, a_header_without_codes_makes_an_empty_family);
	test_add(suite, notes_may_go_nowhere);
	test_add(suite, deep_nesting_is_noted);
	test_add(suite, long_chains_are_evaluated_once_each);
	test_add(suite, an_import_can_be_written_as_a_table);
	test_add_loop(suite, every_allocation_may_fail, 40);
}
