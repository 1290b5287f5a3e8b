/* Sections, keys, values, and what is said about anything else. */
#include "annotty/ini.h"

#include "annotty/buf.h"

#include "suite.h"

/* Each entry as "line:kind name.key=value;", openings as "line:[kind name];". */
static enum ann_err note(
	void *user, const struct ann_ini_entry *e, struct ann_error *err)
{
	struct ann_buf *out = user;

	ck_assert_str_eq(e->origin, "a.ini");
	if (ann_span_is(e->value, "wrong")) {
		return ann_ini_error(e, err, "this is %s", "wrong");
	}
	if (e->key.len == 0) {
		ann_buf_printf(out, "%zu:[%.*s %.*s];", e->line, ANN_SPAN_ARG(e->kind),
			ANN_SPAN_ARG(e->name));
	} else {
		ann_buf_printf(out, "%zu:%.*s %.*s.%.*s=%.*s;", e->line,
			ANN_SPAN_ARG(e->kind), ANN_SPAN_ARG(e->name),
			ANN_SPAN_ARG(e->key), ANN_SPAN_ARG(e->value));
	}
	return ANN_OK;
}

static void expect(const char *text, const char *expected)
{
	struct ann_buf found = {0};
	struct ann_error err = {0};

	ck_assert_msg(
		ann_ini_read(ann_span(text), "a.ini", note, &found, &err) == ANN_OK,
		"%s", err.text);
	ann_buf_char(&found, '\0');
	ck_assert_str_eq(found.ptr, expected);
	ann_buf_deinit(&found);
}

static void refuse(const char *text, const char *expected)
{
	struct ann_buf found = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_ini_read(ann_span(text), "a.ini", note, &found, &err), ANN_ECONFIG);
	ck_assert_int_eq(err.code, ANN_ECONFIG);
	ck_assert_str_eq(err.text, expected);
	ann_buf_deinit(&found);
	ck_assert_int_eq(
		ann_ini_read(ann_span(text), "a.ini", note, &found, NULL), ANN_ECONFIG);
	ann_buf_deinit(&found);
}

START_TEST(keys_belong_to_the_section_before_them)
{
	expect("a = 1\n[rule x]\nb=2\nc  =  3  \n[define]\nd = 4",
		"1: .a=1;2:[rule x];3:rule x.b=2;4:rule x.c=3;5:[define ];6:define .d=4;");
	expect("", "");
	expect("\n\n", "");
	expect("[ rule  a b ]", "1:[rule a b];");
}
END_TEST

START_TEST(nothing_in_a_value_is_special)
{
	expect("[r]\na = \"x\" # not ; a comment = [y]\\",
		"1:[r ];2:r .a=\"x\" # not ; a "
		"comment = [y]\\;");
	expect("[r]\na =\n", "1:[r ];2:r .a=;");
}
END_TEST

START_TEST(comments_are_at_the_start_of_a_line)
{
	expect("# a\n; b\n [r]\n  # c\na = 1\n", "3:[r ];5:r .a=1;");
}
END_TEST

START_TEST(a_line_that_begins_with_a_blank_goes_on)
{
	expect("[r]\na = 1\n 2\n\t3\nb = 4\n", "1:[r ];2:r .a=1\n2\n3;5:r .b=4;");
	expect("[r]\na = 1\n # no\n 2\n", "1:[r ];2:r .a=1\n2;");
	expect("[r]\na =\n  1\n\n  b = 2\n", "1:[r ];2:r .a=\n1;5:r .b=2;");
	expect("[r]\na = 1\n = 2\n [s]\n", "1:[r ];2:r .a=1\n= 2\n[s];");
}
END_TEST

START_TEST(crlf_ends_lines_as_well)
{
	expect("[r]\r\na = 1\r\n 2\r\n\r\nb = 3\r\n", "1:[r ];2:r .a=1\n2;5:r .b=3;");
}
END_TEST

START_TEST(a_byte_order_mark_is_passed_over)
{
	expect("\xef\xbb\xbf[r]\na = 1\n", "1:[r ];2:r .a=1;");
	expect("\xef\xbb\xbf", "");
	refuse("\xef\xbb[r]\n",
		"a.ini:1: expected \"key = value\" or \"[section]\", found "
		"\"\xef\xbb[r]\"");
}
END_TEST

