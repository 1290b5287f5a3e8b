/*
 * Any bytes are a table or are refused with a line; every code of a table is found, and
 * a table that was written is written the same when it was read.
 */
#include "annotty/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void count_problem(void *user, const struct ann_error *err)
{
	must(err->code == ANN_ECONFIG && strncmp(err->text, "a.tsv:", 6) == 0);
	++*(size_t *)user;
}

static enum ann_err add(struct ann_codebook *book, struct ann_span text)
{
	size_t problems = 0;
	struct ann_error telling = {.tell = count_problem, .user = &problems};
	struct ann_error err = {0};
	enum ann_err code = ann_table_add(book, text, "a.tsv", &err);

	must(code == ANN_OK || (code == ANN_ECONFIG && err.code == code));
	must(code == ANN_OK || strncmp(err.text, "a.tsv:", 6) == 0);
	must(ann_table_add(book, text, "a.tsv", &telling) == code);
	must(code != ANN_OK || problems == 0);
	return code;
}

static void check_found(const struct ann_codebook *book, const struct ann_code *code)
{
	const struct ann_code *const *codes;
	size_t count = ann_codebook_find(book, code->value, &codes);
	size_t at = 0;

	while (at < count && codes[at] != code) {
		at++;
	}
	must(at < count);
	must(ann_codebook_find_name(book, code->name) != NULL);
}

/* Writes the family, reads that instead of it, and leaves the text in `out`. */
static void rewrite(struct ann_codebook *book, struct ann_buf *out)
{
	must(ann_codebook_families(book) == 1);
	ann_table_write(ann_codebook_family(book, 0), out);
	must(add(book, ann_buf_all(out)) == ANN_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_buf first = {0};
	struct ann_buf second = {0};

	must(book != NULL);
	if (add(book, (struct ann_span){(const char *)data, size}) == ANN_OK) {
		const struct ann_family *family = ann_codebook_family(book, 0);

		must(ann_codebook_index(book) == ANN_OK);
		for (size_t i = 0; i < family->count; i++) {
			check_found(book, &ann_family_codes(family)[i]);
		}
		rewrite(book, &first);
		rewrite(book, &second);
		must(ann_span_equal(ann_buf_all(&first), ann_buf_all(&second)));
	}
	ann_buf_deinit(&first);
	ann_buf_deinit(&second);
	ann_codebook_free(book);
	return 0;
}
