/*
 * delivery - a sink that sees each record through until its collector has it.
 *
 * The story: records are put into a store and, as long as there is a connection, go
 * from there into its outflow. Each stays in the store until it has arrived. When the
 * connection breaks, what had not arrived goes over the next one. How a record is sent,
 * and how one knows that it has arrived, is the kind's.
 */
#ifndef IO_DELIVERY_H
#define IO_DELIVERY_H

#include "io/sink/outflow.h"
#include "io/spool/store.h"

struct ann_delivery;

struct ann_delivery_kind {
	struct ann_sink_kind base;
	/* `out` is on a connection: reads from that. Zero, or a status of libuv. */
	int (*begin)(struct ann_delivery *delivery);
	/* Moves what can be moved from the store to the connection that there is. */
	void (*push)(struct ann_delivery *delivery);
	/* The connection is dead, with a status of libuv: leaves it. */
	void (*lose)(struct ann_delivery *delivery, int status);
};

/* A kind of sink begins with it. */
struct ann_delivery {
	struct ann_sink_base base; /* the first, so that the sink is this */
	const struct ann_delivery_kind *kind;
	struct ann_link link;
	struct ann_outflow out;
	struct ann_store store;
};

/*
 * With the context, endpoint and settings that the store gets; its `changed` is set
 * here. Once this has been done, the only way out is to close. ANN_ENOMEM: only to be
 * deinitialised.
 */
ANN_MUST_USE enum ann_err ann_delivery_init(struct ann_delivery *delivery,
	const struct ann_sink_ops *ops, const struct ann_delivery_kind *kind,
	struct ann_store_options options);

/* All is closed, or all-zero. */
void ann_delivery_deinit(struct ann_delivery *delivery);

/* What the ops of the sink are made of. */
ANN_MUST_USE enum ann_err ann_delivery_start(
	struct ann_sink *sink, struct ann_error *err);
bool ann_delivery_offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait);
void ann_delivery_stats(struct ann_sink *sink, struct ann_sink_stats *stats);

/* Pushes, if there is a connection. */
void ann_delivery_push(struct ann_delivery *delivery);

/* The same from the loop, where it can be the end of the sink. */
void ann_delivery_go_on(struct ann_delivery *delivery);

/* Loses the connection, from the loop. */
void ann_delivery_lose(struct ann_delivery *delivery, int status);

/* As ann_sink_kind::stop. `written`: there was time, so the peer is to get all that
 * went into the connection. */
void ann_delivery_stop(struct ann_delivery *delivery, bool written);

#endif
