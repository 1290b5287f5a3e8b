/*
 * source - where bytes come from, as the rest of the program sees it.
 *
 * A vtable: ports, sockets, files, commands and the fakes of tests are sources. All
 * calls and all events happen on one thread.
 */
#ifndef ANNOTTY_SOURCE_H
#define ANNOTTY_SOURCE_H

#include "annotty/error.h"
#include "annotty/record.h"

/* None of them comes from inside start, pause, resume or close. */
struct ann_source_events {
	/*
	 * Bytes as they came; borrowed for the call. The times are of the moment when
	 * they were read. Not while paused, not after close.
	 */
	void (*bytes)(
		void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns);
	/*
	 * Something happened to the source, in its place between the bytes. Every kind
	 * but ANN_EVENT_CONNECTED ends a half-read line. A source that can be away
	 * (a port, a connection) says ANN_EVENT_CONNECTED before its first byte.
	 */
	void (*event)(void *user, const struct ann_event *event);
	/*
	 * No more will come; once at most, and not after close. `why` is NULL at an
	 * ordinary end. The source still has to be closed.
	 */
	void (*end)(void *user, const struct ann_error *why);
};

/* Counted since the start. */
struct ann_source_stats {
	bool connected;
	uint64_t connects; /* how often it came (again) */
	/* Of the UART, as the driver counts them since `connects` last grew; what a
	 * driver does not count stays 0. */
	uint64_t overruns;
	uint64_t framing_errors;
	uint64_t parity_errors;
	uint64_t breaks;
};

struct ann_source;

struct ann_source_ops {
	/*
	 * Begins to read. What is only away for now (a port that is not plugged in, a
	 * server that is down) is no failure unless the settings say so. After a
	 * failure the source still has to be closed.
	 */
	enum ann_err (*start)(struct ann_source *source, struct ann_error *err);
	/* No bytes until resume. Both may be called again and again, and any time. */
	void (*pause)(struct ann_source *source);
	void (*resume)(struct ann_source *source);
	/* Bytes to the device: keys, replies. False: not connected, or no room. */
	bool (*write)(struct ann_source *source, struct ann_span bytes);
	void (*stats)(struct ann_source *source, struct ann_source_stats *stats);
	/*
	 * The descriptor that a later run of the program could take over, so that the
	 * device sees nothing of the change; -1: none at the moment. May be NULL.
	 */
	int (*fd)(struct ann_source *source);
	/* Called once; see ann_source_close(). `closing` is set. */
	void (*close)(struct ann_source *source);
};

/* The front of every source. */
struct ann_source {
	const struct ann_source_ops *ops;
	const struct ann_source_events *events;
	void *user;    /* handed to `events` */
	bool can_wait; /* nothing is lost while it is paused: a file, a pipe; no UART */
	bool closing;  /* ann_source_close() was called */
	bool kept; /* a later run has its descriptor: its path in the file system stays
		    */
	void (*closed)(void *user); /* to be called when all is released; may be NULL */
	void *closed_user;
};

ANN_MUST_USE enum ann_err ann_source_start(
	struct ann_source *source, struct ann_error *err);
void ann_source_pause(struct ann_source *source);
void ann_source_resume(struct ann_source *source);
bool ann_source_write(struct ann_source *source, struct ann_span bytes);
void ann_source_stats(struct ann_source *source, struct ann_source_stats *stats);
int ann_source_fd(struct ann_source *source);

/*
 * Ends the source; no event comes from now on. `closed` (may be NULL) is called exactly
 * once, later, never from inside this call; then the source is gone. A second call does
 * nothing. NULL is fine, and then `closed` is not called.
 */
void ann_source_close(
	struct ann_source *source, void (*closed)(void *user), void *user);

#endif
