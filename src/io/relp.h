/*
 * relp - the client's half of the Reliable Event Logging Protocol.
 *
 * A state machine on bytes, without a socket: what has to be sent is appended to `out`
 * buffers, what came is fed. It keeps each record until the server has answered for it,
 * and sends all unanswered ones again, in order, on the next connection. So nothing is
 * lost, and what arrives twice was unanswered when a connection broke: at most a
 * window.
 *
 * The protocol as specified by Gerhards 2008 (doc/relp of librelp) and spoken by
 * rsyslog: a frame is `TXNR COMMAND DATALEN[ DATA]\n`; transaction numbers begin at 1
 * with each connection's `open` and go on at 1 behind 999,999,999; number 0 is the
 * server's hint that is not answered; each other frame is answered by `rsp` with `200
 * OK` or `500 …`. An answer says what the server says: rsyslog answers when a record is
 * in its queue, which its own death may empty unless it is a disk queue or a direct
 * one.
 */
#ifndef IO_RELP_H
#define IO_RELP_H

#include "annotty/buf.h"
#include "annotty/error.h"

#include <stdint.h>

#define ANN_RELP_WINDOW 128
#define ANN_RELP_RECORD_BYTES \
	(128 * 1024) /* longest data of a frame, by specification */

struct ann_relp_events {
	/* The server has taken the record. In the order of submitting. */
	void (*accepted)(void *user, uint64_t id);
	/* The server answered with an error; the record is forgotten here. `reason` is
	 * the server's text, hostile bytes included; borrowed for the call. In the same
	 * order. */
	void (*refused)(void *user, uint64_t id, struct ann_span reason);
	void *user;
};

enum ann_relp_state {
	ANN_RELP_OFFLINE, /* before the first ann_relp_begin() */
	ANN_RELP_OPENING, /* the server has not yet said what it can do */
	ANN_RELP_READY,
	ANN_RELP_CLOSING, /* our `close` is sent, its answer awaited */
	ANN_RELP_ENDED, /* by the server's hint, the answer to `close`, or an error: the
			   connection is to be closed */
};

/* The caller provides it; members are private. */
struct ann_relp {
	struct ann_relp_events events;
	enum ann_relp_state state;
	bool closing;        /* close when all is answered */
	uint32_t next_txnr;  /* of the next frame sent on this connection */
	uint32_t front_txnr; /* of the frame at `front`, when that was sent */

	/* Unanswered frames, a ring. */
	struct ann_relp_frame *frames;
	size_t window; /* elements of `frames` */
	size_t front;  /* index of the oldest */
	size_t count;
	size_t sent;           /* of `count`, on this connection */
	struct ann_buf kept;   /* their records, oldest first, behind `kept_at` bytes */
	size_t kept_at;        /* of records answered */
	struct ann_buf answer; /* a frame of the server's, not yet complete */
};

/* ANN_ENOMEM. `window` is at least 1. No callback comes from here. */
ANN_MUST_USE enum ann_err ann_relp_init(
	struct ann_relp *relp, size_t window, const struct ann_relp_events *events);
void ann_relp_deinit(struct ann_relp *relp);

/*
 * A new connection stands: forgets what was half received on the old one and appends
 * `open` to `out`. Everything unanswered follows when the server has answered that.
 */
void ann_relp_begin(struct ann_relp *relp, struct ann_buf *out);

/* How many records ann_relp_submit() takes at present. */
size_t ann_relp_room(const struct ann_relp *relp);

/* How many wait for an answer. */
size_t ann_relp_pending(const struct ann_relp *relp);

/*
 * Takes a copy of `record` and appends its frame to `out`, at once or when the session
 * is ready. `id` is the caller's. ANN_EUSE when there is no room, after
 * ann_relp_close(), and for an empty record or one above ANN_RELP_RECORD_BYTES;
 * ANN_ENOMEM; nothing was taken then.
 */
ANN_MUST_USE enum ann_err ann_relp_submit(struct ann_relp *relp, uint64_t id,
	struct ann_span record, struct ann_buf *out);

/*
 * Takes bytes from the server, cut anywhere, calls events and appends to `out` what is
 * to be sent. The events may submit more. ANN_ESYS (EPROTO) when the server does not
 * keep to the protocol or offers no syslog: the connection is to be closed, what is
 * unanswered stays for the next one. ANN_ENOMEM likewise; so it is when `out` failed.
 */
ANN_MUST_USE enum ann_err ann_relp_feed(struct ann_relp *relp, struct ann_span bytes,
	struct ann_buf *out, struct ann_error *err);

/* No more will be submitted: sends `close` once all is answered. */
void ann_relp_close(struct ann_relp *relp, struct ann_buf *out);

enum ann_relp_state ann_relp_state(const struct ann_relp *relp);

#endif
