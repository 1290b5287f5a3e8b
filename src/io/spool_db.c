#include "io/spool_db.h"

#include "annotty/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the header of the file: whose it is ("Anno"), and which version of the schema. */
enum { APPLICATION_ID = 0x416e6e6f, SCHEMA_VERSION = 1 };

/* EXCLUSIVE: one process has the file, and the index of the WAL needs no file of its
 * own. Nobody reads deleted records again, so they need not be overwritten. */
static const char configure[] = "PRAGMA locking_mode = EXCLUSIVE;"
				"PRAGMA secure_delete = OFF;"
				"PRAGMA cache_size = -1024;" /* KiB */
				"PRAGMA journal_size_limit = 4194304;";

/* Page 1 is written with the journal mode; auto_vacuum has to be set before that. */
static const char prepare_file[] = "PRAGMA auto_vacuum = INCREMENTAL;"
				   "PRAGMA journal_mode = WAL;";

static const char create_schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE record (id INTEGER PRIMARY KEY, lines INTEGER NOT NULL,"
	" bytes BLOB NOT NULL);"
	"CREATE TABLE held (records INTEGER NOT NULL, lines INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL);"
	"INSERT INTO held VALUES (0, 0, 0);"
	"PRAGMA application_id = %d;"
	"PRAGMA user_version = %d;"
	"COMMIT;";

static const char *const sql[ANN_SPOOL_STATEMENTS] = {
	[ANN_SPOOL_BEGIN] = "BEGIN IMMEDIATE",
	[ANN_SPOOL_COMMIT] = "COMMIT",
	[ANN_SPOOL_ROLLBACK] = "ROLLBACK",
	[ANN_SPOOL_INSERT] = "INSERT INTO record VALUES (?, ?, ?)",
	[ANN_SPOOL_SELECT] =
		"SELECT id, lines, bytes FROM record WHERE id > ? ORDER BY id",
	[ANN_SPOOL_SIZES] = "SELECT id, length(bytes) FROM record ORDER BY id",
	[ANN_SPOOL_SUM] = "SELECT count(*), sum(lines), sum(length(bytes))"
			  " FROM record WHERE id <= ?",
	[ANN_SPOOL_DELETE] = "DELETE FROM record WHERE id <= ?",
	[ANN_SPOOL_GET_HELD] = "SELECT records, lines, bytes FROM held",
	[ANN_SPOOL_SET_HELD] = "UPDATE held SET records = ?, lines = ?, bytes = ?",
	[ANN_SPOOL_LAST] = "SELECT max(id) FROM record",
	[ANN_SPOOL_PAGES] = "SELECT page_count, freelist_count"
			    " FROM pragma_page_count, pragma_freelist_count",
};

/* --- statements ---------------------------------------------------------------------
 */

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

static int transact_once(struct ann_spool_db *db, ann_spool_work_cb work, void *user)
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

int ann_spool_db_transact(struct ann_spool_db *db, ann_spool_work_cb work, void *user)
{
	int rc = transact_once(db, work, user);

	if ((rc & 0xff) != SQLITE_FULL) {
		return rc;
	}
	/* What a checkpoint has copied, the WAL writes over from its beginning. */
	sqlite3_wal_checkpoint_v2(db->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	return transact_once(db, work, user);
}

int ann_spool_db_shrink(struct ann_spool_db *db)
{
	/* Free pages are for the records to come: as many as are used, or 1 MiB, stay.
	 * What is given back at a time takes about a hundredth of a second. */
	enum { STAY_PAGES = 256, STEP_PAGES = 1024 };
	int rc = ann_spool_db_step(db, ANN_SPOOL_PAGES);
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
	stay = stay < STAY_PAGES ? STAY_PAGES : stay;
	if (free_pages <= stay) {
		return SQLITE_OK;
	}
	char text[64];
	uint64_t pages = free_pages - stay;

	snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)",
		pages > STEP_PAGES ? STEP_PAGES : (int)pages);
	return sqlite3_exec(db->db, text, NULL, NULL, NULL);
}

/* --- opening ------------------------------------------------------------------------
 */

void ann_spool_db_close(struct ann_spool_db *db)
{
	for (size_t i = 0; i < ANN_SPOOL_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->db);
	db->db = NULL;
}

/* Whether it is there already does not matter. Never opens a file that SQLite may have
 * open: closing it would end SQLite's locks, which are the process's. */
static enum ann_err make_file(const char *path, struct ann_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST) {
		return ann_error_os(err, errno, "spool \"%s\"", path);
	}
	if (fd >= 0) {
		close(fd);
	}
	return ANN_OK;
}

static int get_number(sqlite3 *db, const char *query, int *value)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, query, -1, &statement, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(statement);
		*value = rc == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
		rc = sqlite3_finalize(statement);
	}
	return rc;
}

/* What the file at hand turns out to be. */
enum contents {
	OURS,
	BLANK, /* new, or its maker did not get further */
	FOREIGN,
	NEWER,
};

static int identify(sqlite3 *db, enum contents *contents)
{
	int application = 0;
	int version = 0;
	int tables = 0;
	int rc;

	if ((rc = get_number(db, "PRAGMA application_id", &application)) != SQLITE_OK ||
		(rc = get_number(db, "PRAGMA user_version", &version)) != SQLITE_OK ||
		(rc = get_number(db, "SELECT count(*) FROM sqlite_schema", &tables)) !=
			SQLITE_OK) {
		return rc;
	}
	if (application == APPLICATION_ID) {
		*contents = version == SCHEMA_VERSION ? OURS : NEWER;
	} else {
		*contents = application == 0 && tables == 0 ? BLANK : FOREIGN;
	}
	return SQLITE_OK;
}

