/*
 * runner - runs one command and tells what it took, for script/bench.
 *
 *     runner IN OUT COMMAND [ARG]...
 *
 * IN becomes its standard input, OUT its standard output. Prints wall, user and system
 * time in nanoseconds and the peak resident memory in KiB, on one line. A regular file
 * OUT is new for every run and gone after it: nobody pays for truncating what the one
 * before wrote, and little of it ever reaches the disk. Exits with 1 when COMMAND did
 * not exit with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

static void remove_output(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		unlink(path);
	}
}

/* Starts `argv` between `in` and `out` and waits for it; 0, or an errno code. */
static int run(int in, int out, char **argv, int *status, struct rusage *usage)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0) {
		return error;
	}
	return wait4(pid, status, 0, usage) == pid ? 0 : errno;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 4) {
		fputs("usage: runner IN OUT COMMAND [ARG]...\n", stderr);
		return 2;
	}
	int in = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (in < 0) {
		perror(argv[1]);
		return 1;
	}
	remove_output(argv[2]);
	int out = open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (out < 0) {
		perror(argv[2]);
		return 1;
	}
	long long start_ns = now_ns();
	int error = run(in, out, argv + 3, &status, &usage);
	long long wall_ns = now_ns() - start_ns;
	remove_output(argv[2]);
	if (error != 0) {
		fprintf(stderr, "%s: %s\n", argv[3], strerror(error));
		return 1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "%s: ended with wait status 0x%x\n", argv[3], status);
		return 1;
	}
	print_measured(wall_ns, &usage);
	return 0;
}
