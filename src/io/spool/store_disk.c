/*
 * The happy path: an order is made of what there is to do (delete what has ended, write
 * what is staged, read on), carried out on a thread of libuv's pool, and its outcome is
 * taken up on the loop, which makes the next order. What the thread has meanwhile is
 * in io/spool/store_order.h; all else belongs to the loop.
 *
 * An append that fails is tried again every second and after each deletion. Failures
 * are told once, and once that they are over.
 */
#include "io/spool/store_disk.h"

#include "annotty/alloc.h"

#include "io/log.h"
#include "io/spool/spool_path.h"
#include "io/spool/store_order.h"
#include "io/spool/store_private.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum {
	DELETE_RECORDS = 128,
	DELETE_BYTES = 64 * 1024,
	DELETE_MS = 100,
	AGAIN_MS = 1000,
};

struct ann_store_disk {
	struct ann_store *store;
	char *directory; /* NULL: nobody has named one */
	bool drops_oldest;
	uv_timer_t clock; /* until the next deletion, or try */
	uv_work_t request;
	bool busy; /* an order is under way */
	struct ann_store_order order;

	struct ann_spool_totals held;
	struct ann_spool_batch batch; /* to be handed out */
	size_t at;                    /* of it */
	uint64_t read_id;             /* the last one read */
	uint64_t done_id;             /* the last one that has ended */
	uint64_t deleted_id;
	size_t ended; /* records since then */
	uint64_t ended_bytes;
	struct ann_spool_totals dropped; /* not announced yet: behind what was read */
	bool more;                       /* there may be more on disk than was read */
	bool wanted;                     /* somebody asked for it in vain */
	bool stale;                      /* what is being read is not wanted any more */
	bool due;                        /* delete what has ended, however little */
	bool held_off;                   /* no append before something changes */
	bool failing;
	bool full;
	bool told_dropping; /* since the spool was last empty */
	bool closing;
	bool given_up; /* while closing: what is in memory stays there */
};

/* --- life ------------------------------------------------------------------------- */

struct ann_store_disk *ann_store_disk_new(
	struct ann_store *store, const struct ann_store_options *options)
{
	const struct ann_collector_settings *settings = options->settings;
	const char *directory = settings->spool_directory == NULL
					? options->context->state_directory
					: settings->spool_directory;
	struct ann_store_disk *d = ann_alloc(sizeof(*d));

	if (d == NULL) {
		return NULL;
	}
	d->store = store;
	d->order.options.limit_bytes = settings->spool_bytes;
	d->order.group_bytes = options->group_bytes;
	d->drops_oldest = settings->common.policy == ANN_QUEUE_DROP_OLDEST;
	if (directory == NULL) {
		return d; /* which is missed when it is opened */
	}
	d->directory = ann_copy(directory, strlen(directory));
	d->order.path = ann_spool_path(directory, options->endpoint->name);
	if (d->directory == NULL || d->order.path == NULL) {
		ann_store_disk_free(d);
		return NULL;
	}
	return d;
}

void ann_store_disk_free(struct ann_store_disk *d)
{
	if (d != NULL) {
		ann_spool_batch_deinit(&d->batch);
		ann_store_order_deinit(&d->order);
		ann_free(d->directory);
		ann_free(d);
	}
}

void ann_store_disk_begin(struct ann_store_disk *d)
{
	(void)uv_timer_init(d->store->base->loop, &d->clock); /* cannot fail */
	ann_sink_base_opened(d->store->base, (uv_handle_t *)&d->clock);
	ann_sink_base_hold(d->store->base); /* until the spool is closed */
}

static const char *name_of(const struct ann_store_disk *d)
{
	return d->store->base->endpoint->name;
}

/* Of the first opening, and of one that had to wait for another process. */
static void opened(struct ann_store_disk *d)
{
	d->held = ann_spool_held(d->order.spool);
	d->more = d->held.records > 0;
	if (ann_spool_note(d->order.spool) != NULL) {
		ann_log(ANN_LOG_WARNING, "%s: %s", name_of(d),
			ann_spool_note(d->order.spool));
	}
	if (d->more) {
		ann_log(ANN_LOG_NOTICE, "%s: %llu records of an earlier run wait",
			name_of(d), (unsigned long long)d->held.records);
	}
}

enum ann_err ann_store_disk_open(struct ann_store_disk *d, struct ann_error *err)
{
	const char *spec = d->store->base->endpoint->spec;
	struct ann_error why = {0};
	enum ann_err failed = ANN_OK;

	if (d->directory == NULL) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": spool= needs a directory: set spool-directory=, "
			"state-directory in [annotty], or HOME",
			spec);
	}
	failed = ann_make_directory(d->directory, &why);
	if (failed == ANN_OK) {
		failed = ann_store_order_open(&d->order, &why);
	}
	if (failed == ANN_OK) {
		opened(d);
		return ANN_OK;
	}
	if (why.os == EBUSY) {
		d->more = true; /* who asks for that tries again, and tells */
		return ANN_OK;
	}
	return ann_error_set(err, failed, "%s", why.text);
}

