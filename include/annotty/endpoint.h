/*
 * endpoint - an input or output as the user names it.
 *
 *     -                           standard input or output
 *     /dev/ttyACM0?baudrate=9600  a path, with settings behind it
 *     tcp://host:port?…           HOST:PORT schemes; [v6::addr]:port as in URLs
 *     unix:PATH?…                 PATH schemes
 */
#ifndef ANNOTTY_ENDPOINT_H
#define ANNOTTY_ENDPOINT_H

#include "annotty/settings.h"

struct ann_endpoint {
	char *name;   /* what it is called in messages and records */
	char *spec;   /* as the user wrote it */
	char *scheme; /* "tcp", "unix-listen", "file", …; "" for a path, "-" for `-` */
	char *path;   /* of a path or PATH scheme; else NULL */
	char *host;   /* of a HOST:PORT scheme, without brackets; "" when left out */
	char *port;   /* of a HOST:PORT scheme: number or service name */
	char *origin; /* FILE:LINE where it stands; NULL: on the command line */
	struct ann_settings settings;
};

/*
 * Reads a specification. Schemes with `://` are HOST:PORT, others in the list of known
 * ones (unix, unix-listen, unix-dgram, file, syslog, journal) are PATH, which may be
 * empty; anything else is a path, in which `?` is a letter if a file of that name
 * exists (nobody asks the file system here: `exists` is asked; NULL: it never does).
 * `name` NULL: the specification without its settings.
 * ANN_ECONFIG names the specification; ANN_ENOMEM. All or nothing.
 */
ANN_MUST_USE enum ann_err ann_endpoint_init(struct ann_endpoint *endpoint,
	const char *name, const char *spec, bool (*exists)(const char *path),
	struct ann_error *err);

/* What stands behind a scheme: `:` before a path, `://` before HOST:PORT. Static. */
const char *ann_endpoint_separator(const char *scheme);

/*
 * It stands at `origin`, FILE:LINE, and so do the settings behind its specification:
 * stories about them begin with that. Before other settings are added. ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_endpoint_set_origin(
	struct ann_endpoint *endpoint, const char *origin, struct ann_error *err);

/* Puts its origin, if it has one, before a story that begins with its specification. */
void ann_endpoint_context(const struct ann_endpoint *endpoint, struct ann_error *err);

/* An all-zero struct is fine. */
void ann_endpoint_deinit(struct ann_endpoint *endpoint);

/* Same scheme and place, as they are written; names and settings do not matter. */
bool ann_endpoint_same_place(
	const struct ann_endpoint *a, const struct ann_endpoint *b);

/* The same with the same settings. */
bool ann_endpoint_equal(const struct ann_endpoint *a, const struct ann_endpoint *b);

#endif
