/*
 * load - the codebook and rules from what is compiled in and what the user names.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "annotty/codebook.h"
#include "annotty/rules.h"

enum { ANN_FILES_MOST = 256 };

/* Arguments of the command line, as many as there are; borrowed. */
struct ann_inputs {
	const char *const *path;
	size_t count;
};

/* Files in the order in which the user named them; borrowed. */
struct ann_files {
	const char *path[ANN_FILES_MOST];
	size_t count;
};

/* Adds a path. ANN_ECONFIG when there are too many. */
ANN_MUST_USE enum ann_err ann_files_add(
	struct ann_files *files, const char *path, struct ann_error *err);

/*
 * The embedded tables, then `tables`: a name that ends in .h is a C header, any other
 * a code table. Later ones win over earlier ones of the same family. Definitions in
 * headers that are left out are told to standard error if `verbose`.
 * ANN_ECONFIG, ANN_ESYS, ANN_ENOMEM; the book is indexed.
 */
ANN_MUST_USE enum ann_err ann_load_book(struct ann_codebook **book,
	const struct ann_files *tables, bool verbose, struct ann_error *err);

/* The embedded rules unless `no_default`, then `files`. */
ANN_MUST_USE enum ann_err ann_load_rules(struct ann_rules **rules,
	const struct ann_files *files, bool no_default, struct ann_error *err);

/*
 * Headers, ANN_FILES_MOST of them, as one family into a book that exists; see
 * ann_header_add().
 */
ANN_MUST_USE enum ann_err ann_load_headers(struct ann_codebook *book,
	struct ann_span family, const struct ann_inputs *headers,
	struct ann_span prefix, bool verbose, struct ann_error *err);

/* Prints "annotty: " and the story on standard error; an ann_error_cb. */
void ann_warn(void *user, const struct ann_error *err);

#endif
