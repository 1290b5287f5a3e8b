#include "io/source/com_port.h"

#include <stdio.h>

/* Of RFC 2217; the server's numbers are those of the client and 100. */
enum {
	SET_BAUDRATE = 1,
	SET_DATASIZE = 2,
	SET_PARITY = 3,
	SET_STOPSIZE = 4,
	SET_CONTROL = 5,
	NOTIFY_LINESTATE = 6,
	SET_LINESTATE_MASK = 10,
	SET_MODEMSTATE_MASK = 11,
	FROM_SERVER = 100,
};

enum control {
	FLOW_NONE = 1,
	FLOW_XONXOFF = 2,
	FLOW_RTSCTS = 3,
	DTR_ON = 8,
	DTR_OFF = 9,
	RTS_ON = 11,
	RTS_OFF = 12,
};

enum linestate {
	LINE_OVERRUN = 2,
	LINE_PARITY = 4,
	LINE_FRAMING = 8,
	LINE_BREAK = 16,
	LINE_ALL = LINE_OVERRUN | LINE_PARITY | LINE_FRAMING | LINE_BREAK,
};

enum { RATE_BYTES = 4 };

/* --- requests ------------------------------------------------------------------- */

struct speaker {
	void (*say)(void *user, struct ann_span request);
	void *user;
};

static void say_byte(const struct speaker *speaker, unsigned code, unsigned value)
{
	char request[] = {(char)code, (char)value};

	speaker->say(speaker->user, (struct ann_span){request, sizeof(request)});
}

static void say_rate(const struct speaker *speaker, uint32_t rate)
{
	char request[] = {SET_BAUDRATE, (char)(rate >> 24), (char)(rate >> 16),
		(char)(rate >> 8), (char)rate};

	speaker->say(speaker->user, (struct ann_span){request, sizeof(request)});
}

static unsigned flow_control(enum ann_flow flow)
{
	static const unsigned controls[] = {
		[ANN_FLOW_NONE] = FLOW_NONE,
		[ANN_FLOW_RTSCTS] = FLOW_RTSCTS,
		[ANN_FLOW_XONXOFF] = FLOW_XONXOFF,
	};

	return controls[flow];
}

/* Nothing for a line that is to be kept. */
static void say_line(
	const struct speaker *speaker, enum ann_pin line, unsigned on, unsigned off)
{
	if (line != ANN_PIN_KEEP) {
		say_byte(speaker, SET_CONTROL, line == ANN_PIN_ON ? on : off);
	}
}

void ann_com_port_request(const struct ann_port_settings *settings,
	void (*say)(void *user, struct ann_span request), void *user)
{
	const struct speaker speaker = {say, user};

	say_byte(&speaker, SET_LINESTATE_MASK, LINE_ALL);
	say_byte(&speaker, SET_MODEMSTATE_MASK, 0);
	say_rate(&speaker, settings->baudrate);
	say_byte(&speaker, SET_DATASIZE, settings->databits);
	say_byte(&speaker, SET_PARITY, (unsigned)settings->parity + 1);
	say_byte(&speaker, SET_STOPSIZE, settings->stopbits);
	say_byte(&speaker, SET_CONTROL, flow_control(settings->flow));
	say_line(&speaker, settings->dtr, DTR_ON, DTR_OFF);
	if (settings->flow != ANN_FLOW_RTSCTS) {
		say_line(&speaker, settings->rts, RTS_ON, RTS_OFF);
	}
}

/* --- answers -------------------------------------------------------------------- */

struct listener {
	void (*warn)(void *user, const char *text);
	void *user;
};

static void warn(const struct listener *listener, const char *key, unsigned long wanted,
	unsigned long found)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "the server set %s %lu, not %lu", key, found,
		wanted);
	listener->warn(listener->user, text);
}

static void warn_words(const struct listener *listener, const char *key,
	const char *wanted, const char *found)
{
	char text[96];

	(void)snprintf(
		text, sizeof(text), "the server set %s %s, not %s", key, found, wanted);
	listener->warn(listener->user, text);
}

