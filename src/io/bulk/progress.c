#include "io/bulk/progress.h"

#include "annotty/buf.h"
#include "io/clock.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, MS_PER_S = 1000, PERIOD_MS = 100, QUIET_MS = 500 };
enum { MOST_COLUMNS = 128 };

void ann_progress_start(struct ann_progress *progress, uint64_t total_bytes)
{
	uint64_t now = ann_clock_mono_ns();

	*progress = (struct ann_progress){
		.total_bytes = total_bytes,
		.start_ns = now,
		.next_ns = now + (uint64_t)QUIET_MS * NS_PER_MS,
	};
}

/* `#` for what is done, `-` for the rest. */
static void add_bar(double share, struct ann_buf *line)
{
	enum { COLUMNS = 24 };
	int done = share < 1 ? (int)(share * COLUMNS) : COLUMNS; /* it may grow */

	ann_buf_char(line, '[');
	ann_buf_fill(line, '#', (size_t)done);
	ann_buf_fill(line, '-', (size_t)(COLUMNS - done));
	ann_buf_printf(line, "] %3.0f%% ", share * 100);
}

/* No more than fits: what wraps stays there when the next is drawn. */
static void draw(const struct ann_buf *line)
{
	struct winsize size = {0};
	int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
			      ? size.ws_col - 1
			      : MOST_COLUMNS;
	int len = (int)line->len;

	fprintf(stderr, "\r%.*s\033[K", len < columns ? len : columns, line->ptr);
}

void ann_progress_update(struct ann_progress *progress, uint64_t done_bytes)
{
	enum { MIB = 1 << 20 };
	uint64_t now = ann_clock_mono_ns();
	struct ann_buf line = {0};

	if (now < progress->next_ns) {
		return;
	}
	double seconds = (double)(now - progress->start_ns) / NS_PER_MS / MS_PER_S;
	double rate = (double)done_bytes / seconds;

	progress->next_ns = now + (uint64_t)PERIOD_MS * NS_PER_MS;
	progress->drawn = true;
	if (progress->total_bytes > 0) {
		add_bar((double)done_bytes / (double)progress->total_bytes, &line);
	}
	ann_buf_printf(
		&line, "%.1f MiB, %.1f MiB/s", (double)done_bytes / MIB, rate / MIB);
	if (progress->total_bytes > done_bytes && rate > 0) {
		unsigned left =
			(unsigned)((double)(progress->total_bytes - done_bytes) / rate);

		ann_buf_printf(&line, ", %u:%02u left", left / 60, left % 60);
	}
	if (!line.failed) {
		draw(&line);
	}
	ann_buf_deinit(&line);
}

void ann_progress_end(struct ann_progress *progress)
{
	if (progress->drawn) {
		fputs("\r\033[K", stderr);
	}
}
