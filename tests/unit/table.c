#include "annotty/table.h"

#include "annotty/alloc.h"

#include "suite.h"

#include <stdio.h>

static const char good[] =
	"# family: dev\n"
	"# title: Codes of the device\n"
	"# source: dev.h\n"
	"# revision: 3\n"
	"# any: other comment\n"
	"\n"
	"0x00\tDEV_OK\tIt worked.\n"
	"1\tDEV_BUSY\tTry again.\twarning\n"
	"0x11B\tDEV_LOST\tThe link is gone.\terror\tCheck the cable.\n"
	"0x11B\tDEV_GONE\t\n"
	"0xFFFFFFFFFFFFFFFF\tDEV_LAST\tThe last.\tinfo\n";

static void add(struct ann_codebook *book, const char *text, const char *origin)
{
	struct ann_error err = {0};
	enum ann_err code = ann_table_add(book, ann_span(text), origin, &err);

	ck_assert_msg(code == ANN_OK, "%s", err.text);
}

static struct ann_codebook *book_of(const char *text)
{
	struct ann_codebook *book = ann_codebook_new();

	ck_assert_ptr_nonnull(book);
	add(book, text, "a.tsv");
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	return book;
}

static void check_refused_from(
	const char *origin, const char *text, const char *expected)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_table_add(book, ann_span(text), origin, &err), ANN_ECONFIG);
	ck_assert_str_eq(err.text, expected);
	ck_assert_int_eq(err.code, ANN_ECONFIG);
	ck_assert_uint_eq(ann_codebook_families(book), 0);
	ck_assert_int_eq(
		ann_table_add(book, ann_span(text), origin, NULL), ANN_ECONFIG);
	ann_codebook_free(book);
}

static void check_refused(const char *text, const char *expected)
{
	check_refused_from("a.tsv", text, expected);
}

static void expect_name(const struct ann_code *code, const char *name)
{
	ck_assert_ptr_nonnull(code);
	ck_assert_msg(ann_span_is(code->name, name), "\"%.*s\" is not \"%s\"",
		ANN_SPAN_ARG(code->name), name);
}

static void expect_families(const struct ann_codebook *book, const char *names)
{
	struct ann_buf found = {0};

	for (size_t i = 0; i < ann_codebook_families(book); i++) {
		ck_assert_uint_eq(ann_codebook_family(book, i)->order, i);
		ann_buf_span(&found, ann_codebook_family(book, i)->name);
		ann_buf_char(&found, ' ');
	}
	ann_buf_char(&found, '\0');
	ck_assert_str_eq(found.ptr, names);
	ann_buf_deinit(&found);
}

static void collect(void *user, const struct ann_error *err)
{
	ann_buf_str(user, err->text);
	ann_buf_char(user, '\n');
}

START_TEST(head_and_rows_are_read)
{
	struct ann_codebook *book = book_of(good);
	const struct ann_family *family = ann_codebook_family(book, 0);
	const struct ann_code *codes = ann_family_codes(family);

	ck_assert(ann_span_is(family->name, "dev"));
	ck_assert(ann_span_is(family->title, "Codes of the device"));
	ck_assert(ann_span_is(family->source, "dev.h"));
	ck_assert(ann_span_is(family->revision, "3"));
	ck_assert_str_eq(family->origin, "a.tsv");
	ck_assert_uint_eq(family->count, 5);
	expect_name(&codes[2], "DEV_LOST");
	ck_assert_uint_eq(codes[2].value, 0x11b);
	ck_assert(ann_span_is(codes[2].description, "The link is gone."));
	ck_assert(ann_span_is(codes[2].hint, "Check the cable."));
	ck_assert_ptr_eq(codes[2].family, family);
	ck_assert_uint_eq(codes[4].value, UINT64_MAX);
	ann_codebook_free(book);
}
END_TEST

START_TEST(severity_has_a_default_by_value)
{
	struct ann_codebook *book = book_of(good);
	const struct ann_code *codes = ann_family_codes(ann_codebook_family(book, 0));

	ck_assert_int_eq(codes[0].severity, ANN_SEVERITY_OK);
	ck_assert_int_eq(codes[1].severity, ANN_SEVERITY_WARNING);
	ck_assert_int_eq(codes[2].severity, ANN_SEVERITY_ERROR);
	ck_assert_int_eq(codes[3].severity, ANN_SEVERITY_ERROR);
	ck_assert_int_eq(codes[4].severity, ANN_SEVERITY_INFO);
	ann_codebook_free(book);
	book = book_of("1\tA\tx\t\thint\n2\tB\tx\tok\n");
	codes = ann_family_codes(ann_codebook_family(book, 0));
	ck_assert_int_eq(codes[0].severity, ANN_SEVERITY_ERROR);
	ck_assert(ann_span_is(codes[0].hint, "hint"));
	ck_assert_int_eq(codes[1].severity, ANN_SEVERITY_OK);
	ann_codebook_free(book);
}
END_TEST

