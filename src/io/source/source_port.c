/*
 * A serial port, or another terminal that a device's console comes through.
 *
 * It is opened at the start, or taken over from an earlier run; what is not there yet
 * is awaited. While it is there its descriptor is polled and nothing else is watched,
 * so that silence costs nothing. When a read says that the device is gone, that is an
 * event; the descriptor goes back at once, so that the device gets its old name when it
 * returns, and port_wait brings the next one. Without reconnecting both are errors.
 *
 * When many ports talk all the time (see talkers.h), one of these is not polled but
 * rests and is read at fixed times, until it falls silent or has more to say: a reader
 * sees its lines up to 16 ms later, and being woken for each few bytes, which is most
 * of the work, is saved.
 *
 * The driver's counters are read when bytes come, once a second at most and before
 * these are told, so that a gap is told in its place; and whenever somebody asks.
 */
#include "annotty/alloc.h"
#include "io/clock.h"
#include "io/port/port_keys.h"
#include "io/port/port_tally.h"
#include "io/port/port_wait.h"
#include "io/sink/outbox.h"
#include "io/source/emit.h"
#include "io/source/sources.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLICE_BYTES = 16 * 1024, /* the kernel gives 4 KiB */
	REST_MS = 16,            /* the time in which adapters on USB gather bytes */
	RESTS_IN_VAIN_MOST = 4,
	FEW_BYTES = 1024, /* a quarter of what the kernel keeps */
	DELAY_LEAST_MS = 20,
	DELAY_MOST_MS = 1000,
};

/* One that goes sooner is not opened again at once, which could go on for ever. */
static const uint64_t steady_ns = 1000000000;

struct port_source {
	struct ann_source base;
	const struct ann_endpoint *endpoint;
	struct ann_port_wait wait;
	uv_timer_t first; /* to tell what happened at the start, after it */
	uv_poll_t poll;   /* of the port; while `port` is not NULL */
	int polled;       /* events that it is polled for */
	uv_timer_t rest;  /* until it is read again without being polled */
	bool rests;
	unsigned rests_in_vain;      /* in a row: nothing was there */
	struct ann_talkers *talkers; /* NULL: it never rests */
	struct ann_talker talker;
	struct ann_port *port;
	struct ann_outbox typed;
	unsigned live;
	int fd; /* to be taken over at the start; -1: none */
	bool reconnect;
	bool paused;
	bool connected; /* told, and not told that it is lost */
	uint64_t connected_mono_ns;
	unsigned delay_ms;     /* before the next try */
	uint64_t lost_mono_ns; /* 0: never */
	struct ann_port_tally tally;
	uint64_t connects;
};

static struct port_source *port_of(struct ann_source *source)
{
	return (struct port_source *)source;
}

/* Asks the driver what it has lost, and tells what is new. */
static void count(struct port_source *p)
{
	uint64_t lost = 0;

	ann_port_tally_count(&p->tally, p->port);
	lost = ann_port_tally_take_overruns(&p->tally);
	if (lost > 0) {
		ann_emit_event(&p->base, (struct ann_event){.kind = ANN_EVENT_GAP,
						 .reason = "overrun",
						 .lost_bytes = lost});
	}
}

static void stop_resting(struct port_source *p)
{
	p->rests = false;
	(void)uv_timer_stop(&p->rest);
}

/* --- coming and going ------------------------------------------------------------ */

static void on_poll(uv_poll_t *poll, int status, int events);

static void update(struct port_source *p)
{
	bool typed = !ann_outbox_is_empty(&p->typed);
	int events =
		(p->paused || p->rests ? 0 : UV_READABLE) | (typed ? UV_WRITABLE : 0);

	if (p->base.closing || p->port == NULL || !p->connected ||
		events == p->polled) {
		return; /* starting it again would cost two system calls */
	}
	p->polled = events;
	if (events != 0) {
		(void)uv_poll_start(&p->poll, events, on_poll);
	} else {
		(void)uv_poll_stop(&p->poll);
	}
}

