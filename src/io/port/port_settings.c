#include "io/port/port.h"
#include "io/port/port_private.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

const struct ann_port_settings ann_port_defaults = {
	.baudrate = 115200,
	.databits = 8,
	.parity = ANN_PARITY_NONE,
	.stopbits = 1,
	.flow = ANN_FLOW_NONE,
	.dtr = ANN_PIN_KEEP,
	.rts = ANN_PIN_KEEP,
};

const char *const ann_port_parities[] = {"none", "odd", "even", "mark", "space", NULL};
const char *const ann_port_flows[] = {"none", "rtscts", "xonxoff", NULL};
const char *const ann_port_pins[] = {"keep", "on", "off", NULL};

enum ann_err ann_port_settings_check(
	const struct ann_port_settings *settings, struct ann_error *err)
{
	if (settings->baudrate == 0 || settings->baudrate > INT_MAX) {
		return ann_error_set(err, ANN_ECONFIG,
			"baudrate %" PRIu32
			": not a rate; it is in bits a second, such as 115200",
			settings->baudrate);
	}
	if (settings->databits < 5 || settings->databits > 8) {
		return ann_error_set(err, ANN_ECONFIG, "databits %u: from 5 to 8",
			settings->databits);
	}
	if (settings->stopbits < 1 || settings->stopbits > 2) {
		return ann_error_set(
			err, ANN_ECONFIG, "stopbits %u: 1 or 2", settings->stopbits);
	}
	return ANN_OK;
}

enum ann_pin ann_port_rts(const struct ann_port_settings *settings)
{
	return settings->flow == ANN_FLOW_RTSCTS ? ANN_PIN_KEEP : settings->rts;
}

enum ann_err ann_port_refused(
	int os, const struct ann_port_settings *want, struct ann_error *err)
{
	if (os != EINVAL) {
		return ann_error_os(err, os, "settings");
	}
	return ann_error_set(err, ANN_ECONFIG,
		"the driver refuses %" PRIu32
		" baud, %u databits, parity %s, %u stopbits",
		want->baudrate, want->databits, ann_port_parities[want->parity],
		want->stopbits);
}

bool ann_port_rate_is_off(uint32_t wanted, uint32_t real)
{
	uint64_t apart = wanted > real ? wanted - real : real - wanted;

	return apart * 100 > (uint64_t)wanted * 3;
}