static int create(sqlite3 *db)
{
	char text[sizeof(create_schema) + 32];
	int rc = sqlite3_exec(db, prepare_file, NULL, NULL, NULL);

	if (rc == SQLITE_OK) {
		snprintf(text, sizeof(text), create_schema, APPLICATION_ID,
			SCHEMA_VERSION);
		rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	}
	return rc;
}

static int prepare(struct ann_spool_db *db)
{
	int rc = sqlite3_exec(db->db,
		db->durable ? "PRAGMA synchronous = FULL"
			    : "PRAGMA synchronous = NORMAL",
		NULL, NULL, NULL);

	for (size_t i = 0; rc == SQLITE_OK && i < ANN_SPOOL_STATEMENTS; i++) {
		rc = sqlite3_prepare_v3(db->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&db->statements[i], NULL);
	}
	return rc;
}

static int open_database(struct ann_spool_db *db, enum contents *contents)
{
	int rc = sqlite3_open_v2(
		db->path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_exec(db->db, configure, NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK) {
		rc = identify(db->db, contents);
	}
	if (rc == SQLITE_OK && *contents == BLANK) {
		rc = create(db->db);
		*contents = OURS;
	}
	return rc == SQLITE_OK && *contents == OURS ? prepare(db) : rc;
}

static bool is_damaged(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

/* SQLite finds the WAL of PATH.damaged, too, if somebody wants to look into it. */
static enum ann_err move_aside(
	struct ann_spool_db *db, const char *why, struct ann_error *err)
{
	static const char *const suffixes[] = {"", "-wal"};
	size_t room = strlen(db->path) + sizeof(".damaged-wal");
	char *names = ann_resize_array(NULL, 2, room);
	enum ann_err failed = names == NULL ? ann_error_nomem(err) : ANN_OK;

	ann_spool_db_close(db);
	for (size_t i = 0; failed == ANN_OK && i < ANN_LEN(suffixes); i++) {
		snprintf(names, room, "%s%s", db->path, suffixes[i]);
		snprintf(names + room, room, "%s.damaged%s", db->path, suffixes[i]);
		if (unlink(names + room) < 0 && errno != ENOENT) {
			failed = ann_error_os(err, errno, "%s", names + room);
		} else if (rename(names, names + room) < 0 && errno != ENOENT) {
			failed = ann_error_os(err, errno, "%s", names);
		}
	}
	ann_free(names);
	snprintf(db->note, sizeof(db->note),
		"spool \"%s\" %s; it was moved to \"%s.damaged\", and a new one begun",
		db->path, why, db->path);
	return failed;
}

enum ann_err ann_spool_db_fail(struct ann_spool_db *db, int rc, const char *what,
	bool *replaced, struct ann_error *err)
{
	int os = db->db == NULL ? 0 : sqlite3_system_errno(db->db);

	*replaced = is_damaged(rc);
	if (*replaced) {
		enum ann_err failed = move_aside(db, "is damaged", err);

		if (failed == ANN_OK) {
			failed = ann_spool_db_open(db, err);
		}
		return failed == ANN_OK ? ann_error_set(err, ANN_ESYS, "%s", db->note)
					: failed;
	}
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return ann_error_nomem(err);
	case SQLITE_BUSY:
		return ann_error_set(err, ANN_ESYS,
			"spool \"%s\": another process uses it", db->path);
	case SQLITE_FULL:
		return ann_error_os(err, ENOSPC, "spool \"%s\": %s", db->path, what);
	default:
		return os != 0 ? ann_error_os(
					 err, os, "spool \"%s\": %s", db->path, what)
			       : ann_error_set(err, ANN_ESYS, "spool \"%s\": %s: %s",
					 db->path, what, sqlite3_errstr(rc));
	}
}

static enum ann_err open_once(
	struct ann_spool_db *db, const char **useless, struct ann_error *err)
{
	enum contents contents = OURS;
	enum ann_err failed = make_file(db->path, err);

	*useless = NULL;
	if (failed != ANN_OK) {
		return failed;
	}
	int rc = open_database(db, &contents);

	if (rc == SQLITE_OK && contents == FOREIGN) {
		return ann_error_set(err, ANN_ECONFIG,
			"spool \"%s\": this is a database of another program",
			db->path);
	}
	if (is_damaged(rc)) {
		*useless = "is damaged";
	} else if (rc == SQLITE_OK && contents == NEWER) {
		*useless = "is of another version of annotty";
	} else if (rc != SQLITE_OK) {
		bool replaced;

		return ann_spool_db_fail(db, rc, "open", &replaced, err);
	}
	return ANN_OK;
}

enum ann_err ann_spool_db_open(struct ann_spool_db *db, struct ann_error *err)
{
	const char *useless;
	enum ann_err failed = open_once(db, &useless, err);

	if (failed == ANN_OK && useless != NULL) {
		failed = move_aside(db, useless, err);
		if (failed == ANN_OK) {
			failed = open_once(db, &useless, err);
		}
		if (failed == ANN_OK && useless != NULL) {
			failed = ann_error_set(err, ANN_ESYS,
				"spool \"%s\": a new file %s", db->path, useless);
		}
	}
	if (failed != ANN_OK) {
		ann_spool_db_close(db);
	}
	return failed;
}
