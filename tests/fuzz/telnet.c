/*
 * fuzz-telnet - any bytes of any server.
 *
 * The first byte chooses plain telnet or RFC 2217, and how the rest is cut. What comes
 * out for the device is no more than what came in, what is replied stays small, and
 * chunks make no difference.
 */
#include "io/source/telnet.h"

#include "annotty/buf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_SENT = 8192 };

struct ends {
	struct ann_buf data;
	size_t sent;
};

static void on_data(void *user, struct ann_span bytes)
{
	ann_buf_span(&((struct ends *)user)->data, bytes);
}

static void on_send(void *user, struct ann_span bytes)
{
	((struct ends *)user)->sent += bytes.len;
}

static void on_warn(void *user, const char *text)
{
	(void)user;
	if (text[0] == '\0') {
		abort();
	}
}

static const struct ann_telnet_events events = {on_data, on_send, on_warn};

/* Feeds all in pieces of `piece` bytes. False: given up. */
static bool run(struct ends *ends, bool port, struct ann_span bytes, size_t piece)
{
	struct ann_telnet *telnet =
		ann_telnet_new(port ? &ann_port_defaults : NULL, &events, ends);
	bool fine = true;

	if (telnet == NULL) {
		abort();
	}
	ann_telnet_begin(telnet);
	while (bytes.len > 0 && fine) {
		size_t len = piece > bytes.len ? bytes.len : piece;
		size_t before = ends->data.len;

		fine = ann_telnet_feed(telnet, (struct ann_span){bytes.ptr, len});
		if (ends->data.len - before > len) {
			abort();
		}
		bytes.ptr += len;
		bytes.len -= len;
	}
	ann_telnet_write(telnet, (struct ann_span){"\xff\r\n\r", 4});
	ann_telnet_free(telnet);
	return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ends whole = {0};
	struct ends cut = {0};

	if (size == 0) {
		return 0;
	}
	struct ann_span bytes = {(const char *)data + 1, size - 1};
	bool port = (data[0] & 1) != 0;
	bool fine = run(&whole, port, bytes, bytes.len);

	if (run(&cut, port, bytes, (size_t)(data[0] >> 1) + 1) != fine ||
		!ann_span_equal(ann_buf_all(&whole.data), ann_buf_all(&cut.data)) ||
		whole.sent != cut.sent || whole.sent > MOST_SENT) {
		abort();
	}
	ann_buf_deinit(&whole.data);
	ann_buf_deinit(&cut.data);
	return 0;
}
