/*
 * firstbyte - how soon does a filter answer? For script/bench.
 *
 *     firstbyte LINE COMMAND [ARG]...
 *
 * Writes LINE and a line end into COMMAND's standard input, which stays open, and waits
 * for the first byte that comes back. Prints the time from before the start of COMMAND
 * to that byte, then, as runner does, user and system time in nanoseconds and the peak
 * resident memory in KiB of the whole run. Gives up after ten seconds.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { PATIENCE_MS = 10000 };

extern char **environ;

/* Reads `fd` to its end, which comes because COMMAND saw the end of its input. */
static void drain(int fd)
{
	char rest[4096];

	alarm(PATIENCE_MS / 1000);
	while (read(fd, rest, sizeof(rest)) > 0) {
	}
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int to[2], from[2], status;
	pid_t pid;
	char byte;

	if (argc < 3) {
		fputs("usage: firstbyte LINE COMMAND [ARG]...\n", stderr);
		return 2;
	}
	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 ||
		dprintf(to[1], "%s\n", argv[1]) < 0) {
		perror("firstbyte");
		return 1;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	long long start_ns = now_ns();
	int error = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
	if (error != 0) {
		fprintf(stderr, "%s: %s\n", argv[2], strerror(error));
		return 1;
	}
	close(from[1]);
	struct pollfd answer = {.fd = from[0], .events = POLLIN};
	if (poll(&answer, 1, PATIENCE_MS) != 1 || read(from[0], &byte, 1) != 1) {
		fprintf(stderr, "%s: no byte came back\n", argv[2]);
		kill(pid, SIGKILL);
		return 1;
	}
	long long wall_ns = now_ns() - start_ns;
	close(to[1]);
	drain(from[0]);
	if (wait4(pid, &status, 0, &usage) != pid || status != 0) {
		fprintf(stderr, "%s: ended with wait status 0x%x\n", argv[2], status);
		return 1;
	}
	print_measured(wall_ns, &usage);
	return 0;
}
