/*
 * render - a batch and its hits become what people and programs read.
 *
 * Formats and the text of annotations are those of the manual page. In text the bytes
 * of the line are never changed: without the annotations the input is back.
 */
#ifndef ANNOTTY_RENDER_H
#define ANNOTTY_RENDER_H

#include "annotty/framer.h"
#include "annotty/matcher.h"
#include "annotty/record.h"

enum ann_format {
	ANN_FORMAT_TEXT,
	ANN_FORMAT_JSON,         /* JSON Lines, UTF-8, a line an object */
	ANN_FORMAT_RAW,          /* the input as it is */
	ANN_FORMAT_SYSLOG,       /* RFC 5424, a line a record */
	ANN_FORMAT_SYSLOG_LOCAL, /* as syslog(3) writes to /dev/log (RFC 3164) */
	ANN_FORMAT_JOURNAL,      /* systemd's native fields */
};

enum ann_placement {
	ANN_INLINE, /* right behind the value */
	ANN_SUFFIX, /* at the end of the line */
	ANN_BELOW,  /* on lines of their own, the value underlined */
};

enum ann_timestamp {
	ANN_TIMESTAMP_NONE,
	ANN_TIMESTAMP_ISO8601,   /* 2026-11-22T21:31:07.123456Z, UTC */
	ANN_TIMESTAMP_TIME,      /* 21:31:07.123, local */
	ANN_TIMESTAMP_DELTA,     /* seconds since the line before */
	ANN_TIMESTAMP_EPOCH,     /* seconds since 1970 (UTC) */
	ANN_TIMESTAMP_MONOTONIC, /* seconds on the clock that never jumps */
};

/*
 * The facilities of syslog that are for programs, for ANN_KEY_WORD: user (as logger(1)
 * has it), mail, daemon, …, local7.
 */
extern const char *const ann_facilities[];

struct ann_render_options {
	enum ann_format format;
	enum ann_placement placement;
	enum ann_timestamp timestamp;
	const char *source; /* name of the input, for JSON; borrowed */
	const char *label;  /* text: every line begins with [label]; NULL: none */
	const char *output; /* name of the output, for the journal; borrowed */
	const char *host;   /* for syslog: this machine's name; NULL: not told */
	unsigned process;   /* for syslog: our process id; 0: not told */
	unsigned facility;  /* for syslog: which of ann_facilities */
	bool names_only;    /* leave the descriptions out */
	bool color;         /* annotations in the colour of their severity */
	bool mask_controls; /* show control characters of the device, as cat -v does */
};

struct ann_renderer {
	struct ann_render_options options;
	uint64_t last_mono_ns; /* of the line before, for ANN_TIMESTAMP_DELTA */
	bool in_line;          /* the last batch was cut: its line goes on */
};

void ann_renderer_init(
	struct ann_renderer *renderer, const struct ann_render_options *options);

/* Appends the batch with its `count` hits to `out`. */
void ann_render_batch(struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out);

/*
 * Appends what happened to `source` (NULL: to all that feed an output) as a record of
 * the format: in text a line that begins with `[annotty] `, in raw nothing.
 */
void ann_render_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out);

/*
 * Appends ` [NAME: description]`, or ` [0x107: description]` behind a symbol, with
 * alternatives behind ` | `.
 */
void ann_render_annotation(
	const struct ann_hit *hit, bool names_only, bool color, struct ann_buf *out);

/* Appends one code as a JSON object; see annotty(1), `explain --json`. */
void ann_render_code(const struct ann_code *code, struct ann_buf *out);

/* Appends `text` as a JSON string, with U+FFFD for what is no UTF-8. */
void ann_render_json_string(struct ann_span text, struct ann_buf *out);

/* Appends a time as RFC 3339 in UTC with `digits` digits behind the second's point. */
void ann_render_time(uint64_t wall_ns, unsigned digits, struct ann_buf *out);

#endif
