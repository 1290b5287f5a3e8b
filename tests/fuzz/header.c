/*
 * Any bytes are a header, or two: what is imported is a family that can be written and
 * read back, byte for byte.
 */
#include "annotty/header.h"
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

static void check_note(void *user, const char *note)
{
	(void)user;
	must(strncmp(note, "a.h:", 4) == 0 || strncmp(note, "b.h:", 4) == 0);
	for (; *note != '\0'; note++) {
		must(*note >= ' ' && *note <= '~');
	}
}

static void check_code(const struct ann_code *code)
{
	must(code->name.len > 0 && code->description.len <= 512);
	for (size_t i = 0; i < code->description.len; i++) {
		unsigned char c = (unsigned char)code->description.ptr[i];

		must(c >= ' ' && c != 0x7f);
	}
}

static void check_round_trip(const struct ann_family *family)
{
	struct ann_codebook *book = ann_codebook_new();
	struct ann_buf first = {0};
	struct ann_buf second = {0};

	ann_table_write(family, &first);
	must(book != NULL);
	/* A table has rows, and not thousands of names for one value. */
	if (ann_table_add(book, ann_buf_all(&first), "made.tsv", NULL) == ANN_OK) {
		ann_table_write(ann_codebook_family(book, 0), &second);
		must(ann_span_equal(ann_buf_all(&first), ann_buf_all(&second)));
	} else {
		must(family->count == 0 || family->count > 1000);
	}
	ann_buf_deinit(&first);
	ann_buf_deinit(&second);
	ann_codebook_free(book);
}

static void import(const struct ann_header *headers, size_t count)
{
	struct ann_codebook *book = ann_codebook_new();

	must(book != NULL);
	must(ann_header_add(book, ann_span("made"), headers, count, ann_span(""),
		     check_note, NULL, NULL) == ANN_OK);

	const struct ann_family *family = ann_codebook_family(book, 0);

	for (size_t i = 0; i < family->count; i++) {
		check_code(&ann_family_codes(family)[i]);
	}
	check_round_trip(family);
	ann_codebook_free(book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct ann_header whole = {{text, size}, "a.h"};
	struct ann_header halves[] = {
		{{text, size / 2}, "a.h"},
		{{text + size / 2, size - size / 2}, "b.h"},
	};

	import(&whole, 1);
	import(halves, 2);
	return 0;
}
