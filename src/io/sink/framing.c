#include "io/sink/framing.h"

#include "annotty/alloc.h"

struct ann_span ann_record_bare(struct ann_span record)
{
	if (record.len > 0 && record.ptr[record.len - 1] == '\n') {
		record.len--;
	}
	return record;
}

struct ann_chunk *ann_frame_octets(const struct ann_chunk *chunk)
{
	size_t *ends = ann_resize_array(NULL, chunk->records, sizeof(*ends));
	struct ann_chunk *framed = NULL;
	struct ann_buf out = {0};

	for (size_t i = 0; i < chunk->records && ends != NULL; i++) {
		struct ann_span record = ann_record_bare(ann_chunk_record(chunk, i));

		ann_buf_u64(&out, record.len);
		ann_buf_char(&out, ' ');
		ann_buf_span(&out, record);
		ends[i] = out.len;
	}
	if (ends != NULL && !out.failed) {
		framed = ann_chunk_new(ann_buf_all(&out), ends, chunk->records);
	}
	if (framed != NULL) {
		framed->lines = chunk->lines;
		framed->in_bytes = chunk->in_bytes;
	}
	ann_buf_deinit(&out);
	ann_free(ends);
	return framed;
}
