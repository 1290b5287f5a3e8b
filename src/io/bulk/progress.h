/*
 * progress - a bar on standard error while a long input goes through.
 */
#ifndef IO_PROGRESS_H
#define IO_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ann_progress {
	uint64_t total_bytes; /* 0: not known */
	uint64_t start_ns;    /* on the clock that never jumps */
	uint64_t next_ns;     /* when to draw again */
	bool drawn;
};

void ann_progress_start(struct ann_progress *progress, uint64_t total_bytes);

/* Draws at most ten times a second, and not in the first half second. */
void ann_progress_update(struct ann_progress *progress, uint64_t done_bytes);

/* Takes the bar away again. */
void ann_progress_end(struct ann_progress *progress);

#endif
