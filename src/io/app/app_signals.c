#include "io/app/app_private.h"

#include "io/log.h"

#include <signal.h>

/*
 * Of the loop, a millisecond each, in which sources are read after a signal; a port
 * that rests is read once in eight.
 */
enum { LAST_ROUNDS = 10 };

static void log_source(void *user, const struct ann_app_source_view *view)
{
	(void)user;
	ann_log(ANN_LOG_NOTICE,
		"%s: %s, %llu bytes, %llu lines, %llu codes, %llu gaps, %llu overruns, "
		"%llu framing errors, %llu parity errors, %llu breaks",
		view->name, view->source.connected ? "connected" : "away",
		(unsigned long long)view->stream.bytes,
		(unsigned long long)view->stream.lines,
		(unsigned long long)view->stream.hits,
		(unsigned long long)view->stream.gaps,
		(unsigned long long)view->source.overruns,
		(unsigned long long)view->source.framing_errors,
		(unsigned long long)view->source.parity_errors,
		(unsigned long long)view->source.breaks);
}

static void log_output(void *user, const struct ann_app_output_view *view)
{
	(void)user;
	ann_log(ANN_LOG_NOTICE,
		"%s: %s, %llu bytes written, %llu queued, dropped %llu lines of %llu "
		"bytes, connected %llu times",
		view->name, ann_sink_state(&view->sink),
		(unsigned long long)view->sink.written_bytes,
		(unsigned long long)view->sink.queued_bytes,
		(unsigned long long)view->sink.dropped_lines,
		(unsigned long long)view->sink.dropped_bytes,
		(unsigned long long)view->sink.connects);
}

static void hang_up(struct ann_app *app)
{
	for (size_t i = 0; i < app->output_count; i++) {
		ann_sink_reopen(app->outputs[i]->sink);
	}
	if (app->options.reload != NULL) {
		app->options.reload(app->options.user);
		app_changed(app);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct ann_app *app = handle->data;

	switch (number) {
	case SIGHUP:
		hang_up(app);
		break;
	case SIGUSR1:
		ann_app_each_source(app, log_source, NULL);
		ann_app_each_output(app, log_output, NULL);
		break;
	default:
		/* The second one ends the program the usual way. */
		uv_signal_stop(handle);
		app->result.signal = number;
		app->rounds_left = LAST_ROUNDS;
		ann_app_stop(app);
		break;
	}
}

/* What asks to end is for the command, which has it from its source; its end is ours.
 */
static bool is_for_command(const struct ann_app *app, int number)
{
	return app->options.command != NULL && number != SIGUSR1;
}

enum ann_err app_catch_signals(struct ann_app *app, struct ann_error *err)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ANN_LEN(app->signals); i++) {
		app->signals[i].data = app;
		(void)uv_signal_init(&app->loop, &app->signals[i]); /* cannot fail */
	}
	for (size_t i = 0; i < ANN_LEN(app->signals); i++) {
		int failed = is_for_command(app, numbers[i])
				     ? 0
				     : uv_signal_start(
					       &app->signals[i], on_signal, numbers[i]);

		if (failed != 0) {
			return ann_error_os(err, -failed, "signal %d", numbers[i]);
		}
	}
	return ANN_OK;
}
