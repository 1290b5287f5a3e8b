/*
 * measure - what runner and firstbyte share: the clock and the line they print.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static inline long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Wall, user and system time in nanoseconds, peak resident memory in KiB. */
static inline void print_measured(long long wall_ns, const struct rusage *usage)
{
	printf("%lld %lld %lld %ld\n", wall_ns,
		usage->ru_utime.tv_sec * 1000000000LL +
			usage->ru_utime.tv_usec * 1000LL,
		usage->ru_stime.tv_sec * 1000000000LL +
			usage->ru_stime.tv_usec * 1000LL,
		usage->ru_maxrss);
}

#endif
