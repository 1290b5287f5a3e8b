#include "io/sink/collector.h"

enum {
	KEEPALIVE_MS = 30000,
	STUCK = 10, /* times as long: one that has stopped to read is no better */
	DAY_MS = 86400000,
	SPOOL_LEAST = 1 << 20,
	SHORT_QUEUE_BYTES = 256 * 1024
};

#define AT(member) offsetof(struct ann_collector_settings, member)

const struct ann_key ann_collector_keys[] = {
	{"retry", ANN_KEY_DURATION, AT(retry_ms), NULL, 1, DAY_MS},
	{"retry-most", ANN_KEY_DURATION, AT(retry_most_ms), NULL, 1, DAY_MS},
	{"spool", ANN_KEY_SIZE, AT(spool_bytes), NULL, SPOOL_LEAST, 0},
	{"spool-directory", ANN_KEY_TEXT, AT(spool_directory), NULL, 0, 0},
	{0},
};

const struct ann_key ann_collector_tcp_keys[] = {
	{"keepalive", ANN_KEY_DURATION, AT(keepalive_ms), NULL, 0, DAY_MS},
	{0},
};

struct ann_collector_settings ann_collector_defaults(
	const struct ann_sink_context *context)
{
	return (struct ann_collector_settings){
		.common = {context->queue_bytes, context->policy},
		.retry_ms = ANN_BACKOFF_LEAST_MS,
		.retry_most_ms = ANN_BACKOFF_MOST_MS,
		.keepalive_ms = KEEPALIVE_MS,
	};
}

enum ann_err ann_collector_read(struct ann_collector_settings *settings,
	const struct ann_endpoint *endpoint, ann_keys keys, struct ann_error *err)
{
	enum ann_err failed =
		ann_settings_read(&endpoint->settings, keys, settings, err);

	if (settings->spool_bytes > 0 &&
		ann_settings_get(&endpoint->settings, "queue") == NULL) {
		settings->common.queue_bytes = SHORT_QUEUE_BYTES;
	}
	return failed;
}

void ann_collector_apply(
	const struct ann_collector_settings *settings, struct ann_link *link)
{
	link->keepalive_ms = settings->keepalive_ms;
	link->stuck_ms = STUCK * settings->keepalive_ms;
	ann_backoff_init(&link->backoff, settings->retry_ms, settings->retry_most_ms,
		uv_hrtime() ^ (uintptr_t)link);
}
