/*
 * setup - what the command line says about codes, rules and the end, made ready.
 */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "cli/options.h"

struct ann_setup {
	const struct ann_options *options;
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher;
	struct ann_summary *summary; /* NULL: not asked for */
	struct ann_fail_on fail_on;
};

/*
 * Loads tables and rules and makes the rest of `options`, which are borrowed.
 * ANN_ECONFIG, ANN_ESYS, ANN_ENOMEM; release it in any case.
 */
ANN_MUST_USE enum ann_err ann_setup_make(struct ann_setup *setup,
	const struct ann_options *options, struct ann_error *err);
void ann_setup_release(struct ann_setup *setup);

/* What the run has seen, to standard error, if it was asked for. */
void ann_setup_print_summary(const struct ann_setup *setup);

/* How the outputs look that do not say otherwise. `terminal`: they are one. */
bool ann_setup_wants_color(const struct ann_options *options, bool terminal);

/* The exit status of a run that went through; tells a time limit that came too early.
 */
int ann_setup_status(
	const struct ann_setup *setup, bool timed_out, bool io_failed, bool failed_on);

#endif
