#include "io/source/emit.h"

#include "annotty/alloc.h"
#include "io/clock.h"

void ann_emit_bytes(struct ann_source *source, struct ann_span bytes)
{
	if (!source->closing) {
		source->events->bytes(
			source->user, bytes, ann_clock_wall_ns(), ann_clock_mono_ns());
	}
}

void ann_emit_event(struct ann_source *source, struct ann_event event)
{
	if (!source->closing) {
		event.wall_ns = ann_clock_wall_ns();
		event.mono_ns = ann_clock_mono_ns();
		source->events->event(source->user, &event);
	}
}

void ann_emit_end(struct ann_source *source, const struct ann_error *why)
{
	if (!source->closing) {
		source->events->end(source->user, why);
	}
}

void ann_emit_closed(struct ann_source *source)
{
	void (*closed)(void *user) = source->closed;
	void *user = source->closed_user;

	ann_free(source);
	if (closed != NULL) {
		closed(user);
	}
}
