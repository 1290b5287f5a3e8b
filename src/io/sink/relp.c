/*
 * The happy path: begin() sends `open`, the server answers with its offers, and what
 * was submitted until then is sent; from then on submit() sends at once. Each answer
 * marks its record, and answered records leave the ring at its front, so that the
 * caller hears of them in order even from a server that answers out of order. finish()
 * sends `close` behind the last answer, and its answer ends the session.
 *
 * Whatever else comes from the server ends the session with an error. Records stay in
 * the ring over the end of a connection; begin() takes their transaction numbers away,
 * which makes them unsent.
 */
#include "io/sink/relp.h"

#include "annotty/alloc.h"

#include "io/sink/relp_frame.h"

#include <errno.h>
#include <string.h>

enum { TXNR_HINT = 0, TXNR_OPEN = 1, TXNR_LAST = 999999999 };

static const char our_offers[] =
	"relp_version=0\nrelp_software=annotty\ncommands=syslog";

struct ann_relp_record {
	uint64_t id;
	size_t len;      /* bytes in `kept` */
	uint32_t txnr;   /* on this connection; 0: not sent yet */
	unsigned status; /* of its answer; 0: none yet */
};

enum ann_err ann_relp_init(
	struct ann_relp *relp, size_t window, ann_relp_answered_cb answered, void *user)
{
	struct ann_relp_record *ring = ann_resize_array(NULL, window, sizeof(*ring));

	*relp = (struct ann_relp){
		.answered = answered,
		.user = user,
		.ring = ring,
		.window = ring == NULL ? 0 : window,
	};
	return ring == NULL ? ANN_ENOMEM : ANN_OK;
}

void ann_relp_deinit(struct ann_relp *relp)
{
	ann_buf_deinit(&relp->received);
	ann_buf_deinit(&relp->kept);
	ann_free(relp->ring);
	*relp = (struct ann_relp){0};
}

size_t ann_relp_room(const struct ann_relp *relp)
{
	return relp->finishing ? 0 : relp->window - relp->count;
}

size_t ann_relp_pending(const struct ann_relp *relp)
{
	return relp->count;
}

enum ann_relp_state ann_relp_state(const struct ann_relp *relp)
{
	return relp->state;
}

/* The record `index` behind the oldest one. */
static struct ann_relp_record *record_at(const struct ann_relp *relp, size_t index)
{
	return &relp->ring[(relp->front + index) % relp->window];
}

/* --- sending ---------------------------------------------------------------------- */

/* Appends a frame under the next number, and returns that; 0: no memory. */
static uint32_t send_frame(struct ann_relp *relp, const char *command,
	struct ann_span data, struct ann_buf *out)
{
	uint32_t txnr = relp->next_txnr;

	if (!ann_relp_frame_write(out, txnr, command, data)) {
		return 0;
	}
	relp->next_txnr = txnr == TXNR_LAST ? TXNR_OPEN : txnr + 1;
	return txnr;
}

void ann_relp_begin(struct ann_relp *relp, struct ann_buf *out)
{
	ann_buf_clear(&relp->received);
	for (size_t i = 0; i < relp->count; i++) {
		record_at(relp, i)->txnr = 0;
	}
	relp->next_txnr = TXNR_OPEN;
	if (send_frame(relp, "open", ann_span(our_offers), out) == 0) {
		out->failed = true;
	}
	relp->state = ANN_RELP_OPENING;
}

/* Sends all that is unanswered and not yet sent on this connection. */
static bool send_unsent(struct ann_relp *relp, struct ann_buf *out)
{
	const char *bytes = relp->count == 0 ? NULL : relp->kept.ptr + relp->kept_at;

	for (size_t i = 0; i < relp->count; i++) {
		struct ann_relp_record *record = record_at(relp, i);
		struct ann_span data = {bytes, record->len};

		bytes += record->len;
		if (record->txnr == 0 && record->status == 0 &&
			(record->txnr = send_frame(relp, "syslog", data, out)) == 0) {
			return false;
		}
	}
	return true;
}

