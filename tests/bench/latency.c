/*
 * latency - how long does a line take from a port to its reader? For script/bench.
 *
 *     latency LINES LINK OUTPUT COMMAND [ARG]...
 *
 * LINK becomes a link to a pty, which COMMAND is to open as its port and to pass on to
 * OUTPUT: `pipe` (its standard output), `tty` (the same on a terminal of its own, for
 * programs that insist), tcp:PORT or unix:PATH (it listens there). One line after the
 * other is written to the port, each some milliseconds after the one before has
 * arrived; every other one holds a status. Prints the median, the 99th percentile and
 * the longest of the times from before a line's write to its last byte's arrival, in
 * nanoseconds. Exits with 1 when a line does not arrive within a second.
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "measure.h"
#include "rig.h"

enum {
	LINE_PATIENCE_MS = 1000,
	WARM_UP = 20, /* lines that are not counted */
};

struct way {
	int port;
	int out;
	char seen[4096]; /* the end of what has arrived */
	size_t len;
};

/* --- the command ------------------------------------------------------------------ */

static pid_t start_on_tty(int *out, char **argv)
{
	pid_t pid = forkpty(out, NULL, NULL, NULL);

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* `*out` is the reading end of its standard output, if that is wanted. */
static pid_t start_plain(int *out, bool piped, char **argv)
{
	int pipe_fds[2] = {-1, -1};

	if (piped && pipe2(pipe_fds, O_CLOEXEC) != 0) {
		return -1;
	}
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(piped ? pipe_fds[1] : null, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	*out = pipe_fds[0];
	return pid;
}

static pid_t start(struct way *way, const char *output, char **argv)
{
	pid_t pid = strcmp(output, "tty") == 0
			    ? start_on_tty(&way->out, argv)
			    : start_plain(&way->out, strcmp(output, "pipe") == 0, argv);

	if (way->out < 0) {
		way->out = connect_to(output);
	}
	return way->out < 0 ? -1 : pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGTERM);
	for (int ms = 0; ms < 2000 && waitpid(pid, NULL, WNOHANG) == 0; ms += 10) {
		sleep_us(10000);
	}
	kill(pid, SIGKILL);
}

/* --- lines ------------------------------------------------------------------------ */

static bool has_seen(const struct way *way, const char *mark)
{
	return memmem(way->seen, way->len, mark, strlen(mark)) != NULL;
}

/* Reads until `mark` has come or `ms` are over. */
static bool await(struct way *way, const char *mark, int ms)
{
	struct pollfd answer = {.fd = way->out, .events = POLLIN};

	while (!has_seen(way, mark)) {
		if (way->len > sizeof(way->seen) / 2) {
			way->len /= 2;
			memmove(way->seen, way->seen + way->len, way->len);
		}
		if (poll(&answer, 1, ms) != 1) {
			return false;
		}
		ssize_t got = read(
			way->out, way->seen + way->len, sizeof(way->seen) - way->len);

		if (got <= 0) {
			return false;
		}
		way->len += (size_t)got;
	}
	return true;
}

/* Time that line `n` took; -1: it did not come. */
static long long time_line(struct way *way, int n, int patience_ms)
{
	char mark[16];
	char line[80];

	snprintf(mark, sizeof(mark), "~%d;", n);
	int len = snprintf(line, sizeof(line),
		"[%d.%03d] TLS start %s, status = %s %s\r\n", n / 1000, n % 1000,
		n % 2 ? "failed" : "passed", n % 2 ? "0x11B" : "fine", mark);
	long long start_ns = now_ns();

	if (write(way->port, line, (size_t)len) != len ||
		!await(way, mark, patience_ms)) {
		return -1;
	}
	return now_ns() - start_ns;
}

/* Until the command has come up, lines can be lost to it. */
static bool warm_up(struct way *way)
{
	int arrived = 0;

	for (int n = 1; arrived < WARM_UP && n < RIG_PATIENCE_MS / 100; n++) {
		arrived += time_line(way, -n, 100) >= 0;
	}
	return arrived == WARM_UP;
}

static bool measure(struct way *way, int lines)
{
	long long *times = calloc((size_t)lines, sizeof(*times));

	for (int n = 0; n < lines; n++) {
		sleep_us(2000 + n % 7 * 300);
		times[n] = time_line(way, n, LINE_PATIENCE_MS);
		if (times[n] < 0) {
			fprintf(stderr, "latency: line %d did not arrive\n", n);
			free(times);
			return false;
		}
	}
	print_latencies(times, (size_t)lines);
	puts("");
	free(times);
	return true;
}

int main(int argc, char **argv)
{
	struct way way = {.out = -1};

	if (argc < 5 || atoi(argv[1]) < 1) {
		fputs("usage: latency LINES LINK OUTPUT COMMAND [ARG]...\n", stderr);
		return 2;
	}
	way.port = open_port(argv[2]);
	if (way.port < 0) {
		perror(argv[2]);
		return 1;
	}
	pid_t pid = start(&way, argv[3], argv + 4);
	bool fine = pid > 0 && warm_up(&way);

	if (!fine) {
		fprintf(stderr, "latency: %s: nothing arrives\n", argv[4]);
	}
	fine = fine && measure(&way, atoi(argv[1]));
	if (pid > 0) {
		stop(pid);
	}
	return fine ? 0 : 1;
}