/* --- giving orders ---------------------------------------------------------------- */

static void carry_out(uv_work_t *request)
{
	struct ann_store_disk *d = request->data;

	ann_store_order_carry_out(&d->order);
}

static void on_carried_out(uv_work_t *request, int status);

static void submit(struct ann_store_disk *d)
{
	d->busy = true;
	d->stale = false;
	d->due = false;
	d->order.after = d->read_id;
	d->request.data = d;
	/* Fails only without a function to call. */
	(void)uv_queue_work(
		d->store->base->loop, &d->request, carry_out, on_carried_out);
}

static bool has_ended(const struct ann_store_disk *d)
{
	return d->done_id > d->deleted_id;
}

static bool is_exhausted(const struct ann_store_disk *d)
{
	return d->at == d->batch.count;
}

static void on_clock(uv_timer_t *clock)
{
	struct ann_store_disk *d =
		(void *)((char *)clock - offsetof(struct ann_store_disk, clock));

	d->due = true;
	d->held_off = false;
	ann_store_disk_work(d);
}

static void wake_in(struct ann_store_disk *d, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&d->clock) && !d->closing) {
		(void)uv_timer_start(&d->clock, on_clock, ms, 0);
	}
}

/* Deleting is worth a write, or makes room for one. */
static bool deletes(const struct ann_store_disk *d)
{
	return has_ended(d) &&
	       (d->due || d->ended >= DELETE_RECORDS ||
		       d->ended_bytes >= DELETE_BYTES || d->failing || d->full);
}

static void delete_ended(struct ann_store_disk *d)
{
	d->order.acknowledge = d->done_id;
	d->order.ended = d->ended;
	d->order.ended_bytes = d->ended_bytes;
}

void ann_store_disk_work(struct ann_store_disk *d)
{
	struct ann_store_order *order = &d->order;

	if (d->busy || d->closing) {
		return;
	}
	ann_store_order_clear(order);
	if (!d->held_off) {
		ann_store_order_fill(order, d->store);
	}
	order->drop = d->drops_oldest;
	order->read = d->wanted && is_exhausted(d) && (d->more || order->row_count > 0);
	if (deletes(d)) {
		delete_ended(d);
	} else if (has_ended(d)) {
		wake_in(d, DELETE_MS);
	}
	if (order->row_count > 0 || order->read || order->acknowledge > 0) {
		submit(d);
	}
}

/* --- what has come of them -------------------------------------------------------- */

/* Counted now, and announced in their place. */
static void take_losses(struct ann_store_disk *d)
{
	const struct ann_spool_totals *gone[] = {
		&d->order.outcome.damaged, &d->order.outcome.dropped};
	struct ann_sink_base *base = d->store->base;

	if (gone[0]->records > 0) {
		ann_log(ANN_LOG_ERROR, "%s: %llu records were in it", name_of(d),
			(unsigned long long)gone[0]->records);
	}
	if (gone[1]->records > 0 && !d->told_dropping) {
		ann_log(ANN_LOG_WARNING,
			"%s: the spool is full, its oldest records are dropped",
			name_of(d));
	}
	d->told_dropping =
		d->held.records > 0 && (d->told_dropping || gone[1]->records > 0);
	for (size_t i = 0; i < ANN_LEN(gone); i++) {
		d->dropped.lines += gone[i]->lines;
		d->dropped.bytes += gone[i]->bytes;
		base->lost_lines += gone[i]->lines;
		base->lost_bytes += gone[i]->bytes;
		d->more |= gone[i]->records > 0;
	}
}

/* What was read last comes right before what was dropped. */
static void announce_losses(struct ann_store_disk *d)
{
	d->store->base->missed_lines += d->dropped.lines;
	d->store->base->missed_bytes += d->dropped.bytes;
	d->dropped = (struct ann_spool_totals){0};
}

/* Says once that it fails or is full, and once that it works. */
static void tell(struct ann_store_disk *d)
{
	bool failing = d->order.outcome.err.code != ANN_OK;
	bool full = d->order.outcome.appended == ANN_SPOOL_FULL;

	if (failing && !d->failing) {
		ann_log(ANN_LOG_WARNING, "%s: %s", name_of(d),
			d->order.outcome.err.text);
	}
	if (full && !d->full) {
		ann_log(ANN_LOG_WARNING, "%s: the spool is full", name_of(d));
	}
	if (!failing && !full && d->order.row_count == 0 && d->held_off) {
		return; /* it has not been tried */
	}
	if (!failing && !full && (d->failing || d->full)) {
		ann_log(ANN_LOG_NOTICE, "%s: the spool works again", name_of(d));
	}
	d->failing = failing;
	d->full = full;
}

