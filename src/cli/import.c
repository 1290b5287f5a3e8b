#include "annotty/table.h"
#include "cli/options.h"

#include <stdio.h>

static int print_table(const struct ann_codebook *book, struct ann_span family,
	const struct ann_inputs *headers)
{
	struct ann_buf out = {0};
	const struct ann_family *made = ann_codebook_family_named(book, family);

	if (made == NULL || made->count == 0) {
		fprintf(stderr,
			"annotty: %s%s: no integer macros or enumerators found\n",
			headers->path[0], headers->count > 1 ? " and the others" : "");
		return ANN_EXIT_USAGE;
	}
	ann_table_write(made, &out);
	return ann_print(&out);
}

int ann_main_import(int argc, char **argv)
{
	struct ann_options options;
	struct ann_error err = {0};
	struct ann_codebook *book = NULL;
	struct ann_span family;
	int status = ann_options_read(&options, ANN_COMMAND_IMPORT, argc, argv);

	if (status >= 0) {
		return status;
	}
	if (options.inputs.count == 0) {
		fputs("annotty: import needs a C header, such as: annotty import nx_api.h\n",
			stderr);
		return ANN_EXIT_USAGE;
	}
	family = options.family != NULL ? ann_span(options.family)
					: ann_table_family_of(options.inputs.path[0]);
	book = ann_codebook_new();
	if (book == NULL) {
		(void)ann_error_nomem(&err);
		return ann_fail(&err);
	}
	if (ann_load_headers(book, family, &options.inputs, ann_span(options.prefix),
		    !options.quiet, &err) != ANN_OK) {
		status = ann_fail(&err);
	} else {
		status = print_table(book, family, &options.inputs);
	}
	ann_codebook_free(book);
	return status;
}
