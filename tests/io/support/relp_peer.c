#include "relp_peer.h"

#include "io/sink/relp_frame.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINES_MOST = 32 << 20, RAW_MOST = 1 << 20 };

static const char offers[] =
	"200 OK\nrelp_version=0\nrelp_software=test\ncommands=syslog";

void test_relp_peer_init(struct test_relp_peer *peer)
{
	/* The heap of the C library: that of annotty/alloc.h is under test. */
	*peer = (struct test_relp_peer){.fd = -1,
		.raw = malloc(RAW_MOST),
		.lines = malloc(LINES_MOST),
		.answers = SIZE_MAX,
		.most = SIZE_MAX};
}

void test_relp_peer_deinit(struct test_relp_peer *peer)
{
	test_relp_peer_leave(peer);
	free(peer->raw);
	free(peer->lines);
}

void test_relp_peer_meet(struct test_relp_peer *peer, int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
	peer->fd = fd;
	peer->raw_len = 0;
	peer->closed = false;
}

void test_relp_peer_leave(struct test_relp_peer *peer)
{
	if (peer->fd >= 0) {
		close(peer->fd);
	}
	peer->fd = -1;
	peer->raw_len = 0;
}

static void answer(struct test_relp_peer *peer, uint32_t txnr, const char *text)
{
	char frame[256];
	int len = snprintf(frame, sizeof(frame), "%u rsp %zu %s\n", (unsigned)txnr,
		strlen(text), text);

	/* Answers are small; a client that is gone is seen when reading. */
	ssize_t sent = send(peer->fd, frame, (size_t)len, MSG_NOSIGNAL);

	ck_assert(sent == len || (sent < 0 && errno != EAGAIN));
}

static void take_record(struct test_relp_peer *peer, const struct ann_relp_frame *frame)
{
	bool refused = peer->refuses != NULL && peer->refuses(frame->data);

	peer->answers -= peer->answers != SIZE_MAX;
	peer->records++;
	if (!refused) {
		ck_assert_uint_lt(peer->lines_len + frame->data.len + 1, LINES_MOST);
		memcpy(peer->lines + peer->lines_len, frame->data.ptr, frame->data.len);
		peer->lines_len += frame->data.len;
		if (frame->data.ptr[frame->data.len - 1] != '\n') {
			peer->lines[peer->lines_len++] = '\n';
		}
	}
	answer(peer, frame->txnr, refused ? "500 no" : "200 OK");
}

static void take_frame(struct test_relp_peer *peer, const struct ann_relp_frame *frame)
{
	if (ann_span_is(frame->command, "open")) {
		answer(peer, frame->txnr, offers);
	} else if (ann_span_is(frame->command, "close")) {
		answer(peer, frame->txnr, "200 OK");
		peer->closed = true;
	} else {
		ck_assert(ann_span_is(frame->command, "syslog"));
		take_record(peer, frame);
	}
}

/* Reads only what it also takes: a peer that is slow is one that reads slowly. */
static bool read_more(struct test_relp_peer *peer)
{
	ssize_t got = peer->fd < 0 ? 0
				   : read(peer->fd, peer->raw + peer->raw_len,
					     RAW_MOST - peer->raw_len);

	if (got == 0 && peer->fd >= 0) {
		test_relp_peer_leave(peer);
	}
	peer->raw_len += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static bool is_willing(const struct test_relp_peer *peer)
{
	return peer->answers > 0 && peer->lines_len < peer->most;
}

struct ann_span test_relp_peer_work(struct test_relp_peer *peer)
{
	struct ann_span rest;
	struct ann_relp_frame frame;

	do {
		rest = (struct ann_span){peer->raw, peer->raw_len};
		while (is_willing(peer) &&
			ann_relp_frame_read(&rest, &frame) == ANN_RELP_WHOLE) {
			take_frame(peer, &frame);
		}
		memmove(peer->raw, rest.ptr, rest.len);
		peer->raw_len = rest.len;
	} while (is_willing(peer) && read_more(peer));
	return (struct ann_span){peer->lines, peer->lines_len};
}