START_TEST(crlf_and_a_missing_last_newline_are_fine)
{
	struct ann_codebook *book =
		book_of("# family: dev\r\n\r\n0\tA\tx\r\n1\tB\ty\tinfo\r\n2\tC\t");
	const struct ann_code *codes = ann_family_codes(ann_codebook_family(book, 0));

	ck_assert(ann_span_is(ann_codebook_family(book, 0)->name, "dev"));
	ck_assert_uint_eq(ann_codebook_family(book, 0)->count, 3);
	ck_assert(ann_span_is(codes[0].description, "x"));
	ck_assert_int_eq(codes[1].severity, ANN_SEVERITY_INFO);
	ck_assert(ann_span_is(codes[2].description, ""));
	ann_codebook_free(book);
}
END_TEST

START_TEST(a_byte_order_mark_is_passed_over)
{
	struct ann_codebook *book = book_of("\xef\xbb\xbf# family: dev\n0\tA\tx\n");

	ck_assert(ann_span_is(ann_codebook_family(book, 0)->name, "dev"));
	ann_codebook_free(book);
}
END_TEST

START_TEST(the_file_names_a_family_that_does_not_name_itself)
{
	struct ann_codebook *book = ann_codebook_new();

	add(book, "0\tA\tx\n", "dir.d/nx_dns.seed.tsv");
	add(book, "0\tA\tx\n", "plain");
	expect_families(book, "nx_dns plain ");
	ck_assert(ann_span_is(ann_table_family_of("a/b.c"), "b"));
	ck_assert(ann_span_is(ann_table_family_of(".hidden"), ".hidden"));
	ck_assert(ann_span_is(ann_table_family_of("a/"), ""));
	ann_codebook_free(book);
}
END_TEST

START_TEST(a_family_has_a_plain_name)
{
	check_refused("# family: a b\n0\tA\tx\n",
		"a.tsv:2: a family is named with letters, digits, _ and -, not \"a b\"");
	check_refused_from("dir/.x", "0\tA\tx\n",
		"dir/.x:1: a family is named with letters, digits, _ and -, not \".x\"");
	check_refused_from("dir/", "0\tA\tx\n",
		"dir/:1: a family is named with letters, digits, _ and -, not \"\"");
}
END_TEST

START_TEST(values_are_hex_or_decimal)
{
	check_refused("0\tA\tx\n\n0x\tB\tx\n",
		"a.tsv:3: expected a value such as 0x11B or 283 and a tab, found \"0x\"");
	check_refused("-1\tA\tx\n",
		"a.tsv:1: expected a value such as 0x11B or 283 and a tab, found \"-1\"");
	check_refused("18446744073709551616\tA\tx\n",
		"a.tsv:1: expected a value such as 0x11B or 283 and a tab, found "
		"\"18446744073709551616\"");
	check_refused(" 1\tA\tx\n",
		"a.tsv:1: expected a value such as 0x11B or 283 and a tab, found \" 1\"");
	check_refused("0x1 A x\n",
		"a.tsv:1: expected a value such as 0x11B or 283 and a tab, found "
		"\"0x1 A x\"");
}
END_TEST

START_TEST(names_are_symbols)
{
	check_refused("1\t\tx\n",
		"a.tsv:1: expected a name of letters, digits and _, found \"\"");
	check_refused(
		"1\n", "a.tsv:1: expected a name of letters, digits and _, found \"\"");
	check_refused("1\tA B\tx\n",
		"a.tsv:1: expected a name of letters, digits and _, found \"A B\"");
}
END_TEST

START_TEST(a_row_has_three_to_five_fields)
{
	check_refused(
		"1\tA\n", "a.tsv:1: expected a tab and a description behind \"A\"");
	check_refused("1\tA\tx\tok\thint\tmore\n",
		"a.tsv:1: a row has five fields at most, found \"more\"");
	check_refused("1\tA\tx\tbad\n",
		"a.tsv:1: expected severity ok, info, warning or error, found \"bad\"");
}
END_TEST

