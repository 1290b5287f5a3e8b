/*
 * feed - many consoles that talk all the time, for script/bench.
 *
 *     feed --ports N --baud N --tick MS --seconds N [--times FILE] LOG DIRECTORY
 *
 * DIRECTORY/00, /01 … become links to ptys, and `ready` is printed. A line on standard
 * input starts the talk: each port gets the lines of LOG at the pace of its baud rate,
 * ten bits a byte, in a piece every MS milliseconds: a USB adapter hands on what it has
 * every 16 ms, a CDC one or a UART's FIFO every one. Ports take turns, as they would.
 * Each line ends with ` ~PORT:NUMBER;`, numbers from 0 on. Behind the time all lines
 * are completed, and `LINES BYTES LATE` is printed; LATE is the largest number of bytes
 * that had to wait in a port because nobody read it (a UART would have lost them). The
 * ports are there until standard input ends.
 *
 * FILE gets the times at which lines were complete, see times.h.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "measure.h"
#include "rig.h"
#include "times.h"

enum { LINE_ROOM = 512, BITS_A_BYTE = 10, US_PER_MS = 1000 };

struct port {
	int fd;
	const char *next;     /* in the log */
	char line[LINE_ROOM]; /* at hand */
	size_t len, at;
	uint64_t number; /* of the line at hand */
	uint64_t written;
};

struct feed {
	int count, baud, tick_ms, seconds;
	const char *times_path;
	const char *log, *log_end;
	struct port ports[TIMES_PORTS];
	struct times *times; /* NULL: nobody asks */
	uint64_t lines, late;
};

/* --- lines ------------------------------------------------------------------------ */

/* The next line of the log, which begins again at its end, with its number. */
static void next_line(struct feed *feed, struct port *port)
{
	size_t left = (size_t)(feed->log_end - port->next);
	const char *end = memchr(port->next, '\n', left);
	size_t text = (size_t)(end - port->next);
	bool cr = text > 0 && end[-1] == '\r';

	text -= cr;
	if (text > LINE_ROOM - 64) {
		text = LINE_ROOM - 64;
	}
	memcpy(port->line, port->next, text);
	port->len =
		text + (size_t)sprintf(port->line + text, " ~%02d:%llu;%s",
			       (int)(port - feed->ports),
			       (unsigned long long)port->number, cr ? "\r\n" : "\n");
	port->at = 0;
	port->next = end + 1 < feed->log_end ? end + 1 : feed->log;
}

static void line_done(struct feed *feed, struct port *port)
{
	port->number++;
	feed->lines++;
	next_line(feed, port);
}

/* Before the write: the reader may be faster than we are. */
static void note_time(struct feed *feed, const struct port *port)
{
	if (feed->times != NULL) {
		feed->times->at[port - feed->ports][port->number % TIMES_LINES] =
			now_ns();
	}
}

/* Writes what of `bytes` the port takes. Returns how many it did not. */
static uint64_t write_some(struct feed *feed, struct port *port, uint64_t bytes)
{
	while (bytes > 0) {
		size_t piece = port->len - port->at;

		if (piece <= bytes) {
			note_time(feed, port);
		} else {
			piece = (size_t)bytes;
		}
		ssize_t put = write(port->fd, port->line + port->at, piece);

		if (put <= 0) {
			break;
		}
		port->at += (size_t)put;
		port->written += (uint64_t)put;
		bytes -= (uint64_t)put;
		if (port->at == port->len) {
			line_done(feed, port);
		}
	}
	return bytes;
}

/* --- time ------------------------------------------------------------------------- */

static void serve(struct feed *feed, struct port *port, uint64_t elapsed_us)
{
	uint64_t due = elapsed_us * (uint64_t)feed->baud / (BITS_A_BYTE * 1000000ULL);
	uint64_t late =
		due > port->written ? write_some(feed, port, due - port->written) : 0;

	feed->late = late > feed->late ? late : feed->late;
}

