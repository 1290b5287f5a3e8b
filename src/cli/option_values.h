/*
 * option_values - what stands behind an option, read and put in its place.
 *
 * All return false when the value does not fit, and have then told what would.
 */
#ifndef CLI_OPTION_VALUES_H
#define CLI_OPTION_VALUES_H

#include "cli/options.h"

/* One word of a list. That of timestamp and summary may be NULL: the default. */
bool ann_option_format(struct ann_options *options, const char *word);
bool ann_option_placement(struct ann_options *options, const char *word);
bool ann_option_style(struct ann_options *options, const char *word);
bool ann_option_timestamp(struct ann_options *options, const char *word);
bool ann_option_color(struct ann_options *options, const char *word);
bool ann_option_summary(struct ann_options *options, const char *word);

/* Numbers. `option` is the letter of the option, for messages. */
bool ann_option_lines(const char *option, const char *word, size_t *lines);
bool ann_option_timeout(struct ann_options *options, const char *word);

/* One more of those that can be given again; the word is borrowed. */
bool ann_option_file(struct ann_files *files, const char *path);
bool ann_option_output(struct ann_options *options, const char *spec);
bool ann_option_fail_on(struct ann_options *options, const char *what);
bool ann_option_quit_on(struct ann_options *options, const char *regex);

/* A setting of serial ports; both are borrowed, and the last value counts. */
bool ann_option_port(struct ann_options *options, const char *key, const char *value);

#endif
