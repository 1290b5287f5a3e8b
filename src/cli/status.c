/*
 * annotty status: what a running daemon says of itself on its control socket.
 */
#include "cli/options.h"
#include "io/app/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WATCH_MS = 1000, READ_BYTES = 65536 };

static enum ann_err connect_to(const char *path, int *fd, struct ann_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		return ann_error_os(err, ENAMETOOLONG, "%s", path);
	}
	(void)memcpy(address.sun_path, path, strlen(path));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 ||
		connect(*fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int os = errno;

		if (*fd >= 0) {
			close(*fd);
		}
		return ann_error_os(err, os, "%s: no daemon answers", path);
	}
	return ANN_OK;
}

static enum ann_err read_report(
	const char *path, struct ann_buf *report, struct ann_error *err)
{
	int fd = -1;
	ssize_t got = 0;
	enum ann_err failed = connect_to(path, &fd, err);

	if (failed != ANN_OK) {
		return failed;
	}
	do {
		char *to = ann_buf_reserve(report, READ_BYTES);

		got = to == NULL ? 0 : read(fd, to, READ_BYTES);
		report->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		failed = ann_error_os(err, errno, "%s", path);
	} else if (report->failed) {
		failed = ann_error_nomem(err);
	}
	close(fd);
	return failed;
}

/* The first line is JSON, what follows is text. */
static int print_report(const struct ann_options *options, const struct ann_buf *report)
{
	struct ann_span rest = ann_buf_all(report);
	struct ann_span json = ann_span_next(&rest, '\n');
	struct ann_buf out = {0};

	if (options->watch && isatty(STDOUT_FILENO)) {
		ann_buf_str(&out, "\033[H\033[2J"); /* the top of an empty screen */
	}
	ann_buf_span(&out, options->json ? json : rest);
	if (options->json || options->watch) {
		ann_buf_char(&out, '\n');
	}
	return ann_print(&out);
}

/* Until it is time to look again. False: nobody reads any more. */
static bool wait_for_next(void)
{
	struct pollfd reader = {.fd = STDOUT_FILENO}; /* hang-ups are always told */

	return poll(&reader, 1, WATCH_MS) == 0;
}

int ann_main_status(int argc, char **argv)
{
	struct ann_options options;
	struct ann_error err = {0};
	int status = ann_options_read(&options, ANN_COMMAND_STATUS, argc, argv);
	const char *path = NULL;

	if (status >= 0) {
		return status;
	}
	path = options.inputs.count > 0 ? options.inputs.path[0]
					: ann_control_default_path();
	if (options.inputs.count > 1) {
		fputs("annotty: status takes the path of one control socket\n", stderr);
		return ANN_EXIT_USAGE;
	}
	if (path == NULL) {
		fputs("annotty: XDG_RUNTIME_DIR is not set, so status needs the path of "
		      "the control socket\n",
			stderr);
		return ANN_EXIT_USAGE;
	}
	do {
		struct ann_buf report = {0};

		status = read_report(path, &report, &err) == ANN_OK
				 ? print_report(&options, &report)
				 : ann_fail(&err);
		ann_buf_deinit(&report);
	} while (options.watch && status == ANN_EXIT_DONE && wait_for_next());
	return status;
}
