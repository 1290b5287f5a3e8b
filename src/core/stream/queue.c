/*
 * What is dropped leaves a hole, which is kept by the chunk behind it (or by the queue,
 * behind the last one). Holes that touch become one. When the queue comes to a hole, it
 * asks for an announcement.
 *
 * A line of text can come in several chunks: some that are `partial`, and one that ends
 * it. When one of them is dropped, the rest of the line goes as well, so that no reader
 * takes the rest for a line. When the front of a line was written already, a LF goes
 * out before the announcement.
 */
#include "annotty/queue.h"

#include "annotty/alloc.h"

enum {
	CHUNK_BYTES = 16, /* many chunks shorter than this count as if they were not */
	CHUNKS_LEAST = 16,
};

const char *const ann_queue_policies[] = {"block", "drop-oldest", "drop-newest", NULL};

struct hole {
	bool there;
	uint64_t lines;
	uint64_t bytes;
};

struct entry {
	struct entry *next; /* ann_queue::first */
	struct ann_chunk *chunk;
	struct hole hole; /* before it */
	bool kept;        /* its source waits for it, so it is not dropped */
};

struct ann_queue {
	struct ann_queue_options options;
	struct entry *first;
	struct entry *last;
	struct hole hole;    /* behind the last */
	uint64_t count;      /* of entries */
	uint64_t bytes;      /* in them */
	uint64_t kept_bytes; /* of these, in entries that are kept */
	uint64_t dropped_lines;
	uint64_t dropped_bytes;
	struct ann_chunk *line_end; /* one LF */

	struct ann_chunk *begun; /* what ann_queue_front() has given; NULL: nothing */
	bool begun_first;        /* it is the chunk of the first entry */
	struct hole told;        /* what `begun` announces */
	bool in_line;            /* what was popped last left a line open */

	bool skipping; /* the last chunk put was dropped, and its line is not over */
	bool wanted;   /* a put returned false, and `room` has not been told yet */
};

struct ann_queue *ann_queue_new(const struct ann_queue_options *options)
{
	struct ann_queue *queue = ann_alloc(sizeof(*queue));

	if (queue == NULL) {
		return NULL;
	}
	queue->options = *options;
	queue->line_end = ann_chunk_new((struct ann_span){"\n", 1}, NULL, 0);
	if (queue->line_end == NULL) {
		ann_free(queue);
		return NULL;
	}
	return queue;
}

/* --- holes ----------------------------------------------------------------------- */

static void widen(struct hole *hole, const struct hole *by)
{
	hole->there |= by->there;
	hole->lines += by->lines;
	hole->bytes += by->bytes;
}

static void count_dropped(
	struct ann_queue *queue, struct hole *hole, const struct ann_chunk *chunk)
{
	widen(hole, &(struct hole){true, chunk->lines, chunk->in_bytes});
	queue->dropped_lines += chunk->lines;
	queue->dropped_bytes += chunk->in_bytes;
}

/* --- entries --------------------------------------------------------------------- */

/* Takes the entry behind `before` (NULL: the first) out of the list. */
static struct entry *unlink_entry(struct ann_queue *queue, struct entry *before)
{
	struct entry **link = before == NULL ? &queue->first : &before->next;
	struct entry *entry = *link;

	*link = entry->next;
	if (queue->last == entry) {
		queue->last = before;
	}
	queue->count--;
	queue->bytes -= entry->chunk->bytes.len;
	queue->kept_bytes -= entry->kept ? entry->chunk->bytes.len : 0;
	return entry;
}

static void free_entry(struct entry *entry)
{
	ann_chunk_unref(entry->chunk);
	ann_free(entry);
}

void ann_queue_free(struct ann_queue *queue)
{
	if (queue == NULL) {
		return;
	}
	if (!queue->begun_first) {
		ann_chunk_unref(queue->begun);
	}
	while (queue->first != NULL) {
		free_entry(unlink_entry(queue, NULL));
	}
	ann_chunk_unref(queue->line_end);
	ann_free(queue);
}

/* Drops the entry behind `before`. Returns whether its line goes on behind it. */
static bool drop_entry(struct ann_queue *queue, struct entry *before)
{
	struct entry *entry = unlink_entry(queue, before);
	struct entry *next = entry->next;
	struct hole *hole = next == NULL ? &queue->hole : &next->hole;
	bool partial = entry->chunk->partial;

	widen(hole, &entry->hole);
	count_dropped(queue, hole, entry->chunk);
	free_entry(entry);
	return partial;
}

/* Drops the line that goes on or begins behind `before`. */
static void drop_line(struct ann_queue *queue, struct entry *before)
{
	bool goes_on = true;

	while (goes_on && (before == NULL ? queue->first : before->next) != NULL) {
		goes_on = drop_entry(queue, before);
	}
	queue->skipping = goes_on;
}

/* The last entry of the line at `entry`; `*kept`: some of it must stay. */
static struct entry *line_end_of(struct entry *entry, bool *kept)
{
	*kept = entry->kept;
	while (entry->chunk->partial && entry->next != NULL) {
		entry = entry->next;
		*kept |= entry->kept;
	}
	return entry;
}

