#include "io/net/socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

void ann_socket_init(union ann_socket *socket, uv_loop_t *loop, bool is_unix)
{
	if (is_unix) {
		(void)uv_pipe_init(loop, &socket->pipe, 0);
	} else {
		(void)uv_tcp_init(loop, &socket->tcp);
	}
}

int ann_socket_open(union ann_socket *socket, int fd)
{
	return socket->handle.type == UV_TCP ? uv_tcp_open(&socket->tcp, fd)
					     : uv_pipe_open(&socket->pipe, fd);
}

bool ann_socket_unsent(const uv_stream_t *stream, int *bytes)
{
	uv_os_fd_t fd = -1;

	return uv_fileno((const uv_handle_t *)stream, &fd) == 0 &&
	       ioctl(fd, SIOCOUTQ, bytes) == 0;
}

void ann_socket_give_scratch(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char scratch[4096];

	(void)handle;
	(void)suggested;
	*buffer = uv_buf_init(scratch, sizeof(scratch));
}
