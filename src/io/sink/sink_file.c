/*
 * sink_file - standard output and files: -, file:.
 *
 * The story: what is offered is written at once, and what the reader of a pipe or
 * terminal does not take waits in the queue until there is room. A file takes all there
 * is, and is begun anew when it is full or when it is asked for. When a file cannot be
 * written, because the disk is full, the records wait in the queue, which drops them as
 * its policy says, and each second it is tried again; the log says so once. If it is
 * opened anew by then, the line that was cut comes again as a whole. Standard output
 * has no such second chance, and when its reader goes away, so does the sink.
 */
#include "annotty/alloc.h"

#include "io/log.h"
#include "io/sink/outlet.h"
#include "io/sink/rotation.h"
#include "io/sink/sink_base.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
	struct ann_sink_settings common;
	struct ann_rotation rotation;
};

static const struct ann_key keys[] = {
	{"rotate", ANN_KEY_SIZE, offsetof(struct settings, rotation.limit_bytes), NULL,
		1, 0},
	{"keep", ANN_KEY_NUMBER, offsetof(struct settings, rotation.keep), NULL, 0,
		ANN_ROTATION_KEEP_MOST},
	{0},
};

enum { AGAIN_MS = 1000 };

struct file {
	struct ann_sink_base base;
	const char *path; /* NULL: standard output */
	struct ann_outlet outlet;
	struct ann_rotation rotation;
	struct ann_queue *queue;
	size_t done;      /* bytes of the queue's front that are written */
	uv_poll_t watch;  /* of the outlet, if it has one */
	uv_timer_t again; /* runs while stalled */
	bool watched;
	bool mortal;  /* a failure is the end: pipes, terminals */
	bool wanting; /* the watch tells of room */
	bool stalled;
	int broken; /* errno: the end, which is told from the loop */
	bool told;  /* the log knows that the file cannot be written */
	uint64_t written_bytes;
};

/* --- what can go wrong ------------------------------------------------------------ */

static void on_again(uv_timer_t *again);

static void stall(struct file *f, uint64_t ms)
{
	f->stalled = true;
	(void)uv_timer_start(&f->again, on_again, ms, 0);
}

static void tell(struct file *f, const struct ann_error *err)
{
	if (!f->told) {
		ann_log(ANN_LOG_ERROR, "%s; trying again", err->text);
	}
	f->told = true;
}

/* True: try again at once. */
static bool cope(struct file *f, int error)
{
	struct ann_error err = {0};

	if (error == EINTR) {
		return true;
	}
	if (error == EAGAIN) {
		return false; /* the watch will tell */
	}
	if (error == EPIPE || f->mortal) {
		f->broken = error;
		stall(f, 0);
		return false;
	}
	(void)ann_error_os(&err, error, "output \"%s\"", f->base.endpoint->name);
	tell(f, &err);
	stall(f, AGAIN_MS);
	return false;
}

static void finish(struct file *f)
{
	struct ann_error why = {0};

	if (f->watched) {
		(void)uv_poll_stop(&f->watch);
	}
	if (f->broken == EPIPE) {
		ann_sink_base_end(&f->base, NULL);
	} else {
		(void)ann_error_os(&why, f->broken, "standard output");
		ann_sink_base_end(&f->base, &why);
	}
}

/* --- opening ---------------------------------------------------------------------- */

static void on_watch(uv_poll_t *watch, int status, int events);

static enum ann_err watch(struct file *f, struct ann_error *err)
{
	int status = 0;

	if (f->outlet.watch_fd < 0 || f->watched) {
		return ANN_OK;
	}
	status = uv_poll_init(f->base.loop, &f->watch, f->outlet.watch_fd);
	if (status == 0) {
		ann_sink_base_opened(&f->base, (uv_handle_t *)&f->watch);
		f->watched = true;
		status = uv_poll_start(&f->watch, UV_READABLE, on_watch);
	}
	return status == 0 ? ANN_OK
			   : ann_error_os(err, -status, "output \"%s\"",
				     f->base.endpoint->name);
}

