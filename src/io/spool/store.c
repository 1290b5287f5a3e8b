/*
 * The happy path: a chunk is put into the queue, staged, and its records are handed out
 * one by one; each goes into the ring of those under way, and leaves it at its front.
 */
#include "io/spool/store.h"

#include "annotty/alloc.h"

#include "io/spool/store_disk.h"
#include "io/spool/store_private.h"

enum ann_err ann_store_init(struct ann_store *store, struct ann_sink_base *base,
	const struct ann_store_options *options)
{
	bool spools = options->settings->spool_bytes > 0;

	*store = (struct ann_store){
		.base = base,
		.changed = options->changed,
		.window = options->window,
	};
	store->queue = ann_sink_base_queue(base, &options->settings->common);
	store->sent = ann_resize_array(NULL, store->window, sizeof(*store->sent));
	store->disk = spools ? ann_store_disk_new(store, options) : NULL;
	return store->queue == NULL || store->sent == NULL ||
			       (spools && store->disk == NULL)
		       ? ANN_ENOMEM
		       : ANN_OK;
}

void ann_store_begin(struct ann_store *store)
{
	if (store->disk != NULL) {
		ann_store_disk_begin(store->disk);
	}
}

enum ann_err ann_store_open(struct ann_store *store, struct ann_error *err)
{
	return store->disk == NULL ? ANN_OK : ann_store_disk_open(store->disk, err);
}

void ann_store_deinit(struct ann_store *store)
{
	for (size_t i = 0; i < store->staged_count; i++) {
		ann_chunk_unref(store->staged[i]);
	}
	ann_chunk_unref(store->apology);
	ann_store_disk_free(store->disk);
	ann_queue_free(store->queue);
	ann_free(store->sent);
}

bool ann_store_put(struct ann_store *store, struct ann_chunk *chunk, bool can_wait)
{
	bool room = ann_queue_put(store->queue, chunk, can_wait);

	if (store->disk != NULL) {
		ann_store_disk_work(store->disk);
	}
	return room;
}

/* --- handing out ------------------------------------------------------------------ */

/* What is no record, a line that grows, goes as one. */
size_t ann_store_records(const struct ann_chunk *chunk)
{
	return chunk->records == 0 ? 1 : chunk->records;
}

struct ann_store_record ann_store_record_at(const struct ann_chunk *chunk, size_t at)
{
	size_t count = ann_store_records(chunk);

	/* What is no line, but says that some were lost, comes first. */
	return (struct ann_store_record){
		.bytes = chunk->records == 0 ? chunk->bytes
					     : ann_chunk_record(chunk, at),
		.lines = count - at <= chunk->lines,
	};
}

/* One more chunk leaves the queue. False: there is none. */
bool ann_store_stage(struct ann_store *store)
{
	struct ann_chunk *chunk = ann_queue_front(store->queue);

	if (chunk == NULL || store->staged_count == ANN_STORE_STAGED) {
		return false;
	}
	store->staged[store->staged_count++] = ann_chunk_ref(chunk);
	store->room |= ann_queue_pop(store->queue);
	return true;
}

/* The first `count` of the staged chunks are through. */
void ann_store_unstage(struct ann_store *store, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ann_chunk_unref(store->staged[i]);
	}
	store->staged_count -= count;
	for (size_t i = 0; i < store->staged_count; i++) {
		store->staged[i] = store->staged[i + count];
	}
	store->at = 0;
}

static bool next_in_memory(struct ann_store *store)
{
	if (store->staged_count == 0 && !ann_store_stage(store)) {
		return false;
	}
	store->next = ann_store_record_at(store->staged[0], store->at);
	return true;
}

/* What is missing comes before what has been read or staged since. */
static bool next_apology(struct ann_store *store)
{
	if (store->apology == NULL && store->at == 0) {
		store->apology = ann_sink_base_apology(store->base);
	}
	if (store->apology == NULL) {
		return false;
	}
	store->next = (struct ann_store_record){.bytes = store->apology->bytes};
	return true;
}

