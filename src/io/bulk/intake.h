/*
 * intake - the inputs of a filter, one after the other, in pieces.
 *
 * The story: a piece has a block, into which is read behind what the framer has kept;
 * the first batch of it is the piece. When a slow input has been silent in mid-line,
 * what can be shown of the line is a batch as well (annotty/partial.h), whose hits are
 * found here already, where the order is. An input that fails is told and ends like an
 * ordinary one.
 */
#ifndef IO_INTAKE_H
#define IO_INTAKE_H

#include "annotty/framer.h"
#include "annotty/partial.h"
#include "io/bulk/filter.h"
#include "io/bulk/input.h"

struct ann_piece {
	char *memory; /* the block, and room to move its beginning */
	char *block;
	struct ann_scan *scan;
	struct ann_hits hits;     /* of a partial batch; of others, for its owner */
	struct ann_batch batch;   /* in `block` */
	struct ann_partial ended; /* what has been shown of its line */
	const char *source;       /* of the batch */
	bool first_of_source;     /* its stream begins with this batch */
	enum ann_err failed;      /* of the fetch, and then for its owner */
};

struct ann_intake {
	const struct ann_filter_options *options;
	struct ann_filter_result *result;
	ann_error_cb warn;
	struct ann_framer framer;
	struct ann_input input;
	bool ended; /* no more is to be read of it: a terminal would go on */
	size_t next_input;
	bool counts;     /* line numbers are needed */
	bool full_block; /* the last read was of all that there was room for */

	/* Half lines. */
	bool shows_half;            /* some output does */
	struct ann_partial partial; /* of the half line */
	uint64_t began_wall_ns;     /* when what was shown first had been read */
	uint64_t began_mono_ns;
	uint64_t read_mono_ns; /* the last bytes */
	uint64_t due_mono_ns;  /* the half line is shown then; 0: not again */
};

/* Of `result` it sets what befalls inputs. All three are borrowed. */
void ann_intake_init(struct ann_intake *intake,
	const struct ann_filter_options *options, struct ann_filter_result *result,
	ann_error_cb warn);
void ann_intake_deinit(struct ann_intake *intake);

/* For pieces of this intake. ANN_ENOMEM; to be deinitialised in any case. */
ANN_MUST_USE enum ann_err ann_piece_init(
	struct ann_piece *piece, const struct ann_intake *intake);
void ann_piece_deinit(struct ann_piece *piece);

/* Waits for the next piece. False: there is none, and there will be none. */
bool ann_intake_fetch(struct ann_intake *intake, struct ann_piece *piece);

#endif
