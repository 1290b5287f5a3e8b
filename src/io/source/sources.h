/*
 * sources - every kind of input behind annotty/source.h.
 *
 * One driver a kind; sources.c has the list of them. Adding a kind is a file
 * with a driver and a line there.
 */
#ifndef IO_SOURCES_H
#define IO_SOURCES_H

#include "annotty/endpoint.h"
#include "annotty/source.h"
#include "io/source/talkers.h"

#include <uv.h>

/* What a source wants to know besides its endpoint. */
struct ann_source_context {
	uv_loop_t *loop;
	bool follow;     /* -f: files are followed, not read to their end */
	bool from_start; /* follow from the beginning */
	bool reconnect;  /* wait for what went away; otherwise that is an error */
	struct ann_talkers *talkers; /* of ports that are read together when they are
				    many; outlives the source; NULL: none */
	int fd; /* of an earlier run or of systemd, to be taken over; -1: none */
};

struct ann_source_driver {
	/* True for the endpoints of this kind. Kinds are asked in order. */
	bool (*fits)(const struct ann_endpoint *endpoint);
	/*
	 * Reads the settings and allocates; nothing is opened yet. `endpoint` is
	 * borrowed for as long as the source lives. ANN_ECONFIG, ANN_ENOMEM.
	 */
	enum ann_err (*new_source)(struct ann_source **source,
		const struct ann_source_context *context,
		const struct ann_endpoint *endpoint, struct ann_error *err);
};

/*
 * A source for the endpoint, not started. `events` and `user` as in annotty/source.h.
 * ANN_ECONFIG for an unknown kind or wrong settings, ANN_ENOMEM. Close it in any case
 * once it exists.
 */
ANN_MUST_USE enum ann_err ann_source_new(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	const struct ann_source_events *events, void *user, struct ann_error *err);

extern const struct ann_source_driver ann_source_standard; /* -, FIFOs */
extern const struct ann_source_driver ann_source_file;     /* regular files, -f */
extern const struct ann_source_driver ann_source_port;     /* serial ports, terminals */
extern const struct ann_source_driver
	ann_source_connect; /* tcp, telnet, rfc2217, unix */
extern const struct ann_source_driver ann_source_listen; /* tcp-listen, unix-listen */

/*
 * A command on a pseudo-terminal of its own, see source_command.c. `argv` ends with
 * NULL and is borrowed until the start.
 */
ANN_MUST_USE enum ann_err ann_source_command_new(struct ann_source **source,
	uv_loop_t *loop, char *const *argv, const struct ann_source_events *events,
	void *user, struct ann_error *err);

/*
 * How the command ended, as a shell says it: its exit status, or 128 + signal; or,
 * after a start that failed because of it, 127: it is not there, 126: it cannot be run.
 * -1: it has not ended.
 */
int ann_source_command_status(const struct ann_source *source);

#endif
