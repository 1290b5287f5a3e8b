/*
 * buf - bytes that grow.
 *
 * Appending never fails aloud: when memory runs out `failed` is set, later appends do
 * nothing, and whoever wanted the bytes asks once at the end.
 */
#ifndef ANNOTTY_BUF_H
#define ANNOTTY_BUF_H

#include "annotty/macros.h"
#include "annotty/span.h"

#include <string.h>

struct ann_buf {
	char *ptr;   /* `len` bytes, no NUL behind them */
	size_t len;  /* bytes in use */
	size_t room; /* bytes allocated */
	bool failed; /* an append found no memory; the content is incomplete */
};

/* An all-zero struct is an empty buffer. */
void ann_buf_deinit(struct ann_buf *buf);

/* Empty again, memory kept, `failed` forgotten. */
void ann_buf_clear(struct ann_buf *buf);

/* Room for `more` bytes behind the content, or NULL with `failed` set. */
char *ann_buf_reserve(struct ann_buf *buf, size_t more);

/* Most appends find room; then they are not worth a call. */
static inline void ann_buf_add(struct ann_buf *buf, const void *bytes, size_t len)
{
	bool fits = buf->room - buf->len >= len && !buf->failed;
	char *to = len == 0 ? NULL
		   : fits   ? buf->ptr + buf->len
			    : ann_buf_reserve(buf, len);

	if (to != NULL) {
		memcpy(to, bytes, len);
		buf->len += len;
	}
}

static inline void ann_buf_span(struct ann_buf *buf, struct ann_span span)
{
	ann_buf_add(buf, span.ptr, span.len);
}

static inline void ann_buf_char(struct ann_buf *buf, char c)
{
	ann_buf_add(buf, &c, 1);
}

void ann_buf_str(struct ann_buf *buf, const char *text);
void ann_buf_fill(struct ann_buf *buf, char c, size_t count);
void ann_buf_u64(struct ann_buf *buf, uint64_t value);

/* "1 reader", "2 readers". */
void ann_buf_count(struct ann_buf *buf, uint64_t count, const char *noun);
void ann_buf_printf(struct ann_buf *buf, const char *format, ...) ANN_PRINTF(2, 3);

struct ann_span ann_buf_all(const struct ann_buf *buf);

#endif
