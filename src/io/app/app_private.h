/*
 * app_private - the parts of an application.
 */
#ifndef IO_APP_PRIVATE_H
#define IO_APP_PRIVATE_H

#include "io/app/app.h"

/* A descriptor that outlives this process, see app_keep.c. */
struct app_kept {
	int fd;       /* that the service manager has a copy of; -1: none */
	bool of_unit; /* and always has: it is that of a socket unit */
};

/* A source with its stream of lines, and the taps through which it feeds outputs. */
struct app_source {
	struct ann_app *app;
	struct ann_plan_source plan;
	struct ann_source *source;
	struct app_kept kept;
	struct ann_stream *stream;
	struct ann_tap **taps; /* one for each output; NULL: it does not feed that */
	size_t tap_count;
	uint64_t since_wall_ns; /* connected or away */
	bool waits;             /* to be started when those before it are closed */
	bool paused;            /* one of its outputs is full */
	bool failed; /* did not start, or ended with an error: a reload makes it anew */
	bool gone;   /* closed; kept only for its name, which a summary may hold */
};

/* An output: the route to it and the sink at its end. */
struct app_output {
	struct ann_app *app;
	struct ann_plan_output plan;
	struct ann_route *route;
	struct ann_sink *sink;
	struct app_kept kept;
	bool full;
	bool ended;  /* its reader went away */
	bool failed; /* did not start, or ended with an error: a reload makes it anew */
};

struct ann_app {
	struct ann_app_options options;
	struct ann_app_result result;
	uv_loop_t loop;
	uv_timer_t due;    /* the next half line to be shown, or none by then */
	uv_prepare_t turn; /* what the outputs have gathered in this turn of the loop */
	uint64_t due_mono_ns; /* when that is; 0: the timer does not run */
	uv_timer_t
		limit; /* the time of the whole run, or of an end that was asked for */
	uv_signal_t signals[4];
	uv_timer_t settle;      /* runs while what waits gets less, at the end */
	uint64_t waiting_bytes; /* at its last look */
	unsigned still_looks;   /* at which it had not got less */
	struct ann_scan *scan;
	struct ann_tally tally; /* of a daemon */
	struct ann_talkers talkers;
	struct app_source **sources; /* as in the plan */
	size_t source_count;
	struct app_output **outputs; /* as in the plan */
	size_t output_count;
	struct app_source **gone; /* closed ones */
	size_t gone_count;
	size_t gone_room;
	size_t ended_sources; /* that will not say any more */
	size_t ended_outputs; /* that cannot be written to any more */
	size_t live;          /* sources and outputs, closing ones included */
	size_t closing_sources;
	unsigned rounds_left; /* of the loop, before a stop is carried out */
	bool running;
	bool changed; /* and the owner has not been told yet */
	bool stopping;
};

/* --- app_source.c ---------------------------------------------------------------- */

/* Not started, without taps. Takes over `plan` if it goes well. */
ANN_MUST_USE enum ann_err app_source_new(struct app_source **made, struct ann_app *app,
	struct ann_plan_source *plan, struct ann_error *err);

/* Taps to the outputs of the app that are new or new to it, none to others. */
ANN_MUST_USE enum ann_err app_source_connect(struct app_source *s,
	struct app_output *const *outputs, size_t count, struct ann_error *err);

/* Begins to read. */
ANN_MUST_USE enum ann_err app_source_start(struct app_source *s, struct ann_error *err);

/* Ends the half line and closes; it is freed once that is done. */
void app_source_close(struct app_source *s);

/* Frees at once what is gone or was never started. */
void app_source_free(struct app_source *s);

/* Pauses or resumes as its outputs are full or not. */
void app_source_flow(struct app_source *s);

/* --- app_output.c ---------------------------------------------------------------- */

/* Not started. Takes over `plan` if it goes well. */
ANN_MUST_USE enum ann_err app_output_new(struct app_output **made, struct ann_app *app,
	struct ann_plan_output *plan, struct ann_error *err);

/* Opens, connects, listens. */
ANN_MUST_USE enum ann_err app_output_start(struct app_output *o, struct ann_error *err);

/* What has been gathered goes to the sink. False: that is full then. */
bool app_output_flush(struct app_output *o);

/* The output on a terminal ends the line that it is in: something else comes there. */
void app_output_make_way(struct app_output *o);

/* Closes, with time to write what is queued; it is freed once that is done. */
void app_output_close(struct app_output *o, uint64_t drain_ms);

/* --- app_keep.c: `kind` is "source" or "output" ----------------------------------- */

/* The descriptor that an earlier run has kept for the endpoint, or that a socket unit
 * has opened for it, or -1. `*kept` knows of it. */
int app_take_fd(const struct ann_app *app, const char *kind,
	const struct ann_endpoint *endpoint, struct app_kept *kept);
/* What is kept from now on is `fd`; -1: nothing, and what was is forgotten: only that,
 * for another part may have the name by now. False: nobody keeps it. */
bool app_keep_fd(const struct ann_app *app, const char *kind,
	const struct ann_endpoint *endpoint, struct app_kept *kept, int fd);

/* --- app_settle.c ---------------------------------------------------------------- */

/* All sources have ended: stops when the outputs have what waits, or do not take it. */
void app_settle(struct ann_app *app);

/* --- app_signals.c --------------------------------------------------------------- */

/* SIGHUP, SIGUSR1 and what asks to end are this app's from now on. */
ANN_MUST_USE enum ann_err app_catch_signals(struct ann_app *app, struct ann_error *err);

/* --- app_apply.c ----------------------------------------------------------------- */

/*
 * Starts the new sources, unless old ones are still being closed: the same port may be
 * among them, and would be in use. Comes again when the last of these is closed.
 */
ANN_MUST_USE enum ann_err app_start_sources(struct ann_app *app, struct ann_error *err);

/* --- app.c ----------------------------------------------------------------------- */

/* The outputs have gathered something, which goes out before the loop waits again. */
void app_gathered(struct ann_app *app);

/* A source has come or gone: the owner is told before the loop waits again. */
void app_changed(struct ann_app *app);

/* A half line is due then; 0: none is. */
void app_schedule(struct ann_app *app, uint64_t due_mono_ns);

/* One source more has ended; the last one ends the run, but of a daemon. */
void app_source_ended(struct ann_app *app);

/* One output less can be written to; without any the run ends, but of a daemon. */
void app_output_ended(struct ann_app *app);

/* The part is closed. */
void app_part_closed(struct ann_app *app);

#endif
