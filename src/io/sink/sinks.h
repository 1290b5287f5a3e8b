/*
 * sinks - every kind of output behind annotty/sink.h.
 *
 * One driver a kind; sinks.c has the list of them. Adding a kind is a file with
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
	/* Where the settings name none; but listeners drop what is oldest. */
	enum ann_queue_policy policy;
	uint64_t queue_bytes;        /* where the settings name none */
	const char *state_directory; /* for spools; NULL: there is none */
	int fd; /* of an earlier run or of systemd; the sink closes it. -1: none */
};

struct ann_sink_driver {
	const char *scheme;
	/* What records look like when the settings do not say. */
	enum ann_format format;
	/* Takes whole records only (datagrams, syslog, journal), no half lines. */
	bool whole_records;
	/* Knows spool=. Then it takes whole records as well. */
	bool spools;
	/*
	 * Reads the settings and allocates; nothing is opened yet. `endpoint` is
	 * borrowed for as long as the sink lives. Its settings are those of this kind;
	 * those of the route (annotty/route.h) have been taken out. ANN_ECONFIG,
	 * ANN_ENOMEM.
	 */
	enum ann_err (*new_sink)(struct ann_sink **sink,
		const struct ann_sink_context *context,
		const struct ann_endpoint *endpoint, struct ann_error *err);
};

extern const struct ann_sink_driver ann_sink_standard;    /* - */
extern const struct ann_sink_driver ann_sink_file;        /* file: */
extern const struct ann_sink_driver ann_sink_tcp;         /* tcp:// */
extern const struct ann_sink_driver ann_sink_unix;        /* unix: */
extern const struct ann_sink_driver ann_sink_tcp_listen;  /* tcp-listen:// */
extern const struct ann_sink_driver ann_sink_unix_listen; /* unix-listen: */
extern const struct ann_sink_driver ann_sink_unix_dgram;  /* unix-dgram: */
extern const struct ann_sink_driver ann_sink_syslog;      /* syslog: */
extern const struct ann_sink_driver ann_sink_syslog_tcp;  /* syslog+tcp:// */
extern const struct ann_sink_driver ann_sink_syslog_udp;  /* syslog+udp:// */
extern const struct ann_sink_driver ann_sink_relp;        /* relp:// */
extern const struct ann_sink_driver ann_sink_journal;     /* journal: */

/* The driver for the endpoint's scheme. ANN_ECONFIG: there is none. */
ANN_MUST_USE enum ann_err ann_sink_driver_need(const struct ann_endpoint *endpoint,
	const struct ann_sink_driver **driver, struct ann_error *err);

/*
 * A sink for the endpoint, not started. ANN_ECONFIG for wrong settings, ANN_ENOMEM.
 * Close it in any case once it exists.
 */
ANN_MUST_USE enum ann_err ann_sink_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_sink_events *events, void *user, struct ann_error *err);

#endif
