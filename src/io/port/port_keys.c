#include "io/port/port_keys.h"

#define AT(member) offsetof(struct ann_port_wishes, member)

const struct ann_key ann_port_keys[] = {
	{"baudrate", ANN_KEY_NUMBER, AT(baudrate), NULL, 1, UINT32_MAX},
	{"databits", ANN_KEY_NUMBER, AT(databits), NULL, 5, 8},
	{"parity", ANN_KEY_WORD, AT(parity), ann_port_parities, 0, 0},
	{"stopbits", ANN_KEY_NUMBER, AT(stopbits), NULL, 1, 2},
	{"flow", ANN_KEY_WORD, AT(flow), ann_port_flows, 0, 0},
	{"dtr", ANN_KEY_WORD, AT(dtr), ann_port_pins, 0, 0},
	{"rts", ANN_KEY_WORD, AT(rts), ann_port_pins, 0, 0},
	{0},
};

struct ann_port_wishes ann_port_wishes(void)
{
	return (struct ann_port_wishes){
		.baudrate = ann_port_defaults.baudrate,
		.databits = ann_port_defaults.databits,
		.stopbits = ann_port_defaults.stopbits,
		.parity = ann_port_defaults.parity,
		.flow = ann_port_defaults.flow,
		.dtr = ann_port_defaults.dtr,
		.rts = ann_port_defaults.rts,
	};
}

struct ann_port_settings ann_port_wished(const struct ann_port_wishes *wishes)
{
	return (struct ann_port_settings){
		.baudrate = (uint32_t)wishes->baudrate,
		.databits = (unsigned)wishes->databits,
		.parity = (enum ann_parity)wishes->parity,
		.stopbits = (unsigned)wishes->stopbits,
		.flow = (enum ann_flow)wishes->flow,
		.dtr = (enum ann_pin)wishes->dtr,
		.rts = (enum ann_pin)wishes->rts,
	};
}
