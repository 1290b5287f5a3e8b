/*
 * spool - records wait on disk, in order, until the peer has them.
 *
 * One SQLite database in WAL mode for each output, PATH with PATH-wal beside it, both
 * of mode 0600. A record is whatever bytes the caller wants back whole, together with
 * the number of lines in it. Ids ascend in the order of appending and are never used
 * again while the spool is open.
 *
 * What append has returned ANN_SPOOL_DONE for outlives this process, however it ends. A
 * power cut loses what was appended since the last checkpoint (the last MiB of the WAL
 * and the append that went over it), or nothing if the spool is `durable`, which costs
 * an fsync for each append; it may bring acknowledged records back. The queue is whole
 * after it in both cases if the disk keeps its word.
 *
 * Calls block: for a write, and once in a MiB for the two fsyncs of a checkpoint. They
 * may come from different threads, one at a time.
 *
 * A file that is damaged, or that another version has written, is moved aside to
 * PATH.damaged (there is one at most, so that the disk use is bounded), and the spool
 * begins anew; ann_spool_note() tells. A database of another program is left alone and
 * refused. One process has the file at a time, and once.
 */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include "annotty/buf.h"
#include "annotty/error.h"

#include <stdint.h>

struct ann_spool;

/* What a record counts beyond its bytes, for its row is not free. */
#define ANN_SPOOL_RECORD_OVERHEAD 24

struct ann_spool_options {
	/* Of bytes and overhead of all records. The file is about as large (of lines
	 * of 100 bytes 8 % smaller; up to twice as large when each record fills just
	 * more than half a page of 4 KiB), and 4 MiB for the WAL come on top. */
	uint64_t limit_bytes;
	bool durable; /* an append survives a power cut as well */
};

struct ann_spool_record {
	uint64_t id;           /* set by peek, ignored by append; never 0 */
	uint64_t lines;        /* for the counting of what was dropped */
	struct ann_span bytes; /* may be empty */
};

struct ann_spool_totals {
	uint64_t records;
	uint64_t lines;
	uint64_t bytes; /* without overhead */
};

enum ann_spool_answer {
	ANN_SPOOL_DONE,
	ANN_SPOOL_FULL, /* the limit would be exceeded; nothing was stored */
	ANN_SPOOL_FAILED,
};

/*
 * Opens or makes the database at `path`; its directory exists. NULL with ANN_ESYS when
 * the file cannot be used or another process has it (EBUSY), ANN_ECONFIG when it
 * belongs to another program, ANN_ENOMEM. A limit below what is held is fine: appending
 * then waits.
 */
ANN_MUST_USE struct ann_spool *ann_spool_open(const char *path,
	const struct ann_spool_options *options, struct ann_error *err);

/* NULL is fine. What is held stays on disk. */
void ann_spool_close(struct ann_spool *spool);

/* What opening had to tell the user, such as a file moved aside; NULL ordinarily. */
const char *ann_spool_note(const struct ann_spool *spool);

/* What waits. */
struct ann_spool_totals ann_spool_held(const struct ann_spool *spool);

/*
 * Appends all `count` records in one transaction, or none. After ANN_SPOOL_FAILED (a
 * full disk, an I/O error) the spool is as before and may be tried again; what is held
 * can be read and acknowledged, for which the WAL has a reserve. When it is
 * the file that turns out damaged, this and the other calls fail, move it aside and
 * begin anew: ann_spool_held() before and after tells what is gone.
 */
ANN_MUST_USE enum ann_spool_answer ann_spool_append(struct ann_spool *spool,
	const struct ann_spool_record *records, size_t count, struct ann_error *err);

/* Records read back. All zero is an empty one; it can be used again and again. */
struct ann_spool_batch {
	struct ann_spool_record *records; /* oldest first; spans into `bytes` */
	size_t count;
	size_t room; /* of `records` */
	struct ann_buf bytes;
};

void ann_spool_batch_deinit(struct ann_spool_batch *batch);

/*
 * Reads the oldest records with ids above `after` (0: from the first) into `batch`,
 * whose content it replaces: at most `max_records`, and no more of them than fit into
 * `max_bytes`, but one at least. None left: an empty batch. They stay in the spool.
 */
ANN_MUST_USE enum ann_err ann_spool_peek(struct ann_spool *spool, uint64_t after,
	size_t max_records, size_t max_bytes, struct ann_spool_batch *batch,
	struct ann_error *err);

/*
 * Deletes all records up to and including `id`. One call for many records is much
 * cheaper than one for each. After a failure the records are still there, and the next
 * call deletes them too.
 */
ANN_MUST_USE enum ann_err ann_spool_acknowledge(
	struct ann_spool *spool, uint64_t id, struct ann_error *err);

/*
 * Deletes the oldest records with ids above `after` until at least `bytes` more
 * (overhead included) can be appended, or all are gone; `*dropped` (set in any case)
 * says what went. With 0 bytes it brings the spool back under its limit.
 */
ANN_MUST_USE enum ann_err ann_spool_drop_oldest(struct ann_spool *spool, uint64_t after,
	uint64_t bytes, struct ann_spool_totals *dropped, struct ann_error *err);

#endif
