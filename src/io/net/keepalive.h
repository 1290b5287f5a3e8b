/*
 * keepalive - notice that a silent peer is gone.
 */
#ifndef IO_KEEPALIVE_H
#define IO_KEEPALIVE_H

#include <uv.h>

/*
 * Probes a connected TCP peer that has been silent for `idle_ms` (whole seconds,
 * rounded up), three times in a third of that each; then reads and writes fail with
 * UV_ETIMEDOUT. 0: never. Other streams than TCP are left alone.
 */
void ann_keepalive(uv_handle_t *stream, uint64_t idle_ms);

#endif
