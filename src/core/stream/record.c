#include "annotty/record.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"

#include <string.h>

const char *ann_event_name(enum ann_event_kind kind)
{
	static const char *const names[] = {
#define X(kind, text) [kind] = (text),
		ANN_EVENT_MAP(X)
#undef X
	};

	return names[kind];
}

struct ann_chunk *ann_chunk_new(
	struct ann_span bytes, const size_t *ends, size_t records)
{
	/* One block: the ends and the bytes follow the struct. */
	size_t ends_bytes = records * sizeof(*ends);
	struct ann_chunk *chunk = ann_alloc(sizeof(*chunk) + ends_bytes + bytes.len);

	if (chunk == NULL) {
		return NULL;
	}
	chunk->refs = 1;
	chunk->records = records;
	chunk->ends = (size_t *)(chunk + 1);
	if (records > 0) {
		memcpy(chunk->ends, ends, ends_bytes);
	}
	char *copy = (char *)(chunk->ends + records);

	if (bytes.len > 0) {
		memcpy(copy, bytes.ptr, bytes.len);
	}
	chunk->bytes = (struct ann_span){copy, bytes.len};
	return chunk;
}

struct ann_chunk *ann_chunk_ref(struct ann_chunk *chunk)
{
	chunk->refs++;
	return chunk;
}

void ann_chunk_unref(struct ann_chunk *chunk)
{
	if (chunk != NULL && --chunk->refs == 0) {
		ann_free(chunk);
	}
}

struct ann_span ann_chunk_record(const struct ann_chunk *chunk, size_t at)
{
	size_t start = at == 0 ? 0 : chunk->ends[at - 1];

	return (struct ann_span){chunk->bytes.ptr + start, chunk->ends[at] - start};
}

struct ann_chunk *ann_chunk_tail(const struct ann_chunk *chunk, size_t start)
{
	struct ann_span rest = {chunk->bytes.ptr + start, chunk->bytes.len - start};
	uint64_t lines = ann_lines_count(rest);
	size_t skip = 0;
	struct ann_chunk *tail = NULL;

	while (skip < chunk->records && chunk->ends[skip] <= start) {
		skip++;
	}
	tail = ann_chunk_new(rest, chunk->ends + skip, chunk->records - skip);
	if (tail == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < tail->records; i++) {
		tail->ends[i] -= start;
	}
	tail->partial = chunk->partial;
	tail->lines = chunk->lines < lines ? chunk->lines : lines;
	tail->in_bytes = (uint64_t)((double)chunk->in_bytes * (double)rest.len /
				    (double)chunk->bytes.len);
	return tail;
}