/* The port is open: it is told, and then read. */
static void connect_port(struct port_source *p)
{
	uint64_t now = ann_clock_mono_ns();

	p->connected = true;
	p->connected_mono_ns = now;
	p->connects++;
	ann_port_tally_begin(&p->tally, p->port);
	ann_emit_event(&p->base,
		(struct ann_event){.kind = ANN_EVENT_CONNECTED,
			.away_ns = p->lost_mono_ns == 0 ? 0 : now - p->lost_mono_ns});
	update(p);
}

static enum ann_err gone(const struct port_source *p, struct ann_error *err)
{
	return ann_error_set(
		err, ANN_ESYS, "%s: the device is gone", p->endpoint->path);
}

static void on_lost_closed(uv_handle_t *handle);

/* What is awaited is a device, so whatever hinders it to be opened is no end. */
static void lose(struct port_source *p)
{
	p->lost_mono_ns = ann_clock_mono_ns();
	stop_resting(p);
	count(p);
	p->connected = false;
	ann_outbox_clear(&p->typed);
	ann_emit_event(&p->base, (struct ann_event){.kind = ANN_EVENT_DISCONNECTED,
					 .reason = "unplugged"});
	if (!p->base.closing) {
		uv_close((uv_handle_t *)&p->poll, on_lost_closed);
	}
}

static void release(struct port_source *p)
{
	ann_port_release(p->port);
	p->port = NULL;
}

static void on_part_closed(void *user);

/* How long to leave it alone: longer each time that it has not stayed. */
static unsigned next_delay_ms(struct port_source *p)
{
	unsigned delay_ms = p->delay_ms;

	if (p->lost_mono_ns - p->connected_mono_ns >= steady_ns) {
		delay_ms = 0;
	}
	p->delay_ms = delay_ms == 0 ? DELAY_LEAST_MS : delay_ms * 2;
	if (p->delay_ms > DELAY_MOST_MS) {
		p->delay_ms = DELAY_MOST_MS;
	}
	return delay_ms;
}

static void on_lost_closed(uv_handle_t *handle)
{
	struct port_source *p = handle->data;
	struct ann_error err = {0};

	ann_port_unlock(p->port->fd); /* also of a copy that is kept for the next run */
	release(p);
	(void)gone(p, &err);
	if (!p->base.closing && p->reconnect) {
		ann_port_wait_start(&p->wait, &err, next_delay_ms(p));
	} else {
		ann_emit_end(&p->base, &err);
	}
	on_part_closed(p);
}

static enum ann_err hold(
	struct port_source *p, struct ann_port *port, struct ann_error *err)
{
	int failed = uv_poll_init(p->first.loop, &p->poll, port->fd);

	if (failed != 0) {
		ann_port_release(port);
		return ann_error_os(err, -failed, "%s", p->endpoint->path);
	}
	p->poll.data = p;
	p->polled = 0;
	p->live++;
	p->port = port;
	return ANN_OK;
}

static void on_opened(void *user, struct ann_port *port)
{
	struct port_source *p = user;
	struct ann_error err = {0};

	if (hold(p, port, &err) == ANN_OK) {
		connect_port(p);
	} else {
		ann_port_wait_start(&p->wait, &err, DELAY_MOST_MS);
	}
}

/* --- bytes ----------------------------------------------------------------------- */

/* Returns how many bytes there were. */
static size_t read_slice(struct port_source *p)
{
	char bytes[SLICE_BYTES];
	ssize_t got = read(p->port->fd, bytes, sizeof(bytes));
	int os = errno;

	if (got > 0) {
		if (ann_port_tally_is_due(&p->tally)) {
			count(p);
		}
		ann_emit_bytes(&p->base, (struct ann_span){bytes, (size_t)got});
		return (size_t)got;
	}
	if (ann_port_is_gone(got, os)) {
		lose(p);
	}
	return 0;
}

static void on_rested(uv_timer_t *timer);

