#include "io/sink/outflow.h"

#include <string.h>

void ann_outflow_deinit(struct ann_outflow *flow)
{
	ann_buf_deinit(&flow->bytes);
	ann_buf_deinit(&flow->going);
}

void ann_outflow_begin(struct ann_outflow *flow, uv_stream_t *stream)
{
	flow->stream = stream;
	flow->taken = 0;
	ann_buf_clear(&flow->bytes);
}

void ann_outflow_leave(struct ann_outflow *flow)
{
	flow->stream = NULL;
	ann_buf_clear(&flow->bytes);
}

bool ann_outflow_is_full(const struct ann_outflow *flow)
{
	return flow->bytes.len >= ANN_OUTFLOW_BYTES;
}

static void count(struct ann_outflow *flow, size_t bytes)
{
	flow->taken += bytes;
	flow->written_bytes += bytes;
}

uint64_t ann_outflow_taken(const struct ann_outflow *flow)
{
	if (!flow->busy || flow->stream == NULL) {
		return flow->taken;
	}
	return flow->taken + flow->going.len -
	       uv_stream_get_write_queue_size(flow->stream);
}

static void on_written(uv_write_t *request, int status)
{
	struct ann_outflow *flow = request->data;

	flow->busy = false;
	if (flow->stream == NULL) {
		return;
	}
	if (status == 0) {
		count(flow, flow->going.len);
		status = ann_outflow_flush(flow);
	}
	if (status == 0) {
		flow->written(flow->user);
	} else {
		flow->lost(flow->user, status);
	}
}

/* All that waits becomes the request's. */
static int submit(struct ann_outflow *flow)
{
	struct ann_buf rest = flow->bytes;
	uv_buf_t all = uv_buf_init(rest.ptr, (unsigned)rest.len);
	int status = 0;

	flow->bytes = flow->going;
	flow->going = rest;
	ann_buf_clear(&flow->bytes);
	flow->request.data = flow;
	status = uv_write(&flow->request, flow->stream, &all, 1, on_written);
	flow->busy = status == 0;
	return status;
}

static void shift(struct ann_buf *bytes, size_t gone)
{
	bytes->len -= gone;
	memmove(bytes->ptr, bytes->ptr + gone, bytes->len);
}

int ann_outflow_flush(struct ann_outflow *flow)
{
	uv_buf_t all = uv_buf_init(flow->bytes.ptr, (unsigned)flow->bytes.len);
	int taken = 0;

	if (flow->stream != NULL && flow->bytes.failed) {
		return UV_ENOMEM;
	}
	if (flow->stream == NULL || flow->busy || all.len == 0) {
		return 0;
	}
	taken = uv_try_write(flow->stream, &all, 1);
	if (taken < 0 && taken != UV_EAGAIN) {
		return taken;
	}
	if (taken > 0) {
		count(flow, (size_t)taken);
		shift(&flow->bytes, (size_t)taken);
	}
	return flow->bytes.len == 0 ? 0 : submit(flow);
}