START_TEST(a_table_is_text)
{
	check_refused("0\tA\tx\n1\tB\t\x1b[2J\n",
		"a.tsv:2: expected UTF-8 without control characters");
	check_refused(
		"0\tA\tx\r\r\n", "a.tsv:1: expected UTF-8 without control characters");
	check_refused("# title: f\xfcr\n0\tA\tx\n",
		"a.tsv:1: expected UTF-8 without control characters");
	ann_codebook_free(book_of("0\tA\tf\xc3\xbcr\n"));
}
END_TEST

START_TEST(values_ascend)
{
	check_refused("2\tA\tx\n1\tB\tx\n",
		"a.tsv:2: values ascend, but this one is below the row before: \"B\"");
}
END_TEST

START_TEST(value_and_name_come_once)
{
	check_refused("2\tA\tx\n2\tB\tx\n2\tA\ty\n",
		"a.tsv:3: value and name are there already: \"A\"");
}
END_TEST

START_TEST(a_value_has_many_names_but_not_any_number)
{
	struct ann_buf table = {0};

	for (int i = 0; i < 1001; i++) {
		ann_buf_printf(&table, "7\tA%d\tx\n", i);
	}
	ann_buf_char(&table, '\0');
	check_refused(table.ptr, "a.tsv:1001: too many names for one value: \"A1000\"");
	ann_buf_deinit(&table);
}
END_TEST

START_TEST(the_head_comes_before_the_rows)
{
	check_refused("1\tA\tx\n# title: late\n",
		"a.tsv:2: the head comes before the first row, found \"title\"");
}
END_TEST

START_TEST(a_table_without_rows_is_refused)
{
	check_refused("", "a.tsv: no rows; expected value<TAB>NAME<TAB>description");
	check_refused("# family: dev\n#\n",
		"a.tsv: no rows; expected value<TAB>NAME<TAB>description");
}
END_TEST

START_TEST(codes_are_found_by_value)
{
	struct ann_codebook *book = book_of(good);
	const struct ann_code *const *codes;

	ck_assert_uint_eq(ann_codebook_find(book, 0x11b, &codes), 2);
	expect_name(codes[0], "DEV_LOST");
	expect_name(codes[1], "DEV_GONE");
	ck_assert_uint_eq(ann_codebook_find(book, UINT64_MAX, &codes), 1);
	expect_name(codes[0], "DEV_LAST");
	ck_assert_uint_eq(ann_codebook_find(book, 0x11c, &codes), 0);
	ann_codebook_free(book);
}
END_TEST

START_TEST(codes_are_found_by_name)
{
	struct ann_codebook *book = book_of(good);

	expect_name(ann_codebook_find_name(book, ann_span("DEV_GONE")), "DEV_GONE");
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span("dev_gone")));
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span("")));
	ann_codebook_free(book);
}
END_TEST

START_TEST(codes_are_found_by_name_without_memory_for_an_index)
{
	test_heap_begin(-1);
	struct ann_codebook *book = book_of(good);

	add(book, "5\tDEV_GONE\tx\n", "later.tsv");
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	test_heap_fail(0);
	const struct ann_code *found =
		ann_codebook_find_name(book, ann_span("DEV_GONE"));

	expect_name(found, "DEV_GONE");
	ck_assert_uint_eq(found->value, 0x11B);
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span("dev_gone")));
	test_heap_fail(-1);
	ck_assert_ptr_eq(ann_codebook_find_name(book, ann_span("DEV_GONE")), found);
	ann_codebook_free(book);
	test_heap_end();
}
END_TEST

START_TEST(the_first_family_leads)
{
	struct ann_codebook *book = ann_codebook_new();
	const struct ann_code *const *codes;

	add(book, "5\tA\tx\n6\tSAME\tx\n", "one.tsv");
	add(book, "4\tSAME\tx\n5\tB\tx\n", "two.tsv");
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	ck_assert_uint_eq(ann_codebook_find(book, 5, &codes), 2);
	expect_name(codes[0], "A");
	expect_name(codes[1], "B");
	ck_assert_uint_eq(ann_codebook_find_name(book, ann_span("SAME"))->value, 6);
	ann_codebook_free(book);
}
END_TEST

