#include "io/bulk/intake.h"

#include "annotty/alloc.h"
#include "io/clock.h"
#include "io/file.h"

#include <sys/stat.h>

enum { NS_PER_MS = 1000000 };

/* --- inputs ---------------------------------------------------------------------- */

/* `annotty log >> log` would never end. */
static enum ann_err check_no_output(const struct ann_intake *in, struct ann_error *err)
{
	struct stat input;
	struct stat output;

	if (fstat(in->input.fd, &input) != 0 || !S_ISREG(input.st_mode)) {
		return ANN_OK;
	}
	for (size_t i = 0; i < in->options->output_count; i++) {
		if (fstat(in->options->outputs[i].fd, &output) == 0 &&
			output.st_dev == input.st_dev &&
			output.st_ino == input.st_ino) {
			return ann_error_set(err, ANN_ECONFIG,
				"%s: input file is also an output", in->input.name);
		}
	}
	return ANN_OK;
}

static enum ann_err open_input(
	struct ann_intake *in, const char *spec, struct ann_error *err)
{
	enum ann_err failed = ann_input_open(&in->input, spec, err);

	if (failed == ANN_OK) {
		failed = check_no_output(in, err);
	}
	if (failed != ANN_OK) {
		ann_input_close(&in->input);
	}
	return failed;
}

/* False: there are no more inputs. */
static bool open_next_input(struct ann_intake *in)
{
	struct ann_error story = {0};

	while (in->next_input < in->options->input_count) {
		const char *spec = in->options->inputs[in->next_input++];

		in->ended = false;
		if (open_input(in, spec, &story) == ANN_OK) {
			ann_framer_deinit(&in->framer);
			ann_framer_init(
				&in->framer, in->options->line_limit, in->counts);
			return true;
		}
		in->result->input_failed = true;
		in->warn(NULL, &story);
	}
	return false;
}

/* --- half lines ------------------------------------------------------------------ */

static void note_read(struct ann_intake *in)
{
	if (in->shows_half) {
		in->read_mono_ns = ann_clock_mono_ns();
		in->due_mono_ns = in->read_mono_ns + (uint64_t)ANN_IDLE_MS * NS_PER_MS;
	}
}

/* Whether the half line is what the matcher is to stop at, such as a prompt. */
static bool stops_at(const struct ann_piece *p, struct ann_span line)
{
	line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
	return ann_scan_stops(p->scan, line);
}

/*
 * What is to be shown of the half line becomes the batch. False: nothing is, or
 * (`*over`) it is to be taken for a line, the last one.
 */
static bool fetch_half(
	struct ann_intake *in, struct ann_piece *p, size_t len, bool *over)
{
	struct ann_span line = {p->block, len};
	uint64_t late_ns = in->read_mono_ns + (uint64_t)ANN_LATE_MS * NS_PER_MS;
	bool late = in->due_mono_ns >= late_ns;
	bool stops = stops_at(p, line);
	bool first = in->partial.shown == 0;

	*over = stops && late;
	if (*over) {
		return false;
	}
	bool some = ann_partial_show(&in->partial, p->scan, line, late, &p->batch);
	struct ann_hits hits = p->hits;

	in->due_mono_ns = (in->partial.held || stops) && !late ? late_ns : 0;
	if (!some) {
		return false;
	}
	p->hits = in->partial.hits;
	in->partial.hits = hits;
	p->batch.offset = in->framer.offset;
	p->batch.seq = in->framer.seq;
	if (first) {
		in->began_wall_ns = ann_clock_wall_ns();
		in->began_mono_ns = ann_clock_mono_ns();
	}
	return true;
}

/* The next lines. What has been shown of the first one is told. */
static bool take_lines(
	struct ann_intake *in, struct ann_piece *p, struct ann_span bytes, bool final)
{
	if (in->partial.shown == 0) {
		return ann_framer_next(&in->framer, bytes, final, &p->batch);
	}
	if (!ann_framer_next_line(&in->framer, bytes, final, &p->batch)) {
		return false;
	}
	ann_partial_end(&in->partial, &p->batch, &p->ended);
	return true;
}

/* --- pieces ---------------------------------------------------------------------- */

/* More bytes behind the `*len` in the block. */
static enum ann_input_event read_more(
	struct ann_intake *in, struct ann_piece *p, size_t *len)
{
	const struct ann_input_wait wait = {
		.silent_mono_ns = *len > 0 ? in->due_mono_ns : 0,
		.deadline_mono_ns = in->options->deadline_mono_ns,
	};
	size_t room = ann_framer_block_bytes(&in->framer) - *len;
	struct ann_error story = {0};
	size_t got = 0;
	enum ann_input_event event =
		ann_input_read(&in->input, p->block + *len, room, &wait, &got, &story);

