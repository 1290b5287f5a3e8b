/*
 * config - the configuration of the daemon; annotty.conf(5).
 *
 * One file and the *.conf files of the directory beside it (FILE.d), in the order of
 * their names. A section that comes again adds to the first one, key by key.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "annotty/codebook.h"
#include "annotty/matcher.h"
#include "io/app/plan.h"
#include "io/log.h"

/* The section [annotty]. */
struct ann_daemon_options {
	bool default_rules;
	const char *rules;    /* list of rule files; NULL: none */
	const char *families; /* list of the only ones to find; NULL: all */
	bool annotate_ok;
	uint64_t line_limit; /* bytes */
	uint64_t drain_ms;
	const char *state_directory; /* NULL: that of the service manager, or none */
	const char *metrics;         /* ADDRESS:PORT; NULL: none */
	const char *control;         /* path of a socket; NULL: the default one */
	unsigned log;                /* index of error, warning, notice, info, debug */
};

/* An all-zero struct is empty. Strings are borrowed from `sections`. */
struct ann_config {
	struct ann_daemon_options daemon;
	struct ann_plan plan;
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher;
	struct ann_config_section *sections;
	size_t section_count;
	size_t section_room;
};
void ann_config_deinit(struct ann_config *config);

/*
 * Where the configuration is when nobody says: /etc/annotty/annotty.conf for root and
 * services, $XDG_CONFIG_HOME/annotty/annotty.conf for users. Static.
 */
const char *ann_config_default_path(void);

/*
 * Reads `path`, what stands beside it, and the tables and rules that they name. All
 * mistakes are told when `err->tell` is set. ANN_ECONFIG with FILE:LINE:, ANN_ESYS,
 * ANN_ENOMEM; deinit it in any case.
 */
ANN_MUST_USE enum ann_err ann_config_load(
	struct ann_config *config, const char *path, struct ann_error *err);

/* A key of the section [annotty] as it was given, with its place, or NULL. */
const struct ann_setting *ann_config_daemon_key(
	const struct ann_config *config, const char *key);

/*
 * After ann_config_load() has gone well, or has found mistakes: tells those in the
 * settings of sources and outputs, opening nothing. ANN_ECONFIG, ANN_ENOMEM. The plan
 * is used up.
 */
ANN_MUST_USE enum ann_err ann_config_try_plan(
	struct ann_config *config, struct ann_error *err);

#endif
