#include "io/sink/sinks.h"

#include <string.h>

static const struct ann_sink_driver *const drivers[] = {
	&ann_sink_standard,
	&ann_sink_file,
	&ann_sink_tcp,
	&ann_sink_unix,
	&ann_sink_tcp_listen,
	&ann_sink_unix_listen,
	&ann_sink_unix_dgram,
	&ann_sink_syslog,
	&ann_sink_syslog_tcp,
	&ann_sink_syslog_udp,
	&ann_sink_relp,
	&ann_sink_journal,
};

static enum ann_err unknown_kind(const char *spec, struct ann_error *err)
{
	const char *schemes[ANN_LEN(drivers)];
	struct ann_span rest = ann_span(spec);
	struct ann_span word = ann_span_next(&rest, ':');
	const char *near = NULL;

	for (size_t i = 0; i < ANN_LEN(drivers); i++) {
		schemes[i] = drivers[i]->scheme;
	}
	/* Everything is like the first one, `-`. */
	near = ann_span_nearest(word, schemes + 1, ANN_LEN(schemes) - 1, 2);
	return near == NULL ? ann_error_set(err, ANN_ECONFIG,
				      "\"%s\": unknown kind of output; a file is "
				      "file:PATH, for others see annotty(1)",
				      spec)
			    : ann_error_set(err, ANN_ECONFIG,
				      "\"%s\": unknown kind of output; did you mean "
				      "\"%s%s\"?",
				      spec, near, ann_endpoint_separator(near));
}

enum ann_err ann_sink_driver_need(const struct ann_endpoint *endpoint,
	const struct ann_sink_driver **driver, struct ann_error *err)
{
	for (size_t i = 0; i < ANN_LEN(drivers); i++) {
		if (strcmp(drivers[i]->scheme, endpoint->scheme) == 0) {
			*driver = drivers[i];
			return ANN_OK;
		}
	}
	return unknown_kind(endpoint->spec, err);
}

enum ann_err ann_sink_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_sink_events *events, void *user, struct ann_error *err)
{
	const struct ann_sink_driver *driver = NULL;
	enum ann_err failed = ann_sink_driver_need(endpoint, &driver, err);

	if (failed != ANN_OK) {
		return failed;
	}
	if (!driver->spools && ann_settings_get(&endpoint->settings, "spool") != NULL) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": spool= is for outputs that connect: tcp, unix, "
			"syslog+tcp and relp",
			endpoint->spec);
	}
	failed = driver->new_sink(sink, context, endpoint, err);
	if (failed == ANN_OK) {
		(*sink)->events = events;
		(*sink)->user = user;
	}
	return failed;
}
