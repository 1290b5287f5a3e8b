#include "io/sinks.h"

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

const struct ann_sink_driver *ann_sink_driver_find(const struct ann_endpoint *endpoint)
{
	for (size_t i = 0; i < ANN_LEN(drivers); i++) {
		if (strcmp(drivers[i]->scheme, endpoint->scheme) == 0) {
			return drivers[i];
		}
	}
	return NULL;
}

enum ann_err ann_sink_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_sink_events *events, void *user, struct ann_error *err)
{
	const struct ann_sink_driver *driver = ann_sink_driver_find(endpoint);
	enum ann_err failed = ANN_OK;

	if (driver == NULL) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": unknown kind of output; a file is file:PATH",
			endpoint->spec);
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
