/*
 * options - the command line as a struct.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/load.h"
#include "io/bulk/filter.h"

#include <stdint.h>

/* The exit statuses of annotty(1). */
enum ann_exit {
	ANN_EXIT_DONE = 0,
	ANN_EXIT_FAILED_ON = 1, /* --fail-on was met; explain found nothing */
	ANN_EXIT_USAGE = 2,     /* usage or configuration */
	ANN_EXIT_IO = 3,        /* an input or output failed */
};

enum { ANN_OUTPUTS_MOST = 32, ANN_QUIT_ON_MOST = 32, ANN_PORT_SETTINGS = 16 };

struct ann_options {
	struct ann_inputs inputs;
	const char *outputs[ANN_OUTPUTS_MOST];
	size_t output_count;
	struct ann_render_options render; /* for outputs that do not say otherwise */
	const char *color;                /* "auto", "always" or "never" */
	bool raw_control;
	struct ann_files tables;
	struct ann_files rules;
	bool no_default_rules;
	const char *families;
	bool annotate_ok;
	bool summary;
	enum ann_summary_format summary_format;
	const char *fail_on[ANN_FAIL_ON_MOST];
	size_t fail_on_count;
	const char *quit_on[ANN_QUIT_ON_MOST];
	size_t quit_on_count;
	uint64_t timeout_ns; /* 0: none */
	bool only_matching;
	size_t before;
	size_t after;
	size_t context; /* of -C: of both where they are not given */
	bool before_given;
	bool after_given;
	bool follow;
	bool from_start;
	bool no_reconnect;
	struct {
		const char *key; /* of a serial port's setting */
		const char *value;
	} port[ANN_PORT_SETTINGS];
	size_t port_count;
	char *const *command; /* behind --; NULL: none */
	bool progress;
	bool no_progress;
	bool quiet;
	bool verbose;
	bool json;          /* of the commands */
	bool watch;         /* of status */
	const char *family; /* of codes */
	const char *prefix; /* of import */
	const char *config; /* of run and check; NULL: the default, for run */
};

/* The commands that share the option parser; each knows only some options. */
enum ann_command {
	ANN_COMMAND_FILTER,
	ANN_COMMAND_EXPLAIN,
	ANN_COMMAND_CODES,
	ANN_COMMAND_PORTS,
	ANN_COMMAND_CHECK,
	ANN_COMMAND_IMPORT,
	ANN_COMMAND_RUN,
	ANN_COMMAND_STATUS,
};

/*
 * Reads argv of a command, from argv[1] on (argv[0] is its name). What is no option
 * becomes options->inputs. -1: go on; otherwise an exit status, everything said.
 */
int ann_options_read(
	struct ann_options *options, enum ann_command command, int argc, char **argv);

/* Exit status for an error that has been told. */
int ann_exit_of(enum ann_err code);

/* Prints "annotty: " and the story; returns its exit status. */
int ann_fail(const struct ann_error *err);

/* The commands; argv[0] is the command word. They return exit statuses. */
int ann_main_filter(int argc, char **argv);
int ann_main_explain(int argc, char **argv);
int ann_main_codes(int argc, char **argv);
int ann_main_ports(int argc, char **argv);
int ann_main_check(int argc, char **argv);
int ann_main_import(int argc, char **argv);
int ann_main_run(int argc, char **argv);
int ann_main_status(int argc, char **argv);

/* Writes `out` to standard output and releases it. Exit status. */
int ann_print(struct ann_buf *out);

#endif
