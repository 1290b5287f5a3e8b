#include "cli/options.h"

#include <stdio.h>

enum { NAME_COLUMNS = 46 };

static void add_code(
	const struct ann_code *code, bool json, bool first, struct ann_buf *out)
{
	if (json) {
		ann_buf_str(out, first ? "\n" : ",\n");
		ann_render_code(code, out);
		return;
	}
	bool described = code->description.len > 0;

	ann_buf_printf(out, "%-8s %-8s %-*.*s%s%.*s\n", ann_code_hex(code->value).text,
		ann_severity_name(code->severity), described ? NAME_COLUMNS : 0,
		ANN_SPAN_ARG(code->name), described ? " " : "",
		ANN_SPAN_ARG(code->description));
}

static void add_family(
	const struct ann_family *family, bool json, bool first, struct ann_buf *out)
{
	const struct ann_code *codes = ann_family_codes(family);

	if (!json) {
		ann_buf_printf(out, "%s# %.*s%s%.*s\n", first ? "" : "\n",
			ANN_SPAN_ARG(family->name), family->title.len > 0 ? ": " : "",
			ANN_SPAN_ARG(family->title));
	}
	for (size_t i = 0; i < family->count; i++) {
		add_code(&codes[i], json, first && i == 0, out);
	}
}

static int print_codes(
	const struct ann_codebook *book, const struct ann_options *options)
{
	struct ann_error err = {0};
	struct ann_buf out = {0};
	const struct ann_family *only = NULL;

	if (options->family != NULL &&
		ann_codebook_need_family(
			book, ann_span(options->family), &only, &err) != ANN_OK) {
		return ann_fail(&err);
	}
	ann_buf_str(&out, options->json ? "[" : "");
	for (size_t i = 0; i < ann_codebook_families(book); i++) {
		const struct ann_family *family = ann_codebook_family(book, i);

		if (only == NULL || only == family) {
			add_family(family, options->json, only != NULL || i == 0, &out);
		}
	}
	ann_buf_str(&out, options->json ? "\n]\n" : "");
	return ann_print(&out);
}

int ann_main_codes(int argc, char **argv)
{
	struct ann_options options;
	struct ann_codebook *book = NULL;
	struct ann_error err = {0};
	int status = ann_options_read(&options, ANN_COMMAND_CODES, argc, argv);

	if (status >= 0) {
		return status;
	}
	if (options.inputs.count > 0) {
		fprintf(stderr,
			"annotty: codes takes no argument, found \"%s\"; did you mean "
			"--family %s?\n",
			options.inputs.path[0], options.inputs.path[0]);
		return ANN_EXIT_USAGE;
	}
	if (ann_load_book(&book, &options.tables, !options.quiet, &err) != ANN_OK) {
		return ann_fail(&err);
	}
	status = print_codes(book, &options);
	ann_codebook_free(book);
	return status;
}
