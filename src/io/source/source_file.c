/*
 * Regular files: read to their end, or followed as `tail -F` does.
 *
 * A file is read a slice a turn of the loop, so that nobody starves, until a read comes
 * back empty. Without `follow` that is the end. With it, at the end of what is there
 *
 *  - a file that has become shorter than what was read of it has been truncated, and is
 *    read from its beginning;
 *  - when the name stands for another file, that one is opened at once, whatever is
 *    left to read of the one before, and put behind it. A file is over when it is read
 *    to its end and the one behind it has bytes, or there is yet another: whoever
 *    writes both has then let go of the first, and its last lines are not lost;
 *  - otherwise the file rests until path_watch says that there is something to look at.
 *
 * Files are told apart by device and inode, which stay theirs while they are open. What
 * is away (not created yet, deleted, or not to be read) is awaited; that is said once,
 * and again when the reason is another one.
 */
#include "annotty/alloc.h"
#include "io/log.h"
#include "io/source/emit.h"
#include "io/source/path_watch.h"
#include "io/source/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLICE_BYTES = 64 * 1024,
	FILES_MOST = 8, /* rotations that wait to be read */
};

/* A file that is open. */
struct file {
	int fd;
	int watch; /* of ann_path_watch_file() */
	dev_t device;
	ino_t inode;
	uint64_t offset; /* where the next read begins */
};

struct settings {
	bool follow;
	bool from_start;
};

struct file_source {
	struct ann_source base;
	const struct ann_endpoint *endpoint;
	struct settings settings;
	uv_idle_t idle; /* while there is something to read */
	struct ann_path_watch watch;
	struct file files[FILES_MOST]; /* the first is being read */
	size_t count;
	unsigned live;
	bool started;
	bool paused;
	bool resting;  /* all is read that was there; so it is without a file */
	bool deciding; /* the first file is read once more, and is then over */
	bool away;     /* the name stands for nothing to read, which has been said */
	int away_os;   /* why: the errno; 0: it stands for no file */
};

static struct file_source *file_of(struct ann_source *source)
{
	return (struct file_source *)source;
}

static void on_idle(uv_idle_t *idle);

static void update(struct file_source *f)
{
	if (f->base.closing) {
		return;
	}
	if (!f->started || f->paused || f->resting) {
		(void)uv_idle_stop(&f->idle);
	} else {
		(void)uv_idle_start(&f->idle, on_idle);
	}
}

static void end(struct file_source *f, const struct ann_error *why)
{
	f->started = false;
	update(f);
	ann_path_watch_stop(&f->watch);
	ann_emit_end(&f->base, why);
}

static void tell_gap(struct file_source *f, const char *reason)
{
	ann_emit_event(
		&f->base, (struct ann_event){.kind = ANN_EVENT_GAP, .reason = reason});
}

/* --- the files -------------------------------------------------------------------- */

/* Opens what the name stands for now. O_NONBLOCK: it may have become a FIFO. */
static enum ann_err open_file(struct file_source *f, struct ann_error *err)
{
	const char *path = f->endpoint->path;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		enum ann_err failed = ann_error_os(err, errno, "%s", path);

		if (fd >= 0) {
			close(fd);
		}
		return failed;
	}
	if (!S_ISREG(status.st_mode)) {
		close(fd);
		return S_ISDIR(status.st_mode)
			       ? ann_error_os(err, EISDIR, "%s", path)
			       : ann_error_set(
					 err, ANN_ESYS, "%s: not a regular file", path);
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	f->files[f->count++] = (struct file){
		.fd = fd,
		.watch = f->settings.follow ? ann_path_watch_file(&f->watch, fd) : -1,
		.device = status.st_dev,
		.inode = status.st_ino,
	};
	return ANN_OK;
}

static void close_first(struct file_source *f)
{
	ann_path_watch_forget(&f->watch, f->files[0].watch);
	close(f->files[0].fd);
	f->count--;
	memmove(&f->files[0], &f->files[1], f->count * sizeof(f->files[0]));
}

static void say_away(struct file_source *f, const struct ann_error *why)
{
	if (!f->away || f->away_os != why->os) {
		f->away = true;
		f->away_os = why->os;
		ann_log(ANN_LOG_NOTICE, "%s; waiting for it", why->text);
	}
}

/* Opens the file that the name stands for if that is not the last one known. */
static void look_at_name(struct file_source *f)
{
	const struct file *last = f->count > 0 ? &f->files[f->count - 1] : NULL;
	struct ann_error err = {0};
	struct stat status;

	if (stat(f->endpoint->path, &status) != 0) {
		(void)ann_error_os(&err, errno, "%s", f->endpoint->path);
		say_away(f, &err);
		return;
	}
	if (last != NULL && last->device == status.st_dev &&
		last->inode == status.st_ino) {
		f->away = false;
		return;
	}
	if (f->count == FILES_MOST) {
		return; /* there will be room when some of these have been read */
	}
	if (open_file(f, &err) != ANN_OK) {
		say_away(f, &err);
	} else if (f->away) {
		f->away = false;
		ann_log(ANN_LOG_NOTICE, "%s: is there", f->endpoint->path);
	}
}

/* --- reading ---------------------------------------------------------------------- */

