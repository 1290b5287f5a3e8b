/*
 * times - when the lines of `feed` were complete, for those who read them: a file that
 * both map. A line's time is kept until TIMES_LINES more have come from its port.
 */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TIMES_PORTS = 100, TIMES_LINES = 1 << 12 };

struct times {
	volatile long long at[TIMES_PORTS][TIMES_LINES]; /* CLOCK_MONOTONIC, ns */
};

/* NULL: no path, or no such file. */
static inline struct times *map_times(const char *path, bool create)
{
	int fd = path == NULL ? -1
			      : open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0),
					0600);
	void *mapped = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct times)) == 0) {
		mapped = mmap(NULL, sizeof(struct times), PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	}
	if (fd >= 0) {
		close(fd);
	}
	return mapped == MAP_FAILED ? NULL : mapped;
}

#endif
