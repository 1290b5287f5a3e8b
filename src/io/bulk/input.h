/*
 * input - where the stream comes from: standard input, a file, a FIFO.
 */
#ifndef IO_INPUT_H
#define IO_INPUT_H

#include "annotty/error.h"

#include <stdint.h>
#include <sys/types.h>

struct ann_input {
	const char *name;    /* "stdin" or the path; borrowed from the specification */
	int fd;              /* -1: not open */
	uint64_t size_bytes; /* of a regular file, else 0 */
};

/*
 * Opens `spec`: `-` or a path. ANN_ECONFIG for what is no file, FIFO or stream,
 * ANN_ESYS for what cannot be opened; the story names it.
 */
ANN_MUST_USE enum ann_err ann_input_open(
	struct ann_input *input, const char *spec, struct ann_error *err);

/* Standard input stays open. */
void ann_input_close(struct ann_input *input);

enum ann_input_event {
	ANN_INPUT_BYTES,
	ANN_INPUT_END,
	ANN_INPUT_SILENT,  /* nothing came for as long as was asked for */
	ANN_INPUT_STOPPED, /* a signal, a wake, or the deadline */
	ANN_INPUT_FAILED,
};

/* How long to wait; 0: without end. */
struct ann_input_wait {
	uint64_t silent_mono_ns;   /* until then for bytes; then ANN_INPUT_SILENT */
	uint64_t deadline_mono_ns; /* until then at all; then ANN_INPUT_STOPPED */
};

/* Waits for bytes and reads at most `room` into `to`; `*got` says how many. */
enum ann_input_event ann_input_read(struct ann_input *input, char *to, size_t room,
	const struct ann_input_wait *wait, size_t *got, struct ann_error *err);

/* How many bytes standard input has if it is a regular file, counted from where it
 * stands; for other inputs the size of the file. 0: not known. */
uint64_t ann_input_size(const char *spec);

#endif
