#include "io/sink/rotation.h"

#include "annotty/buf.h"
#include "annotty/framer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

size_t ann_rotation_fit(const struct ann_rotation *rotation, struct ann_span bytes)
{
	uint64_t limit = rotation->limit_bytes;
	uint64_t room = limit > rotation->size_bytes ? limit - rotation->size_bytes : 0;
	/* A line that has begun here ends here, but not one that never ends. */
	bool owed =
		rotation->size_bytes == 0 ||
		(rotation->in_line && rotation->size_bytes < limit + ANN_LINE_LIMIT);
	const char *end = NULL;

	if (limit == 0 || bytes.len <= room) {
		return bytes.len;
	}
	end = room == 0 ? NULL : memrchr(bytes.ptr, '\n', (size_t)room);
	if (end == NULL && owed) {
		end = memchr(bytes.ptr, '\n', bytes.len);
		return end == NULL ? bytes.len : (size_t)(end - bytes.ptr) + 1;
	}
	return end == NULL ? 0 : (size_t)(end - bytes.ptr) + 1;
}

void ann_rotation_written(struct ann_rotation *rotation, struct ann_span bytes)
{
	if (bytes.len > 0) {
		char last = bytes.ptr[bytes.len - 1];

		rotation->size_bytes += bytes.len;
		rotation->in_line = last != '\n' && last != '\r';
	}
}

/* PATH.AT, or PATH for 0. */
static void name_old(struct ann_buf *name, const char *path, uint64_t at)
{
	ann_buf_clear(name);
	ann_buf_str(name, path);
	if (at > 0) {
		ann_buf_char(name, '.');
		ann_buf_u64(name, at);
	}
	ann_buf_char(name, '\0');
}

enum ann_err ann_rotation_turn(
	const struct ann_rotation *rotation, const char *path, struct ann_error *err)
{
	struct ann_buf from = {0};
	struct ann_buf to = {0};
	enum ann_err failed = ANN_OK;

	for (uint64_t i = rotation->keep; i > 0 && failed == ANN_OK; i--) {
		name_old(&from, path, i - 1);
		name_old(&to, path, i);
		if (from.failed || to.failed) {
			failed = ann_error_nomem(err);
		} else if (rename(from.ptr, to.ptr) != 0 && errno != ENOENT) {
			failed = ann_error_os(err, errno, "output \"%s\": rename to %s",
				path, to.ptr);
		}
	}
	if (rotation->keep == 0 && unlink(path) != 0 && errno != ENOENT) {
		failed = ann_error_os(err, errno, "output \"%s\"", path);
	}
	ann_buf_deinit(&from);
	ann_buf_deinit(&to);
	return failed;
}
