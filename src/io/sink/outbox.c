#include "io/sink/outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void ann_outbox_deinit(struct ann_outbox *outbox)
{
	ann_buf_deinit(&outbox->bytes);
	*outbox = (struct ann_outbox){0};
}

void ann_outbox_clear(struct ann_outbox *outbox)
{
	ann_buf_clear(&outbox->bytes);
	outbox->done = 0;
}

/* Moves what waits to the front. */
static void pack(struct ann_outbox *outbox)
{
	struct ann_buf *bytes = &outbox->bytes;

	if (outbox->done > 0) {
		bytes->len -= outbox->done;
		memmove(bytes->ptr, bytes->ptr + outbox->done, bytes->len);
		outbox->done = 0;
	}
}

bool ann_outbox_add(struct ann_outbox *outbox, struct ann_span bytes)
{
	pack(outbox);
	if (bytes.len > ANN_OUTBOX_BYTES - outbox->bytes.len ||
		ann_buf_reserve(&outbox->bytes, bytes.len) == NULL) {
		outbox->bytes.failed = false; /* what waits is whole */
		return false;
	}
	ann_buf_span(&outbox->bytes, bytes);
	return true;
}

int ann_outbox_flush(struct ann_outbox *outbox, int fd)
{
	struct ann_buf *bytes = &outbox->bytes;

	while (outbox->done < bytes->len) {
		ssize_t done =
			write(fd, bytes->ptr + outbox->done, bytes->len - outbox->done);

		if (done >= 0) {
			outbox->done += (size_t)done;
		} else if (errno == EAGAIN) {
			return 0;
		} else if (errno != EINTR) {
			return errno;
		}
	}
	ann_outbox_clear(outbox);
	return 0;
}

bool ann_outbox_is_empty(const struct ann_outbox *outbox)
{
	return outbox->bytes.len == 0;
}
