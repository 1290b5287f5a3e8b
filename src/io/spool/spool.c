#include "io/spool/spool.h"

#include "annotty/alloc.h"

#include "io/spool/spool_db.h"

#include <string.h>

struct ann_spool {
	struct ann_spool_db db;
	uint64_t limit_bytes;
	uint64_t next_id;
	struct ann_spool_totals held;
};

/* What records count against the limit. */
static uint64_t cost(const struct ann_spool_totals *totals)
{
	return totals->bytes + totals->records * ANN_SPOOL_RECORD_OVERHEAD;
}

static void add(struct ann_spool_totals *to, const struct ann_spool_totals *more)
{
	to->records += more->records;
	to->lines += more->lines;
	to->bytes += more->bytes;
}

/* Not below zero: the totals come from the file, and that can be damaged. */
static void take(uint64_t *from, uint64_t gone)
{
	*from -= gone < *from ? gone : *from;
}

static void subtract(struct ann_spool_totals *from, const struct ann_spool_totals *gone)
{
	take(&from->records, gone->records);
	take(&from->lines, gone->lines);
	take(&from->bytes, gone->bytes);
}

/* --- opening ---------------------------------------------------------------------- */

/* The totals that a statement's row begins with. */
static struct ann_spool_totals totals_of(
	const struct ann_spool_db *db, enum ann_spool_statement which)
{
	return (struct ann_spool_totals){
		.records = ann_spool_db_column(db, which, 0),
		.lines = ann_spool_db_column(db, which, 1),
		.bytes = ann_spool_db_column(db, which, 2),
	};
}

/* Reads totals and ids. Ids go on above all that this process has given out. */
static int recall(struct ann_spool *spool)
{
	struct ann_spool_db *db = &spool->db;
	int rc = ann_spool_db_step(db, ANN_SPOOL_GET_HELD);

	if (rc == SQLITE_ROW) {
		spool->held = totals_of(db, ANN_SPOOL_GET_HELD);
	}
	ann_spool_db_reset(db, ANN_SPOOL_GET_HELD);
	if (rc != SQLITE_ROW) {
		return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
	}
	rc = ann_spool_db_step(db, ANN_SPOOL_LAST);
	if (rc == SQLITE_ROW) {
		uint64_t last = ann_spool_db_column(db, ANN_SPOOL_LAST, 0);

		spool->next_id = last < spool->next_id ? spool->next_id : last + 1;
	}
	ann_spool_db_reset(db, ANN_SPOOL_LAST);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* An error of SQLite's becomes a story; a damaged database an empty one. */
static enum ann_err fail(
	struct ann_spool *spool, int rc, const char *what, struct ann_error *err)
{
	bool replaced;
	enum ann_err failed = ann_spool_db_fail(&spool->db, rc, what, &replaced, err);

	if (replaced) {
		spool->held = (struct ann_spool_totals){0};
	}
	return failed;
}

/* If the file could not be opened again after damage, every call tries. */
static enum ann_err be_open(struct ann_spool *spool, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	if (spool->db.db != NULL) {
		return ANN_OK;
	}
	if ((failed = ann_spool_db_open(&spool->db, err)) != ANN_OK) {
		return failed;
	}
	int rc = recall(spool);

	if (rc == SQLITE_OK) {
		return ANN_OK;
	}
	bool replaced = false;

	failed = ann_spool_db_fail(&spool->db, rc, "open", &replaced, err);
	if (replaced && spool->db.db != NULL) {
		return ANN_OK; /* empty, as the note tells */
	}
	ann_spool_db_close(&spool->db);
	return failed;
}

struct ann_spool *ann_spool_open(const char *path,
	const struct ann_spool_options *options, struct ann_error *err)
{
	struct ann_spool *spool = ann_alloc(sizeof(*spool));

	if (spool == NULL) {
		ann_error_nomem(err);
		return NULL;
	}
	spool->limit_bytes = options->limit_bytes;
	spool->next_id = 1;
	spool->db.durable = options->durable;
	spool->db.path = ann_copy(path, strlen(path));

	enum ann_err failed =
		spool->db.path == NULL ? ann_error_nomem(err) : be_open(spool, err);

	if (failed != ANN_OK) {
		ann_spool_close(spool);
		return NULL;
	}
	return spool;
}

void ann_spool_close(struct ann_spool *spool)
{
	if (spool != NULL) {
		ann_spool_db_close(&spool->db);
		ann_free(spool->db.path);
		ann_free(spool);
	}
}

const char *ann_spool_note(const struct ann_spool *spool)
{
	return spool->db.note[0] == '\0' ? NULL : spool->db.note;
}

struct ann_spool_totals ann_spool_held(const struct ann_spool *spool)
{
	return spool->held;
}

static int write_held(struct ann_spool_db *db, const struct ann_spool_totals *held)
{
	ann_spool_db_bind(db, ANN_SPOOL_SET_HELD, 1, held->records);
	ann_spool_db_bind(db, ANN_SPOOL_SET_HELD, 2, held->lines);
	ann_spool_db_bind(db, ANN_SPOOL_SET_HELD, 3, held->bytes);
	return ann_spool_db_run(db, ANN_SPOOL_SET_HELD);
}

/* --- appending -------------------------------------------------------------------- */

struct appending {
	struct ann_spool *spool;
	const struct ann_spool_record *records;
	size_t count;
	struct ann_spool_totals held; /* afterwards */
};

static int insert(
	struct ann_spool_db *db, uint64_t id, const struct ann_spool_record *record)
{
	/* To SQLite a NULL is no blob. Static: it is there until the row is. */
	const char *bytes = record->bytes.len == 0 ? "" : record->bytes.ptr;
	int rc = sqlite3_bind_blob64(db->statements[ANN_SPOOL_INSERT], 3, bytes,
		record->bytes.len, SQLITE_STATIC);

	if (rc != SQLITE_OK) {
		return rc;
	}
	ann_spool_db_bind(db, ANN_SPOOL_INSERT, 1, id);
	ann_spool_db_bind(db, ANN_SPOOL_INSERT, 2, record->lines);
	return ann_spool_db_run(db, ANN_SPOOL_INSERT);
}

static int append_all(void *user)
{
	struct appending *job = user;
	struct ann_spool_db *db = &job->spool->db;
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < job->count; i++) {
		rc = insert(db, job->spool->next_id + i, &job->records[i]);
	}
	return rc == SQLITE_OK ? write_held(db, &job->held) : rc;
}

