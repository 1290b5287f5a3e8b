#include "cli/options.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * A descriptor that the caller has closed (`<&-`, `>&-`) would be given to the next
 * file that is opened. Instead it becomes one that fails when it is used.
 */
static bool hold_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) !=
				fd) {
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{"explain", ann_main_explain},
		{"codes", ann_main_codes},
		{"ports", ann_main_ports},
		{"check", ann_main_check},
		{"import", ann_main_import},
		{"run", ann_main_run},
		{"status", ann_main_status},
	};

	if (!hold_standard_files()) {
		return ANN_EXIT_IO;
	}
	for (size_t i = 0; argc > 1 && i < ANN_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].word) == 0) {
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	return ann_main_filter(argc, argv);
}
