/*
 * rotation - a file that is begun anew before it grows beyond a size.
 *
 * PATH becomes PATH.1, that becomes PATH.2, and so on. Lines are left whole and none is
 * lost: whoever writes asks how much of it the file still takes, and turns it over when
 * that is nothing.
 */
#ifndef IO_ROTATION_H
#define IO_ROTATION_H

#include "annotty/error.h"
#include "annotty/span.h"

struct ann_rotation {
	uint64_t limit_bytes; /* 0: the file grows for ever */
	uint64_t keep;        /* how many old files stay; 0: the file is deleted */
	uint64_t size_bytes;  /* of the file as it is */
	bool in_line;         /* its last line is not over */
};

enum { ANN_ROTATION_KEEP = 5, ANN_ROTATION_KEEP_MOST = 9999 };

/*
 * How much of `bytes` still goes into the file: whole lines, and one at least if the
 * file is new. 0: ann_rotation_turn() first.
 */
size_t ann_rotation_fit(const struct ann_rotation *rotation, struct ann_span bytes);

/* `bytes` have been written. */
void ann_rotation_written(struct ann_rotation *rotation, struct ann_span bytes);

/*
 * Moves `path` and the old files up by one, or deletes it. Who writes opens it anew
 * then. ANN_ESYS, ANN_ENOMEM; some of the old files may have been moved.
 */
ANN_MUST_USE enum ann_err ann_rotation_turn(
	const struct ann_rotation *rotation, const char *path, struct ann_error *err);

#endif