START_TEST(many_codes_are_all_found)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_buf table = {0};

	for (unsigned i = 0; i < 5000; i++) {
		ann_buf_printf(&table, "0x%X\tN%u\tx\n", i * 0x10000, i);
	}
	ck_assert_int_eq(
		ann_table_add(book, ann_buf_all(&table), "a.tsv", NULL), ANN_OK);
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	for (unsigned i = 0; i < 5000; i++) {
		const struct ann_code *const *codes;
		char name[16];

		snprintf(name, sizeof(name), "N%u", i);
		ck_assert_uint_eq(ann_codebook_find(book, i * 0x10000, &codes), 1);
		expect_name(codes[0], name);
		ck_assert_ptr_eq(
			ann_codebook_find_name(book, ann_span(name)), codes[0]);
	}
	ann_buf_deinit(&table);
	ann_codebook_free(book);
}
END_TEST

START_TEST(an_empty_book_answers)
{
	struct ann_codebook *book = ann_codebook_new();
	const struct ann_code *const *codes;

	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	ck_assert_uint_eq(ann_codebook_find(book, 0, &codes), 0);
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span("A")));
	ann_codebook_free(book);
	ann_codebook_free(NULL);
}
END_TEST

START_TEST(a_later_family_replaces_the_earlier_in_its_place)
{
	struct ann_codebook *book = ann_codebook_new();

	add(book, "1\tA\tx\n", "one.tsv");
	add(book, "1\tB\tx\n", "two.tsv");
	add(book, "# family: one\n2\tC\tx\n", "user.tsv");
	expect_families(book, "one two ");
	ck_assert_str_eq(ann_codebook_family(book, 0)->origin, "user.tsv");
	ck_assert_int_eq(ann_codebook_index(book), ANN_OK);
	ck_assert_ptr_null(ann_codebook_find_name(book, ann_span("A")));
	expect_name(ann_codebook_find_name(book, ann_span("C")), "C");
	ann_codebook_free(book);
}
END_TEST

START_TEST(a_bad_table_leaves_the_book_as_it_was)
{
	struct ann_codebook *book = book_of(good);

	ck_assert_int_eq(ann_table_add(book, ann_span("# family: dev\n1\tA\tx\n0"),
				 "b.tsv", NULL),
		ANN_ECONFIG);
	expect_families(book, "dev ");
	expect_name(ann_codebook_find_name(book, ann_span("DEV_OK")), "DEV_OK");
	ann_codebook_free(book);
}
END_TEST

START_TEST(every_problem_is_told_to_who_listens)
{
	struct ann_buf told = {0};
	struct ann_error err = {.tell = collect, .user = &told};
	struct ann_codebook *book = ann_codebook_new();

	ck_assert_int_eq(ann_table_add(book,
				 ann_span("# family: a b\n"
					  "1\tA\tx\n"
					  "2\tB\n"
					  "3\tC\tx\n"
					  "2\tD\tx\n"),
				 "a.tsv", &err),
		ANN_ECONFIG);
	ann_buf_char(&told, '\0');
	ck_assert_str_eq(told.ptr,
		"a.tsv:2: a family is named with letters, digits, _ and -, not \"a b\"\n"
		"a.tsv:3: expected a tab and a description behind \"B\"\n"
		"a.tsv:5: values ascend, but this one is below the row before: \"D\"\n");
	expect_families(book, "");
	ann_buf_deinit(&told);
	ann_codebook_free(book);
}
END_TEST

START_TEST(a_family_can_be_asked_for)
{
	struct ann_codebook *book = ann_codebook_new();
	const struct ann_family *family = NULL;
	struct ann_error err = {0};

	add(book, "1\tA\tx\n", "nx.tsv");
	add(book, "1\tB\tx\n", "nx_dns.tsv");
	add(book, "1\tC\tx\n", "nx_secure_tls.tsv");
	ck_assert_int_eq(
		ann_codebook_need_family(book, ann_span("nx_dns"), &family, &err),
		ANN_OK);
	ck_assert_ptr_eq(family, ann_codebook_family(book, 1));
	ck_assert_ptr_eq(ann_codebook_family_named(book, ann_span("nx_dns")), family);
	ck_assert_ptr_null(ann_codebook_family_named(book, ann_span("NX")));
	ann_codebook_free(book);
}
END_TEST

