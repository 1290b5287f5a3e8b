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
 * with each connection's `open` and go on at 1 behind 999,999,999; number 0 is a hint
 * of the server's that is not answered; each other frame is answered by an `rsp` that
 * begins with a status.
 *
 * An answer says what the server means by it: rsyslog answers when a record is in its
 * queue. A kill of rsyslog empties that unless it is a disk queue or a direct one.
 */
#ifndef IO_RELP_H
#define IO_RELP_H

#include "annotty/buf.h"
#include "annotty/error.h"

#include <stdint.h>

/* How many records go unanswered at most, unless the user says otherwise. */
#define ANN_RELP_WINDOW 128

/* The longest data of a frame, by specification. */
#define ANN_RELP_RECORD_BYTES (128 * 1024)

/* The status of a record that was taken; all others are refusals. */
#define ANN_RELP_TAKEN 200

enum ann_relp_state {
	ANN_RELP_OFFLINE, /* before the first ann_relp_begin() */
	ANN_RELP_OPENING, /* the server has not yet said what it can do */
	ANN_RELP_READY,
	ANN_RELP_CLOSING, /* our `close` is sent, its answer awaited */
	ANN_RELP_ENDED,   /* by the server's hint, by its answer to `close`, or by an
			     error: the connection is to be closed */
};

/*
 * The server has answered for a record, which is now forgotten here. Calls come in the
 * order of submitting, each once. They may submit more, but not begin or deinit.
 */
typedef void (*ann_relp_answered_cb)(void *user, uint64_t id, unsigned status);

/* Provided by the caller; the members are private. */
struct ann_relp {
	ann_relp_answered_cb answered;
	void *user; /* handed to `answered` */

	enum ann_relp_state state;
	bool finishing;      /* close when all is answered */
	uint32_t next_txnr;  /* of this connection */
	uint32_t close_txnr; /* when CLOSING */

	struct ann_relp_record *ring; /* of unanswered records, `window` elements */
	size_t window;
	size_t front; /* index of the oldest */
	size_t count;
	struct ann_buf kept; /* their bytes, oldest first, behind `kept_at` others */
	size_t kept_at;

	struct ann_buf received; /* the beginning of a frame */
};

/* ANN_ENOMEM. `window` is at least 1. */
ANN_MUST_USE enum ann_err ann_relp_init(struct ann_relp *relp, size_t window,
	ann_relp_answered_cb answered, void *user);
void ann_relp_deinit(struct ann_relp *relp);

/*
 * A new connection stands: forgets what was half received on the old one and appends
 * `open` to `out`. All that is unanswered follows when the server has answered that.
 */
void ann_relp_begin(struct ann_relp *relp, struct ann_buf *out);

/* How many records ann_relp_submit() takes at present. */
size_t ann_relp_room(const struct ann_relp *relp);

/* How many wait for an answer. */
size_t ann_relp_pending(const struct ann_relp *relp);

/*
 * Takes a copy of `record`, to be told of as `id`. Its frame is appended to `out`, or
 * sent when the session is ready. ANN_EUSE when there is no room, after
 * ann_relp_finish(), and for a record that is empty or above ANN_RELP_RECORD_BYTES;
 * ANN_ENOMEM. After an error nothing was taken.
 */
ANN_MUST_USE enum ann_err ann_relp_submit(struct ann_relp *relp, uint64_t id,
	struct ann_span record, struct ann_buf *out);

/*
 * Takes bytes from the server, cut anywhere, and appends to `out` what is to be sent.
 * ANN_ESYS (EPROTO) when the server does not keep to the protocol or does not take
 * syslog; ANN_ENOMEM, also when `out` has failed. After an error the state is ENDED,
 * and what is unanswered stays for the next connection.
 */
ANN_MUST_USE enum ann_err ann_relp_feed(struct ann_relp *relp, struct ann_span bytes,
	struct ann_buf *out, struct ann_error *err);

/* No more will be submitted: `close` is sent as soon as all is answered. */
void ann_relp_finish(struct ann_relp *relp, struct ann_buf *out);

enum ann_relp_state ann_relp_state(const struct ann_relp *relp);

#endif
