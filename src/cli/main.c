#include "cli/options.h"

#include <fcntl.h>
#include <stdio.h>
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

/* What is neither a file nor a command, but like one, is a file that is not there to
 * the filter, which is true and does not help. */
static void tell_like_command(const char *word)
{
	enum { LONG = 5, OPTIONS = 2 };
	unsigned slips = strlen(word) < LONG ? 1 : 2;
	/* Commands of other programs, and options here. */
	const char *words[ANN_LEN(commands) + OPTIONS] = {
		[ANN_LEN(commands)] = "help", "version"};

	for (size_t i = 0; i < ANN_LEN(commands); i++) {
		words[i] = commands[i].word;
	}
	const char *near =
		ann_span_nearest(ann_span(word), words, ANN_LEN(words), slips);
	bool is_option = near == words[ANN_LEN(commands)] ||
			 near == words[ANN_LEN(commands) + 1];

	if (near != NULL && access(word, F_OK) != 0) {
		fprintf(stderr,
			"annotty: there is no command \"%s\"; did you mean "
			"\"%s%s\"?\n",
			word, is_option ? "--" : "", near);
	}
}

int main(int argc, char **argv)
{
	if (!hold_standard_files()) {
		return ANN_EXIT_IO;
	}
	for (size_t i = 0; argc > 1 && i < ANN_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].word) == 0) {
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	if (argc > 1 && argv[1][0] != '-') {
		tell_like_command(argv[1]);
	}
	return ann_main_filter(argc, argv);
}
