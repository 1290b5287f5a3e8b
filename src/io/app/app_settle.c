/*
 * The end of a run whose sources have all ended. A spool takes a log faster than its
 * collector does, so most of it may still wait; what waits for somebody who takes it is
 * waited for, as long as it gets less. Then, or when nobody takes any, the run stops,
 * which gives the rest the time of a drain.
 *
 * Readers of listeners are not waited for in this way: one of them could read a byte a
 * second for ever.
 */
#include "io/app/app_private.h"

enum { LOOK_MS = 20, STILL_LOOKS = 100 };

static uint64_t waiting_bytes(const struct ann_app *app)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < app->output_count; i++) {
		struct ann_sink_stats stats;

		ann_sink_stats(app->outputs[i]->sink, &stats);
		if (!stats.away && !stats.listens) {
			bytes += stats.queued_bytes + stats.spooled_bytes;
		}
	}
	return bytes;
}

static void on_look(uv_timer_t *settle)
{
	struct ann_app *app = settle->data;
	uint64_t bytes = waiting_bytes(app);

	app->still_looks = bytes < app->waiting_bytes ? 0 : app->still_looks + 1;
	app->waiting_bytes = bytes;
	if (bytes > 0 && app->still_looks < STILL_LOOKS) {
		uv_timer_start(settle, on_look, LOOK_MS, 0);
	} else {
		ann_app_stop(app);
	}
}

void app_settle(struct ann_app *app)
{
	if (!app->stopping) {
		uv_timer_start(&app->settle, on_look, 0, 0);
	}
}
