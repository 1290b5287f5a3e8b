/*
 * collector - what the sinks that connect to a collector can be told.
 */
#ifndef IO_COLLECTOR_H
#define IO_COLLECTOR_H

#include "io/net/link.h"
#include "io/sink/sink_base.h"

struct ann_collector_settings {
	struct ann_sink_settings common;
	uint64_t retry_ms;
	uint64_t retry_most_ms;
	uint64_t keepalive_ms;
	uint64_t spool_bytes;        /* on disk at most; 0: no spool */
	const char *spool_directory; /* NULL: that of the context */
};

/* retry, retry-most, spool, spool-directory; and with TCP also keepalive. */
extern const struct ann_key ann_collector_keys[];
extern const struct ann_key ann_collector_tcp_keys[];

/* What holds without settings. */
struct ann_collector_settings ann_collector_defaults(
	const struct ann_sink_context *context);

/* Reads those of the endpoint. Before a spool, the queue is short by default. */
ANN_MUST_USE enum ann_err ann_collector_read(struct ann_collector_settings *settings,
	const struct ann_endpoint *endpoint, ann_keys keys, struct ann_error *err);

/* For a link that is not started. */
void ann_collector_apply(
	const struct ann_collector_settings *settings, struct ann_link *link);

#endif
