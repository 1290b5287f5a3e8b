/*
 * sinks - every kind of output behind annotty/sink.h.
 *
 * One driver a kind; src/io/sinks.c has the list of them. Adding a kind is a file with
 * a driver and a line there.
 */
#ifndef IO_SINKS_H
#define IO_SINKS_H

#include "annotty/endpoint.h"
#include "annotty/queue.h"
#include "annotty/render.h"
#include "annotty/sink.h"

#include <uv.h>

/* What a sink wants to know besides its endpoint. */
struct ann_sink_context {
	uv_loop_t *loop;
	enum ann_queue_policy policy; /* where the settings name none */
	uint64_t queue_bytes;         /* the same */
	const char *state_directory;  /* for spools; NULL: there is none */
	int fd; /* of an earlier run or of systemd, to be taken over; -1: none */
};

struct ann_sink_driver {
	const char *scheme;
	/* What records look like when the settings do not say. */
	enum ann_format format;
	/* Takes whole records only (datagrams, syslog, journal), no half lines. */
	bool whole_records;
	/*
	 * The keys of this kind, besides those of the route (annotty/route.h), which
	 * are taken out of the settings before.
	 */
	enum ann_err (*new_sink)(struct ann_sink **sink,
		const struct ann_sink_context *context,
		const struct ann_endpoint *endpoint, struct ann_error *err);
};

/* The driver for the endpoint's scheme. NULL: there is none. */
const struct ann_sink_driver *ann_sink_driver_find(const struct ann_endpoint *endpoint);

/*
 * A sink for the endpoint, not started. ANN_ECONFIG for wrong settings, ANN_ENOMEM.
 * Close it in any case once it exists.
 */
ANN_MUST_USE enum ann_err ann_sink_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_sink_events *events, void *user, struct ann_error *err);

#endif
