/*
 * config_private - a configuration on its way from files (config_files.c) through
 * sections to the daemon's options and plan (config_plan.c), its codes and rules
 * (config.c).
 */
#ifndef CLI_CONFIG_PRIVATE_H
#define CLI_CONFIG_PRIVATE_H

#include "annotty/ini.h"
#include "cli/config.h"

#include <glob.h>

/* [KIND NAME] with its keys; the first place where it stands. */
struct ann_config_section {
	char *kind;
	char *name;
	char *origin; /* FILE:LINE */
	struct ann_settings settings;
};

/* The files of a configuration, in order. */
struct ann_config_files {
	glob_t parts;
	const char *path; /* the file itself; NULL: it is not there, only parts are */
};

/*
 * A file that is not there is a mistake, unless parts of it are. ANN_ENOMEM;
 * globfree() the parts in any case.
 */
ANN_MUST_USE enum ann_err ann_config_find_files(
	struct ann_config_files *files, const char *path, struct ann_error *err);

/* Each entry of each goes to `take`. Mistakes in one do not hide those in the next. */
ANN_MUST_USE enum ann_err ann_config_read_files(const struct ann_config_files *files,
	ann_ini_cb take, void *user, struct ann_error *err);

/* A `take`, with the configuration: keeps what is not of rules. */
enum ann_err ann_config_take_section(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err);
void ann_config_free_sections(struct ann_config *config);

/* Whether sections of this kind are those of rule files. */
bool ann_config_is_rules(struct ann_span kind);

/* NULL: there is none. */
struct ann_config_section *ann_config_section_named(
	struct ann_config *config, struct ann_span kind, struct ann_span name);

/* The section [annotty], into ann_config::daemon. */
ANN_MUST_USE enum ann_err ann_config_read_daemon(
	struct ann_config *config, struct ann_error *err);

/* Sources and outputs, into ann_config::plan; all mistakes are told. */
ANN_MUST_USE enum ann_err ann_config_make_plan(
	struct ann_config *config, struct ann_error *err);

#endif