START_TEST(an_unknown_family_is_refused_with_the_nearest)
{
	struct ann_codebook *book = ann_codebook_new();
	const struct ann_family *family = NULL;
	struct ann_error err = {0};

	add(book, "1\tA\tx\n", "nx.tsv");
	add(book, "1\tC\tx\n", "nx_secure_tls.tsv");
	ck_assert_int_eq(ann_codebook_need_family(
				 book, ann_span("nx_secure_tsl"), &family, &err),
		ANN_ECONFIG);
	ck_assert_str_eq(err.text, "unknown family \"nx_secure_tsl\"; did you mean "
				   "\"nx_secure_tls\"?");
	ck_assert_int_eq(
		ann_codebook_need_family(book, ann_span("something"), &family, &err),
		ANN_ECONFIG);
	ck_assert_str_eq(err.text, "unknown family \"something\"");
	ck_assert_ptr_null(family);
	ann_codebook_free(book);
}
END_TEST

static void write_book(const struct ann_codebook *book, struct ann_buf *out)
{
	ann_table_write(ann_codebook_family(book, 0), out);
	ann_buf_char(out, '\0');
}

START_TEST(what_is_written_reads_back_the_same)
{
	struct ann_codebook *book = book_of(good);
	struct ann_buf first = {0};
	struct ann_buf second = {0};

	write_book(book, &first);
	ann_codebook_free(book);
	ck_assert_str_eq(first.ptr,
		"# family: dev\n"
		"# title: Codes of the device\n"
		"# source: dev.h\n"
		"# revision: 3\n"
		"0x00\tDEV_OK\tIt worked.\tok\n"
		"0x01\tDEV_BUSY\tTry again.\twarning\n"
		"0x11B\tDEV_LOST\tThe link is gone.\terror\tCheck the cable.\n"
		"0x11B\tDEV_GONE\t\terror\n"
		"0xFFFFFFFFFFFFFFFF\tDEV_LAST\tThe last.\tinfo\n");
	book = book_of(first.ptr);
	write_book(book, &second);
	ck_assert_str_eq(first.ptr, second.ptr);
	ann_codebook_free(book);
	ann_buf_deinit(&first);
	ann_buf_deinit(&second);
}
END_TEST

START_TEST(the_embedded_tables_read_back_the_same)
{
	static const char *const names[] = {"nx", "nx_azure_iot", "nx_crypto",
		"nx_dhcp", "nx_dns", "nx_secure_tls", "nx_secure_x509", "nx_sntp",
		"nx_web_http", "nx_websocket", "nxd_mqtt", "tls_alert", "tx"};
	char path[400];

	snprintf(path, sizeof(path), "%s/tables/%s.tsv", CONFIG_DIR, names[_i]);

	FILE *file = fopen(path, "rb");
	static char text[400000];

	ck_assert_msg(file != NULL, "%s", path);

	size_t len = fread(text, 1, sizeof(text) - 1, file);
	struct ann_codebook *book;
	struct ann_buf first = {0};
	struct ann_buf second = {0};

	fclose(file);
	text[len] = '\0';
	book = book_of(text);
	write_book(book, &first);
	ann_codebook_free(book);
	book = book_of(first.ptr);
	write_book(book, &second);
	ann_codebook_free(book);
	ck_assert_str_eq(first.ptr, second.ptr);
	ann_buf_deinit(&first);
	ann_buf_deinit(&second);
}
END_TEST

START_TEST(rows_of_a_draft_may_come_in_any_order)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_family_draft *draft = NULL;
	const uint64_t values[] = {7, 1, 7, 3};
	const char *const names[] = {"D", "A", "C", "B"};
	const struct ann_code *codes;

	ck_assert_int_eq(ann_family_begin(&draft, ann_span("f"), "o"), ANN_OK);
	for (size_t i = 0; i < ANN_LEN(values); i++) {
		struct ann_code code = {.value = values[i], .name = ann_span(names[i])};

		ck_assert_int_eq(ann_family_add(draft, &code), ANN_OK);
	}
	ck_assert_int_eq(ann_family_end(book, draft), ANN_OK);
	codes = ann_family_codes(ann_codebook_family(book, 0));
	expect_name(&codes[0], "A");
	expect_name(&codes[1], "B");
	expect_name(&codes[2], "D");
	expect_name(&codes[3], "C");
	ann_codebook_free(book);
	ann_family_free(NULL);
}
END_TEST

START_TEST(codes_are_written_in_hex_of_two_digits_at_least)
{
	ck_assert_str_eq(ann_code_hex(0).text, "0x00");
	ck_assert_str_eq(ann_code_hex(0x11b).text, "0x11B");
	ck_assert_str_eq(ann_code_hex(UINT64_MAX).text, "0xFFFFFFFFFFFFFFFF");
}
END_TEST