/* All ports that rest are read at the same times. */
static void rest(struct port_source *p)
{
	uint64_t past_ms = uv_now(p->rest.loop) % REST_MS;

	p->rests = true;
	(void)uv_timer_start(&p->rest, on_rested, REST_MS - past_ms, 0);
}

/* It has said so much. Whether it is to be read at fixed times. */
static bool may_rest(struct port_source *p, size_t len)
{
	bool many = len > 0 && p->talkers != NULL &&
		    ann_talkers_note(p->talkers, &p->talker, ann_clock_mono_ns());

	return many && len <= FEW_BYTES && !p->paused && p->connected;
}

static void on_rested(uv_timer_t *timer)
{
	struct port_source *p = timer->data;
	size_t len = read_slice(p);

	p->rests_in_vain = len > 0 ? 0 : p->rests_in_vain + 1;
	if (!p->rests) {
		return; /* it is gone, or paused */
	}
	if (len > 0 ? may_rest(p, len) : p->rests_in_vain < RESTS_IN_VAIN_MOST) {
		rest(p);
	} else {
		stop_resting(p);
		update(p);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct port_source *p = poll->data;

	if (status < 0) {
		p->polled = 0; /* libuv has stopped it */
	}
	if ((events & UV_WRITABLE) != 0 &&
		ann_outbox_flush(&p->typed, p->port->fd) != 0) {
		ann_outbox_clear(&p->typed); /* why, the next read says */
	}
	if ((events & UV_READABLE) != 0 || status < 0) {
		if (may_rest(p, read_slice(p))) {
			rest(p);
		}
	}
	update(p);
}

static bool write_keys(struct ann_source *source, struct ann_span keys)
{
	struct port_source *p = port_of(source);

	if (!p->connected || source->closing || !ann_outbox_add(&p->typed, keys)) {
		return false;
	}
	if (ann_outbox_flush(&p->typed, p->port->fd) != 0) {
		ann_outbox_clear(&p->typed);
	}
	update(p);
	return true;
}

static void pause_reading(struct ann_source *source)
{
	port_of(source)->paused = true;
	stop_resting(port_of(source));
	update(port_of(source));
}

static void resume_reading(struct ann_source *source)
{
	port_of(source)->paused = false;
	update(port_of(source));
}

static void stats(struct ann_source *source, struct ann_source_stats *out)
{
	struct port_source *p = port_of(source);

	if (p->connected) {
		ann_port_tally_count(&p->tally, p->port);
	}
	out->connected = p->connected;
	out->connects = p->connects;
	out->overruns = ann_port_tally_overruns(&p->tally);
	out->framing_errors = p->tally.counters.framing;
	out->parity_errors = p->tally.counters.parity;
	out->breaks = p->tally.counters.breaks;
}

static int descriptor(struct ann_source *source)
{
	struct port_source *p = port_of(source);

	/* Open, and told, or to be told in a moment. */
	return p->connected || uv_is_active((uv_handle_t *)&p->first) ? p->port->fd
								      : -1;
}

/* --- life ------------------------------------------------------------------------ */

static void on_first(uv_timer_t *timer)
{
	connect_port(timer->data);
}

/*
 * A descriptor that has died since is of no use; the port itself may be back. Whoever
 * has a copy of the old one must not hold it against us; and it is closed only behind,
 * so that the new one is seen to be another.
 */
static enum ann_err open_first(
	struct port_source *p, struct ann_port **port, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;
	int fd = p->fd;

	p->fd = -1;
	if (fd >= 0 && ann_port_wait_adopt(&p->wait, fd, port, err) == ANN_OK) {
		return ANN_OK;
	}
	if (fd >= 0) {
		ann_port_unlock(fd);
	}
	failed = ann_port_wait_try(&p->wait, port, err);
	if (fd >= 0) {
		close(fd);
	}
	return failed;
}

/* Whether what hinders it passes by itself, unlike wrong settings or permissions. */
static bool may_pass(const struct ann_error *err)
{
	return ann_port_is_absent(err) || err->os == EBUSY || err->os == EIO;
}

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	struct port_source *p = port_of(source);
	struct ann_port *port = NULL;
	struct ann_error own = {0};
	struct ann_error *why = err == NULL ? &own : err;
	enum ann_err failed = open_first(p, &port, why);

	if (failed == ANN_OK) {
		failed = hold(p, port, why);
		if (failed == ANN_OK) {
			(void)uv_timer_start(&p->first, on_first, 0, 0);
		}
	} else if (p->reconnect && may_pass(why)) {
		ann_port_wait_start(&p->wait, why, 0);
		failed = ANN_OK;
	}
	return failed;
}

