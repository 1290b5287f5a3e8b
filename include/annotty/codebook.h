/*
 * codebook - what status codes mean.
 *
 * Filled from tables, then indexed, then only read (by any number of threads).
 * Families keep apart codes that share numbers: 0x20003 of the cloud client is not
 * 0x20003 of the crypto library.
 */
#ifndef ANNOTTY_CODEBOOK_H
#define ANNOTTY_CODEBOOK_H

#include "annotty/error.h"
#include "annotty/span.h"

enum ann_severity {
	ANN_SEVERITY_OK,      /* a success; annotated only if asked for */
	ANN_SEVERITY_INFO,    /* an ordinary event, such as an orderly close */
	ANN_SEVERITY_WARNING, /* worth a look; the call may go on */
	ANN_SEVERITY_ERROR,   /* the call failed */
};

/* "ok", "info", "warning" or "error". */
const char *ann_severity_name(enum ann_severity severity);

/* False when `name` is none of the four. */
bool ann_severity_parse(struct ann_span name, enum ann_severity *severity);

struct ann_family {
	struct ann_span name;  /* "nx_secure_tls" */
	struct ann_span title; /* a line for people, may be empty */
	struct ann_span
		source; /* document or header the numbers come from, may be empty */
	struct ann_span revision; /* of the table, may be empty */
	const char *origin;       /* file the table was read from */
	size_t order;             /* position among the families; lower leads */
	size_t count;             /* codes in it, aliases included */
};

struct ann_code {
	uint64_t value;                  /* as a number */
	struct ann_span name;            /* symbol, never empty */
	struct ann_span description;     /* a sentence, UTF-8, may be empty */
	struct ann_span hint;            /* what to check, may be empty */
	const struct ann_family *family; /* where it belongs */
	enum ann_severity severity;      /* how bad it is */
};

struct ann_codebook;

/* An empty codebook, or NULL when there is no memory. */
struct ann_codebook *ann_codebook_new(void);
void ann_codebook_free(struct ann_codebook *book);

/*
 * Takes a block of annotty/alloc.h, also when it fails, and frees it with the book: the
 * text that codes point into.
 */
ANN_MUST_USE enum ann_err ann_codebook_keep(struct ann_codebook *book, void *block);

/*
 * A family under construction: `begin`, any number of `add`, `end`. Only then is it
 * in the book, behind the others; a family of the same name is replaced in its place.
 * Freed without `end`, the book is as it was.
 */
struct ann_family_draft;
ANN_MUST_USE enum ann_err ann_family_begin(
	struct ann_family_draft **draft, struct ann_span name, const char *origin);
void ann_family_free(struct ann_family_draft *draft);

/* Copies what `span` points to and makes it point there, for as long as the book is.
 */
ANN_MUST_USE enum ann_err ann_family_copy(
	struct ann_family_draft *draft, struct ann_span *span);

/* The head of the family; each may be empty, and is copied. */
struct ann_family_head {
	struct ann_span title;
	struct ann_span source;
	struct ann_span revision;
};
ANN_MUST_USE enum ann_err ann_family_head(
	struct ann_family_draft *draft, struct ann_family_head head);

/*
 * `code->family` is ignored. Rows may come in any order; equal values keep theirs. What
 * the code points to is not copied: see ann_family_copy() and ann_codebook_keep().
 */
ANN_MUST_USE enum ann_err ann_family_add(
	struct ann_family_draft *draft, const struct ann_code *code);

/* Takes the draft, also when it fails (ANN_ENOMEM). The book needs an index again. */
ANN_MUST_USE enum ann_err ann_family_end(
	struct ann_codebook *book, struct ann_family_draft *draft);

/* Makes what was added findable. To be called before the functions below. */
ANN_MUST_USE enum ann_err ann_codebook_index(struct ann_codebook *book);

/* Families in order. `at` below ann_codebook_families(). Valid while the book is. */
size_t ann_codebook_families(const struct ann_codebook *book);
const struct ann_family *ann_codebook_family(
	const struct ann_codebook *book, size_t at);
const struct ann_family *ann_codebook_family_named(
	const struct ann_codebook *book, struct ann_span name);

/* The same for a user's word: ANN_ECONFIG when there is none, naming the nearest. */
ANN_MUST_USE enum ann_err ann_codebook_need_family(const struct ann_codebook *book,
	struct ann_span name, const struct ann_family **family, struct ann_error *err);

/* Codes of a family by value, aliases behind their leading name. */
const struct ann_code *ann_family_codes(const struct ann_family *family);

/*
 * All codes with this value, by order of family, aliases behind the leading name.
 * Returns how many and points `*codes` to them; 0 is an ordinary answer. O(1).
 */
size_t ann_codebook_find(const struct ann_codebook *book, uint64_t value,
	const struct ann_code *const **codes);

/*
 * The code with this exact symbol, or NULL. The first call makes a table of all names;
 * further ones are O(1), and O(n) without memory for the table. For several threads.
 */
const struct ann_code *ann_codebook_find_name(
	const struct ann_codebook *book, struct ann_span name);

/* The code as people write it: 0x, upper case, two digits at least. Static length. */
struct ann_hex {
	char text[24]; /* NUL-terminated */
};
struct ann_hex ann_code_hex(uint64_t value);

#endif
