/*
 * keepalive - notice that a silent peer is gone.
 */
#ifndef IO_KEEPALIVE_H
#define IO_KEEPALIVE_H

#include <uv.h>

/*
 * Probes a connected TCP peer that has been silent for `idle_ms` (whole seconds,
 * rounded up), three times in a third of that each; then reads and writes fail with
 * UV_ETIMEDOUT. With `stuck_ms` they fail only then, and also when the peer has taken
 * nothing for so long of what was written; 0: when the system says so. With `idle_ms` 0
 * nothing is done; other streams than TCP are left alone.
 */
void ann_keepalive(uv_handle_t *stream, uint64_t idle_ms, uint64_t stuck_ms);

#endif