static void on_part_closed(void *user)
{
	struct port_source *p = user;

	if (--p->live > 0) {
		return;
	}
	release(p);
	ann_outbox_deinit(&p->typed);
	if (p->fd >= 0) {
		close(p->fd);
	}
	ann_emit_closed(&p->base);
}

static void on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void close_source(struct ann_source *source)
{
	struct port_source *p = port_of(source);

	p->connected = false;
	if (p->port != NULL && !uv_is_closing((uv_handle_t *)&p->poll)) {
		uv_close((uv_handle_t *)&p->poll, on_handle_closed);
	}
	uv_close((uv_handle_t *)&p->first, on_handle_closed);
	uv_close((uv_handle_t *)&p->rest, on_handle_closed);
	ann_port_wait_close(&p->wait, on_part_closed);
}

/* --- the kind -------------------------------------------------------------------- */

static const struct ann_source_ops ops = {
	.start = start,
	.pause = pause_reading,
	.resume = resume_reading,
	.write = write_keys,
	.stats = stats,
	.fd = descriptor,
	.close = close_source,
};

static bool is_below_dev(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0;
}

/* Nothing is there, but what should be is a port: by its name, what the name leads to,
 * or settings that only ports have. */
static bool is_port_to_come(const struct ann_endpoint *endpoint)
{
	char target[PATH_MAX];
	ssize_t len = readlink(endpoint->path, target, sizeof(target) - 1);

	target[len < 0 ? 0 : len] = '\0';
	if (is_below_dev(endpoint->path) || is_below_dev(target)) {
		return true;
	}
	for (const struct ann_key *key = ann_port_keys; key->name != NULL; key++) {
		if (ann_settings_get(&endpoint->settings, key->name) != NULL) {
			return true;
		}
	}
	return false;
}

/* Devices that are no terminals are told when they are opened. */
static bool fits(const struct ann_endpoint *endpoint)
{
	struct stat status;

	if (endpoint->scheme[0] != '\0') {
		return false;
	}
	return stat(endpoint->path, &status) == 0 ? S_ISCHR(status.st_mode)
						  : is_port_to_come(endpoint);
}

static enum ann_err new_source(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	static const struct ann_key *const keys[] = {ann_port_keys, NULL};
	struct ann_port_wishes wishes = ann_port_wishes();
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, keys, &wishes, err);
	struct ann_port_settings settings = ann_port_wished(&wishes);
	struct port_source *p = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	p = ann_alloc(sizeof(*p));
	if (p == NULL) {
		return ann_error_nomem(err);
	}
	p->base.ops = &ops;
	p->endpoint = endpoint;
	p->fd = context->fd;
	p->reconnect = context->reconnect;
	(void)uv_timer_init(context->loop, &p->first); /* cannot fail */
	p->first.data = p;
	(void)uv_timer_init(context->loop, &p->rest); /* nor can this */
	p->rest.data = p;
	p->talkers = context->talkers;
	ann_port_wait_init(
		&p->wait, context->loop, endpoint->path, &settings, on_opened, p);
	p->live = 3;
	*source = &p->base;
	return ANN_OK;
}

const struct ann_source_driver ann_source_port = {
	.fits = fits,
	.new_source = new_source,
};
