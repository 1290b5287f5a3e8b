/*
 * relp_frame - frames of the RELP protocol as they stand in a stream.
 */
#ifndef IO_RELP_FRAME_H
#define IO_RELP_FRAME_H

#include "annotty/buf.h"

struct ann_relp_frame {
	uint32_t txnr;
	struct ann_span command;
	struct ann_span data;
};

enum ann_relp_reading {
	ANN_RELP_WHOLE,
	ANN_RELP_MORE, /* so far so good */
	ANN_RELP_BAD,
};

/* Takes a frame off the front of `*stream`, which it leaves alone unless it is whole.
 */
enum ann_relp_reading ann_relp_frame_read(
	struct ann_span *stream, struct ann_relp_frame *frame);

/* Appends a frame. False: `out` has no memory and is as before. */
bool ann_relp_frame_write(
	struct ann_buf *out, uint32_t txnr, const char *command, struct ann_span data);

/* The data of an answer: "200 OK" and what follows behind a line end. */
struct ann_relp_answer {
	unsigned status;
	struct ann_span text;
	struct ann_span offers; /* one a line */
};

/* False: this is no answer. */
bool ann_relp_answer_read(struct ann_span data, struct ann_relp_answer *answer);

/* The value of offer `name`; ptr is NULL when it is not there. */
struct ann_span ann_relp_offer(struct ann_span offers, const char *name);

#endif
