/*
 * store_disk - the half of a store that is on disk: a spool behind a thread.
 *
 * Every record is written before it is handed out, with all those that have come in the
 * meantime, and deleted some time after it has ended: when 128 of them or 64 KiB have,
 * or after a tenth of a second. So a process that is killed loses what
 * has not been written yet, at most the queue and ANN_STORE_ORDER_BYTES, and repeats
 * what has not been deleted yet.
 *
 * While the disk fails, records wait in the queue, and when nothing is on disk they are
 * handed out from memory. The directory of the spool is made when it is opened; its
 * file has the name of the output.
 */
#ifndef IO_STORE_DISK_H
#define IO_STORE_DISK_H

#include "io/spool/store.h"

/* NULL: no memory. */
struct ann_store_disk *ann_store_disk_new(
	struct ann_store *store, const struct ann_store_options *options);

/* For one that was never begun, or is closed. NULL is fine. */
void ann_store_disk_free(struct ann_store_disk *disk);

/* Initialises its handle: from now on it has to be closed. */
void ann_store_disk_begin(struct ann_store_disk *disk);

/* Blocks. One that another process has at present is tried again, later. ANN_ECONFIG,
 * ANN_ESYS, ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_store_disk_open(
	struct ann_store_disk *disk, struct ann_error *err);

/* There is something to be written, or may be. */
void ann_store_disk_work(struct ann_store_disk *disk);

/* As of the store. */
bool ann_store_disk_next(struct ann_store_disk *disk, struct ann_store_record *record);
void ann_store_disk_taken(struct ann_store_disk *disk);
void ann_store_disk_done(
	struct ann_store_disk *disk, const struct ann_store_record *record);
void ann_store_disk_rewind(struct ann_store_disk *disk);

/* Nothing comes from disk, and does not go there: hand out from memory. */
bool ann_store_disk_is_passed(const struct ann_store_disk *disk);

/* All that is on disk has been handed out. */
bool ann_store_disk_is_read(const struct ann_store_disk *disk);

uint64_t ann_store_disk_bytes(const struct ann_store_disk *disk);

/* Writes what is in memory, closes the spool, and says what became of it. */
void ann_store_disk_close(struct ann_store_disk *disk);

#endif