static bool send_close_when_done(struct ann_relp *relp, struct ann_buf *out)
{
	if (!relp->finishing || relp->state != ANN_RELP_READY || relp->count > 0) {
		return true;
	}
	relp->close_txnr = send_frame(relp, "close", (struct ann_span){0}, out);
	relp->state = ANN_RELP_CLOSING;
	return relp->close_txnr != 0;
}

void ann_relp_finish(struct ann_relp *relp, struct ann_buf *out)
{
	relp->finishing = true;
	if (!send_close_when_done(relp, out)) {
		out->failed = true;
	}
}

/* --- keeping ---------------------------------------------------------------------- */

/* Moves the kept bytes to the front when that is worth it: when most are answered. */
static void compact(struct ann_relp *relp)
{
	size_t live = relp->kept.len - relp->kept_at;

	if (relp->kept_at > live) {
		memmove(relp->kept.ptr, relp->kept.ptr + relp->kept_at, live);
		relp->kept.len = live;
		relp->kept_at = 0;
	}
}

static bool keep(struct ann_relp *relp, uint64_t id, struct ann_span bytes)
{
	compact(relp);
	if (ann_buf_reserve(&relp->kept, bytes.len) == NULL) {
		relp->kept.failed = false;
		return false;
	}
	ann_buf_span(&relp->kept, bytes);
	*record_at(relp, relp->count++) =
		(struct ann_relp_record){.id = id, .len = bytes.len};
	return true;
}

static void unkeep_last(struct ann_relp *relp)
{
	relp->kept.len -= record_at(relp, --relp->count)->len;
}

enum ann_err ann_relp_submit(
	struct ann_relp *relp, uint64_t id, struct ann_span record, struct ann_buf *out)
{
	if (ann_relp_room(relp) == 0 || record.len == 0 ||
		record.len > ANN_RELP_RECORD_BYTES) {
		return ANN_EUSE;
	}
	if (!keep(relp, id, record)) {
		return ANN_ENOMEM;
	}
	if (relp->state != ANN_RELP_READY) {
		return ANN_OK;
	}
	struct ann_relp_record *last = record_at(relp, relp->count - 1);

	last->txnr = send_frame(relp, "syslog", record, out);
	if (last->txnr == 0) {
		unkeep_last(relp);
		return ANN_ENOMEM;
	}
	return ANN_OK;
}

/* Tells of the answered records at the front; what lies behind an unanswered one waits.
 * The callback may submit, so each record is gone before it is called. */
static void release_answered(struct ann_relp *relp)
{
	while (relp->count > 0 && record_at(relp, 0)->status != 0) {
		struct ann_relp_record done = *record_at(relp, 0);

		relp->front = (relp->front + 1) % relp->window;
		relp->count--;
		relp->kept_at += done.len;
		relp->answered(relp->user, done.id, done.status);
	}
}

/* --- receiving -------------------------------------------------------------------- */

static enum ann_err broken(struct ann_error *err, const char *what)
{
	return ann_error_os(err, EPROTO, "relp: %s", what);
}

