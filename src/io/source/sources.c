#include "io/source/sources.h"

/* In the order in which they are asked. */
static const struct ann_source_driver *const drivers[] = {
	&ann_source_standard, &ann_source_connect, &ann_source_listen, &ann_source_port,
	&ann_source_file, NULL, /* the end */
};

static enum ann_err unknown_kind(
	const struct ann_endpoint *endpoint, struct ann_error *err)
{
	static const char *const schemes[] = {
		"tcp", "telnet", "rfc2217", "unix", "tcp-listen", "unix-listen"};
	const char *near = ann_span_nearest(
		ann_span(endpoint->scheme), schemes, ANN_LEN(schemes), 2);

	return near == NULL
		       ? ann_error_set(err, ANN_ECONFIG,
				 "\"%s\": unknown kind of input; see annotty(1)",
				 endpoint->spec)
		       : ann_error_set(err, ANN_ECONFIG,
				 "\"%s\": unknown kind of input; did you mean \"%s%s\"?",
				 endpoint->spec, near, ann_endpoint_separator(near));
}

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
	return unknown_kind(endpoint, err);
}
