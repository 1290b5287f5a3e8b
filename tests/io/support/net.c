#include "net.h"

#include "loop.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static struct sockaddr_un at_path(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int listen_at(const void *address, socklen_t len, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	ck_assert_msg(bind(fd, address, len) == 0 && listen(fd, 4) == 0, "%s",
		strerror(errno));
	return fd;
}

int test_net_listen_tcp(unsigned *port)
{
	struct sockaddr_in address = loopback(*port);
	socklen_t len = sizeof(address);
	int fd = listen_at(&address, len, AF_INET);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

int test_net_listen_unix(const char *path)
{
	struct sockaddr_un address = at_path(path);

	return listen_at(&address, sizeof(address), AF_UNIX);
}

struct waiting {
	int fd;
	int got;
	struct ann_span rest;
};

static bool has_accepted(void *user)
{
	struct waiting *w = user;

	w->got = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert(w->got >= 0 || errno == EAGAIN);
	return w->got >= 0;
}

int test_net_accept(uv_loop_t *loop, int listener)
{
	struct waiting w = {.fd = listener};

	test_loop_until(loop, "a connection", has_accepted, &w);
	return w.got;
}

static int connect_to(const void *address, socklen_t len, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_msg(connect(fd, address, len) == 0, "connect: %s", strerror(errno));
	return fd;
}

int test_net_connect_tcp(unsigned port)
{
	struct sockaddr_in address = loopback(port);

	return connect_to(&address, sizeof(address), AF_INET);
}

int test_net_connect_unix(const char *path)
{
	struct sockaddr_un address = at_path(path);

	return connect_to(&address, sizeof(address), AF_UNIX);
}

void test_net_say(int fd, struct ann_span bytes)
{
	ck_assert_int_eq(send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
}

static bool has_heard(void *user)
{
	struct waiting *w = user;
	char found[4096];
	ssize_t got = recv(w->fd, found, sizeof(found), MSG_DONTWAIT);

	ck_assert_msg(got != 0, "the other end has closed");
	if (got > 0) {
		ck_assert_uint_le((size_t)got, w->rest.len);
		ck_assert_mem_eq(found, w->rest.ptr, (size_t)got);
		w->rest.ptr += got;
		w->rest.len -= (size_t)got;
	}
	return w->rest.len == 0;
}

void test_net_hear(uv_loop_t *loop, int fd, struct ann_span bytes)
{
	struct waiting w = {.fd = fd, .rest = bytes};

	test_loop_until(loop, "bytes at the other end", has_heard, &w);
}

static bool has_ended(void *user)
{
	char byte = 0;
	ssize_t got = recv(((struct waiting *)user)->fd, &byte, 1, MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

void test_net_hear_end(uv_loop_t *loop, int fd)
{
	struct waiting w = {.fd = fd};

	test_loop_until(loop, "the other end to close", has_ended, &w);
}

void test_net_reset(int fd)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}
