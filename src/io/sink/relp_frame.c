#include "io/sink/relp_frame.h"

#include "io/sink/relp.h"

#include <stdio.h>

enum { NUMBER_DIGITS = 9, COMMAND_LETTERS = 32 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes 1 to `most` bytes of a class; what stands behind them tells that they end. */
static enum ann_relp_reading take_word(struct ann_span *rest, bool (*belongs)(char),
	size_t most, struct ann_span *word)
{
	size_t len = 0;

	while (len < rest->len && len <= most && belongs(rest->ptr[len])) {
		len++;
	}
	if (len > most || (len == 0 && rest->len > 0)) {
		return ANN_RELP_BAD;
	}
	if (len == rest->len) {
		return ANN_RELP_MORE;
	}
	*word = (struct ann_span){rest->ptr, len};
	rest->ptr += len;
	rest->len -= len;
	return ANN_RELP_WHOLE;
}

static enum ann_relp_reading take_number(struct ann_span *rest, uint32_t *number)
{
	struct ann_span digits = {0};
	enum ann_relp_reading how = take_word(rest, is_digit, NUMBER_DIGITS, &digits);

	*number = 0;
	for (size_t i = 0; i < digits.len; i++) {
		*number = *number * 10 + (uint32_t)(digits.ptr[i] - '0');
	}
	return how;
}

static enum ann_relp_reading take_byte(struct ann_span *rest, char byte)
{
	if (rest->len == 0) {
		return ANN_RELP_MORE;
	}
	if (rest->ptr[0] != byte) {
		return ANN_RELP_BAD;
	}
	rest->ptr++;
	rest->len--;
	return ANN_RELP_WHOLE;
}

static enum ann_relp_reading take_header(
	struct ann_span *rest, struct ann_relp_frame *frame, uint32_t *data_len)
{
	enum ann_relp_reading how;

	if ((how = take_number(rest, &frame->txnr)) != ANN_RELP_WHOLE ||
		(how = take_byte(rest, ' ')) != ANN_RELP_WHOLE ||
		(how = take_word(rest, is_letter, COMMAND_LETTERS, &frame->command)) !=
			ANN_RELP_WHOLE ||
		(how = take_byte(rest, ' ')) != ANN_RELP_WHOLE) {
		return how;
	}
	return take_number(rest, data_len);
}

static enum ann_relp_reading take_data(
	struct ann_span *rest, uint32_t len, struct ann_span *data)
{
	/* Without data there is no blank either, but some write one. */
	if (len > 0 || (rest->len > 0 && rest->ptr[0] == ' ')) {
		enum ann_relp_reading how = take_byte(rest, ' ');

		if (how != ANN_RELP_WHOLE) {
			return how;
		}
	}
	if (rest->len < len) {
		return ANN_RELP_MORE;
	}
	*data = (struct ann_span){rest->ptr, len};
	rest->ptr += len;
	rest->len -= len;
	return ANN_RELP_WHOLE;
}

enum ann_relp_reading ann_relp_frame_read(
	struct ann_span *stream, struct ann_relp_frame *frame)
{
	struct ann_span rest = *stream;
	uint32_t len;
	enum ann_relp_reading how = take_header(&rest, frame, &len);

	if (how != ANN_RELP_WHOLE) {
		return how;
	}
	if (len > ANN_RELP_RECORD_BYTES) {
		return ANN_RELP_BAD;
	}
	if ((how = take_data(&rest, len, &frame->data)) == ANN_RELP_WHOLE &&
		(how = take_byte(&rest, '\n')) == ANN_RELP_WHOLE) {
		*stream = rest;
	}
	return how;
}

bool ann_relp_frame_write(
	struct ann_buf *out, uint32_t txnr, const char *command, struct ann_span data)
{
	char header[NUMBER_DIGITS + COMMAND_LETTERS + NUMBER_DIGITS + sizeof("  ")];
	int len = snprintf(
		header, sizeof(header), "%u %s %zu", (unsigned)txnr, command, data.len);
	bool failed = out->failed;

	if (ann_buf_reserve(out, (size_t)len + 1 + data.len + 1) == NULL) {
		out->failed = failed;
		return false;
	}
	ann_buf_add(out, header, (size_t)len);
	if (data.len > 0) {
		ann_buf_char(out, ' ');
		ann_buf_span(out, data);
	}
	ann_buf_char(out, '\n');
	return true;
}

bool ann_relp_answer_read(struct ann_span data, struct ann_relp_answer *answer)
{
	struct ann_span rest = data;
	struct ann_span line = ann_span_next(&rest, '\n');
	struct ann_span code = ann_span_next(&line, ' ');
	uint64_t status;

	if (code.len != 3 || !ann_span_digits(code, 10, &status) || status == 0) {
		return false;
	}
	*answer = (struct ann_relp_answer){(unsigned)status, line, rest};
	return true;
}

struct ann_span ann_relp_offer(struct ann_span offers, const char *name)
{
	while (offers.len > 0) {
		struct ann_span value = ann_span_next(&offers, '\n');
		struct ann_span found = ann_span_next(&value, '=');

		if (ann_span_is(found, name)) {
			return value.ptr == NULL ? ann_span("") : value;
		}
	}
	return (struct ann_span){NULL, 0};
}
