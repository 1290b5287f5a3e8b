/*
 * The daemon: what the configuration names, until SIGTERM. On SIGHUP the configuration
 * is read anew; one with a mistake changes nothing.
 */
#include "cli/config.h"
#include "cli/options.h"
#include "cli/state.h"
#include "io/app/app.h"
#include "io/app/control.h"
#include "io/app/metrics.h"
#include "io/app/report.h"
#include "io/app/supervisor.h"
#include "io/log.h"

#include <stdio.h>
#include <string.h>

struct daemon {
	const char *path;
	struct ann_config config;    /* in use: the app borrows its matcher */
	struct ann_settings started; /* with those of `at_next_start` that were given */
	struct ann_app *app;
	struct ann_supervisor supervisor;
	struct ann_metrics *metrics;
	struct ann_control *control;
	enum ann_log_level least; /* from -v and -q */
	bool level_given;
	bool is_ready; /* and the service manager knows it */
	size_t told;   /* mistakes in files */
	struct ann_error err;
};

/* Keys of [annotty] that a reload does not take up. */
static const char *const at_next_start[] = {
	"line-limit", "state-directory", "metrics", "control"};

static void tell(void *user, const struct ann_error *err)
{
	struct daemon *d = user;

	d->told++;
	ann_log_error(ANN_LOG_ERROR, err);
}

/* What is no mistake in a file, one of those that have been told one by one. */
static void tell_rest(const struct daemon *d, const struct ann_error *err)
{
	if (err->code != ANN_ECONFIG || d->told == 0) {
		ann_log_error(ANN_LOG_ERROR, err);
	}
}

static void set_log_level(const struct daemon *d)
{
	static const enum ann_log_level levels[] = {ANN_LOG_ERROR, ANN_LOG_WARNING,
		ANN_LOG_NOTICE, ANN_LOG_INFO, ANN_LOG_DEBUG};

	ann_log_start(d->level_given ? d->least : levels[d->config.daemon.log]);
}

/* With the run's first turn, and with the first after a reload, it is ready. */
static void say_status(void *user)
{
	struct daemon *d = user;
	struct ann_buf words = {0};

	ann_report_words(d->app, &words);
	ann_buf_char(&words, '\0');
	if (words.failed) {
		ann_log(ANN_LOG_ERROR, "status: out of memory");
	}
	const char *status = words.failed ? "" : words.ptr;

	(d->is_ready ? ann_supervisor_status : ann_supervisor_ready)(status);
	d->is_ready = true;
	ann_buf_deinit(&words);
}

static void log_running(const struct daemon *d)
{
	struct ann_buf counts = {0};
	size_t sources = 0;
	size_t outputs = 0;

	ann_app_count(d->app, &sources, &outputs);
	ann_buf_count(&counts, sources, "source");
	ann_buf_str(&counts, ", ");
	ann_buf_count(&counts, outputs, "output");
	ann_log(ANN_LOG_NOTICE, "running: %.*s", ANN_SPAN_ARG(ann_buf_all(&counts)));
	ann_buf_deinit(&counts);
}

/* Of two failures, the one that is not the user's. */
static enum ann_err worse(enum ann_err first, enum ann_err second)
{
	return second == ANN_OK || second == ANN_ECONFIG ? first : second;
}

/* The new configuration takes the place of the old one, whole or not at all. */
static enum ann_err change(
	struct daemon *d, struct ann_config *next, struct ann_error *err)
{
	enum ann_err failed = ann_config_load(next, d->path, err);

	if (failed == ANN_OK) {
		failed = ann_app_apply(d->app, &next->plan, err);
	} else if (failed == ANN_ECONFIG) {
		/* There may be more to tell. */
		failed = worse(failed, ann_app_check(d->app, &next->plan, err));
	}
	if (failed == ANN_OK) {
		failed = ann_app_set_matcher(d->app, next->matcher, err);
	}
	return failed;
}

/* --- what only a start takes up ----------------------------------------------------
 */

/* A copy, which outlives the configuration that it started with. */
static enum ann_err remember_start(struct daemon *d)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < ANN_LEN(at_next_start) && failed == ANN_OK; i++) {
		const struct ann_setting *given =
			ann_config_daemon_key(&d->config, at_next_start[i]);

		if (given != NULL) {
			failed = ann_settings_set(&d->started, ann_span(given->key),
				ann_span(given->value), given->origin, &d->err);
		}
	}
	return failed;
}

static void tell_what_waits(const struct daemon *d)
{
	for (size_t i = 0; i < ANN_LEN(at_next_start); i++) {
		const char *key = at_next_start[i];
		const char *was = ann_settings_get(&d->started, key);
		const struct ann_setting *is = ann_config_daemon_key(&d->config, key);
		bool same = was == NULL || is == NULL ? was == NULL && is == NULL
						      : strcmp(was, is->value) == 0;

		if (!same) {
			ann_log(ANN_LOG_WARNING, "%s: %s is taken up at the next start",
				is == NULL ? d->path : is->origin, key);
		}
	}
}

