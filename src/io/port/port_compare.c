/*
 * What a driver made of the settings that were asked for.
 */
#include "io/port/port_private.h"

#include <inttypes.h>

/* Who listens, about which port. */
struct ear {
	const char *path;
	ann_error_cb warn;
	void *user;
};

static void tell(const struct ear *ear, struct ann_error *err)
{
	ann_error_context(err, "%s", ear->path);
	ear->warn(ear->user, err);
}

static void tell_rate(const struct ear *ear, uint32_t want, uint32_t seen)
{
	struct ann_error err = {0};

	if (ann_port_rate_is_off(want, seen)) {
		(void)ann_error_set(&err, ANN_ESYS,
			"asked for %" PRIu32 " baud, but the driver runs at %" PRIu32
			" (%+.1f %%)",
			want, seen, 100.0 * ((double)seen - want) / want);
		tell(ear, &err);
	}
}

static void tell_frame(const struct ear *ear, const struct ann_port_settings *want,
	const struct ann_port_settings *seen)
{
	struct ann_error err = {0};

	if (want->databits != seen->databits || want->parity != seen->parity ||
		want->stopbits != seen->stopbits) {
		(void)ann_error_set(&err, ANN_ESYS,
			"asked for %u databits, parity %s, %u stopbits, but the driver "
			"has %u, %s, %u",
			want->databits, ann_port_parities[want->parity], want->stopbits,
			seen->databits, ann_port_parities[seen->parity],
			seen->stopbits);
		tell(ear, &err);
	}
	if (want->flow != seen->flow) {
		(void)ann_error_set(&err, ANN_ESYS, "the driver has no flow control %s",
			ann_port_flows[want->flow]);
		tell(ear, &err);
	}
}

static void tell_line(
	const struct ear *ear, const char *name, enum ann_pin want, enum ann_pin seen)
{
	struct ann_error err = {0};

	if (want != ANN_PIN_KEEP && seen != want) {
		(void)ann_error_set(&err, ANN_ESYS,
			seen == ANN_PIN_KEEP ? "has no %s to switch %s"
					     : "%s does not switch %s",
			name, ann_port_pins[want]);
		tell(ear, &err);
	}
}

/*
 * Terminals without lines have no wire either: what gadgets and pseudo-terminals call
 * their rate and frame is a number that nobody looks at.
 */
static bool has_wire(const struct ann_port_settings *seen)
{
	return seen->dtr != ANN_PIN_KEEP;
}

void ann_port_compare(const char *path, const struct ann_port_settings *want,
	const struct ann_port_settings *seen, ann_error_cb warn, void *user)
{
	struct ear ear = {path, warn, user};

	if (has_wire(seen)) {
		tell_rate(&ear, want->baudrate, seen->baudrate);
		tell_frame(&ear, want, seen);
	}
	tell_line(&ear, "DTR", want->dtr, seen->dtr);
	tell_line(&ear, "RTS", ann_port_rts(want), seen->rts);
}
