/*
 * Standard input, and FIFOs, sockets' kin and other streams that have a path.
 *
 * Opened at the start, waited for on the loop, read one buffer a turn, ended at the end
 * of the stream. When another writer of a followed FIFO may come, its end is no end:
 * the FIFO is opened once more, so that poll(2) forgets the writer that has gone,
 * before the old descriptor is closed, so that no byte is without a reader. Standard
 * input is left as it is found, open and in its mode: others have it as well.
 */
#include "annotty/alloc.h"
#include "io/source/emit.h"
#include "io/source/readable.h"
#include "io/source/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { SLICE_BYTES = 64 * 1024 };

struct standard {
	struct ann_source base;
	const struct ann_endpoint *endpoint;
	struct ann_readable readable;
	int fd;    /* -1: not open */
	bool own;  /* close it */
	bool stay; /* wait for more writers */
	bool over; /* the end has been told, or it never began */
	bool paused;
};

static struct standard *standard_of(struct ann_source *source)
{
	return (struct standard *)source;
}

static void update(struct standard *s)
{
	if (s->base.closing) {
		return;
	}
	if (s->over || s->paused) {
		ann_readable_stop(&s->readable);
	} else {
		ann_readable_start(&s->readable);
	}
}

static const char *name_of(const struct standard *s)
{
	return s->endpoint->path == NULL ? "standard input" : s->endpoint->path;
}

static void end(struct standard *s, const struct ann_error *why)
{
	s->over = true;
	update(s);
	ann_emit_end(&s->base, why);
}

/* --- opening ---------------------------------------------------------------------- */

/* Without waiting for a writer. */
static int open_path(const struct standard *s)
{
	return open(s->endpoint->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static enum ann_err check_kind(const struct standard *s, struct ann_error *err)
{
	struct stat status;

	if (fstat(s->fd, &status) != 0) {
		return ann_error_os(err, errno, "%s", name_of(s));
	}
	return S_ISDIR(status.st_mode) ? ann_error_os(err, EISDIR, "%s", name_of(s))
				       : ANN_OK;
}

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	struct standard *s = standard_of(source);
	enum ann_err failed = ANN_OK;

	if (s->fd < 0 && s->endpoint->path == NULL) {
		s->fd = STDIN_FILENO;
	} else if (s->fd < 0) {
		s->fd = open_path(s);
		s->own = true;
	}
	if (s->fd < 0) {
		return ann_error_os(err, errno, "%s", name_of(s));
	}
	failed = check_kind(s, err);
	if (failed == ANN_OK) {
		failed = ann_readable_watch(&s->readable, s->fd, err);
	}
	if (failed == ANN_OK) {
		s->over = false;
		update(s);
	}
	return failed;
}

/* The last writer has gone. False: there will be no other. */
static bool await_writer(struct standard *s, struct ann_error *err)
{
	int old = s->fd;
	int fd = s->stay ? open_path(s) : -1;

	if (fd < 0) {
		return false;
	}
	s->fd = fd;
	bool watched = ann_readable_watch(&s->readable, fd, err) == ANN_OK;

	close(old);
	return watched;
}

/* --- reading ---------------------------------------------------------------------- */

static void on_readable(void *user)
{
	struct standard *s = user;
	char bytes[SLICE_BYTES];
	struct ann_error err = {0};
	ssize_t got = read(s->fd, bytes, sizeof(bytes));

	if (got > 0) {
		ann_emit_bytes(&s->base, (struct ann_span){bytes, (size_t)got});
	} else if (got == 0) {
		if (!await_writer(s, &err)) {
			end(s, err.code == ANN_OK ? NULL : &err);
		}
	} else if (errno != EAGAIN && errno != EINTR) {
		(void)ann_error_os(&err, errno, "%s", name_of(s));
		end(s, &err);
	}
}

static void pause_reading(struct ann_source *source)
{
	standard_of(source)->paused = true;
	update(standard_of(source));
}

static void resume_reading(struct ann_source *source)
{
	standard_of(source)->paused = false;
	update(standard_of(source));
}

static void stats(struct ann_source *source, struct ann_source_stats *out)
{
	out->connected = !standard_of(source)->over;
	out->connects = out->connected;
}

static void on_closed(void *user)
{
	struct standard *s = user;

	if (s->own && s->fd >= 0) {
		close(s->fd);
	}
	ann_emit_closed(&s->base);
}

static void close_source(struct ann_source *source)
{
	ann_readable_close(&standard_of(source)->readable, on_closed);
}

/* --- the kind --------------------------------------------------------------------- */

static const struct ann_source_ops ops = {
	.start = start,
	.pause = pause_reading,
	.resume = resume_reading,
	.stats = stats,
	.close = close_source,
};

/* /dev/null, /dev/zero, /dev/kmsg and the like; all other devices are terminals. */
static bool is_memory_device(const struct stat *status)
{
	enum { MEM_MAJOR = 1 }; /* Documentation/admin-guide/devices.txt of Linux */

	return S_ISCHR(status->st_mode) && major(status->st_rdev) == MEM_MAJOR;
}

static bool fits(const struct ann_endpoint *endpoint)
{
	struct stat status;

	if (strcmp(endpoint->scheme, "-") == 0) {
		return true;
	}
	return endpoint->scheme[0] == '\0' && stat(endpoint->path, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || is_memory_device(&status));
}

static enum ann_err new_source(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	static const struct ann_key *const no_keys[] = {NULL};
	struct standard *s = NULL;
	enum ann_err failed = ann_settings_read(&endpoint->settings, no_keys, &s, err);

	if (failed != ANN_OK) {
		return failed;
	}
	s = ann_alloc(sizeof(*s));
	if (s == NULL) {
		return ann_error_nomem(err);
	}
	s->base.ops = &ops;
	s->base.can_wait = true;
	s->endpoint = endpoint;
	s->fd = context->fd;
	s->own = context->fd >= 0;
	s->stay = context->follow && endpoint->path != NULL;
	s->over = true;
	ann_readable_init(&s->readable, context->loop, on_readable, s);
	*source = &s->base;
	return ANN_OK;
}

const struct ann_source_driver ann_source_standard = {
	.fits = fits,
	.new_source = new_source,
};
