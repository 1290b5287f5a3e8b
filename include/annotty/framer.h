/*
 * framer - a stream of bytes becomes batches of lines.
 *
 * The caller reads blocks; the framer says which part of a block is complete lines,
 * and keeps what is left for the front of the next block. However the stream is cut
 * into blocks, its lines are the same.
 */
#ifndef ANNOTTY_FRAMER_H
#define ANNOTTY_FRAMER_H

#include "annotty/buf.h"
#include "annotty/error.h"

enum {
	ANN_LINE_LIMIT = 64 * 1024, /* bytes on a line before it is cut */
};

/* For how long nothing has come of a line that is not over; see annotty/stream.h. */
enum ann_silence {
	ANN_SILENCE_NONE,  /* its bytes have just come */
	ANN_SILENCE_SHORT, /* it may go on at any moment, or be a prompt */
	ANN_SILENCE_LONG,  /* it is to be seen, with all there is */
};

/*
 * One contiguous run of whole lines, or one piece of an overlong line. Borrowed from
 * the block it lies in.
 */
struct ann_batch {
	struct ann_span bytes;
	uint64_t offset;  /* of its first byte in the stream */
	uint64_t seq;     /* of its first line, from 1; 0 when lines are not counted */
	uint64_t wall_ns; /* when its first byte was read, since 1970 (UTC) */
	uint64_t mono_ns; /* the same on a clock that never jumps */
	bool cut;         /* an overlong line goes on behind it */

	/* Of lines that are shown as they grow; see annotty/stream.h. */
	bool partial; /* one line, from its beginning, that is not over */
	bool broken;  /* its last line has no line end and will never get one */
	size_t shown; /* bytes at its front that partial batches have shown */
	enum ann_silence silence; /* of a partial one */
	size_t there; /* bytes of a partial one that there are, of which `bytes` leaves
			 out what is better shown later */
};

struct ann_framer {
	size_t limit;        /* bytes a line may have, ANN_LINE_LIMIT by default */
	bool count;          /* fill ann_batch::seq, which costs a look at every byte */
	uint64_t offset;     /* of the next batch */
	uint64_t seq;        /* of the next batch */
	struct ann_buf rest; /* read, but not a whole line yet */
};

/* `limit` 0 means ANN_LINE_LIMIT. */
void ann_framer_init(struct ann_framer *framer, size_t limit, bool count);
void ann_framer_deinit(struct ann_framer *framer);

/*
 * How large a block has to be so that one always yields a batch: room for a line of
 * `limit` bytes, its end, and some more to read.
 */
size_t ann_framer_block_bytes(const struct ann_framer *framer);

/* Puts what is left of the block before at the front of `block`; returns how much. */
size_t ann_framer_begin(struct ann_framer *framer, char *block);

/*
 * The first batch of `bytes`, of which an earlier call may have taken some. `final`:
 * nothing will ever follow, so a line without an end is a line too. False when there
 * is no whole line. A CR at the very end waits for the LF that may follow.
 */
bool ann_framer_next(struct ann_framer *framer, struct ann_span bytes, bool final,
	struct ann_batch *batch);

/*
 * As ann_framer_next(), but of whole lines it takes only the first: the line that has
 * been `shown` before it was over.
 */
bool ann_framer_next_line(struct ann_framer *framer, struct ann_span bytes, bool final,
	struct ann_batch *batch);

/* How many bytes of an overlong line are in its first piece, wherever it is cut. */
size_t ann_framer_least(const struct ann_framer *framer);

/* Keeps what no batch has taken. ANN_ENOMEM: the bytes are lost. */
ANN_MUST_USE enum ann_err ann_framer_end(
	struct ann_framer *framer, struct ann_span untaken);

#endif