static void take_rate(
	const struct listener *listener, uint32_t wanted, struct ann_span value)
{
	uint32_t rate = 0;

	for (size_t i = 0; i < value.len; i++) {
		rate = rate << 8 | (unsigned char)value.ptr[i];
	}
	/* 0 is what servers answer that do not know, here and below. */
	if (rate != 0 && ann_port_rate_is_off(wanted, rate)) {
		warn(listener, "baudrate", wanted, rate);
	}
}

static void take_parity(
	const struct listener *listener, enum ann_parity wanted, unsigned found)
{
	if (found >= 1 && found <= ANN_PARITY_SPACE + 1 && found != wanted + 1U) {
		warn_words(listener, "parity", ann_port_parities[wanted],
			ann_port_parities[found - 1]);
	}
}

static void take_line(const struct listener *listener, const char *key,
	enum ann_pin wanted, bool is_on)
{
	if (wanted != ANN_PIN_KEEP && (wanted == ANN_PIN_ON) != is_on) {
		warn_words(listener, key, is_on ? "off" : "on", is_on ? "on" : "off");
	}
}

static void take_control(const struct listener *listener,
	const struct ann_port_settings *settings, unsigned found)
{
	static const char *const flows[] = {
		[FLOW_NONE] = "none",
		[FLOW_XONXOFF] = "xonxoff",
		[FLOW_RTSCTS] = "rtscts",
	};

	switch (found) {
	case FLOW_NONE:
	case FLOW_XONXOFF:
	case FLOW_RTSCTS:
		if (found != flow_control(settings->flow)) {
			warn_words(listener, "flow", ann_port_flows[settings->flow],
				flows[found]);
		}
		break;
	case DTR_ON:
	case DTR_OFF:
		take_line(listener, "dtr", settings->dtr, found == DTR_ON);
		break;
	case RTS_ON:
	case RTS_OFF:
		if (settings->flow != ANN_FLOW_RTSCTS) {
			take_line(listener, "rts", settings->rts, found == RTS_ON);
		}
		break;
	}
}

static void count(struct ann_com_port_counts *counts, unsigned state)
{
	counts->overruns += (state & LINE_OVERRUN) != 0;
	counts->parity_errors += (state & LINE_PARITY) != 0;
	counts->framing_errors += (state & LINE_FRAMING) != 0;
	counts->breaks += (state & LINE_BREAK) != 0;
}

static void expect(const struct listener *listener, const char *key, unsigned wanted,
	unsigned found)
{
	if (found != 0 && found != wanted) {
		warn(listener, key, wanted, found);
	}
}

void ann_com_port_take(const struct ann_port_settings *settings, struct ann_span answer,
	struct ann_com_port_counts *counts,
	void (*warn_of)(void *user, const char *text), void *user)
{
	const struct listener listener = {warn_of, user};
	unsigned code = answer.len < 2 ? 0 : (unsigned char)answer.ptr[0];
	unsigned value = answer.len < 2 ? 0 : (unsigned char)answer.ptr[1];

	switch (code) {
	case FROM_SERVER + SET_BAUDRATE:
		if (answer.len == 1 + RATE_BYTES) {
			take_rate(&listener, settings->baudrate,
				(struct ann_span){answer.ptr + 1, RATE_BYTES});
		}
		break;
	case FROM_SERVER + SET_DATASIZE:
		expect(&listener, "databits", settings->databits, value);
		break;
	case FROM_SERVER + SET_PARITY:
		take_parity(&listener, settings->parity, value);
		break;
	case FROM_SERVER + SET_STOPSIZE:
		expect(&listener, "stopbits", settings->stopbits, value);
		break;
	case FROM_SERVER + SET_CONTROL:
		take_control(&listener, settings, value);
		break;
	case FROM_SERVER + NOTIFY_LINESTATE:
		count(counts, value);
		break;
	}
}