static void talk(struct feed *feed)
{
	uint64_t most_us = (uint64_t)feed->seconds * 1000000;
	uint64_t elapsed_us = 0;
	long long start_ns = now_ns();

	for (int ms = 0; elapsed_us < most_us; ms++) {
		for (int i = ms % feed->tick_ms; i < feed->count; i += feed->tick_ms) {
			serve(feed, &feed->ports[i], elapsed_us);
		}
		long long next_us = (long long)(ms + 1) * US_PER_MS;

		elapsed_us = (uint64_t)(now_ns() - start_ns) / 1000;
		if (next_us > (long long)elapsed_us) {
			sleep_us(next_us - (long long)elapsed_us);
		} else {
			ms = (int)(elapsed_us / US_PER_MS);
		}
	}
}

/* The lines at hand; false: nobody reads any more. */
static bool complete(struct feed *feed)
{
	for (int i = 0; i < feed->count; i++) {
		struct port *port = &feed->ports[i];
		uint64_t number = port->number;

		for (int ms = 0; port->at > 0 && port->number == number; ms++) {
			if (ms == RIG_PATIENCE_MS) {
				return false;
			}
			write_some(feed, port, port->len - port->at);
			sleep_us(US_PER_MS);
		}
	}
	return true;
}

/* --- start ------------------------------------------------------------------------ */

static bool map_log(struct feed *feed, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0 || status.st_size == 0) {
		return false;
	}
	feed->log = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (feed->log == MAP_FAILED) {
		return false;
	}
	feed->log_end =
		(const char *)memrchr(feed->log, '\n', (size_t)status.st_size) + 1;
	return true;
}

static bool open_ports(struct feed *feed, const char *directory)
{
	for (int i = 0; i < feed->count; i++) {
		struct port *port = &feed->ports[i];
		ptrdiff_t middle = (feed->log_end - feed->log) / feed->count * i;
		char link[4096];

		snprintf(link, sizeof(link), "%s/%02d", directory, i);
		port->fd = open_port(link);
		if (port->fd < 0 || fcntl(port->fd, F_SETFL, O_NONBLOCK) != 0) {
			return false;
		}
		port->next = middle == 0
				     ? feed->log
				     : (const char *)memchr(feed->log + middle, '\n',
					       (size_t)(feed->log_end - feed->log -
							middle)) +
					       1;
		port->next = port->next < feed->log_end ? port->next : feed->log;
		next_line(feed, port);
	}
	return true;
}

static bool read_option(struct feed *feed, const char *name, const char *value)
{
	const struct {
		const char *name;
		int *number;
		int most;
	} numbers[] = {
		{"--ports", &feed->count, TIMES_PORTS},
		{"--baud", &feed->baud, 100000000},
		{"--tick", &feed->tick_ms, 1000},
		{"--seconds", &feed->seconds, 100000},
	};

	if (strcmp(name, "--times") == 0) {
		feed->times_path = value;
		return true;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].number = atoi(value);
			return *numbers[i].number > 0 &&
			       *numbers[i].number <= numbers[i].most;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct feed feed = {
		.count = 64, .baud = 115200, .tick_ms = 16, .seconds = 10};
	char line[80];
	int at = 1;

	while (at + 3 < argc && read_option(&feed, argv[at], argv[at + 1])) {
		at += 2;
	}
	if (at + 2 != argc) {
		fputs("usage: feed [--ports N] [--baud N] [--tick MS] [--seconds N] "
		      "[--times FILE] LOG DIRECTORY\n",
			stderr);
		return 2;
	}
	feed.times = map_times(feed.times_path, true);
	if (!map_log(&feed, argv[at]) || !open_ports(&feed, argv[at + 1])) {
		perror("feed");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL) {
		talk(&feed);
		if (!complete(&feed)) {
			fputs("feed: a port is not read any more\n", stderr);
			return 1;
		}
		uint64_t bytes = 0;

		for (int i = 0; i < feed.count; i++) {
			bytes += feed.ports[i].written;
		}
		printf("%llu %llu %llu\n", (unsigned long long)feed.lines,
			(unsigned long long)bytes, (unsigned long long)feed.late);
		fflush(stdout);
		while (fgets(line, sizeof(line), stdin) != NULL) {
		}
	}
	return 0;
}
