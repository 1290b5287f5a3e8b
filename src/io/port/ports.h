/*
 * ports - which serial ports there are.
 *
 * Real ports, as libserialport and sysfs know them; pseudo-terminals are not among
 * them. Ports of the classic PC kind that may or may not be there are opened for a
 * moment by libserialport to find out; no others are.
 */
#ifndef IO_PORTS_H
#define IO_PORTS_H

#include "annotty/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Strings that are not known are NULL. Some come from the device: any bytes but NUL. */
struct ann_port_info {
	char *path;  /* /dev/ttyUSB0 */
	char *by_id; /* /dev/serial/by-id/…, which stays when it is plugged anew */
	char *description; /* for people; never NULL */
	char *serial_number;
	char *driver; /* of the kernel: ftdi_sio */
	bool is_usb;
	unsigned vendor_id; /* if is_usb */
	unsigned product_id;
};

struct ann_ports {
	struct ann_port_info *all; /* by path; ttyS2 is before ttyS10 */
	size_t count;
};

/* Fills `ports`, to be released by ann_ports_deinit(). None is fine. ANN_ESYS,
 * ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_ports_list(
	struct ann_ports *ports, struct ann_error *err);

void ann_ports_deinit(struct ann_ports *ports);

#endif