/* The text is the server's: only what is printable goes into a message. */
static enum ann_err refused_session(
	const struct ann_relp_answer *answer, struct ann_error *err)
{
	char text[80 + 1] = "";

	for (size_t i = 0; i < sizeof(text) - 1 && i < answer->text.len; i++) {
		char c = answer->text.ptr[i];

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	return ann_error_os(err, EPROTO, "relp: the server refused the session: %u %s",
		answer->status, text);
}

static bool offers_syslog(struct ann_span offers)
{
	struct ann_span commands = ann_relp_offer(offers, "commands");

	while (commands.len > 0) {
		if (ann_span_is(ann_span_next(&commands, ','), "syslog")) {
			return true;
		}
	}
	return false;
}

static enum ann_err take_offers(struct ann_relp *relp,
	const struct ann_relp_answer *answer, struct ann_buf *out,
	struct ann_error *err)
{
	if (answer->status != ANN_RELP_TAKEN) {
		return refused_session(answer, err);
	}
	if (ann_relp_offer(answer->offers, "relp_version").ptr == NULL) {
		return broken(err, "the server names no version of the protocol");
	}
	if (!offers_syslog(answer->offers)) {
		return broken(err, "the server does not take syslog");
	}
	relp->state = ANN_RELP_READY;
	return send_unsent(relp, out) ? ANN_OK : ann_error_nomem(err);
}

/* The unanswered record of a frame. Servers answer in order, so it is the first one. */
static struct ann_relp_record *find(const struct ann_relp *relp, uint32_t txnr)
{
	for (size_t i = 0; i < relp->count; i++) {
		struct ann_relp_record *record = record_at(relp, i);

		if (record->txnr == txnr && record->status == 0) {
			return record;
		}
	}
	return NULL;
}

static enum ann_err take_answer(struct ann_relp *relp,
	const struct ann_relp_frame *frame, struct ann_buf *out, struct ann_error *err)
{
	struct ann_relp_answer answer;

	if (relp->state == ANN_RELP_CLOSING && frame->txnr == relp->close_txnr) {
		relp->state = ANN_RELP_ENDED;
		return ANN_OK; /* rsyslog gives no status here */
	}
	if (!ann_relp_answer_read(frame->data, &answer)) {
		return broken(err, "an answer without a status");
	}
	if (relp->state == ANN_RELP_OPENING && frame->txnr == TXNR_OPEN) {
		return take_offers(relp, &answer, out, err);
	}
	struct ann_relp_record *record = find(relp, frame->txnr);

	if (record == NULL) {
		return broken(err, "an answer to what was not asked");
	}
	record->status = answer.status;
	release_answered(relp);
	return ANN_OK;
}

static enum ann_err take_frame(struct ann_relp *relp,
	const struct ann_relp_frame *frame, struct ann_buf *out, struct ann_error *err)
{
	if (frame->txnr == TXNR_HINT) {
		/* Hints that are not known are to be passed over. */
		if (ann_span_is(frame->command, "serverclose")) {
			relp->state = ANN_RELP_ENDED;
		}
		return ANN_OK;
	}
	if (!ann_span_is(frame->command, "rsp")) {
		return broken(err, "a command from the server");
	}
	enum ann_err failed = take_answer(relp, frame, out, err);

	if (failed == ANN_OK && !send_close_when_done(relp, out)) {
		failed = ann_error_nomem(err);
	}
	return failed;
}

/* All whole frames; what is left of `stream` is the beginning of one. */
static enum ann_err take_frames(struct ann_relp *relp, struct ann_span *stream,
	struct ann_buf *out, struct ann_error *err)
{
	enum ann_relp_reading how = ANN_RELP_WHOLE;
	enum ann_err failed = ANN_OK;

	while (how == ANN_RELP_WHOLE && failed == ANN_OK &&
		relp->state != ANN_RELP_ENDED) {
		struct ann_relp_frame frame;

		how = ann_relp_frame_read(stream, &frame);
		if (how == ANN_RELP_BAD) {
			failed = broken(err, "what came is no frame");
		} else if (how == ANN_RELP_WHOLE) {
			failed = take_frame(relp, &frame, out, err);
		}
	}
	return failed;
}

enum ann_err ann_relp_feed(struct ann_relp *relp, struct ann_span bytes,
	struct ann_buf *out, struct ann_error *err)
{
	struct ann_buf *received = &relp->received;

	if (relp->state == ANN_RELP_OFFLINE || relp->state == ANN_RELP_ENDED) {
		return ANN_OK; /* said behind the end: of no interest */
	}
	ann_buf_span(received, bytes);

	struct ann_span rest = ann_buf_all(received);
	enum ann_err failed = received->failed ? ann_error_nomem(err)
					       : take_frames(relp, &rest, out, err);

	if (failed == ANN_OK && out->failed) {
		failed = ann_error_nomem(err);
	}
	if (failed != ANN_OK) {
		relp->state = ANN_RELP_ENDED;
	} else if (rest.len > 0) {
		memmove(received->ptr, rest.ptr, rest.len);
	}
	received->len = rest.len;
	return failed;
}
