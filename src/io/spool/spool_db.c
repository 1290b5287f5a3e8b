/*
 * Statements, transactions, and the WAL. A commit is one write to the WAL; on_commit()
 * moves that into the database now and then, and fails quietly when the disk is full.
 */
#include "io/spool/spool_db.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/*
 * To delete is to write, and on a full disk only the WAL has room to write to. So its
 * blocks are reserved, a checkpoint is due when a quarter of them is used, and when
 * that fails because the database cannot grow, no more is appended: the rest is for
 * deleting until the database is small enough again.
 */
enum {
	PAGE_BYTES = 4096,
	WAL_BYTES = 4 << 20,
	WAL_DUE_PAGES = WAL_BYTES / 4 / PAGE_BYTES
};

static const char *const sql[ANN_SPOOL_STATEMENTS] = {
	[ANN_SPOOL_BEGIN] = "BEGIN IMMEDIATE",
	[ANN_SPOOL_COMMIT] = "COMMIT",
	[ANN_SPOOL_ROLLBACK] = "ROLLBACK",
	[ANN_SPOOL_INSERT] = "INSERT INTO record VALUES (?, ?, ?)",
	[ANN_SPOOL_SELECT] =
		"SELECT id, lines, bytes FROM record WHERE id > ? ORDER BY id",
	[ANN_SPOOL_SIZES] =
		"SELECT id, length(bytes) FROM record WHERE id > ? ORDER BY id",
	[ANN_SPOOL_SUM] = ("SELECT count(*), sum(lines), sum(length(bytes))"
			   " FROM record WHERE id > ? AND id <= ?"),
	[ANN_SPOOL_DELETE] = "DELETE FROM record WHERE id > ? AND id <= ?",
	[ANN_SPOOL_GET_HELD] = "SELECT records, lines, bytes FROM held",
	[ANN_SPOOL_SET_HELD] = "UPDATE held SET records = ?, lines = ?, bytes = ?",
	[ANN_SPOOL_LAST] = "SELECT max(id) FROM record",
	[ANN_SPOOL_PAGES] = ("SELECT page_count, freelist_count"
			     " FROM pragma_page_count, pragma_freelist_count"),
};

void ann_spool_db_bind(
	struct ann_spool_db *db, enum ann_spool_statement which, int at, uint64_t value)
{
	/* Cannot fail: the parameter is there and the statement is reset. */
	sqlite3_bind_int64(db->statements[which], at, (sqlite3_int64)value);
}

uint64_t ann_spool_db_column(
	const struct ann_spool_db *db, enum ann_spool_statement which, int at)
{
	return (uint64_t)sqlite3_column_int64(db->statements[which], at);
}

int ann_spool_db_step(struct ann_spool_db *db, enum ann_spool_statement which)
{
	return sqlite3_step(db->statements[which]);
}

void ann_spool_db_reset(struct ann_spool_db *db, enum ann_spool_statement which)
{
	/* Its result is that of the last step, which its caller has seen. */
	sqlite3_reset(db->statements[which]);
}

int ann_spool_db_run(struct ann_spool_db *db, enum ann_spool_statement which)
{
	int rc = SQLITE_ROW;

	while (rc == SQLITE_ROW) {
		rc = ann_spool_db_step(db, which);
	}
	ann_spool_db_reset(db, which);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int transact(struct ann_spool_db *db, ann_spool_work_cb work, void *user)
{
	int rc = ann_spool_db_run(db, ANN_SPOOL_BEGIN);

	if (rc == SQLITE_OK) {
		rc = work(user);
	}
	if (rc == SQLITE_OK) {
		rc = ann_spool_db_run(db, ANN_SPOOL_COMMIT);
	}
	/* Some errors have rolled back already. */
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db->db)) {
		int rolled_back = ann_spool_db_run(db, ANN_SPOOL_ROLLBACK);

		(void)rolled_back; /* there is nothing better to tell than `rc` */
	}
	return rc;
}

/* After each commit: `pages` are in the WAL. */
static int on_commit(void *user, sqlite3 *handle, const char *name, int pages)
{
	struct ann_spool_db *db = user;

	db->stuck = pages >= WAL_DUE_PAGES &&
		    sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE,
			    NULL, NULL) == SQLITE_FULL;
	return SQLITE_OK;
}

/* False: the disk is still full. */
static bool unstick(struct ann_spool_db *db)
{
	if (db->stuck) {
		db->stuck = sqlite3_wal_checkpoint_v2(db->db, NULL,
				    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK;
	}
	return !db->stuck;
}

int ann_spool_db_grow(struct ann_spool_db *db, ann_spool_work_cb work, void *user)
{
	return unstick(db) ? transact(db, work, user) : SQLITE_FULL;
}

/* Free pages are for the records to come: as many as are used, or 1 MiB, stay. What is
 * given back at a time takes about a hundredth of a second. */
static int shrink(struct ann_spool_db *db)
{
	enum { STAY_PAGES = 256, STEP_PAGES = 1024 };
	int rc = sqlite3_step(db->statements[ANN_SPOOL_PAGES]);
	uint64_t free_pages = 0;
	uint64_t stay = 0;

	if (rc == SQLITE_ROW) {
		free_pages = ann_spool_db_column(db, ANN_SPOOL_PAGES, 1);
		stay = ann_spool_db_column(db, ANN_SPOOL_PAGES, 0) - free_pages;
	}
	ann_spool_db_reset(db, ANN_SPOOL_PAGES);
	if (rc != SQLITE_ROW) {
		return rc;
	}
	stay = db->stuck ? 0 : stay < STAY_PAGES ? STAY_PAGES : stay;
	if (free_pages <= stay) {
		return SQLITE_OK;
	}
	char text[64];
	uint64_t pages = free_pages - stay;

	snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)",
		pages > STEP_PAGES ? STEP_PAGES : (int)pages);
	return sqlite3_exec(db->db, text, NULL, NULL, NULL);
}

struct shrinking {
	struct ann_spool_db *db;
	ann_spool_work_cb work;
	void *user;
};

static int work_and_shrink(void *user)
{
	struct shrinking *job = user;
	int rc = job->work(job->user);

	return rc == SQLITE_OK ? shrink(job->db) : rc;
}

int ann_spool_db_lessen(struct ann_spool_db *db, ann_spool_work_cb work, void *user)
{
	struct shrinking job = {db, work, user};

	return transact(db, work_and_shrink, &job);
}

/* A reserve that cannot be had is done without. */
static void reserve_wal(const struct ann_spool_db *db)
{
	int fd = open(sqlite3_filename_wal(sqlite3_db_filename(db->db, NULL)),
		O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		int reserved = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, WAL_BYTES);

		(void)reserved;
		close(fd);
	}
}

int ann_spool_db_prepare(struct ann_spool_db *db)
{
	int rc = sqlite3_exec(db->db,
		db->durable ? "PRAGMA synchronous = FULL"
			    : "PRAGMA synchronous = NORMAL",
		NULL, NULL, NULL);

	for (size_t i = 0; rc == SQLITE_OK && i < ANN_SPOOL_STATEMENTS; i++) {
		rc = sqlite3_prepare_v3(db->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&db->statements[i], NULL);
	}
	if (rc == SQLITE_OK) {
		sqlite3_wal_hook(db->db, on_commit, db);
		db->stuck = false;
		reserve_wal(db);
	}
	return rc;
}

void ann_spool_db_close(struct ann_spool_db *db)
{
	for (size_t i = 0; i < ANN_SPOOL_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->db);
	db->db = NULL;
}
