#include "io/spool/store_order.h"

#include "annotty/alloc.h"

#include "io/spool/store_private.h"

enum { READ_RECORDS = 1024, READ_BYTES = 64 * 1024 };

void ann_store_order_deinit(struct ann_store_order *order)
{
	ann_spool_batch_deinit(&order->outcome.batch);
	ann_free(order->rows);
	ann_free(order->path);
}

enum ann_err ann_store_order_open(struct ann_store_order *order, struct ann_error *err)
{
	order->spool = ann_spool_open(order->path, &order->options, err);
	return order->spool == NULL ? err->code : ANN_OK;
}

/* --- making ----------------------------------------------------------------------- */

void ann_store_order_clear(struct ann_store_order *order)
{
	*order = (struct ann_store_order){
		.spool = order->spool,
		.path = order->path,
		.options = order->options,
		.group_bytes = order->group_bytes,
		.rows = order->rows,
		.row_room = order->row_room,
		.outcome.batch = order->outcome.batch,
	};
}

/* Puts the next records of `chunk` together. Returns how many; 0: no memory. */
static size_t add_row(
	struct ann_store_order *order, const struct ann_chunk *chunk, size_t at)
{
	struct ann_store_record record = ann_store_record_at(chunk, at);
	struct ann_spool_record row = {.lines = record.lines, .bytes = record.bytes};
	size_t count = 1;

	while (at + count < ann_store_records(chunk)) {
		record = ann_store_record_at(chunk, at + count);
		if (row.bytes.len + record.bytes.len > order->group_bytes) {
			break;
		}
		row.bytes.len += record.bytes.len;
		row.lines += record.lines;
		count++;
	}
	if (ann_grow((void **)&order->rows, &order->row_room, order->row_count,
		    sizeof(row)) != 0) {
		return 0;
	}
	order->rows[order->row_count++] = row;
	return count;
}

void ann_store_order_fill(struct ann_store_order *order, struct ann_store *store)
{
	uint64_t bytes = 0;
	size_t added = 1;

	order->at = store->at;
	while (bytes < ANN_STORE_ORDER_BYTES && added > 0 &&
		(order->chunks < store->staged_count || ann_store_stage(store))) {
		const struct ann_chunk *chunk = store->staged[order->chunks];

		added = add_row(order, chunk, order->at);
		order->at += added;
		if (added > 0) {
			bytes += order->rows[order->row_count - 1].bytes.len +
				 ANN_SPOOL_RECORD_OVERHEAD;
		}
		if (order->at == ann_store_records(chunk)) {
			order->chunks++;
			order->at = 0;
		}
	}
}

/* --- carrying out ----------------------------------------------------------------- */

/* What a failed call has not only failed to do. */
static void failed_with(
	struct ann_store_order *order, const struct ann_spool_totals *before)
{
	struct ann_spool_totals now = ann_spool_held(order->spool);
	struct ann_spool_totals *gone = &order->outcome.damaged;

	gone->records += before->records - now.records;
	gone->lines += before->lines - now.lines;
	gone->bytes += before->bytes - now.bytes;
}

static void acknowledge(struct ann_store_order *order)
{
	struct ann_spool_totals before = ann_spool_held(order->spool);
	struct ann_store_outcome *outcome = &order->outcome;

	outcome->acknowledged = ann_spool_acknowledge(order->spool, order->acknowledge,
					&outcome->err) == ANN_OK;
	if (!outcome->acknowledged) {
		failed_with(order, &before);
	}
}

static void append(struct ann_store_order *order)
{
	struct ann_store_outcome *outcome = &order->outcome;
	struct ann_spool_totals before = ann_spool_held(order->spool);
	uint64_t bytes = 0;

	outcome->appended = ann_spool_append(
		order->spool, order->rows, order->row_count, &outcome->err);
	for (size_t i = 0; i < order->row_count; i++) {
		bytes += order->rows[i].bytes.len + ANN_SPOOL_RECORD_OVERHEAD;
	}
	if (outcome->appended == ANN_SPOOL_FULL && order->drop &&
		ann_spool_drop_oldest(order->spool, order->after, bytes,
			&outcome->dropped, &outcome->err) == ANN_OK) {
		outcome->appended = ann_spool_append(
			order->spool, order->rows, order->row_count, &outcome->err);
	} else if (outcome->appended == ANN_SPOOL_FAILED) {
		failed_with(order, &before);
	}
}

static void read_on(struct ann_store_order *order)
{
	struct ann_spool_totals before = ann_spool_held(order->spool);
	struct ann_store_outcome *outcome = &order->outcome;

	outcome->read = ann_spool_peek(order->spool, order->after, READ_RECORDS,
				READ_BYTES, &outcome->batch, &outcome->err) == ANN_OK;
	if (!outcome->read) {
		failed_with(order, &before);
	}
}

void ann_store_order_carry_out(struct ann_store_order *order)
{
	struct ann_store_outcome *outcome = &order->outcome;

	if (order->spool == NULL) {
		outcome->opened = ann_store_order_open(order, &outcome->err) == ANN_OK;
		if (!outcome->opened) {
			outcome->appended = ANN_SPOOL_FAILED;
			return;
		}
	}
	if (order->acknowledge > 0) {
		acknowledge(order);
	}
	if (order->row_count > 0) {
		append(order);
	}
	if (order->read) {
		read_on(order);
	}
	outcome->held = ann_spool_held(order->spool);
	if (order->close) {
		ann_spool_close(order->spool);
		order->spool = NULL;
	}
}
