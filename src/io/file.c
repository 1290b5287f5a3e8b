#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

enum ann_err ann_file_read(const char *path, struct ann_buf *out, struct ann_error *err)
{
	enum { CHUNK_BYTES = 64 * 1024 };
	enum ann_err failed = ANN_OK;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return ann_error_os(err, errno, "%s", path);
	}
	while (got > 0 && failed == ANN_OK) {
		char *to = ann_buf_reserve(out, CHUNK_BYTES);

		got = to == NULL
			      ? 0
			      : read(fd, to,
					CHUNK_BYTES - (uintptr_t)to % ANN_READ_ALIGN);
		if (to == NULL) {
			failed = ann_error_nomem(err);
		} else if (got < 0 && errno != EINTR) {
			failed = ann_error_os(err, errno, "%s", path);
		}
		out->len += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got; /* interrupted: again */
	}
	close(fd);
	return failed;
}
