#include "annotty/buf.h"

#include "annotty/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ann_buf_deinit(struct ann_buf *buf)
{
	ann_free(buf->ptr);
	*buf = (struct ann_buf){0};
}

void ann_buf_clear(struct ann_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

static bool enlarge(struct ann_buf *buf, size_t more)
{
	size_t room = buf->room == 0 ? 256 : buf->room;

	while (room - buf->len < more) {
		if (room > SIZE_MAX / 2) {
			return false;
		}
		room *= 2;
	}
	char *ptr = ann_resize_array(buf->ptr, room, 1);

	if (ptr == NULL) {
		return false;
	}
	buf->ptr = ptr;
	buf->room = room;
	return true;
}

char *ann_buf_reserve(struct ann_buf *buf, size_t more)
{
	if (buf->failed) {
		return NULL;
	}
	if ((buf->ptr == NULL || buf->room - buf->len < more) && !enlarge(buf, more)) {
		buf->failed = true;
		return NULL;
	}
	return buf->ptr + buf->len;
}

void ann_buf_str(struct ann_buf *buf, const char *text)
{
	ann_buf_add(buf, text, strlen(text));
}

void ann_buf_fill(struct ann_buf *buf, char c, size_t count)
{
	char *to = ann_buf_reserve(buf, count);

	if (to != NULL) {
		memset(to, c, count);
		buf->len += count;
	}
}

void ann_buf_u64(struct ann_buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	ann_buf_add(buf, digits + at, sizeof(digits) - at);
}

void ann_buf_count(struct ann_buf *buf, uint64_t count, const char *noun)
{
	ann_buf_u64(buf, count);
	ann_buf_char(buf, ' ');
	ann_buf_str(buf, noun);
	if (count != 1) {
		ann_buf_char(buf, 's');
	}
}

void ann_buf_printf(struct ann_buf *buf, const char *format, ...)
{
	va_list args;
	va_list again;

	va_start(args, format);
	va_copy(again, args);

	int len = vsnprintf(NULL, 0, format, args);
	char *to = len < 0 ? NULL : ann_buf_reserve(buf, (size_t)len + 1);

	if (to != NULL) {
		vsnprintf(to, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
}

struct ann_span ann_buf_all(const struct ann_buf *buf)
{
	return (struct ann_span){buf->ptr, buf->len};
}