START_TEST(values_have_no_longest_line)
{
	struct ann_buf text = {0};
	struct ann_buf expected = {0};

	ann_buf_str(&text, "[r]\na = ");
	ann_buf_fill(&text, 'x', 5000);
	ann_buf_char(&text, '\0');
	ann_buf_str(&expected, "1:[r ];2:r .a=");
	ann_buf_fill(&expected, 'x', 5000);
	ann_buf_add(&expected, ";", 2);
	expect(text.ptr, expected.ptr);
	ann_buf_deinit(&text);
	ann_buf_deinit(&expected);
}
END_TEST

START_TEST(other_lines_are_mistakes)
{
	refuse("[r]\n\nword\n",
		"a.ini:3: expected \"key = value\" or \"[section]\", found \"word\"");
	refuse("= 1\n",
		"a.ini:1: expected \"key = value\" or \"[section]\", found \"= 1\"");
	refuse("[rule x\na = 1\n", "a.ini:1: expected \"]\" at the end of \"[rule x\"");
	refuse("[\n", "a.ini:1: expected \"]\" at the end of \"[\"");
	refuse("[]\n", "a.ini:1: a section needs a name");
	refuse("[  ]\n", "a.ini:1: a section needs a name");
}
END_TEST

START_TEST(what_the_taker_says_comes_with_its_line)
{
	refuse("[r]\na = wrong\n\n\nb = 1\n", "a.ini:2: this is wrong");
	refuse("[r]\na = wrong", "a.ini:2: this is wrong");
}
END_TEST

static void tell(void *user, const struct ann_error *err)
{
	ann_buf_str(user, err->text);
	ann_buf_char(user, '\n');
}

START_TEST(who_listens_is_told_every_mistake)
{
	struct ann_buf told = {0};
	struct ann_buf found = {0};
	struct ann_error err = {.tell = tell, .user = &told};

	ck_assert_int_eq(ann_ini_read(ann_span("[r]\na = wrong\n[s]\nb = wrong\nc = 1\n"
					       "x\n[\nd = 2\ne = wrong"),
				 "a.ini", note, &found, &err),
		ANN_ECONFIG);
	ann_buf_char(&told, '\0');
	ann_buf_char(&found, '\0');
	ck_assert_str_eq(told.ptr,
		"a.ini:2: this is wrong\n"
		"a.ini:4: this is wrong\n"
		"a.ini:6: expected \"key = value\" or \"[section]\", found \"x\"\n"
		"a.ini:7: expected \"]\" at the end of \"[\"\n"
		"a.ini:9: this is wrong\n");
	ck_assert_str_eq(found.ptr, "1:[r ];3:[s ];5:s .c=1;8:s .d=2;");
	ann_buf_deinit(&told);
	ann_buf_deinit(&found);
}
END_TEST

START_TEST(without_memory_reading_ends)
{
	struct ann_buf told = {0};
	struct ann_error err = {.tell = tell, .user = &told};
	struct ann_buf found = {0};

	test_heap_begin(0);
	ck_assert_int_eq(
		ann_ini_read(ann_span("a = 1\nb = 2\n"), "a.ini", note, &found, &err),
		ANN_ENOMEM);
	ck_assert_int_eq(err.code, ANN_ENOMEM);
	ck_assert(test_heap_end());
	ck_assert_uint_eq(told.len + found.len, 0);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, keys_belong_to_the_section_before_them);
	test_add(suite, nothing_in_a_value_is_special);
	test_add(suite, comments_are_at_the_start_of_a_line);
	test_add(suite, a_line_that_begins_with_a_blank_goes_on);
	test_add(suite, crlf_ends_lines_as_well);
	test_add(suite, a_byte_order_mark_is_passed_over);
	test_add(suite, values_have_no_longest_line);
	test_add(suite, other_lines_are_mistakes);
	test_add(suite, what_the_taker_says_comes_with_its_line);
	test_add(suite, who_listens_is_told_every_mistake);
	test_add(suite, without_memory_reading_ends);
}
