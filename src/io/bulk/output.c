#include "io/bulk/output.h"

#include "annotty/alloc.h"
#include "annotty/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool ann_format_parse(struct ann_span name, enum ann_format *format)
{
	static const char *const names[] = {"text", "json", "raw"};

	for (size_t i = 0; i < ANN_LEN(names); i++) {
		if (ann_span_is(name, names[i])) {
			*format = (enum ann_format)i;
			return true;
		}
	}
	return false;
}

static const char *name_of(const struct ann_output *output)
{
	return output->path == NULL ? "standard output" : output->path;
}

/* One `key=value`. False: the value does not fit; *known tells whether the key does. */
static bool set_option(struct ann_output *output, struct ann_span key,
	struct ann_span value, bool *known)
{
	struct ann_rotation *rotation = &output->rotation;
	bool fits = true;

	*known = true;
	if (ann_span_is(key, "format")) {
		output->has_format = true;
		fits = ann_format_parse(value, &output->format);
	} else if (output->path != NULL && ann_span_is(key, "rotate")) {
		fits = ann_size_parse(value, &rotation->limit_bytes) &&
		       rotation->limit_bytes > 0;
	} else if (output->path != NULL && ann_span_is(key, "keep")) {
		fits = ann_span_digits(value, 10, &rotation->keep) &&
		       rotation->keep <= ANN_ROTATION_KEEP_MOST;
	} else {
		*known = false;
	}
	return fits;
}

static enum ann_err set_options(struct ann_output *output, const char *spec,
	struct ann_span options, struct ann_error *err)
{
	while (options.len > 0) {
		struct ann_span value = ann_span_next(&options, '&');
		struct ann_span key = ann_span_next(&value, '=');
		bool known = false;
		bool fits = set_option(output, key, value, &known);

		if (!known) {
			return ann_error_set(err, ANN_ECONFIG,
				"output \"%s\": unknown key \"%.*s\"; %s", spec,
				ANN_SPAN_ARG(key),
				output->path == NULL
					? "standard output knows format"
					: "a file knows format, rotate and keep");
		}
		if (!fits) {
			return ann_error_set(err, ANN_ECONFIG,
				"output \"%s\": \"%.*s\" is no %.*s%s", spec,
				ANN_SPAN_ARG(value), ANN_SPAN_ARG(key),
				ann_span_is(key, "format")
					? "; it is text, json or raw"
					: "; expected a number such as 5 or, for rotate, 10M");
		}
	}
	return ANN_OK;
}

enum ann_err ann_output_init(
	struct ann_output *output, const char *spec, struct ann_error *err)
{
	struct ann_span options = ann_span(spec);
	struct ann_span target = ann_span_next(&options, '?');
	enum ann_err failed = ANN_OK;

	*output = (struct ann_output){.fd = -1, .rotation.keep = ANN_ROTATION_KEEP};
	if (target.len > 5 && strncmp(spec, "file:", 5) == 0) {
		output->path = ann_copy(target.ptr + 5, target.len - 5);
		if (output->path == NULL) {
			return ann_error_nomem(err);
		}
	} else if (!ann_span_is(target, "-")) {
		return ann_error_set(err, ANN_ECONFIG,
			"output \"%s\": expected - or file:PATH", spec);
	}
	failed = set_options(output, spec, options, err);
	if (failed != ANN_OK) {
		ann_free(output->path);
		output->path = NULL;
	}
	return failed;
}

enum ann_err ann_output_open(struct ann_output *output, struct ann_error *err)
{
	struct stat status;

	if (output->path == NULL) {
		output->fd = STDOUT_FILENO;
		return ANN_OK;
	}
	output->fd =
		open(output->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (output->fd < 0 || fstat(output->fd, &status) != 0) {
		return ann_error_os(err, errno, "output \"%s\"", output->path);
	}
	output->rotation.size_bytes = (uint64_t)status.st_size;
	return ANN_OK;
}

static enum ann_err close_file(struct ann_output *output, struct ann_error *err)
{
	int fd = output->fd;

	output->fd = -1;
	if (fd >= 0 && close(fd) != 0 && errno != EPIPE) {
		return ann_error_os(err, errno, "output \"%s\"", name_of(output));
	}
	return ANN_OK;
}

/* What write(2) could not take at once. False: give up, errno tells. */
static bool can_go_on(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	if (errno == EAGAIN) {
		return poll(&wait, 1, -1) >= 0 || errno == EINTR;
	}
	return errno == EINTR;
}

static enum ann_err write_all(
	struct ann_output *output, struct ann_span bytes, struct ann_error *err)
{
	while (bytes.len > 0 && output->fd >= 0) {
		ssize_t done = write(output->fd, bytes.ptr, bytes.len);

		if (done >= 0) {
			ann_rotation_written(&output->rotation,
				(struct ann_span){bytes.ptr, (size_t)done});
			bytes.ptr += done;
			bytes.len -= (size_t)done;
		} else if (errno == EPIPE) {
			return close_file(output, err);
		} else if (!can_go_on(output->fd)) {
			return ann_error_os(
				err, errno, "output \"%s\"", name_of(output));
		}
	}
	return ANN_OK;
}

static enum ann_err rotate(struct ann_output *output, struct ann_error *err)
{
	enum ann_err failed = close_file(output, err);

	if (failed == ANN_OK) {
		failed = ann_rotation_turn(&output->rotation, output->path, err);
	}
	return failed == ANN_OK ? ann_output_open(output, err) : failed;
}

enum ann_err ann_output_write(
	struct ann_output *output, struct ann_span bytes, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	while (bytes.len > 0 && failed == ANN_OK) {
		size_t take = ann_rotation_fit(&output->rotation, bytes);

		failed = write_all(output, (struct ann_span){bytes.ptr, take}, err);
		bytes.ptr += take;
		bytes.len -= take;
		if (failed == ANN_OK && bytes.len > 0) {
			failed = rotate(output, err);
		}
	}
	return failed;
}

enum ann_err ann_output_reopen(struct ann_output *output, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	if (output->path == NULL) {
		return ANN_OK;
	}
	failed = close_file(output, err);
	return failed == ANN_OK ? ann_output_open(output, err) : failed;
}

enum ann_err ann_output_close(struct ann_output *output, struct ann_error *err)
{
	enum ann_err failed = close_file(output, err);

	ann_free(output->path);
	output->path = NULL;
	return failed;
}