/* --- reloading ---------------------------------------------------------------------
 */

static void reload(void *user)
{
	struct daemon *d = user;
	struct ann_config next = {0};
	struct ann_error err = {.tell = tell, .user = d};

	d->told = 0;
	d->is_ready = false;
	ann_supervisor_reloading();
	if (change(d, &next, &err) == ANN_OK) {
		struct ann_config old = d->config;

		d->config = next;
		next = old;
		set_log_level(d);
		ann_app_set_drain(d->app, d->config.daemon.drain_ms);
		ann_log(ANN_LOG_NOTICE, "%s: loaded anew", d->path);
		tell_what_waits(d);
	} else {
		tell_rest(d, &err);
		ann_log(ANN_LOG_ERROR,
			"%s: not taken up: the configuration stays as it was", d->path);
	}
	ann_config_deinit(&next);
	log_running(d);
}

static void stopped(void *user)
{
	struct daemon *d = user;

	ann_supervisor_close(&d->supervisor);
	ann_metrics_close(d->metrics);
	ann_control_close(d->control);
}

/* A control socket that nobody has asked for may also not be there. */
static enum ann_err start_control(struct daemon *d)
{
	const char *asked = d->config.daemon.control;
	const char *path = asked == NULL ? ann_control_default_path() : asked;
	struct ann_error err = {0};

	if (path == NULL) {
		return ANN_OK;
	}
	if (ann_control_start(&d->control, d->app, path, &err) != ANN_OK) {
		if (asked != NULL) {
			d->err = err;
			return err.code;
		}
		ann_log_error(ANN_LOG_WARNING, &err);
	}
	return ANN_OK;
}

static enum ann_err start_servers(struct daemon *d)
{
	const char *address = d->config.daemon.metrics;
	enum ann_err failed = start_control(d);

	if (failed == ANN_OK && address != NULL) {
		failed = ann_metrics_start(&d->metrics, d->app, address, &d->err);
	}
	return failed;
}

static const char *state_directory(const struct daemon *d)
{
	const char *given = ann_settings_get(&d->started, "state-directory");

	return given != NULL ? given : ann_state_directory();
}

static enum ann_err make_app(struct daemon *d)
{
	const struct ann_daemon_options *daemon = &d->config.daemon;
	const struct ann_app_options options = {
		.matcher = d->config.matcher,
		.line_limit = (size_t)daemon->line_limit,
		.drain_ms = daemon->drain_ms,
		.daemon = true,
		.sinks = {.policy = ANN_QUEUE_DROP_OLDEST,
			.queue_bytes = ANN_QUEUE_BYTES,
			.state_directory = state_directory(d)},
		.reload = reload,
		.changed = say_status,
		.stopped = stopped,
		.user = d,
	};

	return ann_app_new(&d->app, &options, &d->err);
}

static enum ann_err start(struct daemon *d)
{
	enum ann_err failed = ann_config_load(&d->config, d->path, &d->err);

	if (failed == ANN_ECONFIG) {
		failed = worse(failed, ann_config_try_plan(&d->config, &d->err));
	}
	if (failed != ANN_OK) {
		return failed;
	}
	set_log_level(d);
	failed = remember_start(d);
	if (failed == ANN_OK) {
		failed = make_app(d);
	}
	if (failed == ANN_OK) {
		d->supervisor.served = say_status;
		d->supervisor.user = d;
		ann_supervisor_start(&d->supervisor, ann_app_loop(d->app));
		failed = ann_app_apply(d->app, &d->config.plan, &d->err);
	}
	return failed == ANN_OK ? start_servers(d) : failed;
}

int ann_main_run(int argc, char **argv)
{
	struct ann_options options;
	struct daemon d = {.err = {.tell = tell, .user = &d}};
	struct ann_app_result result = {0};
	int status = ann_options_read(&options, ANN_COMMAND_RUN, argc, argv);

	if (status >= 0) {
		return status;
	}
	if (options.inputs.count > 0) {
		fprintf(stderr, "annotty: run takes -c FILE, found \"%s\"\n",
			options.inputs.path[0]);
		return ANN_EXIT_USAGE;
	}
	d.path = options.config == NULL ? ann_config_default_path() : options.config;
	d.level_given = options.quiet || options.verbose;
	d.least = options.quiet ? ANN_LOG_ERROR : ANN_LOG_INFO;
	ann_log_start(d.level_given ? d.least : ANN_LOG_NOTICE);

	enum ann_err failed = start(&d);

	if (failed == ANN_OK) {
		ann_supervisor_drop_rest();
		log_running(&d);
		ann_app_run(d.app, &result);
	} else {
		tell_rest(&d, &d.err);
		status = ann_exit_of(failed);
	}
	ann_app_free(d.app);
	ann_config_deinit(&d.config);
	ann_settings_deinit(&d.started);
	return status < 0 ? ANN_EXIT_DONE : status;
}