START_TEST(severities_have_names)
{
	enum ann_severity severity = ANN_SEVERITY_OK;

	ck_assert(ann_severity_parse(ann_span("warning"), &severity));
	ck_assert_int_eq(severity, ANN_SEVERITY_WARNING);
	ck_assert(!ann_severity_parse(ann_span("Warning"), &severity));
	ck_assert(!ann_severity_parse(ann_span(""), &severity));
	ck_assert_str_eq(ann_severity_name(ANN_SEVERITY_ERROR), "error");
}
END_TEST

static enum ann_err add_and_index(struct ann_codebook *book, struct ann_error *err)
{
	enum ann_err code = ann_table_add(book, ann_span(good), "a.tsv", err);

	if (code == ANN_OK) {
		code = ann_table_add(book, ann_span("1\tA\tx\n"), "b.tsv", err);
	}
	if (code == ANN_OK) {
		code = ann_table_add(book, ann_span(good), "again.tsv", err);
	}
	return code == ANN_OK ? ann_codebook_index(book) : code;
}

START_TEST(every_allocation_may_fail)
{
	struct ann_error err = {0};

	test_heap_begin(_i);

	struct ann_codebook *book = ann_codebook_new();
	enum ann_err failed = book == NULL ? ANN_ENOMEM : add_and_index(book, &err);

	ann_codebook_free(book);
	ck_assert_int_eq(failed, test_heap_end() ? ANN_ENOMEM : ANN_OK);
	ck_assert(err.code == ANN_OK || err.code == ANN_ENOMEM);
}
END_TEST

static enum ann_err sort_family(struct ann_codebook *book)
{
	struct ann_family_draft *draft = NULL;
	struct ann_code high = {.value = 2, .name = ann_span("B")};
	struct ann_code low = {.value = 1, .name = ann_span("A")};

	if (ann_family_begin(&draft, ann_span("f"), "o") != ANN_OK ||
		ann_family_add(draft, &high) != ANN_OK ||
		ann_family_add(draft, &low) != ANN_OK) {
		ann_family_free(draft);
		return ANN_ENOMEM;
	}
	return ann_family_end(book, draft);
}

START_TEST(every_allocation_of_an_unsorted_family_may_fail)
{
	test_heap_begin(_i);

	struct ann_codebook *book = ann_codebook_new();
	enum ann_err failed = book == NULL ? ANN_ENOMEM : sort_family(book);

	ann_codebook_free(book);
	ck_assert_int_eq(failed, test_heap_end() ? ANN_ENOMEM : ANN_OK);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, head_and_rows_are_read);
	test_add(suite, severity_has_a_default_by_value);
	test_add(suite, crlf_and_a_missing_last_newline_are_fine);
	test_add(suite, a_byte_order_mark_is_passed_over);
	test_add(suite, the_file_names_a_family_that_does_not_name_itself);
	test_add(suite, a_family_has_a_plain_name);
	test_add(suite, values_are_hex_or_decimal);
	test_add(suite, names_are_symbols);
	test_add(suite, a_row_has_three_to_five_fields);
	test_add(suite, a_table_is_text);
	test_add(suite, values_ascend);
	test_add(suite, value_and_name_come_once);
	test_add(suite, a_value_has_many_names_but_not_any_number);
	test_add(suite, the_head_comes_before_the_rows);
	test_add(suite, a_table_without_rows_is_refused);
	test_add(suite, codes_are_found_by_value);
	test_add(suite, codes_are_found_by_name);
	test_add(suite, codes_are_found_by_name_without_memory_for_an_index);
	test_add(suite, the_first_family_leads);
	test_add(suite, many_codes_are_all_found);
	test_add(suite, an_empty_book_answers);
	test_add(suite, a_later_family_replaces_the_earlier_in_its_place);
	test_add(suite, a_bad_table_leaves_the_book_as_it_was);
	test_add(suite, every_problem_is_told_to_who_listens);
	test_add(suite, a_family_can_be_asked_for);
	test_add(suite, an_unknown_family_is_refused_with_the_nearest);
	test_add(suite, what_is_written_reads_back_the_same);
	test_add_loop(suite, the_embedded_tables_read_back_the_same, 13);
	test_add(suite, rows_of_a_draft_may_come_in_any_order);
	test_add(suite, codes_are_written_in_hex_of_two_digits_at_least);
	test_add(suite, severities_have_names);
	test_add_loop(suite, every_allocation_may_fail, 30);
	test_add_loop(suite, every_allocation_of_an_unsorted_family_may_fail, 10);
}
