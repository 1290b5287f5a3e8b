/*
 * The happy path: a chunk is put into the queue, staged, and its records are handed out
 * one by one; each goes into the ring of those under way, and leaves it at its front.
 */
#include "io/store.h"

#include "annotty/alloc.h"

enum ann_err ann_store_init(struct ann_store *store, struct ann_sink_base *base,
	const struct ann_collector_settings *settings, size_t window,
	void (*changed)(struct ann_sink_base *base))
{
	*store = (struct ann_store){.base = base, .changed = changed, .window = window};
	store->queue = ann_sink_base_queue(base, &settings->common);
	store->sent = ann_resize_array(NULL, window, sizeof(*store->sent));
	return store->queue == NULL || store->sent == NULL ? ANN_ENOMEM : ANN_OK;
}

void ann_store_deinit(struct ann_store *store)
{
	for (size_t i = 0; i < store->staged_count; i++) {
		ann_chunk_unref(store->staged[i]);
	}
	ann_chunk_unref(store->apology);
	ann_queue_free(store->queue);
	ann_free(store->sent);
}

bool ann_store_put(struct ann_store *store, struct ann_chunk *chunk, bool can_wait)
{
	return ann_queue_put(store->queue, chunk, can_wait);
}

/* --- handing out ------------------------------------------------------------------ */

/* What is no record, a line that grows, goes as one. */
static size_t records_of(const struct ann_chunk *chunk)
{
	return chunk->records == 0 ? 1 : chunk->records;
}

static struct ann_store_record record_at(const struct ann_chunk *chunk, size_t at)
{
	size_t count = records_of(chunk);

	/* What is no line, but says that some were lost, comes first. */
	return (struct ann_store_record){
		.bytes = chunk->records == 0 ? chunk->bytes
					     : ann_chunk_record(chunk, at),
		.lines = count - at <= chunk->lines,
	};
}

/* One more chunk leaves the queue. False: there is none. */
static bool stage(struct ann_store *store)
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
static void unstage(struct ann_store *store, size_t count)
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
	if (store->staged_count == 0 && !stage(store)) {
		return false;
	}
	store->next = record_at(store->staged[0], store->at);
	return true;
}

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

bool ann_store_next(struct ann_store *store, struct ann_store_record *record)
{
	if (store->count == store->window ||
		(!next_apology(store) && !next_in_memory(store))) {
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
	} else if (++store->at == records_of(store->staged[0])) {
		unstage(store, 1);
	}
}

/* --- under way -------------------------------------------------------------------- */

const struct ann_store_record *ann_store_oldest(const struct ann_store *store)
{
	return store->count == 0 ? NULL : &store->sent[store->front];
}

void ann_store_done(struct ann_store *store, bool delivered)
{
	const struct ann_store_record *oldest = &store->sent[store->front];

	if (!delivered && oldest->lines > 0) {
		ann_sink_base_lost(store->base, oldest->lines, oldest->bytes.len);
	}
	store->front = (store->front + 1) % store->window;
	store->count--;
}

/* --- how it stands ---------------------------------------------------------------- */

bool ann_store_room(struct ann_store *store)
{
	bool room = store->room;

	store->room = false;
	return room;
}

bool ann_store_is_empty(const struct ann_store *store)
{
	return store->count == 0 && store->staged_count == 0 &&
	       store->apology == NULL && ann_queue_bytes(store->queue) == 0;
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
	const struct ann_sink_base *base = store->base;

	stats->queued_bytes = ann_queue_bytes(store->queue) + staged_bytes(store);
	for (size_t i = 0; i < store->count; i++) {
		const struct ann_store_record *sent =
			&store->sent[(store->front + i) % store->window];

		stats->queued_bytes += sent->id == 0 ? sent->bytes.len : 0;
	}
	stats->dropped_lines = base->lost_lines + ann_queue_dropped_lines(store->queue);
	stats->dropped_bytes = base->lost_bytes + ann_queue_dropped_bytes(store->queue);
}

uint64_t ann_store_give_up(struct ann_store *store)
{
	uint64_t records = store->count;

	store->count = 0;
	while (store->staged_count > 0 || stage(store)) {
		records += records_of(store->staged[0]) - store->at;
		unstage(store, 1);
	}
	return records;
}
