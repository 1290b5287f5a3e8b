/*
 * plan - which sources and outputs there are to be.
 *
 * Made of the command line or of configuration files, and carried out by the
 * application (io/app/app.h), again and again when the configuration is read anew.
 */
#ifndef IO_PLAN_H
#define IO_PLAN_H

#include "annotty/endpoint.h"
#include "annotty/route.h"

/* How a source is read, whatever its kind. */
struct ann_manner {
	bool follow;         /* files are followed, not read to their end */
	bool from_start;     /* from the beginning; otherwise from their end */
	bool reconnect;      /* wait for what went away; otherwise that is an error */
	const char *outputs; /* list of the outputs that it feeds; NULL: all */
};

struct ann_plan_source {
	struct ann_endpoint endpoint; /* with the settings of its kind */
	struct ann_settings settings; /* with those of its manner */
	struct ann_manner manner;     /* read from them; borrows from `settings` */
};

struct ann_plan_output {
	struct ann_endpoint endpoint;     /* with the settings of its sink */
	struct ann_settings looks;        /* with those of its route */
	struct ann_route_options options; /* read from them; borrows from `looks` */
};

/* An all-zero struct is empty. */
struct ann_plan {
	struct ann_plan_source *sources;
	size_t source_count;
	size_t source_room;
	struct ann_plan_output *outputs;
	size_t output_count;
	size_t output_room;
};
void ann_plan_deinit(struct ann_plan *plan);

/*
 * Adds a source; takes over the endpoint in any case. Of its settings, follow,
 * from-start, reconnect and outputs are its manner, `defaults` where they say nothing.
 * ANN_ECONFIG for a name that another one has or that is annotty's own, for the path or
 * listening place of another one, and for settings of the manner that do not fit;
 * ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_plan_add_source(struct ann_plan *plan,
	struct ann_endpoint *endpoint, const struct ann_manner *defaults,
	struct ann_error *err);

/*
 * Adds an output; takes over the endpoint in any case. `defaults`: what the settings do
 * not say; the format and whether only whole records go are those of its kind.
 * ANN_ECONFIG for an unknown kind, the name or listening place of another one, and
 * settings of its looks that do not fit; ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_plan_add_output(struct ann_plan *plan,
	struct ann_endpoint *endpoint, const struct ann_route_options *defaults,
	struct ann_error *err);

/* True when the source feeds the output, by the lists of both. */
bool ann_plan_connects(
	const struct ann_plan_source *source, const struct ann_plan_output *output);

/*
 * ANN_ECONFIG, told one by one if somebody listens: an output writes to the very file
 * that a source reads, which would not come to an end before the disk is full.
 */
ANN_MUST_USE enum ann_err ann_plan_check_loops(
	const struct ann_plan *plan, struct ann_error *err);

#endif