	switch (event) {
	case ANN_INPUT_BYTES:
		in->full_block = got == room;
		*len += got;
		note_read(in);
		break;
	case ANN_INPUT_STOPPED:
		in->result->timed_out |=
			in->options->deadline_mono_ns != 0 &&
			ann_clock_mono_ns() >= in->options->deadline_mono_ns;
		in->next_input = in->options->input_count;
		break;
	case ANN_INPUT_FAILED:
		in->result->input_failed = true;
		in->warn(NULL, &story);
		break;
	case ANN_INPUT_SILENT:
	case ANN_INPUT_END:
		break;
	}
	return event;
}

/* Places the block so that what is read behind the `kept` bytes is aligned. */
static void align_block(struct ann_piece *p, size_t kept)
{
	uintptr_t start = (uintptr_t)p->memory + kept;

	p->block = p->memory + (ANN_READ_ALIGN - start % ANN_READ_ALIGN);
}

/* The next batch of the input that is open. False: it had no more and is closed. */
static bool fetch_batch(struct ann_intake *in, struct ann_piece *p)
{
	size_t len = 0;
	size_t taken = 0;
	bool half = false;

	align_block(p, in->framer.rest.len);
	len = ann_framer_begin(&in->framer, p->block);
	while (!half &&
		!take_lines(in, p, (struct ann_span){p->block, len}, in->ended)) {
		enum ann_input_event event = ANN_INPUT_END;

		if (in->ended) {
			ann_input_close(&in->input);
			return false;
		}
		event = read_more(in, p, &len);
		in->ended = event != ANN_INPUT_BYTES && event != ANN_INPUT_SILENT;
		half = event == ANN_INPUT_SILENT && fetch_half(in, p, len, &in->ended);
	}
	taken = half ? 0 : p->batch.bytes.len;
	p->failed = ann_framer_end(
		&in->framer, (struct ann_span){p->block + taken, len - taken});
	return true;
}

bool ann_intake_fetch(struct ann_intake *intake, struct ann_piece *piece)
{
	piece->first_of_source = false;
	while (intake->input.fd < 0 || !fetch_batch(intake, piece)) {
		if (!open_next_input(intake)) {
			return false;
		}
		piece->first_of_source = true;
	}
	piece->source = intake->input.name;
	if (piece->batch.partial || piece->batch.shown > 0) {
		piece->batch.wall_ns = intake->began_wall_ns;
		piece->batch.mono_ns = intake->began_mono_ns;
	} else {
		piece->batch.wall_ns = ann_clock_wall_ns();
		piece->batch.mono_ns = ann_clock_mono_ns();
	}
	return true;
}

/* --- life ------------------------------------------------------------------------ */

void ann_intake_init(struct ann_intake *intake,
	const struct ann_filter_options *options, struct ann_filter_result *result,
	ann_error_cb warn)
{
	*intake = (struct ann_intake){
		.options = options,
		.result = result,
		.warn = warn,
		.input.fd = -1,
		.counts = options->summary != NULL || options->tell_rules,
	};
	for (size_t i = 0; i < options->output_count; i++) {
		bool json = options->renders[i].format == ANN_FORMAT_JSON;

		intake->counts |= json;
		intake->shows_half |= !json && !options->only_matching;
	}
	ann_framer_init(&intake->framer, options->line_limit, intake->counts);
	intake->partial.least = ann_framer_least(&intake->framer);
}

void ann_intake_deinit(struct ann_intake *intake)
{
	ann_input_close(&intake->input);
	ann_framer_deinit(&intake->framer);
	ann_partial_deinit(&intake->partial);
}

enum ann_err ann_piece_init(struct ann_piece *piece, const struct ann_intake *intake)
{
	size_t block_bytes = ann_framer_block_bytes(&intake->framer);

	*piece = (struct ann_piece){
		.memory = ann_resize_array(NULL, block_bytes + ANN_READ_ALIGN, 1),
		.scan = ann_scan_new(intake->options->matcher),
	};
	return piece->memory == NULL || piece->scan == NULL ? ANN_ENOMEM : ANN_OK;
}

void ann_piece_deinit(struct ann_piece *piece)
{
	ann_hits_deinit(&piece->hits);
	ann_partial_deinit(&piece->ended);
	ann_scan_free(piece->scan);
	ann_free(piece->memory);
}
