/*
 * filter - inputs, one after the other, through the matcher to the outputs.
 */
#ifndef IO_FILTER_H
#define IO_FILTER_H

#include "annotty/matcher.h"
#include "annotty/render.h"
#include "annotty/summary.h"
#include "io/bulk/output.h"
#include "io/fail_on.h"

struct ann_filter_options {
	const char *const *inputs; /* as the user wrote them */
	size_t input_count;
	struct ann_output *outputs; /* open; closed by the filter's caller */
	size_t output_count;
	const struct ann_render_options *renders; /* one for each output */
	struct ann_matcher *matcher;
	struct ann_summary *summary; /* filled; NULL: not wanted */
	struct ann_fail_on fail_on;
	bool only_matching; /* leave out lines without a hit, but for context */
	size_t before;
	size_t after;
	size_t line_limit;         /* bytes; 0: the default */
	uint64_t deadline_mono_ns; /* stop then; 0: never */
	bool progress;             /* a bar on standard error */
	uint64_t progress_bytes;   /* all of the input, 0: not known */
	bool tell_rules;           /* name each hit and its rule on standard error */
	bool single;               /* one worker, for formats that look back */
};

struct ann_filter_result {
	bool failed_on;    /* fail_on was met */
	bool quit;         /* the matcher's stop_at was met */
	bool timed_out;    /* the deadline came */
	bool input_failed; /* an input could not be opened or read; it has been told */
	bool half_line;    /* standard output ends in mid-line */
	uint64_t given_up; /* searches that a line was too hard for */
};

/*
 * Runs to the end of the inputs, a signal, the deadline, or until all outputs are
 * closed by their readers. Inputs that cannot be read are told to `warn` and passed
 * over. ANN_ESYS for an output that fails, ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_filter_run(const struct ann_filter_options *options,
	struct ann_filter_result *result, ann_error_cb warn, struct ann_error *err);

#endif
