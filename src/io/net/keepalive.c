#include "io/net/keepalive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

enum { MS_PER_S = 1000, PROBES = 3 };

/* A peer that cannot be probed is still a peer, so failures are passed over. */
static void set(int fd, int option, unsigned value)
{
	(void)setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

void ann_keepalive(uv_handle_t *stream, uint64_t idle_ms, uint64_t stuck_ms)
{
	unsigned idle_s = (unsigned)((idle_ms + MS_PER_S - 1) / MS_PER_S);
	uv_os_fd_t fd = -1;

	if (idle_s == 0 || stream->type != UV_TCP || uv_fileno(stream, &fd) != 0) {
		return;
	}
	(void)uv_tcp_keepalive((uv_tcp_t *)stream, 1, idle_s);
	set(fd, TCP_KEEPINTVL, (idle_s + PROBES - 1) / PROBES);
	set(fd, TCP_KEEPCNT, PROBES);
	if (stuck_ms > 0) {
		set(fd, TCP_USER_TIMEOUT, (unsigned)stuck_ms);
	}
}
