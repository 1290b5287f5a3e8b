/*
 * table - code tables as text.
 *
 * UTF-8 lines without control characters, LF or CRLF:
 *
 *     # family: nx_secure_tls          head: family, title, source, revision
 *     # any other comment
 *     0x11B<TAB>NAME<TAB>description[<TAB>severity[<TAB>hint]]
 *
 * Values are 0x hex or decimal and ascend. A value with several names lists them one
 * after the other, the leading one first. Severity is ok, info, warning or error;
 * without it, 0 is ok and everything else an error.
 */
#ifndef ANNOTTY_TABLE_H
#define ANNOTTY_TABLE_H

#include "annotty/buf.h"
#include "annotty/codebook.h"

/*
 * Adds the table to the book. Its codes point into `text`, which has to live as long as
 * the book, see ann_codebook_keep(). `origin` names it in messages and is copied.
 * Without a `# family:` head the family is the file name of `origin` up to its first
 * dot. All or nothing: after an error the book is as before.
 *
 * ANN_ECONFIG with origin:line:, ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_table_add(struct ann_codebook *book, struct ann_span text,
	const char *origin, struct ann_error *err);

/* Writes a family as a table that ann_table_add() reads back. */
void ann_table_write(const struct ann_family *family, struct ann_buf *out);

/* The family a file speaks of when it does not say so: "a/nx_dns.seed.tsv" is nx_dns.
 */
struct ann_span ann_table_family_of(const char *origin);

/* True for letters, digits, _ and -: a name that lists and the head of a table can
 * hold.
 */
bool ann_table_family_fits(struct ann_span name);

#endif
