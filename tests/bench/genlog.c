/*
 * genlog - writes a console log for script/bench, the same one for the same options.
 *
 *     genlog --seed N --bytes N --status PERCENT > log 2> count
 *
 * A few devices take turns, each with its own prefix and line end. PERCENT of the lines
 * hold a NetX Secure status, in the proportions in which real firmware prints them; the
 * others are what consoles are full of: readings, addresses, counters, hexdumps, and
 * lines that say "error" or "status" without a value. No line contains " [NX", so that
 * a reader can take annotations out again. The number of lines, and of those with a
 * status, goes to standard error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LINE_MAX     256 /* longer than any template can get */

/*
 * Templates: %d 0-99, %n 0-49999, %b a hex byte, %a an address, %h a hex status,
 * %u a decimal status, %m 0-7: mod0000 to mod0777 are modules that generated rules
 * know.
 */
static const char *const noise[] = {
	"sensor%d: temperature %d.%d C, humidity %d.%d %%, pressure %n Pa",
	"adc: channel %d raw %n, filtered %n, reference 3300 mV",
	"imu: ax=%n ay=%n az=%n, fifo %d of 64, overrun none",
	"[heap] free %n bytes, largest block %n, low water mark %n",
	"heap: block at %a, %n bytes in use, owner %a",
	"task net: stack %a, %n of 8192 bytes used, priority %d",
	"[wifi] scan found %d access points on channel %d",
	"[wifi] associated, rssi -%d dBm, channel %d, bssid %b:%b:%b:%b:%b:%b",
	"wifi: lease renewed, address 10.%d.%d.%d, gateway 10.%d.0.1",
	"mqtt: published %n bytes to site/%d/telemetry, packet id %n",
	"mqtt: ping answered after %d ms, %n messages since start",
	"[tls] client hello sent, %n bytes, session at %a",
	"[tls] server chain of %d certificates read, %n bytes",
	"tls: record of type 23, %n bytes, sequence %n",
	"http: GET /v1/jobs/%n gave 200 after %d ms",
	"ota: chunk %n written to %a, %d %% done",
	"flash: sector %n erased in %d ms, wear level %d",
	"can0: id %n dlc 8 data %b %b %b %b %b %b %b %b",
	"uart2: %n bytes in, %n bytes out, no framing error",
	"gps: %d.%n N %d.%n E, %d satellites, fix ok",
	"motor %d: speed %n rpm, current %n mA, status normal",
	"watchdog fed by task at %a, %n ms since last",
	"status report queued, next one in %d s",
	"self test result: all %d steps passed",
	"no error recorded since boot %n",
	"last upload failed, will try again in %d s",
	"retry %d of %d, back-off is %n ms",
	"mod0%m%m%m: idle for %n ms",
	"battery %d %%, %n mV, charging at %n mA, ntc %n ohm",
	"rtc: drift of %d ppm against ntp, corrected by %n us",
	"irq %d latency max %n ns, mean %n ns over %n samples",
	"dns: broker resolved to 10.%d.%d.%d, ttl %n, answer of %d bytes from cache",
	"> ",
	"ready",
	"sys: tick %n",
};

static const char *const status[] = {
	"TLS start failed, status = %h",
	"secure session to broker could not be created, error %h",
	"nx_secure_tls_session_start() = %h",
	"nx_secure_tls_session_start failed: %h",
	"Error in secure session receive: %h",
	"ERROR: handshake with 10.%d.%d.%d failed (%h)",
	"FAIL: certificate set-up, error code: %h",
	"nx_secure_x509_certificate_initialize (%h)",
	"mod000%m: connect failed: %h",
	"[tls] session at %a ended, status: %h",
	"https client start failed: %h, local port %n",
	"secure send returned error %h after %n bytes",
	"[tls] chain of %d certificates not accepted, status %h",
	"mqtt over tls connect fail, status: %u",
	"secure connect failed with error code %u",
};

static const struct device {
	const char *prefix;
	const char *line_end;
} devices[] = {
	{"", "\r\n"},
	{"[%n.%d%d] ", "\n"},
	{"[INFO] ", "\r\n"},
	{"2026-11-%d 21:%d:%d.%n ", "\n"},
};

static uint64_t random_state;

/* A number below `limit`: splitmix64, scaled. */
static uint32_t below(uint32_t limit)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)(((z >> 32) * limit) >> 32);
}

static char *put_text(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

static char *put_decimal(char *at, uint32_t value)
{
	char digits[10];
	int n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (n > 0) {
		*at++ = digits[--n];
	}
	return at;
}

static char *put_hex(char *at, uint32_t value, int width, const char *digits)
{
	for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) {
		*at++ = digits[(value >> shift) & 15];
	}
	return at;
}

