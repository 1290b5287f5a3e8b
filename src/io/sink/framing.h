/*
 * framing - records for syslog over a stream: RFC 6587, octet counting.
 */
#ifndef IO_FRAMING_H
#define IO_FRAMING_H

#include "annotty/record.h"

/* A record without the line end that separates it from the next one. */
struct ann_span ann_record_bare(struct ann_span record);

/*
 * A chunk with the same records, each without its line end and with its length and a
 * blank before it. One reference, for the caller. NULL: no memory.
 */
struct ann_chunk *ann_frame_octets(const struct ann_chunk *chunk);

#endif