static bool next_waiting(struct ann_store *store)
{
	struct ann_store_disk *disk = store->disk;

	if (disk == NULL) {
		return next_in_memory(store);
	}
	return ann_store_disk_next(disk, &store->next) ||
	       (ann_store_disk_is_passed(disk) && next_in_memory(store));
}

bool ann_store_next(struct ann_store *store, struct ann_store_record *record)
{
	if (store->count == store->window ||
		(!next_apology(store) && !next_waiting(store))) {
		return false;
	}
	*record = store->next;
	return true;
}

void ann_store_taken(struct ann_store *store)
{
	store->sent[(store->front + store->count++) % store->window] = store->next;
	if (store->apology != NULL) {
		ann_chunk_unref(store->apology);
		store->apology = NULL;
	} else if (store->next.id > 0) {
		ann_store_disk_taken(store->disk);
	} else if (++store->at == ann_store_records(store->staged[0])) {
		ann_store_unstage(store, 1);
	}
}

/* --- under way -------------------------------------------------------------------- */

const struct ann_store_record *ann_store_oldest(const struct ann_store *store)
{
	return store->count == 0 ? NULL : &store->sent[store->front];
}

void ann_store_done(struct ann_store *store, bool delivered)
{
	struct ann_store_record oldest = store->sent[store->front];

	if (!delivered && oldest.lines > 0) {
		ann_sink_base_lost(store->base, oldest.lines, oldest.bytes.len);
	}
	store->front = (store->front + 1) % store->window;
	store->count--;
	if (oldest.id > 0) {
		ann_store_disk_done(store->disk, &oldest);
	}
}

void ann_store_rewind(struct ann_store *store)
{
	store->count = 0;
	if (store->disk != NULL) {
		ann_store_disk_rewind(store->disk);
	}
}

/* --- how it stands ---------------------------------------------------------------- */

bool ann_store_room(struct ann_store *store)
{
	bool room = store->room;

	store->room = false;
	return room;
}

static bool has_nothing_in_memory(const struct ann_store *store)
{
	return store->staged_count == 0 && store->apology == NULL &&
	       ann_queue_bytes(store->queue) == 0;
}

bool ann_store_is_handed_out(const struct ann_store *store)
{
	return has_nothing_in_memory(store) &&
	       (store->disk == NULL || ann_store_disk_is_read(store->disk));
}

bool ann_store_is_empty(const struct ann_store *store)
{
	return store->count == 0 && ann_store_is_handed_out(store);
}

bool ann_store_is_safe(const struct ann_store *store)
{
	return store->disk != NULL && has_nothing_in_memory(store);
}

static uint64_t staged_bytes(const struct ann_store *store)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < store->staged_count; i++) {
		bytes += store->staged[i]->bytes.len;
	}
	return bytes;
}

void ann_store_stats(const struct ann_store *store, struct ann_sink_stats *stats)
{
	ann_sink_base_stats(store->base, store->queue, stats);
	stats->queued_bytes += staged_bytes(store);
	for (size_t i = 0; i < store->count; i++) {
		const struct ann_store_record *sent =
			&store->sent[(store->front + i) % store->window];

		stats->queued_bytes += sent->id == 0 ? sent->bytes.len : 0;
	}
	stats->spooled_bytes =
		store->disk == NULL ? 0 : ann_store_disk_bytes(store->disk);
}

/* --- the end ---------------------------------------------------------------------- */

uint64_t ann_store_give_up(struct ann_store *store)
{
	uint64_t records = 0;

	for (size_t i = 0; i < store->count; i++) {
		records += store->sent[(store->front + i) % store->window].id == 0;
	}
	store->count = 0;
	while (store->staged_count > 0 || ann_store_stage(store)) {
		records += ann_store_records(store->staged[0]) - store->at;
		ann_store_unstage(store, 1);
	}
	return records;
}

void ann_store_close(struct ann_store *store)
{
	if (store->disk != NULL) {
		ann_store_disk_close(store->disk);
	} else {
		ann_sink_base_undelivered(store->base, ann_store_give_up(store));
	}
}
