/*
 * rig - what the programs that measure live consoles share: ports that are ptys, and
 * connections to those who read them out.
 */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

enum { RIG_PATIENCE_MS = 10000 };

static inline void sleep_us(long us)
{
	const struct timespec pause = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&pause, NULL);
}

/* A raw pty whose other end is to be found at `link`. Returns its master; -1: errno. */
static inline int open_port(const char *link)
{
	struct termios raw;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
		tcgetattr(master, &raw) != 0) {
		return -1;
	}
	cfmakeraw(&raw);
	(void)unlink(link);
	if (tcsetattr(master, TCSANOW, &raw) != 0 ||
		symlink(ptsname(master), link) != 0) {
		return -1;
	}
	return master;
}

/* Connects to tcp:PORT of this machine or to unix:PATH; -1: errno. */
static inline int connect_once(const char *place)
{
	struct sockaddr_in tcp = {.sin_family = AF_INET};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr *address = (struct sockaddr *)&local;
	socklen_t size = sizeof(local);

	if (strncmp(place, "tcp:", 4) == 0) {
		tcp.sin_port = htons((uint16_t)atoi(place + 4));
		tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address = (struct sockaddr *)&tcp;
		size = sizeof(tcp);
	} else if (strncmp(place, "unix:", 5) == 0) {
		snprintf(local.sun_path, sizeof(local.sun_path), "%s", place + 5);
	} else {
		errno = EINVAL;
		return -1;
	}
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, address, size) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

/* The same, as soon as somebody listens there. */
static inline int connect_to(const char *place)
{
	int fd = connect_once(place);

	for (int ms = 0; fd < 0 && ms < RIG_PATIENCE_MS; ms += 20) {
		sleep_us(20000);
		fd = connect_once(place);
	}
	return fd;
}

static inline int compare_times(const void *a, const void *b)
{
	long long left = *(const long long *)a;
	long long right = *(const long long *)b;

	return (left > right) - (left < right);
}

/* "P50 P99 MAX" of `count` times, which become sorted; zeros when there are none. */
static inline void print_latencies(long long *times, size_t count)
{
	long long none[1] = {0};

	if (count == 0) {
		times = none;
		count = 1;
	}
	qsort(times, count, sizeof(*times), compare_times);
	printf("%lld %lld %lld", times[count / 2], times[(count - 1) * 99 / 100],
		times[count - 1]);
}

#endif
