/*
 * Any bytes from a server, cut anywhere: no answer is told twice or out of order, what
 * was not told is sent again, and the session does the same however its input is cut.
 * The first byte is the number of records, the second the length of the pieces.
 */
#include "io/sink/relp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

struct told {
	uint64_t last;       /* id */
	struct ann_buf text; /* all that was told */
};

static void tell(void *user, uint64_t id, unsigned status)
{
	struct told *told = user;

	must(id == told->last + 1);
	told->last = id;
	must(status > 0 && status < 1000);
	ann_buf_printf(&told->text, "%u ", status);
}

static enum ann_err feed(
	struct ann_relp *relp, struct ann_span input, size_t piece, struct ann_buf *out)
{
	enum ann_err failed = ANN_OK;

	while (input.len > 0 && failed == ANN_OK) {
		size_t len = piece == 0 || piece > input.len ? input.len : piece;
		char *bytes = malloc(len);

		memcpy(bytes, input.ptr, len);
		failed = ann_relp_feed(relp, (struct ann_span){bytes, len}, out, NULL);
		free(bytes);
		input.ptr += len;
		input.len -= len;
	}
	return failed;
}

/* What was told and what was sent, and how it ended. */
static struct ann_buf session(size_t records, struct ann_span input, size_t piece)
{
	static const char opened[] =
		"1 rsp 37 200 OK\nrelp_version=0\ncommands=syslog\n";
	struct told told = {0};
	struct ann_buf out = {0};
	struct ann_relp relp;

	must(ann_relp_init(&relp, 300, tell, &told) == ANN_OK);
	for (uint64_t id = 1; id <= records; id++) {
		must(ann_relp_submit(&relp, id, ann_span("record"), &out) == ANN_OK);
	}
	ann_relp_begin(&relp, &out);
	/* Inputs that begin with '!' need not find out how a session is opened. */
	if (input.len > 0 && input.ptr[0] == '!') {
		must(feed(&relp, ann_span(opened), 0, &out) == ANN_OK);
		input.ptr++;
		input.len--;
	}
	enum ann_err failed = feed(&relp, input, piece, &out);

	must((failed == ANN_OK || failed == ANN_ESYS) && !out.failed);
	must(failed == ANN_OK || ann_relp_state(&relp) == ANN_RELP_ENDED);
	must(told.last + ann_relp_pending(&relp) == records);
	must(relp.received.len <= ANN_RELP_RECORD_BYTES + 64);
	ann_buf_clear(&out);
	ann_relp_begin(&relp, &out);
	must(feed(&relp, ann_span(opened), 0, &out) == ANN_OK);
	ann_buf_printf(&told.text, "%d:", (int)failed);
	ann_buf_span(&told.text, ann_buf_all(&out));
	ann_buf_deinit(&out);
	ann_relp_deinit(&relp);
	return told.text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	struct ann_span input = {(const char *)data + 2, size - 2};
	struct ann_buf whole = session(data[0], input, 0);
	struct ann_buf cut = session(data[0], input, data[1] + 1u);

	must(ann_span_equal(ann_buf_all(&whole), ann_buf_all(&cut)));
	ann_buf_deinit(&whole);
	ann_buf_deinit(&cut);
	return 0;
}