enum ann_spool_answer ann_spool_append(struct ann_spool *spool,
	const struct ann_spool_record *records, size_t count, struct ann_error *err)
{
	if (be_open(spool, err) != ANN_OK) {
		return ANN_SPOOL_FAILED;
	}
	struct appending job = {spool, records, count, spool->held};

	for (size_t i = 0; i < count; i++) {
		struct ann_spool_totals one = {
			1, records[i].lines, records[i].bytes.len};

		add(&job.held, &one);
	}
	if (cost(&job.held) > spool->limit_bytes) {
		return ANN_SPOOL_FULL;
	}
	int rc = ann_spool_db_grow(&spool->db, append_all, &job);

	if (rc != SQLITE_OK) {
		fail(spool, rc, "append", err);
		return ANN_SPOOL_FAILED;
	}
	spool->held = job.held;
	spool->next_id += count;
	return ANN_SPOOL_DONE;
}

/* --- reading ---------------------------------------------------------------------- */

void ann_spool_batch_deinit(struct ann_spool_batch *batch)
{
	ann_buf_deinit(&batch->bytes);
	ann_free(batch->records);
	*batch = (struct ann_spool_batch){0};
}

/* Adds the row at hand; where its bytes are is told when they stop moving. */
static int take_row(struct ann_spool_db *db, struct ann_spool_batch *batch)
{
	sqlite3_stmt *row = db->statements[ANN_SPOOL_SELECT];
	void *records = batch->records;
	const void *bytes = sqlite3_column_blob(row, 2);
	size_t len = (size_t)sqlite3_column_bytes(row, 2);

	ann_buf_add(&batch->bytes, bytes, len);
	if (batch->bytes.failed || ann_grow(&records, &batch->room, batch->count,
					   sizeof(*batch->records)) < 0) {
		return SQLITE_NOMEM;
	}
	batch->records = records;
	batch->records[batch->count++] = (struct ann_spool_record){
		.id = ann_spool_db_column(db, ANN_SPOOL_SELECT, 0),
		.lines = ann_spool_db_column(db, ANN_SPOOL_SELECT, 1),
		.bytes = {NULL, len},
	};
	return SQLITE_OK;
}

static void point_into_bytes(struct ann_spool_batch *batch)
{
	size_t at = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct ann_span *bytes = &batch->records[i].bytes;

		bytes->ptr = bytes->len == 0 ? NULL : batch->bytes.ptr + at;
		at += bytes->len;
	}
}

