#include "io/sources.h"

/* In the order in which they are asked. */
static const struct ann_source_driver *const drivers[] = {
	&ann_source_standard, &ann_source_connect, &ann_source_listen, &ann_source_port,
	&ann_source_file, NULL, /* the end */
};

enum ann_err ann_source_new(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	const struct ann_source_events *events, void *user, struct ann_error *err)
{
	for (size_t i = 0; drivers[i] != NULL; i++) {
		if (drivers[i]->fits(endpoint)) {
			enum ann_err failed =
				drivers[i]->new_source(source, context, endpoint, err);

			if (failed == ANN_OK) {
				(*source)->events = events;
				(*source)->user = user;
			}
			return failed;
		}
	}
	return ann_error_set(
		err, ANN_ECONFIG, "\"%s\": unknown kind of input", endpoint->spec);
}
