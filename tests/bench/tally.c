/*
 * tally - did all lines of `feed` come, each once and in order? For script/bench.
 *
 *     tally [--times FILE] [--lines N] PLACE
 *
 * PLACE is a file, tcp:PORT or unix:PATH. Reads until its end or until N lines have
 * come, and prints `LINES MISSING REPEATED TOLD P50 P99 MAX`: numbers that were left
 * out and that came again or too late, how many lines records of JSON say were dropped,
 * and how long lines took from their port to here, in nanoseconds (with --times). What
 * follows the last line of a port is not missed, hence LINES has to be compared.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>

#include "measure.h"
#include "rig.h"
#include "times.h"

enum { READ_BYTES = 1 << 16, SAMPLES = 1 << 20 };

struct tally {
	uint64_t lines, missing, repeated, told, wanted;
	uint64_t next[TIMES_PORTS]; /* number, of each port */
	const struct times *times;  /* NULL: nobody asks */
	long long *took; /* a sample of all, evenly spread while it is small */
	size_t took_count;
};

static volatile sig_atomic_t over; /* SIGTERM: say what has come so far */

static void on_term(int number)
{
	(void)number;
	over = 1;
}

static void take_time(struct tally *t, unsigned port, uint64_t number, long long now)
{
	if (t->times != NULL && t->took_count < SAMPLES) {
		t->took[t->took_count++] =
			now - t->times->at[port][number % TIMES_LINES];
	}
}

/* Counts one mark, `PORT:NUMBER;`. */
static void count(struct tally *t, const char *mark, long long now)
{
	char *end = NULL;
	unsigned long port = strtoul(mark, &end, 10);
	uint64_t number = *end == ':' ? strtoull(end + 1, &end, 10) : 0;

	if (*end != ';' || port >= TIMES_PORTS) {
		return;
	}
	if (number < t->next[port]) {
		t->repeated++;
		return;
	}
	t->missing += number - t->next[port];
	t->next[port] = number + 1;
	t->lines++;
	take_time(t, (unsigned)port, number, now);
}

/* Counts what a record without a mark says was dropped. */
static void count_told(struct tally *t, const char *line, size_t len)
{
	static const char dropped[] = "{\"event\":\"dropped\",";
	static const char lines[] = "\"lost_lines\":";
	const char *number = NULL;

	if (len > sizeof(dropped) && memcmp(line, dropped, sizeof(dropped) - 1) == 0) {
		number = memmem(line, len, lines, sizeof(lines) - 1);
	}
	t->told += number == NULL ? 0 : strtoull(number + sizeof(lines) - 1, NULL, 10);
}

/* Counts the whole lines; returns how many bytes they were. */
static size_t count_all(struct tally *t, char *text, size_t len, long long now)
{
	char *line = text;
	char *end;

	while ((end = memchr(line, '\n', len - (size_t)(line - text))) != NULL) {
		char *mark = memrchr(line, '~', (size_t)(end - line));

		if (mark != NULL) {
			count(t, mark + 1, now);
		} else {
			count_told(t, line, (size_t)(end - line));
		}
		line = end + 1;
	}
	return (size_t)(line - text);
}

static void read_all(struct tally *t, int fd)
{
	static char text[2 * READ_BYTES];
	size_t len = 0;

	while (!over && (t->wanted == 0 || t->lines < t->wanted)) {
		ssize_t got = read(fd, text + len, sizeof(text) - len);

		if (got <= 0) {
			return;
		}
		len += (size_t)got;
		size_t used = count_all(t, text, len, now_ns());

		len -= used;
		memmove(text, text + used, len);
		if (len == sizeof(text)) {
			len = 0; /* no line at all */
		}
	}
}

static int open_place(const char *place)
{
	if (strncmp(place, "tcp:", 4) == 0 || strncmp(place, "unix:", 5) == 0) {
		return connect_to(place);
	}
	return open(place, O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	static struct tally t;
	const struct sigaction term = {.sa_handler = on_term};
	int at = 1;

	for (; at + 2 < argc; at += 2) {
		if (strcmp(argv[at], "--times") == 0) {
			t.times = map_times(argv[at + 1], false);
		} else if (strcmp(argv[at], "--lines") == 0) {
			t.wanted = strtoull(argv[at + 1], NULL, 10);
		} else {
			break;
		}
	}
	if (at + 1 != argc) {
		fputs("usage: tally [--times FILE] [--lines N] PLACE\n", stderr);
		return 2;
	}
	sigaction(SIGTERM, &term, NULL); /* interrupts the read */
	t.took = malloc(SAMPLES * sizeof(*t.took));
	int fd = t.took == NULL ? -1 : open_place(argv[at]);

	if (fd < 0) {
		perror(argv[at]);
		return 1;
	}
	read_all(&t, fd);
	printf("%llu %llu %llu %llu ", (unsigned long long)t.lines,
		(unsigned long long)t.missing, (unsigned long long)t.repeated,
		(unsigned long long)t.told);
	print_latencies(t.took, t.took_count);
	puts("");
	return 0;
}