/* Puts a newly opened file in the place of the one before. */
static void take_outlet(struct file *f, const struct ann_outlet *opened)
{
	struct stat status;

	ann_outlet_close(&f->outlet);
	f->outlet = *opened;
	f->rotation.in_line = false;
	f->rotation.size_bytes = 0;
	if (fstat(opened->fd, &status) == 0 && S_ISREG(status.st_mode)) {
		f->rotation.size_bytes = (uint64_t)status.st_size;
	}
}

static enum ann_err open_path(struct file *f, struct ann_error *err)
{
	struct ann_outlet opened;
	enum ann_err failed = ann_outlet_open(&opened, f->path, err);

	if (failed == ANN_OK) {
		take_outlet(f, &opened);
		failed = watch(f, err);
	}
	return failed;
}

static enum ann_err open_standard(struct file *f, struct ann_error *err)
{
	enum ann_err failed = ann_outlet_share(&f->outlet, STDOUT_FILENO, err);
	struct stat status;

	f->mortal = fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode);
	return failed == ANN_OK ? watch(f, err) : failed;
}

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	struct file *f = (struct file *)sink;
	struct ann_error why = {0};
	enum ann_err failed = ANN_OK;

	if (f->path == NULL) {
		return open_standard(f, err);
	}
	failed = open_path(f, &why);
	if (failed != ANN_OK && why.os == ENXIO) {
		ann_log(ANN_LOG_INFO, "%s: waiting for a reader", f->path);
		stall(f, AGAIN_MS);
		return ANN_OK;
	}
	if (failed != ANN_OK && err != NULL) {
		*err = why;
	}
	return failed;
}

/* Begins the file anew. When that fails the old one goes on for as long again. */
static void turn(struct file *f)
{
	struct ann_error err = {0};

	if (ann_rotation_turn(&f->rotation, f->path, &err) != ANN_OK ||
		open_path(f, &err) != ANN_OK) {
		ann_log_error(ANN_LOG_ERROR, &err);
		f->rotation.size_bytes = 0;
	}
}

/* A line of which the disk took only a part comes again as a whole. */
static void go_back_to_line(struct file *f)
{
	const struct ann_chunk *front = f->done == 0 ? NULL : ann_queue_front(f->queue);

	while (front != NULL && f->done > 0 && front->bytes.ptr[f->done - 1] != '\n') {
		f->done--;
	}
}

static void reopen(struct ann_sink *sink)
{
	struct file *f = (struct file *)sink;
	struct ann_error err = {0};

	if (f->path == NULL || f->watched || f->base.ended) {
		return;
	}
	if (open_path(f, &err) == ANN_OK) {
		go_back_to_line(f);
	} else {
		ann_log_error(ANN_LOG_ERROR, &err);
	}
}

/* --- writing ---------------------------------------------------------------------- */

/* So much more of the front is written. True: there is room again. */
static bool advance(struct file *f, struct ann_span written)
{
	const struct ann_chunk *front = ann_queue_front(f->queue);

	ann_rotation_written(&f->rotation, written);
	f->done += written.len;
	f->written_bytes += written.len;
	if (f->told) {
		ann_log(ANN_LOG_NOTICE, "output \"%s\": can be written again",
			f->base.endpoint->name);
		f->told = false;
	}
	if (f->done < front->bytes.len) {
		return false;
	}
	f->done = 0;
	return ann_queue_pop(f->queue);
}

/* Writes some of the front. False: no more for now. */
static bool write_some(struct file *f, const struct ann_chunk *front, bool *room)
{
	struct ann_span rest = {front->bytes.ptr + f->done, front->bytes.len - f->done};
	size_t fits = ann_rotation_fit(&f->rotation, rest);
	ssize_t done = 0;

	if (fits == 0 && rest.len > 0) {
		turn(f);
		return true;
	}
	rest.len = fits;
	done = fits == 0 ? 0 : ann_outlet_write(&f->outlet, rest);
	if (done < 0) {
		return cope(f, errno);
	}
	rest.len = (size_t)done;
	*room |= advance(f, rest);
	return true;
}

/* Writes what can be written. True: there is room again. */
static bool push(struct file *f)
{
	const struct ann_chunk *front = NULL;
	bool go_on = f->outlet.fd >= 0 && !f->base.ended;
	bool room = false;

	while (go_on && !f->stalled && (front = ann_queue_front(f->queue)) != NULL) {
		go_on = write_some(f, front, &room);
	}
	if (f->wanting != (front != NULL && !f->stalled)) {
		f->wanting = !f->wanting;
		ann_outlet_want(&f->outlet, f->wanting);
	}
	return room;
}

