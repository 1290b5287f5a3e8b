/*
 * emit - how the sources of src/io tell what they have read: at this moment, and not
 * once they are being closed; and how they go.
 */
#ifndef IO_EMIT_H
#define IO_EMIT_H

#include "annotty/source.h"

void ann_emit_bytes(struct ann_source *source, struct ann_span bytes);

/* The times of `event` are set here. */
void ann_emit_event(struct ann_source *source, struct ann_event event);

void ann_emit_end(struct ann_source *source, const struct ann_error *why);

/* All is released but the memory of the source, which it is the beginning of: frees
 * that. */
void ann_emit_closed(struct ann_source *source);

#endif
