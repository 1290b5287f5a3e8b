#include "io/port/port_tally.h"

#include "io/clock.h"

static const uint64_t due_ns = 1000000000;

void ann_port_tally_begin(struct ann_port_tally *tally, const struct ann_port *port)
{
	*tally = (struct ann_port_tally){.counted_mono_ns = ann_clock_mono_ns()};
	tally->counts = ann_port_counters(port, &tally->base, NULL) == ANN_OK;
}

void ann_port_tally_count(struct ann_port_tally *tally, const struct ann_port *port)
{
	struct ann_port_counters now;

	tally->counted_mono_ns = ann_clock_mono_ns();
	tally->counts = tally->counts && ann_port_counters(port, &now, NULL) == ANN_OK;
	if (tally->counts) {
		tally->counters = ann_port_counters_since(&tally->base, &now);
	}
}

bool ann_port_tally_is_due(const struct ann_port_tally *tally)
{
	return tally->counts && ann_clock_mono_ns() - tally->counted_mono_ns >= due_ns;
}

uint64_t ann_port_tally_overruns(const struct ann_port_tally *tally)
{
	return (uint64_t)tally->counters.overrun + tally->counters.buffer_overrun;
}

uint64_t ann_port_tally_take_overruns(struct ann_port_tally *tally)
{
	uint64_t new = ann_port_tally_overruns(tally) - tally->taken;

	tally->taken += new;
	return new;
}
