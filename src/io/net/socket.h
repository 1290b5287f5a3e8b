/*
 * socket - the handle of a stream socket, TCP or Unix.
 */
#ifndef IO_SOCKET_H
#define IO_SOCKET_H

#include <stdbool.h>
#include <uv.h>

union ann_socket {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
};

/* A handle that has no socket yet. Cannot fail; from then on it has to be closed. */
void ann_socket_init(union ann_socket *socket, uv_loop_t *loop, bool is_unix);

/* Takes `fd`, of the kind that was said before. A status of libuv, and then `fd` stays
 * the caller's. */
int ann_socket_open(union ann_socket *socket, int fd);

/*
 * How many bytes that were written the peer's system has not acknowledged; of a Unix
 * socket, which the peer has not read, and overhead if there are any. False: nobody
 * knows.
 */
bool ann_socket_unsent(const uv_stream_t *stream, int *bytes);

/* A uv_alloc_cb for what is read only so that the end behind it is seen: all reads
 * share one buffer. */
void ann_socket_give_scratch(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);

#endif
