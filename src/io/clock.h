/*
 * clock - the two times of a batch.
 */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t ann_clock_ns(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Since 1970, UTC. */
static inline uint64_t ann_clock_wall_ns(void)
{
	return ann_clock_ns(CLOCK_REALTIME);
}

/* Never jumps; from some moment in the past. */
static inline uint64_t ann_clock_mono_ns(void)
{
	return ann_clock_ns(CLOCK_MONOTONIC);
}

#endif
