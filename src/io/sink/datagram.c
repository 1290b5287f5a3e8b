#include "io/sink/datagram.h"

#include "io/sink/framing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { UDP_MOST = 65535 - 20 - 8 }; /* of data, over IPv4 */

static int send_bytes(int fd, struct ann_span bytes)
{
	ssize_t sent = 0;

	do {
		sent = send(fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? errno : 0;
}

static int send_descriptor(int fd, int file)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	const struct msghdr message = {
		.msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &file, sizeof(int));
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int send_file(int fd, struct ann_span record)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	int file = memfd_create("annotty", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = 0;

	if (file < 0) {
		return errno;
	}
	errno = ENOSPC; /* of a write that takes less */
	if (write(file, record.ptr, record.len) != (ssize_t)record.len ||
		fcntl(file, F_ADD_SEALS, seals) != 0) {
		error = errno;
	} else {
		error = send_descriptor(fd, file);
	}
	close(file);
	return error;
}

int ann_datagram_send(int fd, enum ann_datagram_kind kind, struct ann_span record)
{
	int error = 0;

	if (kind == ANN_DATAGRAM_SYSLOG) {
		record = ann_record_bare(record);
	}
	error = send_bytes(fd, record);
	if (error == EMSGSIZE && kind == ANN_DATAGRAM_SYSLOG) {
		error = send_bytes(fd, ann_span_front(record, UDP_MOST));
	}
	if (error == EMSGSIZE && kind == ANN_DATAGRAM_JOURNAL) {
		error = send_file(fd, record);
	}
	return error;
}
