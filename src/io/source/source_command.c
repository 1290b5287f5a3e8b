/*
 * A command on a pseudo-terminal of its own, for `annotty -- COMMAND`.
 *
 * At the start the command runs, and if the user sits at a terminal that is raw from
 * then on: keys go to the command as they come, which makes Ctrl-C and Ctrl-Z keys for
 * the command's terminal to understand. What is printed there comes back as bytes. The
 * size of the user's terminal is handed on, and so are signals that ask to end.
 *
 * When the command is stopped, so are we, with the terminal as it was, and when we go
 * on, it does. When it ends, what it has printed is read to the last byte; what still
 * runs in the background then loses the terminal. The end comes after the terminal has
 * got its modes back.
 */
#include "annotty/alloc.h"
#include "io/sink/outbox.h"
#include "io/source/command.h"
#include "io/source/emit.h"
#include "io/source/readable.h"
#include "io/source/sources.h"
#include "io/source/terminal.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SLICE_BYTES = 64 * 1024,
	KEYS_BYTES = 4096,
	/* Until its last words are on the user's screen, half lines too. */
	STOP_MS = 100,
	/* More than a pseudo-terminal holds: what comes behind it is not the command's.
	 */
	REST_BYTES = 256 * 1024,
	/* As shells say it. */
	STATUS_NOT_RUNNABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128,
};

/* Handed on, or a reason to look at the terminal. */
static const int signals[] = {SIGWINCH, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct command_source {
	struct ann_source base;
	char *const *argv;
	struct ann_command command;
	/* Those below have `data` once they are initialised. */
	uv_idle_t idle;     /* reads the rest */
	uv_timer_t stop;    /* since the command was stopped, until we are */
	uv_poll_t terminal; /* the command's, to read and to type */
	uv_poll_t monitor;
	uv_signal_t signals[ANN_LEN(signals)];
	struct ann_readable keys; /* of the user */
	struct ann_outbox typed;
	unsigned live;
	bool is_there; /* `command` is to be released */
	bool runs;
	bool paused;
	bool has_user;     /* the user's terminal is raw, and its keys are ours */
	bool has_ended;    /* the command has; `rest_bytes` may still be read */
	int polled;        /* events that the terminal is polled for */
	size_t rest_bytes; /* most that can be left to read */
	int status;
};

static struct command_source *command_of(struct ann_source *source)
{
	return (struct command_source *)source;
}

static void on_idle(uv_idle_t *idle);
static void on_terminal(uv_poll_t *poll, int status, int events);

/* Starting it again for the same would cost two system calls. */
static void poll_terminal(struct command_source *c, int events)
{
	if (events == c->polled) {
		return;
	}
	c->polled = events;
	if (events != 0) {
		(void)uv_poll_start(&c->terminal, events, on_terminal);
	} else {
		(void)uv_poll_stop(&c->terminal);
	}
}

static void update(struct command_source *c)
{
	bool typed = !ann_outbox_is_empty(&c->typed);
	int events = 0;

	if (c->base.closing || !c->is_there) {
		return;
	}
	if (c->runs) {
		events = (c->paused ? 0 : UV_READABLE) | (typed ? UV_WRITABLE : 0);
	}
	poll_terminal(c, events);
	if (c->has_ended && c->rest_bytes > 0 && !c->paused) {
		(void)uv_idle_start(&c->idle, on_idle);
	} else {
		(void)uv_idle_stop(&c->idle);
	}
	if (c->has_user && c->runs && !typed) {
		ann_readable_start(&c->keys);
	} else {
		ann_readable_stop(&c->keys);
	}
}

/* --- the user's terminal --------------------------------------------------------- */

static void leave_user(struct command_source *c)
{
	c->has_user = false;
	ann_terminal_restore();
}

/* Also when it is ours already: somebody may have changed its modes. */
static void take_user(struct command_source *c)
{
	struct winsize size;

	c->has_user = ann_terminal_is_ours() && ann_terminal_set_raw(NULL) == ANN_OK;
	if (ann_terminal_size(&size)) {
		(void)ioctl(c->command.terminal, TIOCSWINSZ, &size);
	}
}

static void type(struct command_source *c, struct ann_span keys)
{
	if (!ann_outbox_add(&c->typed, keys) ||
		ann_outbox_flush(&c->typed, c->command.terminal) != 0) {
		ann_outbox_clear(&c->typed); /* nobody is there to read them */
	}
}

static void on_keys(void *user)
{
	struct command_source *c = user;
	char keys[KEYS_BYTES];
	ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

	if (got > 0) {
		type(c, (struct ann_span){keys, (size_t)got});
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->has_user = false; /* it hung up */
	}
	update(c);
}

/* --- the command ----------------------------------------------------------------- */

static void end(struct command_source *c)
{
	c->rest_bytes = 0;
	leave_user(c);
	update(c);
	ann_emit_end(&c->base, NULL);
}

/* False: there is nothing to read now. */
static bool read_slice(struct command_source *c)
{
	char bytes[SLICE_BYTES];
	ssize_t got = read(c->command.terminal, bytes, sizeof(bytes));

	if (got <= 0) {
		return got < 0 && errno == EINTR;
	}
	if (c->has_ended) {
		size_t left = c->rest_bytes;

		c->rest_bytes -= (size_t)got < left ? (size_t)got : left;
	}
	ann_emit_bytes(&c->base, (struct ann_span){bytes, (size_t)got});
	return true;
}

static void on_idle(uv_idle_t *idle)
{
	struct command_source *c = idle->data;

	if (!read_slice(c) || c->rest_bytes == 0) {
		end(c);
	}
}

static void on_terminal(uv_poll_t *poll, int status, int events)
{
	struct command_source *c = poll->data;

	if (status < 0) {
		c->polled = 0; /* libuv has stopped it */
	}
	if ((events & UV_WRITABLE) != 0) {
		type(c, (struct ann_span){0});
	}
	if ((events & UV_READABLE) != 0 || status < 0) {
		(void)read_slice(c);
	}
	update(c);
}

static void on_ended(struct command_source *c, int status)
{
	c->status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status)
					: WEXITSTATUS(status);
	c->runs = false;
	c->has_ended = true;
	c->rest_bytes = REST_BYTES;
	(void)uv_poll_stop(&c->monitor);
	update(c);
}