/* A code of the TLS (0x101-0x13B) or X.509 (0x181-0x1A0) family: 91 in all. */
static uint32_t draw_code(void)
{
	uint32_t n = below(91);

	return n < 59 ? 0x101 + n : 0x181 + n - 59;
}

/* The paddings of real formats: %08x, %02x or %x, %04x, and upper case. */
static char *put_code(char *at, uint32_t code)
{
	uint32_t n = below(100);

	at = put_text(at, "0x");
	if (n < 36) {
		return put_hex(at, code, 8, "0123456789abcdef");
	}
	if (n < 88) {
		return put_hex(at, code, 3, "0123456789abcdef");
	}
	if (n < 93) {
		return put_hex(at, code, 4, "0123456789abcdef");
	}
	return put_hex(at, code, 3, "0123456789ABCDEF");
}

static char *put_field(char *at, char kind)
{
	switch (kind) {
	case 'd':
		return put_decimal(at, below(100));
	case 'n':
		return put_decimal(at, below(50000));
	case 'b':
		return put_hex(at, below(256), 2, "0123456789abcdef");
	case 'a':
		at = put_text(at, "0x2000");
		return put_hex(at, below(65536), 4, "0123456789abcdef");
	case 'h':
		return put_code(at, draw_code());
	case 'u':
		return put_decimal(at, draw_code());
	case 'm':
		return put_decimal(at, below(8));
	default:
		*at++ = kind;
		return at;
	}
}

static char *put_template(char *at, const char *t)
{
	for (; *t != '\0'; t++) {
		if (*t == '%') {
			at = put_field(at, *++t);
		} else {
			*at++ = *t;
		}
	}
	return at;
}

static char *put_dump(char *at, uint32_t offset)
{
	at = put_hex(at, offset, 4, "0123456789abcdef");
	*at++ = ':';
	for (int i = 0; i < 16; i++) {
		*at++ = ' ';
		at = put_hex(at, below(256), 2, "0123456789abcdef");
	}
	return at;
}

static void generate(uint64_t bytes, uint32_t percent)
{
	static char buffer[1 << 16];
	char *at = buffer;
	uint64_t written = 0, lines = 0, with_status = 0;
	const struct device *device = devices;
	uint32_t turn = 0, dump = 0; /* lines left of this device, of this hexdump */

	while (written + (uint64_t)(at - buffer) < bytes) {
		if (turn-- == 0) {
			turn = 50 + below(400);
			device = &devices[below(COUNT(devices))];
		}
		at = put_template(at, device->prefix);
		if (below(100) < percent) {
			at = put_template(at, status[below(COUNT(status))]);
			with_status++;
		} else if (dump > 0) {
			at = put_dump(at, 16 * (8 - dump--));
		} else {
			at = put_template(at, noise[below(COUNT(noise))]);
			dump = below(400) == 0 ? 8 : 0;
		}
		at = put_text(at, device->line_end);
		lines++;
		if (buffer + sizeof(buffer) - at < LINE_MAX) {
			fwrite(buffer, 1, (size_t)(at - buffer), stdout);
			written += (uint64_t)(at - buffer);
			at = buffer;
		}
	}
	fwrite(buffer, 1, (size_t)(at - buffer), stdout);
	fprintf(stderr, "%llu %llu\n", (unsigned long long)lines,
		(unsigned long long)with_status);
}

static int usage(void)
{
	fputs("usage: genlog --seed N --bytes N --status PERCENT\n", stderr);
	return 2;
}

struct options {
	uint64_t seed, bytes, percent;
};

static uint64_t *find_option(struct options *o, const char *name)
{
	if (strcmp(name, "--seed") == 0) {
		return &o->seed;
	}
	if (strcmp(name, "--bytes") == 0) {
		return &o->bytes;
	}
	return strcmp(name, "--status") == 0 ? &o->percent : NULL;
}

int main(int argc, char **argv)
{
	struct options o = {.seed = 1, .bytes = 1 << 20, .percent = 2};

	for (int i = 1; i < argc; i += 2) {
		uint64_t *option = find_option(&o, argv[i]);
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		char *end = NULL;

		if (option == NULL || *value == '\0') {
			return usage();
		}
		*option = strtoull(value, &end, 0);
		if (*end != '\0') {
			return usage();
		}
	}
	if (o.percent > 100) {
		return usage();
	}
	random_state = o.seed;
	generate(o.bytes, (uint32_t)o.percent);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("genlog: standard output");
		return 1;
	}
	return 0;
}
