#include "annotty/framer.h"

#include "annotty/lines.h"

#include <string.h>

enum {
	BLOCK_BYTES =
		256 * 1024, /* fits the second-level cache, costs few system calls */
	WORD_BYTES = 64,    /* a cut moves back this far to leave a word whole */
};

void ann_framer_init(struct ann_framer *framer, size_t limit, bool count)
{
	*framer = (struct ann_framer){
		.limit = limit == 0 ? ANN_LINE_LIMIT : limit,
		.count = count,
		.seq = count,
	};
}

void ann_framer_deinit(struct ann_framer *framer)
{
	ann_buf_deinit(&framer->rest);
}

size_t ann_framer_block_bytes(const struct ann_framer *framer)
{
	size_t least = framer->limit * 2 + 2;

	return least > BLOCK_BYTES ? least : BLOCK_BYTES;
}

size_t ann_framer_begin(struct ann_framer *framer, char *block)
{
	size_t len = framer->rest.len;

	if (len > 0) {
		memcpy(block, framer->rest.ptr, len);
	}
	framer->rest.len = 0;
	return len;
}

enum ann_err ann_framer_end(struct ann_framer *framer, struct ann_span untaken)
{
	ann_buf_clear(&framer->rest);
	ann_buf_span(&framer->rest, untaken);
	return framer->rest.failed ? ANN_ENOMEM : ANN_OK;
}

/*
 * Behind the last line end that begins in [from, to), or `from` when there is none.
 * At the end of `bytes` a CR counts only if the stream ends there.
 */
static size_t last_end(struct ann_span bytes, size_t from, size_t to, bool final)
{
	const char *feed = memrchr(bytes.ptr + from, '\n', to - from);
	size_t end = feed == NULL ? from : (size_t)(feed - bytes.ptr) + 1;
	const char *back = memrchr(bytes.ptr + end, '\r', to - end);
	size_t at = back == NULL ? 0 : (size_t)(back - bytes.ptr);

	if (back != NULL && at + 1 == bytes.len && !final) {
		back = memrchr(bytes.ptr + end, '\r', at - end);
		at = back == NULL ? 0 : (size_t)(back - bytes.ptr);
	}
	if (back == NULL) {
		return end;
	}
	return at + 1 + (at + 1 < bytes.len && bytes.ptr[at + 1] == '\n');
}

size_t ann_framer_least(const struct ann_framer *framer)
{
	return framer->limit > WORD_BYTES ? framer->limit - WORD_BYTES : 1;
}

/* Where to cut an overlong line of which `limit` bytes are there: not in a word. */
static size_t cut_at(const struct ann_framer *framer, struct ann_span bytes)
{
	size_t least = ann_framer_least(framer);
	size_t at = framer->limit;

	while (at > least && (ann_is_word((unsigned char)bytes.ptr[at - 1]) ||
				     (unsigned char)bytes.ptr[at - 1] >= 0x80)) {
		at--;
	}
	return at > least ? at : framer->limit;
}

/* How much of `bytes` is the first batch. */
static size_t measure(
	const struct ann_framer *framer, struct ann_span bytes, bool final, bool *cut)
{
	size_t taken = 0;

	/* Each round, a window that begins at a line and is as long as a line may be:
	 * with a line end in it there is no overlong line before that end. It is one
	 * byte longer than that, and a CR there wants to see one more. */
	while (bytes.len - taken > framer->limit + !final) {
		size_t end = last_end(bytes, taken, taken + framer->limit + 1, final);

		if (end == taken) {
			*cut = taken == 0;
			return taken == 0 ? cut_at(framer, bytes) : taken;
		}
		taken = end;
	}
	return final ? bytes.len : last_end(bytes, taken, bytes.len, final);
}

bool ann_framer_next(struct ann_framer *framer, struct ann_span bytes, bool final,
	struct ann_batch *batch)
{
	bool cut = false;
	size_t len = bytes.len == 0 ? 0 : measure(framer, bytes, final, &cut);

	if (len == 0) {
		return false;
	}
	*batch = (struct ann_batch){
		.bytes = {bytes.ptr, len},
		.offset = framer->offset,
		.seq = framer->seq,
		.cut = cut,
	};
	framer->offset += len;
	if (framer->count) {
		framer->seq += ann_lines_count(batch->bytes) + cut;
	}
	return true;
}

bool ann_framer_next_line(struct ann_framer *framer, struct ann_span bytes, bool final,
	struct ann_batch *batch)
{
	struct ann_line line = {0};

	if (bytes.len > 0) {
		line = ann_line_at(bytes, 0);
	}
	/* A CR at the very end may be the front of a CR LF. */
	if (line.next < bytes.len ||
		(line.next > line.end && bytes.ptr[line.next - 1] == '\n')) {
		bytes.len = line.next;
		final = true;
	}
	return ann_framer_next(framer, bytes, final, batch);
}