static void on_watch(uv_poll_t *poll, int status, int events)
{
	struct file *f = poll->data;

	(void)status;
	(void)events;
	if (ann_outlet_is_gone(&f->outlet)) {
		f->broken = EPIPE;
		finish(f);
	} else {
		ann_sink_base_written(&f->base, push(f));
	}
}

static void on_again(uv_timer_t *again)
{
	struct file *f = again->data;
	struct ann_error err = {0};

	if (f->broken != 0) {
		finish(f);
		return;
	}
	if (f->outlet.fd < 0 && open_path(f, &err) != ANN_OK) {
		stall(f, AGAIN_MS);
		return;
	}
	f->stalled = false;
	ann_sink_base_written(&f->base, push(f));
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct file *f = (struct file *)sink;
	bool room = f->base.ended || ann_queue_put(f->queue, chunk, can_wait);

	room |= push(f);
	return room || !f->base.blocks;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct file *f = (const struct file *)sink;

	ann_sink_base_stats(&f->base, f->queue, stats);
	stats->connected = f->outlet.fd >= 0 && !f->told;
	stats->away = f->told;
	stats->connects = 1;
	stats->written_bytes = f->written_bytes;
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.reopen = reopen,
	.stats = stats,
	.close = ann_sink_base_close,
};

/* --- the end ------------------------------------------------------------------------
 */

static bool idle(const struct ann_sink_base *base)
{
	return ann_queue_bytes(((const struct file *)base)->queue) == 0;
}

static void stop(struct ann_sink_base *base)
{
	struct file *f = (struct file *)base;

	if (f->broken != EPIPE) {
		ann_sink_base_unwritten(base, ann_queue_bytes(f->queue));
	}
	ann_sink_base_shut((uv_handle_t *)&f->again);
	if (f->watched) {
		ann_sink_base_shut((uv_handle_t *)&f->watch);
	}
	ann_outlet_close(&f->outlet); /* nobody watches it any more */
}

static void release(struct ann_sink_base *base)
{
	struct file *f = (struct file *)base;

	ann_queue_free(f->queue);
	ann_free(f);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

/* NULL: no memory. */
static struct file *allocate(const struct ann_sink_context *context,
	const struct ann_endpoint *endpoint, const struct settings *settings)
{
	struct file *f = ann_alloc(sizeof(*f));

	if (f == NULL) {
		return NULL;
	}
	f->queue = ann_sink_base_queue(&f->base, &settings->common);
	if (f->queue == NULL) {
		ann_free(f);
		return NULL;
	}
	f->path = endpoint->path;
	f->rotation = settings->rotation;
	f->outlet = (struct ann_outlet){.fd = -1, .watch_fd = -1};
	ann_sink_base_init(&f->base, &ops, &kind, context, endpoint, &settings->common);
	(void)uv_timer_init(context->loop, &f->again); /* cannot fail */
	ann_sink_base_opened(&f->base, (uv_handle_t *)&f->again);
	return f;
}

static enum ann_err new_file(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	struct settings settings = {
		.common = {context->queue_bytes, context->policy},
		.rotation.keep = ANN_ROTATION_KEEP,
	};
	const struct ann_key *const all[] = {
		ann_sink_keys, endpoint->path == NULL ? NULL : keys, NULL};
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, all, &settings, err);
	struct file *f = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	if (endpoint->path != NULL && endpoint->path[0] == '\0') {
		return ann_error_set(
			err, ANN_ECONFIG, "\"%s\": expected file:PATH", endpoint->spec);
	}
	f = allocate(context, endpoint, &settings);
	if (f == NULL) {
		return ann_error_nomem(err);
	}
	*sink = &f->base.front;
	return ANN_OK;
}

const struct ann_sink_driver ann_sink_standard = {
	.scheme = "-",
	.format = ANN_FORMAT_TEXT,
	.new_sink = new_file,
};

const struct ann_sink_driver ann_sink_file = {
	.scheme = "file",
	.format = ANN_FORMAT_TEXT,
	.new_sink = new_file,
};
