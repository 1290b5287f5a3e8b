/*
 * reader - one of those whom a listener serves.
 *
 * Has a queue of its own, so that it holds up nobody. What it sends is thrown away, and
 * when it closes its side, or does not take part in its connection any more, it is
 * gone.
 */
#ifndef IO_READER_H
#define IO_READER_H

#include "io/net/parting.h"
#include "io/net/socket.h"
#include "io/sink/sink_base.h"
#include "io/sink/writer.h"

struct ann_reader;

struct ann_reader_events {
	/* It has taken something; see ann_sink_base_written(). */
	void (*written)(void *user, struct ann_reader *reader, bool room);
	/* It is gone; to be closed. Not from inside ann_reader_put(). */
	void (*gone)(void *user, struct ann_reader *reader);
};

struct ann_reader {
	struct ann_reader *next; /* listen::readers */
	const struct ann_reader_events *events;
	void *user;
	struct ann_sink_base *base; /* in which it counts */
	union ann_socket peer;
	struct ann_writer writer;
	struct ann_parting parting;
	bool in_line; /* it came in the middle of a line, which is not for it */
	bool full;    /* its queue is */
};

/*
 * A reader on the connection `fd`, which it takes in any case. NULL: no memory, or the
 * connection is gone already.
 */
struct ann_reader *ann_reader_new(struct ann_sink_base *base,
	const struct ann_sink_settings *settings, int fd,
	const struct ann_reader_events *events, void *user);

/* Puts the chunk into its queue. */
void ann_reader_put(struct ann_reader *reader, struct ann_chunk *chunk, bool can_wait);

/* Writes what it takes at once. False: it is dead, and to be closed. */
bool ann_reader_push(struct ann_reader *reader);

/* It is not told of any more, and frees itself when its connection is closed. */
void ann_reader_close(struct ann_reader *reader);

/* The same; and if it has nothing to wait for, it gets all that was written. */
void ann_reader_part(struct ann_reader *reader);

#endif
