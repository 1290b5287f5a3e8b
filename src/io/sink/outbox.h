/*
 * outbox - bytes on their way to a descriptor that cannot take them at once.
 */
#ifndef IO_OUTBOX_H
#define IO_OUTBOX_H

#include "annotty/buf.h"

enum { ANN_OUTBOX_BYTES = 64 * 1024 }; /* the most that waits */

/* An all-zero struct is an empty outbox. */
struct ann_outbox {
	struct ann_buf bytes;
	size_t done; /* of `bytes` */
};
void ann_outbox_deinit(struct ann_outbox *outbox);

/* Forgets what waits. */
void ann_outbox_clear(struct ann_outbox *outbox);

/* All of `bytes` or none. False: there is no room. */
bool ann_outbox_add(struct ann_outbox *outbox, struct ann_span bytes);

/*
 * Writes what the non-blocking `fd` takes. Zero, also if some is left, or the errno.
 */
int ann_outbox_flush(struct ann_outbox *outbox, int fd);

bool ann_outbox_is_empty(const struct ann_outbox *outbox);

#endif
