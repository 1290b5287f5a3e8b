/*
 * link - a connection to a place, made again whenever it is lost.
 *
 * The story: the place is looked up (on a thread of libuv's pool), its addresses are
 * tried one after the other, and `up` is told. When the user finds the connection dead,
 * or when no address answers, `down` is told once, and after a wait that grows the
 * place is looked up again: a server may have moved. Says in the log when a peer goes
 * and when it is back, but not each try.
 */
#ifndef IO_LINK_H
#define IO_LINK_H

#include "annotty/endpoint.h"

#include "io/net/backoff.h"
#include "io/net/parting.h"
#include "io/net/socket.h"

#include <uv.h>

struct ann_link {
	void (*up)(void *user); /* connected: `peer.stream` can be written and read */
	/* A try has failed, and the next one is due later; may be NULL. */
	void (*away)(void *user);
	/* When set, there is no second try: could not connect, or was lost. */
	void (*gave_up)(void *user, int status);
	void *user;
	const struct ann_endpoint *endpoint; /* unix or HOST:PORT; borrowed */
	/* Of ann_keepalive(), 0 by default. May be set before the start. */
	uint64_t keepalive_ms;
	uint64_t stuck_ms;
	uint64_t patience_ms; /* for one address to answer */
	struct ann_backoff backoff;
	union ann_socket peer;
	uv_timer_t timer; /* the wait, or the patience */
	uv_connect_t connect;
	uv_getaddrinfo_t lookup;
	struct addrinfo *found; /* what the lookup found */
	struct addrinfo *next;  /* of them, to be tried */
	unsigned live;          /* handles and requests under way */
	bool looking_up;
	bool open; /* `peer` is one of them */
	bool is_up;
	int status; /* of libuv: why it is not up */
	bool told;  /* the log knows that the peer is away */
	bool closing;
	uint64_t up_since_ms; /* on the loop's clock */
	uint64_t ups;         /* how often it came up */
	struct ann_parting parting;
	void (*closed)(void *user);
};

/* Cannot fail; from then on it has to be closed. */
void ann_link_init(struct ann_link *link, uv_loop_t *loop,
	const struct ann_endpoint *endpoint, void (*up)(void *user), void *user);

void ann_link_start(struct ann_link *link);

/*
 * The user found that the connection is dead: `status` as of libuv, UV_EOF when the
 * peer closed it. Its requests are called back before it comes up again. `story` (may
 * be NULL) is put behind the reason in the log.
 */
void ann_link_lost(struct ann_link *link, int status, const char *story);

/*
 * Closes the connection, if there is one. `closed` is called once, later, and then the
 * link is gone.
 */
void ann_link_close(struct ann_link *link, void (*closed)(void *user));

/* The same when all that there was is written, and the peer is to get it. */
void ann_link_part(struct ann_link *link, void (*closed)(void *user));

#endif