static int read_rows(struct ann_spool_db *db, size_t max_records, size_t max_bytes,
	struct ann_spool_batch *batch)
{
	sqlite3_stmt *row = db->statements[ANN_SPOOL_SELECT];
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && batch->count < max_records) {
		rc = ann_spool_db_step(db, ANN_SPOOL_SELECT);
		if (rc != SQLITE_ROW) {
			break;
		}
		size_t len = (size_t)sqlite3_column_bytes(row, 2);
		bool fits = batch->bytes.len <= max_bytes &&
			    len <= max_bytes - batch->bytes.len;

		if (batch->count > 0 && !fits) {
			rc = SQLITE_DONE;
		} else {
			rc = take_row(db, batch);
		}
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

enum ann_err ann_spool_peek(struct ann_spool *spool, uint64_t after, size_t max_records,
	size_t max_bytes, struct ann_spool_batch *batch, struct ann_error *err)
{
	enum ann_err failed = be_open(spool, err);

	batch->count = 0;
	ann_buf_clear(&batch->bytes);
	if (failed != ANN_OK) {
		return failed;
	}
	ann_spool_db_bind(&spool->db, ANN_SPOOL_SELECT, 1, after);

	int rc = read_rows(&spool->db, max_records, max_bytes, batch);

	ann_spool_db_reset(&spool->db, ANN_SPOOL_SELECT);
	if (rc != SQLITE_OK) {
		batch->count = 0;
		return fail(spool, rc, "read", err);
	}
	point_into_bytes(batch);
	return ANN_OK;
}

/* --- deleting --------------------------------------------------------------------- */

struct deleting {
	struct ann_spool *spool;
	uint64_t after;   /* this id */
	uint64_t last_id; /* with all before it */
	struct ann_spool_totals gone;
};

static int delete_all(void *user)
{
	struct deleting *job = user;
	struct ann_spool_db *db = &job->spool->db;
	struct ann_spool_totals held = job->spool->held;

	ann_spool_db_bind(db, ANN_SPOOL_SUM, 1, job->after);
	ann_spool_db_bind(db, ANN_SPOOL_SUM, 2, job->last_id);

	int rc = ann_spool_db_step(db, ANN_SPOOL_SUM);

	if (rc == SQLITE_ROW) {
		job->gone = totals_of(db, ANN_SPOOL_SUM);
	}
	ann_spool_db_reset(db, ANN_SPOOL_SUM);
	if (rc != SQLITE_ROW) {
		return rc;
	}
	subtract(&held, &job->gone);
	ann_spool_db_bind(db, ANN_SPOOL_DELETE, 1, job->after);
	ann_spool_db_bind(db, ANN_SPOOL_DELETE, 2, job->last_id);
	rc = ann_spool_db_run(db, ANN_SPOOL_DELETE);
	return rc == SQLITE_OK ? write_held(db, &held) : rc;
}

static enum ann_err delete_between(struct ann_spool *spool, uint64_t after,
	uint64_t last_id, const char *what, struct ann_spool_totals *gone,
	struct ann_error *err)
{
	struct deleting job = {.spool = spool, .after = after, .last_id = last_id};
	int rc = ann_spool_db_lessen(&spool->db, delete_all, &job);

	if (rc != SQLITE_OK) {
		return fail(spool, rc, what, err);
	}
	subtract(&spool->held, &job.gone);
	*gone = job.gone;
	return ANN_OK;
}

enum ann_err ann_spool_acknowledge(
	struct ann_spool *spool, uint64_t id, struct ann_error *err)
{
	struct ann_spool_totals gone;
	enum ann_err failed = be_open(spool, err);

	return failed == ANN_OK
		       ? delete_between(spool, 0, id, "acknowledge", &gone, err)
		       : failed;
}

/* The id of the record with which the oldest ones behind `after` come to `bytes` or
 * more. */
static int find_oldest(
	struct ann_spool *spool, uint64_t after, uint64_t bytes, uint64_t *id)
{
	struct ann_spool_db *db = &spool->db;
	struct ann_spool_totals oldest = {0};
	int rc = SQLITE_ROW;

	ann_spool_db_bind(db, ANN_SPOOL_SIZES, 1, after);
	while (cost(&oldest) < bytes &&
		(rc = ann_spool_db_step(db, ANN_SPOOL_SIZES)) == SQLITE_ROW) {
		struct ann_spool_totals one = {
			1, 0, ann_spool_db_column(db, ANN_SPOOL_SIZES, 1)};

		add(&oldest, &one);
		*id = ann_spool_db_column(db, ANN_SPOOL_SIZES, 0);
	}
	ann_spool_db_reset(db, ANN_SPOOL_SIZES);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* How much has to go before `bytes` more fit. */
static uint64_t missing(const struct ann_spool *spool, uint64_t bytes)
{
	uint64_t held = cost(&spool->held);
	uint64_t wanted = bytes > spool->limit_bytes ? spool->limit_bytes : bytes;
	uint64_t most = spool->limit_bytes - wanted;

	return held > most ? held - most : 0;
}

enum ann_err ann_spool_drop_oldest(struct ann_spool *spool, uint64_t after,
	uint64_t bytes, struct ann_spool_totals *dropped, struct ann_error *err)
{
	uint64_t id = after;
	enum ann_err failed = be_open(spool, err);

	*dropped = (struct ann_spool_totals){0};
	if (failed != ANN_OK || missing(spool, bytes) == 0) {
		return failed;
	}
	int rc = find_oldest(spool, after, missing(spool, bytes), &id);

	return rc == SQLITE_OK ? delete_between(spool, after, id, "drop", dropped, err)
			       : fail(spool, rc, "drop", err);
}