static void take_deleted(struct ann_store_disk *d)
{
	if (d->order.outcome.acknowledged) {
		d->deleted_id = d->order.acknowledge;
		d->ended -= d->order.ended;
		d->ended_bytes -= d->order.ended_bytes;
		d->held_off = false;
	}
}

static void take_appended(struct ann_store_disk *d)
{
	const struct ann_store_order *order = &d->order;

	if (d->order.outcome.appended != ANN_SPOOL_DONE) {
		d->held_off = true;
		d->given_up = d->closing;
		wake_in(d, AGAIN_MS);
	} else if (order->row_count > 0) {
		ann_store_unstage(d->store, order->chunks);
		d->store->at = order->at;
		d->more = true;
	}
}

static void take_read(struct ann_store_disk *d)
{
	struct ann_spool_batch got = d->order.outcome.batch;

	if (!d->order.outcome.read || d->stale) {
		d->more = true;
		if (!d->stale) {
			wake_in(d, AGAIN_MS);
		}
		return;
	}
	announce_losses(d);
	d->order.outcome.batch = d->batch;
	d->batch = got;
	d->at = 0;
	d->more = got.count > 0;
	d->wanted = got.count == 0;
	if (got.count > 0) {
		d->read_id = got.records[got.count - 1].id;
	}
}

static void go_on_closing(struct ann_store_disk *d);

static void on_carried_out(uv_work_t *request, int status)
{
	struct ann_store_disk *d = request->data;

	(void)status;
	d->busy = false;
	d->held = d->order.outcome.held;
	if (d->order.outcome.opened) {
		opened(d);
	}
	tell(d);
	take_losses(d);
	take_deleted(d);
	take_appended(d);
	if (d->order.read) {
		take_read(d);
	}
	if (d->closing) {
		go_on_closing(d);
		return;
	}
	d->store->changed(d->store->base);
	ann_store_disk_work(d);
}

/* --- handing out ------------------------------------------------------------------ */

bool ann_store_disk_next(struct ann_store_disk *d, struct ann_store_record *record)
{
	const struct ann_spool_record *next = NULL;

	if (is_exhausted(d)) {
		d->wanted = true;
		ann_store_disk_work(d);
		return false;
	}
	next = &d->batch.records[d->at];
	*record = (struct ann_store_record){
		.bytes = next->bytes, .lines = next->lines, .id = next->id};
	return true;
}

void ann_store_disk_taken(struct ann_store_disk *d)
{
	d->at++;
}

void ann_store_disk_done(
	struct ann_store_disk *d, const struct ann_store_record *record)
{
	d->done_id = record->id;
	d->ended++;
	d->ended_bytes += record->bytes.len;
	ann_store_disk_work(d);
}

void ann_store_disk_rewind(struct ann_store_disk *d)
{
	d->batch.count = 0;
	d->at = 0;
	d->read_id = d->done_id;
	d->more = true;
	d->wanted = false;
	d->stale = true;
}

/* --- how it stands ---------------------------------------------------------------- */

bool ann_store_disk_is_passed(const struct ann_store_disk *d)
{
	return (d->failing || d->full) && !d->busy && d->order.spool != NULL &&
	       is_exhausted(d) && d->held.records == 0;
}

bool ann_store_disk_is_read(const struct ann_store_disk *d)
{
	return is_exhausted(d) && !d->more && !d->busy;
}

uint64_t ann_store_disk_bytes(const struct ann_store_disk *d)
{
	return d->held.bytes;
}

/* --- the end ---------------------------------------------------------------------- */

static void end(struct ann_store_disk *d)
{
	struct ann_sink_base *base = d->store->base;

	ann_sink_base_undelivered(base, ann_store_give_up(d->store));
	if (d->held.records > 0) {
		ann_log(ANN_LOG_NOTICE, "%s: %llu records wait in the spool",
			base->endpoint->name, (unsigned long long)d->held.records);
	}
	ann_sink_base_drop(base);
}

static void go_on_closing(struct ann_store_disk *d)
{
	if (d->order.close || d->order.spool == NULL) {
		end(d);
		return;
	}
	ann_store_order_clear(&d->order);
	if (!d->given_up) {
		ann_store_order_fill(&d->order, d->store);
	}
	if (has_ended(d)) {
		delete_ended(d);
	}
	d->order.drop = d->drops_oldest;
	d->order.close = d->order.row_count == 0;
	submit(d);
}

void ann_store_disk_close(struct ann_store_disk *d)
{
	d->closing = true;
	ann_sink_base_shut((uv_handle_t *)&d->clock);
	if (!d->busy) {
		go_on_closing(d);
	}
}
