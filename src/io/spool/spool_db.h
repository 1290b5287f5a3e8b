/*
 * spool_db - the database of a spool: opened, checked, and replaced when it is damaged.
 */
#ifndef IO_SPOOL_DB_H
#define IO_SPOOL_DB_H

#include "annotty/error.h"

#include <sqlite3.h>
#include <stdint.h>

enum ann_spool_statement {
	ANN_SPOOL_BEGIN,
	ANN_SPOOL_COMMIT,
	ANN_SPOOL_ROLLBACK,
	ANN_SPOOL_INSERT,    /* id, lines, bytes */
	ANN_SPOOL_SELECT,    /* above id: id, lines, bytes */
	ANN_SPOOL_SIZES,     /* above id: id, length of bytes */
	ANN_SPOOL_SUM,       /* above, up to id: records, lines, bytes */
	ANN_SPOOL_DELETE,    /* above, up to id */
	ANN_SPOOL_GET_HELD,  /* records, lines, bytes */
	ANN_SPOOL_SET_HELD,  /* records, lines, bytes */
	ANN_SPOOL_LAST,      /* highest id or NULL */
	ANN_SPOOL_PAGES,     /* in the file, of them free */
	ANN_SPOOL_STATEMENTS /* how many */
};

struct ann_spool_db {
	char *path;
	bool durable;
	sqlite3 *db; /* NULL: could not be opened anew */
	sqlite3_stmt *statements[ANN_SPOOL_STATEMENTS];
	bool stuck;     /* the disk is too full for a checkpoint */
	char note[512]; /* of the file moved aside, or empty */
};

/* Opens, makes or replaces the database at db->path. Errors as ann_spool_open(). */
ANN_MUST_USE enum ann_err ann_spool_db_open(
	struct ann_spool_db *db, struct ann_error *err);

/* The second half of opening: statements, and what keeps the WAL small. SQLITE_OK or an
 * error; after both the database is to be closed. */
ANN_MUST_USE int ann_spool_db_prepare(struct ann_spool_db *db);

/* Also when it is not open, or half. */
void ann_spool_db_close(struct ann_spool_db *db);

/* Parameters count from 1, columns from 0. */
void ann_spool_db_bind(struct ann_spool_db *db, enum ann_spool_statement which, int at,
	uint64_t value);
uint64_t ann_spool_db_column(
	const struct ann_spool_db *db, enum ann_spool_statement which, int at);

/* SQLITE_ROW, SQLITE_DONE or an error. Ends with ann_spool_db_reset(). */
ANN_MUST_USE int ann_spool_db_step(
	struct ann_spool_db *db, enum ann_spool_statement which);
void ann_spool_db_reset(struct ann_spool_db *db, enum ann_spool_statement which);

/* Steps to the end; SQLITE_OK or an error. */
ANN_MUST_USE int ann_spool_db_run(
	struct ann_spool_db *db, enum ann_spool_statement which);

/* Work inside of a transaction; SQLITE_OK or an error, which rolls back. */
typedef int (*ann_spool_work_cb)(void *user);

/* For work that needs more room: SQLITE_FULL while the last of the disk is needed to
 * delete. */
ANN_MUST_USE int ann_spool_db_grow(
	struct ann_spool_db *db, ann_spool_work_cb work, void *user);

/* For work that deletes. Gives pages back to the disk when many are free. */
ANN_MUST_USE int ann_spool_db_lessen(
	struct ann_spool_db *db, ann_spool_work_cb work, void *user);

/*
 * Tells what the SQLite error `rc` means; `what` was being done. A database that turns
 * out damaged is replaced by an empty one, and `*replaced` set.
 */
enum ann_err ann_spool_db_fail(struct ann_spool_db *db, int rc, const char *what,
	bool *replaced, struct ann_error *err);

#endif