/* If nobody can make us go on, the signal does nothing, and the command goes on too. */
static void on_stop(uv_timer_t *timer)
{
	struct command_source *c = timer->data;

	if (!c->runs || !c->has_user) {
		return;
	}
	leave_user(c);
	(void)kill(0, SIGTSTP); /* here we stop, with all of our job */
	take_user(c);
	ann_command_signal(&c->command, SIGCONT);
	update(c);
}

static void on_monitor(uv_poll_t *poll, int status, int events)
{
	struct command_source *c = poll->data;
	int how = 0;

	(void)status;
	(void)events;
	switch (ann_command_next(&c->command, &how)) {
	case ANN_COMMAND_NOTHING:
		break;
	case ANN_COMMAND_STOPPED:
		(void)uv_timer_start(&c->stop, on_stop, STOP_MS, 0);
		break;
	case ANN_COMMAND_ENDED:
		on_ended(c, how);
		break;
	case ANN_COMMAND_LOST:
		on_ended(c, SIGHUP); /* which it got when its terminal went */
		break;
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct command_source *c = handle->data;

	if (!c->runs) {
		return;
	}
	if (number == SIGWINCH || number == SIGCONT) {
		take_user(c);
		update(c);
	} else {
		ann_command_signal(&c->command, number);
	}
}

/* --- life ------------------------------------------------------------------------ */

/* What a libuv call answered for a handle, which is then to be closed. */
static enum ann_err count_handle(
	struct command_source *c, void *handle, int failed, struct ann_error *err)
{
	if (failed != 0) {
		return ann_error_os(err, -failed, "%s", c->argv[0]);
	}
	((uv_handle_t *)handle)->data = c;
	c->live++;
	return ANN_OK;
}

static enum ann_err watch(struct command_source *c, struct ann_error *err)
{
	uv_loop_t *loop = c->idle.loop;
	enum ann_err failed = count_handle(c, &c->terminal,
		uv_poll_init(loop, &c->terminal, c->command.terminal), err);

	if (failed == ANN_OK) {
		failed = count_handle(c, &c->monitor,
			uv_poll_init(loop, &c->monitor, c->command.monitor), err);
	}
	for (size_t i = 0; i < ANN_LEN(signals) && failed == ANN_OK; i++) {
		failed = count_handle(
			c, &c->signals[i], uv_signal_init(loop, &c->signals[i]), err);
		if (failed == ANN_OK) {
			(void)uv_signal_start(&c->signals[i], on_signal, signals[i]);
		}
	}
	if (failed == ANN_OK) {
		failed = ann_readable_watch(&c->keys, STDIN_FILENO, err);
	}
	return failed;
}

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	struct command_source *c = command_of(source);
	struct ann_error own = {0};
	struct ann_error *why = err == NULL ? &own : err;
	struct termios modes;
	struct winsize size;
	bool has_modes = ann_terminal_modes(&modes);
	bool has_size = ann_terminal_size(&size);
	enum ann_err failed = ann_command_start(&c->command, c->argv,
		has_modes ? &modes : NULL, has_size ? &size : NULL, why);

	if (failed != ANN_OK && c->command.refused) {
		c->status = why->os == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
	}
	if (failed != ANN_OK) {
		return failed;
	}
	c->is_there = true;
	failed = watch(c, err);
	if (failed == ANN_OK) {
		c->runs = true;
		(void)uv_poll_start(&c->monitor, UV_READABLE, on_monitor);
		take_user(c);
		update(c);
	}
	return failed;
}

