#include "io/bulk/input.h"

#include "io/clock.h"
#include "io/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum ann_err ann_input_open(
	struct ann_input *input, const char *spec, struct ann_error *err)
{
	struct stat status;
	enum ann_err failed = ANN_OK;

	*input = (struct ann_input){.name = spec, .fd = -1};
	if (strcmp(spec, "-") == 0) {
		input->name = "stdin";
		input->fd = STDIN_FILENO;
		if (fstat(STDIN_FILENO, &status) == 0 && S_ISDIR(status.st_mode)) {
			return ann_error_os(err, EISDIR, "standard input");
		}
		return ANN_OK;
	}
	input->fd = open(spec, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->fd < 0) {
		return ann_error_os(err, errno, "%s", spec);
	}
	if (fstat(input->fd, &status) != 0) {
		failed = ann_error_os(err, errno, "%s", spec);
	} else if (S_ISDIR(status.st_mode)) {
		failed = ann_error_os(err, EISDIR, "%s", spec);
	}
	if (failed != ANN_OK) {
		ann_input_close(input);
		return failed;
	}
	input->size_bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	(void)posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return ANN_OK;
}

void ann_input_close(struct ann_input *input)
{
	if (input->fd > STDIN_FILENO) {
		close(input->fd);
	}
	input->fd = -1;
}

/* Milliseconds left, rounded up, for poll(2); -1: for ever. */
static int left_ms(uint64_t deadline_mono_ns)
{
	enum { NS_PER_MS = 1000000, LONGEST_MS = 1 << 30 };
	uint64_t now = deadline_mono_ns == 0 ? 0 : ann_clock_mono_ns();
	uint64_t left = deadline_mono_ns > now ? deadline_mono_ns - now : 0;

	if (deadline_mono_ns == 0) {
		return -1;
	}
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left > LONGEST_MS ? LONGEST_MS : (int)left;
}

/* Waits for the descriptor, silence, or a reason to stop. */
static enum ann_input_event wait_readable(int fd, const struct ann_input_wait *wait)
{
	struct pollfd fds[] = {
		{.fd = ann_signals_wake_fd(), .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	uint64_t deadline = wait->deadline_mono_ns;
	uint64_t silent = wait->silent_mono_ns;
	bool silent_first = silent != 0 && (deadline == 0 || silent < deadline);

	for (;;) {
		int left = left_ms(silent_first ? silent : deadline);
		int ready = poll(fds, ANN_LEN(fds), left);

		if (ready > 0 && fds[0].revents != 0) {
			return ANN_INPUT_STOPPED;
		}
		/* The deadline also holds when there is always more to read. */
		if (!silent_first && left == 0) {
			return ANN_INPUT_STOPPED;
		}
		if (ready > 0) {
			return ANN_INPUT_BYTES;
		}
		if (ready == 0) {
			return silent_first ? ANN_INPUT_SILENT : ANN_INPUT_STOPPED;
		}
	}
}

enum ann_input_event ann_input_read(struct ann_input *input, char *to, size_t room,
	const struct ann_input_wait *wait, size_t *got, struct ann_error *err)
{
	for (;;) {
		enum ann_input_event event = wait_readable(input->fd, wait);

		if (event != ANN_INPUT_BYTES) {
			return event;
		}
		ssize_t count = read(input->fd, to, room);

		if (count > 0) {
			*got = (size_t)count;
			return ANN_INPUT_BYTES;
		}
		if (count == 0) {
			return ANN_INPUT_END;
		}
		if (errno != EINTR && errno != EAGAIN) {
			(void)ann_error_os(err, errno, "%s", input->name);
			return ANN_INPUT_FAILED;
		}
	}
}

uint64_t ann_input_size(const char *spec)
{
	bool standard = strcmp(spec, "-") == 0;
	struct stat status;
	off_t at = 0;

	if ((standard ? fstat(STDIN_FILENO, &status) : stat(spec, &status)) != 0 ||
		!S_ISREG(status.st_mode)) {
		return 0;
	}
	if (standard) {
		at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	}
	return at < 0 || at > status.st_size ? 0 : (uint64_t)(status.st_size - at);
}
