#include "io/app/report.h"

#include <time.h>

enum {
	NS_PER_S = 1000000000,
	NAMED = 3, /* of those that are away */
};

/* What is added up over all sources and outputs. */
struct sums {
	uint64_t sources;
	uint64_t connected;
	uint64_t hits;
	uint64_t lines;
	uint64_t outputs;
	uint64_t readers;
	uint64_t dropped;
	struct ann_buf away; /* names of sources, and since when */
};

/* --- pieces ----------------------------------------------------------------------- */

static void add_local_time(struct ann_buf *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm local = {0};
	char text[32] = "";

	(void)localtime_r(&seconds, &local);
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	ann_buf_str(out, text);
}

/* --- adding up -------------------------------------------------------------------- */

static void add_source(void *user, const struct ann_app_source_view *view)
{
	struct sums *sums = user;

	sums->sources++;
	sums->connected += view->source.connected;
	sums->hits += view->stream.hits;
	sums->lines += view->stream.lines;
	if (!view->source.connected && sums->sources - sums->connected <= NAMED) {
		ann_buf_printf(&sums->away, ", %s away since ", view->name);
		add_local_time(&sums->away, view->since_wall_ns);
	}
}

static void add_output(void *user, const struct ann_app_output_view *view)
{
	struct sums *sums = user;

	sums->outputs++;
	sums->readers += view->sink.readers;
	sums->dropped += view->sink.dropped_lines;
}

/* --- telling ---------------------------------------------------------------------- */

static void tell_sources(const struct sums *sums, struct ann_buf *out)
{
	uint64_t away = sums->sources - sums->connected;

	if (away > 0) {
		ann_buf_printf(out, "%llu of ", (unsigned long long)sums->connected);
	}
	ann_buf_count(out, sums->sources, "source");
	ann_buf_str(out, " connected");
	ann_buf_span(out, ann_buf_all(&sums->away));
	if (away > NAMED) {
		ann_buf_printf(
			out, ", %llu more away", (unsigned long long)(away - NAMED));
	}
}

static void tell_outputs(const struct sums *sums, struct ann_buf *out)
{
	ann_buf_str(out, "; ");
	ann_buf_count(out, sums->outputs, "output");
	if (sums->readers > 0) {
		ann_buf_str(out, ", ");
		ann_buf_count(out, sums->readers, "reader");
	}
	if (sums->dropped > 0) {
		ann_buf_str(out, ", ");
		ann_buf_count(out, sums->dropped, "line");
		ann_buf_str(out, " dropped");
	}
}

static void tell_codes(const struct sums *sums, struct ann_buf *out)
{
	if (sums->lines > 0) {
		ann_buf_str(out, "; ");
		ann_buf_count(out, sums->hits, "code");
		ann_buf_str(out, " in ");
		ann_buf_count(out, sums->lines, "line");
	}
}

void ann_report_words(struct ann_app *app, struct ann_buf *out)
{
	struct sums sums = {0};

	ann_app_each_source(app, add_source, &sums);
	ann_app_each_output(app, add_output, &sums);
	tell_sources(&sums, out);
	tell_outputs(&sums, out);
	tell_codes(&sums, out);
	out->failed |= sums.away.failed;
	ann_buf_deinit(&sums.away);
}
