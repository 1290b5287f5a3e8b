/*
 * app - sources, routes and sinks on one loop: what runs live.
 *
 * A plan says what is to be there. What a new plan leaves as it was goes on untouched,
 * what it does not name is closed, what is new is opened.
 */
#ifndef IO_APP_H
#define IO_APP_H

#include "annotty/stream.h"
#include "annotty/summary.h"
#include "annotty/tally.h"
#include "io/app/plan.h"
#include "io/fail_on.h"
#include "io/sink/sinks.h"
#include "io/source/sources.h"

struct ann_app_options {
	struct ann_matcher *matcher;
	size_t line_limit;             /* bytes; 0: the default */
	struct ann_summary *summary;   /* filled; NULL: not wanted */
	struct ann_fail_on fail_on;    /* what makes ann_app_result::failed_on true */
	uint64_t timeout_ns;           /* stop after that time; 0: never */
	uint64_t drain_ms;             /* how long outputs may write at the end */
	bool daemon;                   /* go on without sources and without readers */
	bool tell_rules;               /* log each hit and its rule */
	struct ann_sink_context sinks; /* but for the loop and descriptors */
	char *const *command;          /* on a pseudo-terminal; NULL: none */

	/* SIGHUP: load configuration and ann_app_apply() it. NULL: files are reopened
	 * and no more. Either way files are reopened. */
	void (*reload)(void *user);
	/* The run has begun, has been told to reload, or a source has come or gone.
	 * Once in a turn of the loop, after all that happened in it. NULL: nobody asks.
	 */
	void (*changed)(void *user);
	/* All sources and outputs are closed: handles that others have put on the
	 * loop have to be closed now. NULL: there are none. */
	void (*stopped)(void *user);
	void *user;
};

struct ann_app_result {
	bool failed_on;     /* fail_on was met */
	bool quit;          /* the matcher's stop_at was met */
	bool timed_out;     /* the time was over */
	bool input_failed;  /* a source ended with an error, which has been logged */
	bool output_failed; /* the same of a sink */
	int signal;         /* SIGINT or SIGTERM when one ended it, else 0 */
	int command_status; /* how the command ended, as a shell says it; -1: it has not
			     */
};

struct ann_app;

/* `options` are copied, what they point to is borrowed. ANN_ENOMEM, ANN_ESYS. */
ANN_MUST_USE enum ann_err ann_app_new(struct ann_app **app,
	const struct ann_app_options *options, struct ann_error *err);

/*
 * Carries out `plan`, which is taken over and emptied if that goes well. Before the run
 * a source or output that does not start is an error; later it is logged. After an
 * error of the configuration nothing has changed. ANN_ECONFIG, ANN_ESYS, ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_app_apply(
	struct ann_app *app, struct ann_plan *plan, struct ann_error *err);

/* Other rules and codes from the next line on. ANN_ENOMEM: the old ones stay. */
ANN_MUST_USE enum ann_err ann_app_set_matcher(
	struct ann_app *app, struct ann_matcher *matcher, struct ann_error *err);

/* How long outputs that are closed from now on may write. */
void ann_app_set_drain(struct ann_app *app, uint64_t drain_ms);

/*
 * Until all sources have ended (but of a daemon), a signal, the time limit, or the last
 * output's reader going away; then drains. All is closed when it returns.
 */
void ann_app_run(struct ann_app *app, struct ann_app_result *result);

/*
 * Tells every mistake in the settings of the plan's sources and outputs, opening
 * nothing. ANN_ECONFIG for any, ANN_ENOMEM. The plan is used up, and an app for nothing
 * else needs no matcher.
 */
ANN_MUST_USE enum ann_err ann_app_check(
	struct ann_app *app, struct ann_plan *plan, struct ann_error *err);

/*
 * After ann_app_apply() has failed: the exit status if it was the command that could
 * not be run, as a shell says it (127: not there, 126: no program). -1: it was not.
 */
int ann_app_command_status(const struct ann_app *app);

/* For handles of the owner, closed in `stopped` at the latest. */
uv_loop_t *ann_app_loop(struct ann_app *app);

/* Makes the run end in good order. */
void ann_app_stop(struct ann_app *app);

/* After the run, or in place of it. NULL is fine. */
void ann_app_free(struct ann_app *app);

/* How many sources and outputs there are. */
void ann_app_count(const struct ann_app *app, size_t *sources, size_t *outputs);

/* --- for statistics -------------------------------------------------------------- */

/* Of each source and output, in the order of the plan. Borrowed for the call. */
struct ann_app_source_view {
	const char *name;
	uint64_t since_wall_ns; /* it is connected or away since then */
	struct ann_source_stats source;
	struct ann_stream_stats stream;
};
struct ann_app_output_view {
	const char *name;
	struct ann_sink_stats sink;
};

/* The codes that a daemon has found; lives as long as the app. */
const struct ann_tally *ann_app_tally(const struct ann_app *app);

void ann_app_each_source(struct ann_app *app,
	void (*see)(void *user, const struct ann_app_source_view *view), void *user);
void ann_app_each_output(struct ann_app *app,
	void (*see)(void *user, const struct ann_app_output_view *view), void *user);

#endif
