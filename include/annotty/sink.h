/*
 * sink - where rendered records go, as the rest of the program sees it.
 *
 * A vtable: standard output, files, connections, listeners and the fakes of tests are
 * sinks. Each keeps what it cannot write at once in queues (annotty/queue.h). All calls
 * and all events happen on one thread.
 */
#ifndef ANNOTTY_SINK_H
#define ANNOTTY_SINK_H

#include "annotty/error.h"
#include "annotty/record.h"

/* None of them comes from inside start, reopen or close, but for `announce` and an
 * `end` of what close gives up at once; from inside offer only these two do. */
struct ann_sink_events {
	/* There is room again after an offer has said that there is none. */
	void (*room)(void *user);
	/*
	 * A chunk that says in the sink's format that records were dropped, to be put
	 * in their place. The caller gets the reference. NULL: nothing to say.
	 */
	struct ann_chunk *(*announce)(void *user, uint64_t lines, uint64_t bytes);
	/*
	 * Nothing can be written any more; once at most. `why` is NULL when the reader
	 * simply went away (EPIPE of standard output). The sink still has to be closed.
	 * After close it comes only with a reason: the sink had to give something up.
	 */
	void (*end)(void *user, const struct ann_error *why);
};

/* Counted since the start; of a listener, over all its readers. */
struct ann_sink_stats {
	bool connected;    /* a peer is there; files always are */
	bool away;         /* its peer is known not to be there */
	bool listens;      /* it is a listener: peers come by themselves */
	uint64_t readers;  /* of a listener, now */
	uint64_t connects; /* how often a peer came (again) */
	uint64_t queued_bytes;
	uint64_t spooled_bytes; /* on disk */
	uint64_t written_bytes;
	uint64_t dropped_lines;
	uint64_t dropped_bytes;
};

/* For people: "connected", "listening" or "away". Static. */
const char *ann_sink_state(const struct ann_sink_stats *stats);

struct ann_sink;

struct ann_sink_ops {
	/*
	 * Opens, connects, listens. A peer that is away for now is no failure. After a
	 * failure the sink still has to be closed.
	 */
	enum ann_err (*start)(struct ann_sink *sink, struct ann_error *err);
	/*
	 * Takes a reference of its own. `can_wait`: the sources behind it can be
	 * paused, so a sink with the policy `block` takes it even if it is full. False:
	 * the sink is full (and may have dropped something, as its policy is); sources
	 * that can wait should, until the event `room`.
	 */
	bool (*offer)(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait);
	/* Files are opened anew under their name (SIGHUP). May be NULL. */
	void (*reopen)(struct ann_sink *sink);
	void (*stats)(struct ann_sink *sink, struct ann_sink_stats *stats);
	/* As ann_source_ops::fd: a listening socket. May be NULL. */
	int (*fd)(struct ann_sink *sink);
	/* May come again with less time; see ann_sink_close(). `closing` is set. */
	void (*close)(struct ann_sink *sink, uint64_t drain_ms);
};

/* The front of every sink. */
struct ann_sink {
	const struct ann_sink_ops *ops;
	const struct ann_sink_events *events;
	void *user;   /* handed to `events` */
	bool closing; /* ann_sink_close() was called */
	bool kept; /* a later run has its descriptor: its path in the file system stays
		    */
	void (*closed)(void *user); /* to be called when all is released; may be NULL */
	void *closed_user;
};

ANN_MUST_USE enum ann_err ann_sink_start(struct ann_sink *sink, struct ann_error *err);
bool ann_sink_offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait);
void ann_sink_reopen(struct ann_sink *sink);
void ann_sink_stats(struct ann_sink *sink, struct ann_sink_stats *stats);
int ann_sink_fd(struct ann_sink *sink);

/*
 * Ends the sink: takes no more, writes what is queued for `drain_ms` at most (0: drops
 * it), then closes. Only the events `announce` and `end` come from now on. `closed`
 * (may be NULL) is called exactly once, later, never from inside this call; then the
 * sink is gone. A second call only shortens the time. NULL is fine, and then `closed`
 * is not called.
 */
void ann_sink_close(struct ann_sink *sink, uint64_t drain_ms,
	void (*closed)(void *user), void *user);

#endif
