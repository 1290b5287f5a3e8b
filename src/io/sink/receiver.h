/*
 * receiver - who gets datagrams, as seen from the socket that is connected to it.
 *
 * What io/net/link.h is for streams: the place is looked up, if it is a host, and
 * connected to; when its user finds it gone, that is done again after a wait that
 * grows. The log says so once. A receiver that is full is waited for.
 */
#ifndef IO_RECEIVER_H
#define IO_RECEIVER_H

#include "io/net/backoff.h"
#include "io/sink/sink_base.h"

struct ann_receiver {
	struct ann_sink_base *base;                /* in which its handles count */
	void (*ready)(struct ann_sink_base *base); /* it may take some now */
	const char *path;                          /* NULL: the endpoint's host */
	int fd;                                    /* -1: not yet */
	uv_poll_t poll;
	bool polled;  /* the handle exists */
	bool waiting; /* for room */
	uv_timer_t again;
	uv_getaddrinfo_t lookup;
	bool looking_up;
	struct ann_backoff backoff;
	bool connected;
	bool told; /* the log knows that it is away */
	uint64_t connected_at_ms;
	uint64_t connects; /* how often it was connected to */
};

/* `base` is initialised. Cannot fail; from then on it has to be closed. */
void ann_receiver_init(struct ann_receiver *receiver, struct ann_sink_base *base,
	const char *path, void (*ready)(struct ann_sink_base *base));

/* Tells `ready` when it is connected, maybe at once. */
void ann_receiver_start(struct ann_receiver *receiver);

/* True when a datagram can be sent to `fd`. */
bool ann_receiver_is_ready(const struct ann_receiver *receiver);

/* It took a datagram. */
void ann_receiver_took(struct ann_receiver *receiver);

/* It did not take one, because it is full: tells `ready` when there is room. */
void ann_receiver_wait(struct ann_receiver *receiver);

/* It did not take one and is gone: `status` as of libuv. */
void ann_receiver_lost(struct ann_receiver *receiver, int status);

/* Once. The sink is `stopped`. */
void ann_receiver_close(struct ann_receiver *receiver);

#endif
