/*
 * spool - how fast records go to disk and back, and how large the file gets.
 *
 *     bench-spool PATH [RECORDS [BATCH [BYTES [durable]]]]
 *
 * Appends RECORDS (1,000,000) records of BYTES (100) in transactions of BATCH (128) to
 * a new spool at PATH, drains them in batches of the same size, and then lets as many
 * pass through while up to 100 times BATCH wait. Prints rates, sizes of the file
 * and its WAL, and the peak resident memory.
 */
#include "io/spool/spool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

static struct {
	const char *path;
	size_t records;
	size_t batch;
	size_t bytes;
	struct ann_spool_record *rows;
	struct ann_spool *spool;
	struct ann_spool_batch got;
} bench = {.records = 1000000, .batch = 128, .bytes = 100};

static void die(const struct ann_error *err)
{
	fprintf(stderr, "bench-spool: %s\n", err->text);
	exit(1);
}

static double file_mib(const char *suffix)
{
	char name[4096];
	struct stat st = {0};

	snprintf(name, sizeof(name), "%s%s", bench.path, suffix);
	return stat(name, &st) < 0 ? 0 : (double)st.st_size / (1 << 20);
}

static void remove_files(void)
{
	char name[4096];

	unlink(bench.path);
	snprintf(name, sizeof(name), "%s-wal", bench.path);
	unlink(name);
}

static void tell(const char *what, size_t records, long long ns)
{
	double seconds = (double)ns / 1e9;

	printf("%-7s %9zu records in %6.2f s: %8.0f records/s, %6.1f MB/s;"
	       " file %6.1f MiB, WAL %4.1f MiB\n",
		what, records, seconds, (double)records / seconds,
		(double)(records * bench.bytes) / seconds / 1e6, file_mib(""),
		file_mib("-wal"));
}

static void append(size_t records)
{
	struct ann_error err = {0};

	for (size_t done = 0; done < records; done += bench.batch) {
		if (ann_spool_append(bench.spool, bench.rows, bench.batch, &err) !=
			ANN_SPOOL_DONE) {
			die(&err);
		}
	}
}

static void drain(size_t records)
{
	struct ann_error err = {0};

	for (size_t done = 0; done < records; done += bench.got.count) {
		if (ann_spool_peek(bench.spool, 0, bench.batch, SIZE_MAX, &bench.got,
			    &err) != ANN_OK ||
			bench.got.count == 0 ||
			ann_spool_acknowledge(bench.spool,
				bench.got.records[bench.got.count - 1].id,
				&err) != ANN_OK) {
			die(&err);
		}
	}
}

/* The queue swells and shrinks, as it does with a collector that comes and goes. */
static void pass(size_t records)
{
	for (size_t done = 0; done < records;) {
		size_t swell = bench.batch * (1 + (size_t)rand() % 100);

		append(swell);
		drain(swell);
		done += swell;
	}
}

static void timed(const char *what, void (*work)(size_t), size_t records)
{
	long long begin = now_ns();

	work(records);
	tell(what, records, now_ns() - begin);
}

static void make_rows(void)
{
	char *bytes = malloc(bench.bytes + !bench.bytes);

	bench.rows = calloc(bench.batch, sizeof(*bench.rows));
	if (bytes == NULL || bench.rows == NULL) {
		exit(1);
	}
	memset(bytes, 'x', bench.bytes);
	for (size_t i = 0; i < bench.batch; i++) {
		bench.rows[i] = (struct ann_spool_record){
			.lines = 1, .bytes = {bytes, bench.bytes}};
	}
}

int main(int argc, char **argv)
{
	struct ann_spool_options options = {.limit_bytes = UINT64_MAX};
	struct ann_error err = {0};
	struct rusage usage;

	if (argc < 2) {
		fputs("usage: bench-spool PATH [RECORDS [BATCH [BYTES [durable]]]]\n",
			stderr);
		return 2;
	}
	bench.path = argv[1];
	bench.records = argc > 2 ? strtoull(argv[2], NULL, 10) : bench.records;
	bench.batch = argc > 3 ? strtoull(argv[3], NULL, 10) : bench.batch;
	bench.bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : bench.bytes;
	options.durable = argc > 5;
	bench.records -= bench.records % bench.batch;
	make_rows();
	remove_files();
	bench.spool = ann_spool_open(bench.path, &options, &err);
	if (bench.spool == NULL) {
		die(&err);
	}
	timed("append", append, bench.records);
	timed("drain", drain, bench.records);
	timed("pass", pass, bench.records);
	getrusage(RUSAGE_SELF, &usage);
	printf("peak resident memory %.1f MiB\n", (double)usage.ru_maxrss / 1024);
	ann_spool_close(bench.spool);
	remove_files();
	return 0;
}
