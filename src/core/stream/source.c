#include "annotty/source.h"

enum ann_err ann_source_start(struct ann_source *source, struct ann_error *err)
{
	return source->ops->start(source, err);
}

void ann_source_pause(struct ann_source *source)
{
	source->ops->pause(source);
}

void ann_source_resume(struct ann_source *source)
{
	source->ops->resume(source);
}

bool ann_source_write(struct ann_source *source, struct ann_span bytes)
{
	return source->ops->write != NULL && source->ops->write(source, bytes);
}

void ann_source_stats(struct ann_source *source, struct ann_source_stats *stats)
{
	*stats = (struct ann_source_stats){0};
	if (source->ops->stats != NULL) {
		source->ops->stats(source, stats);
	}
}

int ann_source_fd(struct ann_source *source)
{
	return source->ops->fd == NULL ? -1 : source->ops->fd(source);
}

void ann_source_close(struct ann_source *source, void (*closed)(void *user), void *user)
{
	if (source == NULL || source->closing) {
		return;
	}
	source->closing = true;
	source->closed = closed;
	source->closed_user = user;
	source->ops->close(source);
}
