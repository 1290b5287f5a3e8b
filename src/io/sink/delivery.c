#include "io/sink/delivery.h"

/* --- from the loop ---------------------------------------------------------------- */

void ann_delivery_push(struct ann_delivery *delivery)
{
	if (delivery->out.stream != NULL) {
		delivery->kind->push(delivery);
	}
}

void ann_delivery_go_on(struct ann_delivery *delivery)
{
	ann_delivery_push(delivery);
	ann_sink_base_written(&delivery->base, ann_store_room(&delivery->store));
}

void ann_delivery_lose(struct ann_delivery *delivery, int status)
{
	delivery->kind->lose(delivery, status);
	ann_delivery_go_on(delivery);
}

static void on_changed(struct ann_sink_base *base)
{
	ann_delivery_go_on((struct ann_delivery *)base);
}

static void on_written(void *user)
{
	ann_delivery_go_on(user);
}

static void on_dead(void *user, int status)
{
	ann_delivery_lose(user, status);
}

static void on_up(void *user)
{
	struct ann_delivery *d = user;
	int status = 0;

	ann_outflow_begin(&d->out, &d->link.peer.stream);
	status = d->kind->begin(d);
	if (status != 0) {
		d->kind->lose(d, status);
	}
	ann_delivery_go_on(d);
}

/* While closing this can be the end. */
static void on_away(void *user)
{
	ann_delivery_go_on(user);
}

/* --- as a sink -------------------------------------------------------------------- */

enum ann_err ann_delivery_start(struct ann_sink *sink, struct ann_error *err)
{
	struct ann_delivery *d = (struct ann_delivery *)sink;
	enum ann_err failed = ann_store_open(&d->store, err);

	if (failed == ANN_OK) {
		ann_link_start(&d->link);
	}
	return failed;
}

bool ann_delivery_offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct ann_delivery *d = (struct ann_delivery *)sink;
	struct ann_chunk *framed = ann_sink_base_framed(&d->base, chunk);
	bool room = true;

	if (framed != NULL) {
		room = ann_store_put(&d->store, framed, can_wait);
		ann_chunk_unref(framed);
	}
	ann_delivery_push(d);
	room |= ann_store_room(&d->store);
	return room || !d->base.blocks;
}

void ann_delivery_stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct ann_delivery *d = (const struct ann_delivery *)sink;

	ann_store_stats(&d->store, stats);
	stats->connected = d->link.is_up;
	stats->away = d->link.told;
	stats->connects = d->link.ups;
	stats->written_bytes = d->out.written_bytes;
}

/* --- life ------------------------------------------------------------------------- */

enum ann_err ann_delivery_init(struct ann_delivery *delivery,
	const struct ann_sink_ops *ops, const struct ann_delivery_kind *kind,
	struct ann_store_options options)
{
	struct ann_sink_base *base = &delivery->base;

	options.changed = on_changed;
	if (ann_store_init(&delivery->store, base, &options) != ANN_OK) {
		return ANN_ENOMEM;
	}
	ann_sink_base_init(base, ops, &kind->base, options.context, options.endpoint,
		&options.settings->common);
	ann_link_init(&delivery->link, base->loop, options.endpoint, on_up, delivery);
	delivery->link.away = on_away;
	ann_collector_apply(options.settings, &delivery->link);
	ann_sink_base_hold(base); /* until the link is closed */
	ann_store_begin(&delivery->store);
	delivery->kind = kind;
	delivery->out.written = on_written;
	delivery->out.lost = on_dead;
	delivery->out.user = delivery;
	return ANN_OK;
}

static void on_link_closed(void *user)
{
	ann_sink_base_drop(user);
}

void ann_delivery_stop(struct ann_delivery *delivery, bool written)
{
	ann_outflow_leave(&delivery->out);
	if (written) {
		ann_link_part(&delivery->link, on_link_closed);
	} else {
		ann_link_close(&delivery->link, on_link_closed);
	}
	ann_store_close(&delivery->store);
}

void ann_delivery_deinit(struct ann_delivery *delivery)
{
	ann_store_deinit(&delivery->store);
	ann_outflow_deinit(&delivery->out);
}
