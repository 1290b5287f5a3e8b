/*
 * ini - configuration as text: sections, keys, values.
 *
 *     [rule keyword-hex]            a section: a kind and, for some kinds, a name
 *     pattern = (?i)status (0x\w+)  a key and its value, blanks around them dropped
 *         continued here            a line that begins with a blank goes on
 *     # a comment, ; also one       only at the start of a line
 *
 * Nothing inside a value is special: no quotes, no escapes, no comments behind it, no
 * longest line. That, and a line number for every key, is why this is not libinih:
 * its Debian build cuts lines at 200 bytes and takes " ;" out of values, which
 * regular expressions do not survive.
 */
#ifndef ANNOTTY_INI_H
#define ANNOTTY_INI_H

#include "annotty/error.h"
#include "annotty/span.h"

/* One key, or the opening of a section (`key` is then empty). Borrowed for the call. */
struct ann_ini_entry {
	const char *origin;   /* file, for messages */
	size_t line;          /* where it begins, from 1 */
	struct ann_span kind; /* first word of the section's name; empty before any */
	struct ann_span name; /* the rest of the section's name, may be empty */
	struct ann_span key;
	struct ann_span value; /* continuation lines are joined with '\n' */
};

/* Whatever it returns but ANN_OK ends the reading and is handed through. */
typedef enum ann_err (*ann_ini_cb)(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err);

/*
 * Reads `text` and calls `take` for every section and key in order.
 * ANN_ECONFIG with origin:line: for a line that is none of the above, ANN_ENOMEM,
 * or what `take` returned.
 */
ANN_MUST_USE enum ann_err ann_ini_read(struct ann_span text, const char *origin,
	ann_ini_cb take, void *user, struct ann_error *err);

/* ANN_ECONFIG with the entry's origin:line: before the formatted text. */
enum ann_err ann_ini_error(const struct ann_ini_entry *entry, struct ann_error *err,
	const char *text, ...) ANN_PRINTF(3, 4);

#endif
