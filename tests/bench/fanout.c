/*
 * fanout - one stream to many readers, for script/bench.
 *
 *     fanout IN OUT READERS FILE EXPECTED COMMAND [ARG]...
 *
 * COMMAND gets its stream from port IN of this machine and serves it at port OUT. Once
 * a first line has come to all readers, FILE goes in. Each of them must get EXPECTED,
 * byte for byte. Prints what runner prints, of COMMAND; the wall time is from the first
 * byte in to the last one out. Exits with 1 when a reader gets something else, or
 * nobody anything for ten seconds.
 */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "measure.h"
#include "rig.h"

extern char **environ;

enum { READ_BYTES = 1 << 18, PIECE_BYTES = 1 << 16, READERS_MOST = 1000 };

static const char greeting[] = "is anybody there?\n";
static const char beginning[] = "now it begins\n";

struct text {
	const char *bytes;
	size_t len;
};

struct reader {
	bool greeted;
	bool begun;
	size_t matched; /* of `beginning`, and later of what is expected */
};

struct fanout {
	int count;
	struct reader readers[READERS_MOST];
	struct pollfd polls[READERS_MOST];
	struct text expected;
	int greeted, done;
};

static bool map_file(struct text *text, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0) {
		return false;
	}
	text->len = (size_t)status.st_size;
	text->bytes = mmap(NULL, text->len, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return text->bytes != MAP_FAILED;
}

static int listen_on(int port)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
		listen(fd, 1) != 0) {
		return -1;
	}
	return fd;
}

static bool write_all(int fd, struct text text)
{
	while (text.len > 0) {
		ssize_t put = write(fd, text.bytes,
			text.len < PIECE_BYTES ? text.len : PIECE_BYTES);

		if (put <= 0) {
			return false;
		}
		text.bytes += put;
		text.len -= (size_t)put;
	}
	return true;
}

/* --- readers ---------------------------------------------------------------------- */

/* What comes before the stream begins; returns how much of `bytes` that was. */
static size_t skip_greetings(struct reader *reader, const char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && !reader->begun) {
		reader->matched = bytes[at] == beginning[reader->matched]
					  ? reader->matched + 1
					  : 0;
		at++;
		if (reader->matched == sizeof(beginning) - 1) {
			reader->begun = true;
			reader->matched = 0;
		}
	}
	return at;
}

static bool take(struct fanout *f, struct reader *reader, const char *bytes, size_t len)
{
	size_t skipped = skip_greetings(reader, bytes, len);

	f->greeted += !reader->greeted;
	reader->greeted = true;
	bytes += skipped;
	len -= skipped;
	if (len > f->expected.len - reader->matched ||
		memcmp(bytes, f->expected.bytes + reader->matched, len) != 0) {
		fprintf(stderr, "fanout: reader %d got something else near byte %zu\n",
			(int)(reader - f->readers), reader->matched);
		return false;
	}
	reader->matched += len;
	f->done += len > 0 && reader->matched == f->expected.len;
	return true;
}

/* One look at all readers: how many had something; -1: something is wrong. */
static int read_some(struct fanout *f, int patience_ms)
{
	static char bytes[READ_BYTES];
	int ready = poll(f->polls, (nfds_t)f->count, patience_ms);

	for (int i = 0; i < f->count && ready > 0; i++) {
		if (f->polls[i].revents == 0) {
			continue;
		}
		ssize_t got = read(f->polls[i].fd, bytes, sizeof(bytes));

		if (got <= 0 || !take(f, &f->readers[i], bytes, (size_t)got)) {
			return -1;
		}
	}
	return ready;
}

static bool connect_all(struct fanout *f, const char *port)
{
	char place[32];

	snprintf(place, sizeof(place), "tcp:%s", port);
	for (int i = 0; i < f->count; i++) {
		f->polls[i] =
			(struct pollfd){.fd = connect_to(place), .events = POLLIN};
		if (f->polls[i].fd < 0) {
			perror(place);
			return false;
		}
	}
	return true;
}

/* Connecting says little about who is being served. */
static bool greet(struct fanout *f, int in)
{
	for (int ms = 0; f->greeted < f->count && ms < RIG_PATIENCE_MS; ms += 20) {
		if (!write_all(in, (struct text){greeting, sizeof(greeting) - 1}) ||
			read_some(f, 20) < 0) {
			return false;
		}
		sleep_us(20000);
	}
	return f->greeted == f->count &&
	       write_all(in, (struct text){beginning, sizeof(beginning) - 1});
}

/* The wall time in nanoseconds; -1: not all has come. */
static long long time_all(struct fanout *f, int in, const struct text *stream)
{
	long long start_ns = now_ns();
	pid_t pid = fork();

	if (pid == 0) {
		_exit(write_all(in, *stream) ? 0 : 1);
	}
	while (f->done < f->count) {
		if (read_some(f, RIG_PATIENCE_MS) <= 0) {
			kill(pid, SIGKILL);
			return -1;
		}
	}
	return now_ns() - start_ns;
}

/* The same from the first connection on. */
static long long run(struct fanout *f, int listener, char **argv)
{
	struct text stream;

	if (!connect_all(f, argv[2])) {
		return -1;
	}
	int in = accept(listener, NULL, NULL);

	if (!map_file(&stream, argv[4]) || !map_file(&f->expected, argv[5])) {
		perror("fanout");
		return -1;
	}
	return in >= 0 && greet(f, in) ? time_all(f, in, &stream) : -1;
}

int main(int argc, char **argv)
{
	static struct fanout f;
	struct rusage usage;
	pid_t pid;

	f.count = argc > 6 ? atoi(argv[3]) : 0;
	if (f.count < 1 || f.count > READERS_MOST) {
		fputs("usage: fanout IN OUT READERS FILE EXPECTED COMMAND [ARG]...\n",
			stderr);
		return 2;
	}
	int listener = listen_on(atoi(argv[1]));

	/* Now, because its peak of memory begins with ours. */
	if (listener < 0 ||
		posix_spawnp(&pid, argv[6], NULL, NULL, argv + 6, environ) != 0) {
		perror("fanout");
		return 1;
	}
	long long wall_ns = run(&f, listener, argv);

	kill(pid, SIGTERM);
	if (wall_ns < 0 || wait4(pid, NULL, 0, &usage) != pid) {
		fputs("fanout: not all has come\n", stderr);
		return 1;
	}
	print_measured(wall_ns, &usage);
	return 0;
}
