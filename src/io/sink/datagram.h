/*
 * datagram - one record to a local or remote receiver.
 */
#ifndef IO_DATAGRAM_H
#define IO_DATAGRAM_H

#include "annotty/span.h"

enum ann_datagram_kind {
	ANN_DATAGRAM_PLAIN,  /* as it is */
	ANN_DATAGRAM_SYSLOG, /* without its line end; too long: its end is cut off */
	/* Too long: handed over as a sealed memory file, as systemd's native protocol
	 * has it (systemd.io/JOURNAL_NATIVE_PROTOCOL). Done here and not by
	 * sd_journal_sendv(3), which waits while the journal is busy. */
	ANN_DATAGRAM_JOURNAL,
};

/* Sends to the peer of `fd` without waiting. 0, or the errno. */
int ann_datagram_send(int fd, enum ann_datagram_kind kind, struct ann_span record);

#endif