static uint64_t size_of(const struct file *file)
{
	struct stat status;

	return fstat(file->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* Whether whoever writes has gone on to the file behind the first. */
static bool has_moved_on(const struct file_source *f)
{
	return f->count > 2 || (f->count == 2 && size_of(&f->files[1]) > 0);
}

/* A read came back empty. */
static void on_empty(struct file_source *f)
{
	struct file *file = &f->files[0];
	uint64_t size = size_of(file);

	if (!f->settings.follow) {
		end(f, NULL);
	} else if (size < file->offset) {
		file->offset = 0;
		tell_gap(f, "truncated");
	} else if (size > file->offset) {
		return; /* it grew just now */
	} else if (f->deciding) {
		f->deciding = false;
		close_first(f);
		tell_gap(f, "rotated");
	} else {
		look_at_name(f);
		f->deciding = has_moved_on(f);
		f->resting = !f->deciding;
	}
}

static void on_idle(uv_idle_t *idle)
{
	struct file_source *f = idle->data;
	struct file *file = &f->files[0];
	char bytes[SLICE_BYTES];
	ssize_t got = pread(file->fd, bytes, sizeof(bytes), (off_t)file->offset);

	if (got > 0) {
		file->offset += (uint64_t)got;
		ann_emit_bytes(&f->base, (struct ann_span){bytes, (size_t)got});
	} else if (got == 0) {
		on_empty(f);
	} else if (errno != EINTR) {
		struct ann_error err = {0};

		(void)ann_error_os(&err, errno, "%s", f->endpoint->path);
		end(f, &err);
		return;
	}
	update(f);
}

/* Also while paused: a file that is rotated twice meanwhile has to be held open. */
static void on_changed(void *user)
{
	struct file_source *f = user;

	look_at_name(f);
	f->resting = f->count == 0;
	update(f);
}

/* --- life ------------------------------------------------------------------------- */

static bool is_absent(const struct ann_error *err)
{
	return err->os == ENOENT || err->os == ENOTDIR;
}

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	struct file_source *f = file_of(source);
	struct ann_error why = {0};
	enum ann_err failed = ANN_OK;

	if (f->settings.follow) {
		/* Before the open, so that nothing happens between the two unseen. */
		ann_path_watch_start(&f->watch, f->endpoint->path, false);
	}
	failed = open_file(f, &why);
	if (failed != ANN_OK && f->settings.follow && is_absent(&why)) {
		say_away(f, &why);
		failed = ANN_OK;
	}
	if (failed != ANN_OK) {
		ann_path_watch_stop(&f->watch);
		return why.os != 0 ? ann_error_os(err, why.os, "%s", f->endpoint->path)
				   : ann_error_set(err, failed, "%s", why.text);
	}
	if (f->count > 0 && f->settings.follow && !f->settings.from_start) {
		f->files[0].offset = size_of(&f->files[0]);
	}
	f->started = true;
	f->resting = f->count == 0;
	update(f);
	return ANN_OK;
}

static void pause_reading(struct ann_source *source)
{
	file_of(source)->paused = true;
	update(file_of(source));
}

static void resume_reading(struct ann_source *source)
{
	file_of(source)->paused = false;
	update(file_of(source));
}

static void stats(struct ann_source *source, struct ann_source_stats *out)
{
	out->connected = file_of(source)->count > 0;
	out->connects = out->connected;
}

static void on_part_closed(void *user)
{
	struct file_source *f = user;

	if (--f->live == 0) {
		ann_emit_closed(&f->base);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void close_source(struct ann_source *source)
{
	struct file_source *f = file_of(source);

	(void)uv_idle_stop(&f->idle);
	while (f->count > 0) {
		close_first(f);
	}
	ann_path_watch_close(&f->watch, on_part_closed);
	uv_close((uv_handle_t *)&f->idle, on_handle_closed);
}

/* --- the kind --------------------------------------------------------------------- */

static const struct ann_source_ops ops = {
	.start = start,
	.pause = pause_reading,
	.resume = resume_reading,
	.stats = stats,
	.close = close_source,
};

/* A name that stands for nothing yet is taken too: ports are asked before. */
static bool fits(const struct ann_endpoint *endpoint)
{
	struct stat status;

	return endpoint->scheme[0] == '\0' &&
	       (stat(endpoint->path, &status) != 0 || !S_ISCHR(status.st_mode));
}

static enum ann_err new_source(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	static const struct ann_key own[] = {
		{.name = "follow",
			.type = ANN_KEY_BOOL,
			.at = offsetof(struct settings, follow)},
		{.name = "from-start",
			.type = ANN_KEY_BOOL,
			.at = offsetof(struct settings, from_start)},
		{.name = NULL},
	};
	static const struct ann_key *const keys[] = {own, NULL};
	struct settings settings = {context->follow, context->from_start};
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, keys, &settings, err);
	struct file_source *f = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	f = ann_alloc(sizeof(*f));
	if (f == NULL) {
		return ann_error_nomem(err);
	}
	f->base.ops = &ops;
	f->base.can_wait = true;
	f->endpoint = endpoint;
	f->settings = settings;
	(void)uv_idle_init(context->loop, &f->idle); /* cannot fail */
	f->idle.data = f;
	ann_path_watch_init(&f->watch, context->loop, on_changed, f);
	f->live = 2;
	*source = &f->base;
	return ANN_OK;
}

const struct ann_source_driver ann_source_file = {
	.fits = fits,
	.new_source = new_source,
};
