/*
 * sink_spooled - records go to a collector that does not answer, from disk.
 */
#ifndef IO_SINK_SPOOLED_H
#define IO_SINK_SPOOLED_H

#include "io/sink/collector.h"

/* As ann_sink_driver::new_sink, of a stream socket, with settings that have a spool.
 * `frame`: as of struct ann_sink_base. */
ANN_MUST_USE enum ann_err ann_sink_spooled_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_collector_settings *settings,
	struct ann_chunk *(*frame)(const struct ann_chunk *chunk),
	struct ann_error *err);

#endif
