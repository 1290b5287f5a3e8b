/*
 * The happy path: the file is there or made, SQLite opens it, its header says that it
 * is ours, statements are prepared. A new file gets its tables first. What is no
 * database, or none that this version can use, is moved aside, and the path is gone
 * once more.
 */
#include "io/spool/spool_db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* In the header of the file: whose it is ("Anno"), and which version of the schema. */
enum { APPLICATION_ID = 0x416e6e6f, SCHEMA_VERSION = 1 };

/* EXCLUSIVE: one process has the file, and the index of the WAL needs no file of its
 * own. Nobody reads deleted records again, so they need not be overwritten. */
static const char configure[] = "PRAGMA locking_mode = EXCLUSIVE;"
				"PRAGMA secure_delete = OFF;"
				"PRAGMA cache_size = -1024;"            /* KiB */
				"PRAGMA journal_size_limit = 4194304;"; /* WAL_BYTES */

/* Page 1 is written with the journal mode; auto_vacuum has to be set before that. */
static const char prepare_file[] = "PRAGMA page_size = 4096;"
				   "PRAGMA auto_vacuum = INCREMENTAL;"
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
	OTHER_VERSION,
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
		*contents = version == SCHEMA_VERSION ? OURS : OTHER_VERSION;
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
	return rc == SQLITE_OK && *contents == OURS ? ann_spool_db_prepare(db) : rc;
}

static bool is_damaged(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

/* Moves PATH with `suffix` to PATH.damaged with `suffix`; it need not be there. */
static enum ann_err move_file(
	const char *path, const char *suffix, struct ann_error *err)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	int len = snprintf(from, sizeof(from), "%s%s", path, suffix);
	int to_len = snprintf(to, sizeof(to), "%s.damaged%s", path, suffix);

	if (len >= PATH_MAX || to_len >= PATH_MAX) {
		return ann_error_os(err, ENAMETOOLONG, "spool \"%s\"", path);
	}
	if (unlink(to) < 0 && errno != ENOENT) {
		return ann_error_os(err, errno, "spool \"%s\"", to);
	}
	if (rename(from, to) < 0 && errno != ENOENT) {
		return ann_error_os(err, errno, "spool \"%s\"", from);
	}
	return ANN_OK;
}

/* The WAL goes along: who looks into PATH.damaged with SQLite wants that, too, and it
 * must not be taken for that of the new file. */
static enum ann_err move_aside(
	struct ann_spool_db *db, const char *why, struct ann_error *err)
{
	ann_spool_db_close(db);

	enum ann_err failed = move_file(db->path, "", err);

	if (failed == ANN_OK) {
		failed = move_file(db->path, "-wal", err);
	}
	if (failed == ANN_OK) {
		snprintf(db->note, sizeof(db->note),
			"spool \"%s\" %s; it was moved to \"%s.damaged\", and a new "
			"one begun",
			db->path, why, db->path);
	}
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
		(void)ann_error_set(err, ANN_ESYS,
			"spool \"%s\": another process uses it", db->path);
		if (err != NULL) {
			err->os = EBUSY;
		}
		return ANN_ESYS;
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
	} else if (rc == SQLITE_OK && contents == OTHER_VERSION) {
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
