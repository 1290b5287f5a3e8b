#include "annotty/sink.h"

enum ann_err ann_sink_start(struct ann_sink *sink, struct ann_error *err)
{
	return sink->ops->start(sink, err);
}

bool ann_sink_offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	/* What comes while it is draining is nobody's any more. */
	return sink->closing || sink->ops->offer(sink, chunk, can_wait);
}

void ann_sink_reopen(struct ann_sink *sink)
{
	if (sink->ops->reopen != NULL && !sink->closing) {
		sink->ops->reopen(sink);
	}
}

void ann_sink_stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	*stats = (struct ann_sink_stats){0};
	if (sink->ops->stats != NULL) {
		sink->ops->stats(sink, stats);
	}
}

const char *ann_sink_state(const struct ann_sink_stats *stats)
{
	const char *without = stats->listens ? "listening" : "away";

	return stats->connected ? "connected" : without;
}

int ann_sink_fd(struct ann_sink *sink)
{
	return sink->ops->fd == NULL ? -1 : sink->ops->fd(sink);
}

void ann_sink_close(struct ann_sink *sink, uint64_t drain_ms,
	void (*closed)(void *user), void *user)
{
	if (sink == NULL) {
		return;
	}
	if (!sink->closing) {
		sink->closing = true;
		sink->closed = closed;
		sink->closed_user = user;
	}
	sink->ops->close(sink, drain_ms);
}
