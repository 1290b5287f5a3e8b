#include "io/bulk/progress.h"

#include "io/clock.h"

#include <stdio.h>

enum { NS_PER_MS = 1000000, MS_PER_S = 1000, PERIOD_MS = 100, QUIET_MS = 500 };

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
static void draw_bar(double share)
{
	enum { COLUMNS = 24 };
	char bar[COLUMNS + 1];

	for (int i = 0; i < COLUMNS; i++) {
		bar[i] = i < (int)(share * COLUMNS) ? '#' : '-';
	}
	bar[COLUMNS] = '\0';
	fprintf(stderr, "[%s] %3.0f%% ", bar, share * 100);
}

void ann_progress_update(struct ann_progress *progress, uint64_t done_bytes)
{
	enum { MIB = 1 << 20 };
	uint64_t now = ann_clock_mono_ns();

	if (now < progress->next_ns) {
		return;
	}
	double seconds = (double)(now - progress->start_ns) / NS_PER_MS / MS_PER_S;
	double rate = (double)done_bytes / seconds;

	progress->next_ns = now + (uint64_t)PERIOD_MS * NS_PER_MS;
	progress->drawn = true;
	fputc('\r', stderr);
	if (progress->total_bytes > 0) {
		draw_bar((double)done_bytes / (double)progress->total_bytes);
	}
	fprintf(stderr, "%.1f MiB, %.1f MiB/s", (double)done_bytes / MIB, rate / MIB);
	if (progress->total_bytes > done_bytes && rate > 0) {
		unsigned left =
			(unsigned)((double)(progress->total_bytes - done_bytes) / rate);

		fprintf(stderr, ", %u:%02u left", left / 60, left % 60);
	}
	fputs("\033[K", stderr);
}

void ann_progress_end(struct ann_progress *progress)
{
	if (progress->drawn) {
		fputs("\r\033[K", stderr);
	}
}
