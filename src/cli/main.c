#include "cli/options.h"

#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{"explain", ann_main_explain},
		{"codes", ann_main_codes},
		{"check", ann_main_check},
		{"import", ann_main_import},
	};

	for (size_t i = 0; argc > 1 && i < ANN_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].word) == 0) {
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	return ann_main_filter(argc, argv);
}