static void pause_reading(struct ann_source *source)
{
	command_of(source)->paused = true;
	update(command_of(source));
}

static void resume_reading(struct ann_source *source)
{
	command_of(source)->paused = false;
	update(command_of(source));
}

static bool write_keys(struct ann_source *source, struct ann_span keys)
{
	struct command_source *c = command_of(source);

	if (!c->runs || source->closing || !ann_outbox_add(&c->typed, keys)) {
		return false;
	}
	type(c, (struct ann_span){0});
	update(c);
	return true;
}

static void stats(struct ann_source *source, struct ann_source_stats *out)
{
	out->connected = command_of(source)->runs;
	out->connects = command_of(source)->is_there;
}

static void on_part_closed(void *user)
{
	struct command_source *c = user;

	if (--c->live > 0) {
		return;
	}
	if (c->is_there) {
		ann_command_release(&c->command);
	}
	ann_outbox_deinit(&c->typed);
	ann_emit_closed(&c->base);
}

static void on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void close_handle(void *handle)
{
	if (((uv_handle_t *)handle)->data != NULL) {
		uv_close(handle, on_handle_closed);
	}
}

static void close_source(struct ann_source *source)
{
	struct command_source *c = command_of(source);

	leave_user(c);
	close_handle(&c->idle);
	close_handle(&c->stop);
	close_handle(&c->terminal);
	close_handle(&c->monitor);
	for (size_t i = 0; i < ANN_LEN(signals); i++) {
		close_handle(&c->signals[i]);
	}
	ann_readable_close(&c->keys, on_part_closed);
}

static const struct ann_source_ops ops = {
	.start = start,
	.pause = pause_reading,
	.resume = resume_reading,
	.write = write_keys,
	.stats = stats,
	.close = close_source,
};

enum ann_err ann_source_command_new(struct ann_source **source, uv_loop_t *loop,
	char *const *argv, const struct ann_source_events *events, void *user,
	struct ann_error *err)
{
	struct command_source *c = ann_alloc(sizeof(*c));

	if (c == NULL) {
		return ann_error_nomem(err);
	}
	c->base.ops = &ops;
	c->base.events = events;
	c->base.user = user;
	c->base.can_wait = true;
	c->argv = argv;
	c->status = -1;
	(void)uv_idle_init(loop, &c->idle);  /* cannot fail */
	(void)uv_timer_init(loop, &c->stop); /* nor can this */
	c->idle.data = c;
	c->stop.data = c;
	ann_readable_init(&c->keys, loop, on_keys, c);
	c->live = 3;
	*source = &c->base;
	return ANN_OK;
}

int ann_source_command_status(const struct ann_source *source)
{
	return ((const struct command_source *)source)->status;
}