/* Drops the line that has waited longest of those that may be. False: there is none. */
static bool drop_oldest(struct ann_queue *queue)
{
	struct entry *before = queue->begun_first ? queue->first : NULL;
	struct entry *entry = before == NULL ? queue->first : before->next;

	while (entry != NULL) {
		bool kept = false;
		struct entry *end = line_end_of(entry, &kept);

		if (!kept) {
			drop_line(queue, before);
			return true;
		}
		before = end;
		entry = end->next;
	}
	return false;
}

/* --- putting --------------------------------------------------------------------- */

static bool fits(const struct ann_queue *queue, const struct ann_chunk *chunk)
{
	uint64_t limit = queue->options.limit_bytes;

	return queue->first == NULL ||
	       (queue->bytes + chunk->bytes.len <= limit &&
		       queue->count < limit / CHUNK_BYTES + CHUNKS_LEAST);
}

/* False: whatever is dropped, the chunk will not fit. */
static bool can_fit(const struct ann_queue *queue, const struct ann_chunk *chunk)
{
	uint64_t stays = queue->kept_bytes;

	if (queue->begun_first && !queue->first->kept) {
		stays += queue->first->chunk->bytes.len;
	}
	return stays == 0 || stays + chunk->bytes.len <= queue->options.limit_bytes;
}

static bool make_room(struct ann_queue *queue, const struct ann_chunk *chunk)
{
	bool room = fits(queue, chunk);

	if (!room && (queue->options.policy == ANN_QUEUE_DROP_NEWEST ||
			     !can_fit(queue, chunk))) {
		return false;
	}
	while (!room && drop_oldest(queue)) {
		room = fits(queue, chunk);
	}
	return room;
}

static bool append(struct ann_queue *queue, struct ann_chunk *chunk, bool kept)
{
	struct entry *entry = ann_alloc(sizeof(*entry));

	if (entry == NULL) {
		return false;
	}
	entry->chunk = ann_chunk_ref(chunk);
	entry->kept = kept;
	entry->hole = queue->hole;
	queue->hole = (struct hole){0};
	if (queue->last == NULL) {
		queue->first = entry;
	} else {
		queue->last->next = entry;
	}
	queue->last = entry;
	queue->count++;
	queue->bytes += chunk->bytes.len;
	queue->kept_bytes += kept ? chunk->bytes.len : 0;
	queue->skipping = false;
	return true;
}

bool ann_queue_put(struct ann_queue *queue, struct ann_chunk *chunk, bool can_wait)
{
	bool kept = can_wait && queue->options.policy == ANN_QUEUE_BLOCK;
	bool room = kept || queue->skipping || make_room(queue, chunk);

	/* Making room can drop the line that this chunk goes on with. */
	if (!room || (queue->skipping && !kept) || !append(queue, chunk, kept)) {
		count_dropped(queue, &queue->hole, chunk);
		queue->skipping = chunk->partial;
	}
	room = room && queue->bytes < queue->options.limit_bytes;
	queue->wanted |= !room;
	return room;
}

/* --- taking ---------------------------------------------------------------------- */

/* Something is missing before what comes next. */
static struct ann_chunk *tell_hole(struct ann_queue *queue, struct hole *hole)
{
	const struct ann_queue_options *options = &queue->options;
	struct ann_chunk *chunk = NULL;

	if (queue->in_line) {
		return ann_chunk_ref(queue->line_end);
	}
	if (options->announce != NULL && hole->lines + hole->bytes > 0) {
		chunk = options->announce(options->user, hole->lines, hole->bytes);
	}
	queue->told = *hole;
	*hole = (struct hole){0};
	return chunk;
}

struct ann_chunk *ann_queue_front(struct ann_queue *queue)
{
	struct entry *first = queue->first;
	struct hole *hole = first == NULL ? &queue->hole : &first->hole;

	if (queue->begun == NULL && hole->there) {
		queue->begun = tell_hole(queue, hole);
	}
	if (queue->begun == NULL && first != NULL) {
		queue->begun = first->chunk;
		queue->begun_first = true;
	}
	return queue->begun;
}

bool ann_queue_pop(struct ann_queue *queue)
{
	uint64_t half = queue->options.limit_bytes / 2;

	if (queue->begun == NULL) {
		return false;
	}
	queue->in_line = queue->begun_first && queue->begun->partial;
	if (queue->begun_first) {
		free_entry(unlink_entry(queue, NULL));
	} else {
		ann_chunk_unref(queue->begun);
	}
	queue->begun = NULL;
	queue->begun_first = false;
	queue->told = (struct hole){0};
	if (!queue->wanted || (queue->first != NULL && queue->bytes >= half)) {
		return false;
	}
	queue->wanted = false;
	return true;
}

void ann_queue_rewind(struct ann_queue *queue)
{
	struct hole *hole = queue->first == NULL ? &queue->hole : &queue->first->hole;

	if (queue->begun != NULL && !queue->begun_first) {
		ann_chunk_unref(queue->begun);
	}
	queue->begun = NULL;
	queue->begun_first = false;
	widen(hole, &queue->told);
	if (queue->in_line && !hole->there) {
		/* The next peer has not seen how this line began. */
		drop_line(queue, NULL);
	}
	queue->in_line = false;
	queue->told = (struct hole){0};
}

uint64_t ann_queue_bytes(const struct ann_queue *queue)
{
	return queue->bytes;
}

uint64_t ann_queue_dropped_lines(const struct ann_queue *queue)
{
	return queue->dropped_lines;
}

uint64_t ann_queue_dropped_bytes(const struct ann_queue *queue)
{
	return queue->dropped_bytes;
}
