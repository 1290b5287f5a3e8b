#include "annotty/lines.h"

#include <string.h>

static bool ends_line(char c)
{
	return c == '\n' || c == '\r';
}

struct ann_line ann_line_at(struct ann_span text, size_t start)
{
	const char *from = text.ptr + start;
	const char *feed = memchr(from, '\n', text.len - start);
	size_t len = feed == NULL ? text.len - start : (size_t)(feed - from);
	const char *back = memchr(from, '\r', len);
	struct ann_line line = {.start = start};

	if (back == NULL) {
		line.end = start + len;
		line.next = line.end + (feed != NULL);
		return line;
	}
	line.end = (size_t)(back - text.ptr);
	line.next = line.end + 1 + (back + 1 == feed);
	return line;
}

struct ann_line ann_line_around(struct ann_span text, size_t at)
{
	size_t start = at;

	while (start > 0 && !ends_line(text.ptr[start - 1])) {
		start--;
	}
	return ann_line_at(text, start);
}

uint64_t ann_lines_count(struct ann_span text)
{
	uint64_t feeds = 0;
	uint64_t backs = 0;

	/* Two plain loops: compilers make vector code of them. */
	for (size_t i = 0; i < text.len; i++) {
		feeds += text.ptr[i] == '\n';
	}
	for (size_t i = 0; i + 1 < text.len; i++) {
		backs += (text.ptr[i] == '\r') & (text.ptr[i + 1] != '\n');
	}
	return feeds + backs + (text.len > 0 && text.ptr[text.len - 1] == '\r');
}
