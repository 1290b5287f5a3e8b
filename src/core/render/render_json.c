#include "render/render_private.h"

#include "annotty/lines.h"
#include "base/utf8.h"

static void add_escape(unsigned char c, struct ann_buf *out)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *s = shorts; *s != '\0'; s += 2) {
		if ((unsigned char)*s == c) {
			ann_buf_char(out, '\\');
			ann_buf_char(out, s[1]);
			return;
		}
	}
	ann_buf_printf(out, "\\u%04x", c);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

#ifdef __SSE2__

#	include <emmintrin.h>

enum { AT_ONCE = sizeof(__m128i) };

/* A bit for each of the 16 bytes that is not plain. */
static unsigned special_among(const char *text)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)text);
	__m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
		_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	/* Beyond ASCII they are below zero. */
	__m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	__m128i rubout = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(quotes, _mm_or_si128(low, rubout)));
}

#else

enum { AT_ONCE = 1 };

static unsigned special_among(const char *text)
{
	return !is_plain((unsigned char)*text);
}

#endif

/* How many bytes at the front need no care. */
static size_t plain_length(struct ann_span text)
{
	size_t len = 0;

	for (; text.len - len >= AT_ONCE; len += AT_ONCE) {
		unsigned special = special_among(text.ptr + len);

		if (special != 0) {
			return len + (unsigned)__builtin_ctz(special);
		}
	}
	while (len < text.len && is_plain((unsigned char)text.ptr[len])) {
		len++;
	}
	return len;
}

/* A character beyond ASCII. Returns how many bytes it has. */
static size_t add_wide(struct ann_span text, struct ann_buf *out)
{
	size_t len = ann_utf8_char(text);

	if (len == 0) {
		ann_buf_str(out, "\xEF\xBF\xBD");
		return 1;
	}
	if (ann_utf8_is_control(text)) {
		add_escape((unsigned char)text.ptr[1], out);
	} else {
		ann_buf_add(out, text.ptr, len);
	}
	return len;
}

void ann_render_json_string(struct ann_span text, struct ann_buf *out)
{
	ann_buf_char(out, '"');
	while (text.len > 0) {
		size_t len = plain_length(text);

		if (len == 0 && (unsigned char)text.ptr[0] < 0x80) {
			add_escape((unsigned char)text.ptr[0], out);
			len = 1;
		} else if (len == 0) {
			len = add_wide(text, out);
		} else {
			ann_buf_add(out, text.ptr, len);
		}
		text.ptr += len;
		text.len -= len;
	}
	ann_buf_char(out, '"');
}

/* RFC 4648, section 4, with padding. */
static void add_base64(struct ann_span bytes, struct ann_buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)(unsigned char)bytes.ptr[i] << 16;
		char four[4];

		group |= left > 1 ? (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8 : 0;
		group |= left > 2 ? (uint32_t)(unsigned char)bytes.ptr[i + 2] : 0;
		four[0] = digits[group >> 18];
		four[1] = digits[group >> 12 & 63];
		four[2] = left > 1 ? digits[group >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[group & 63] : '=';
		ann_buf_add(out, four, sizeof(four));
	}
}

static void add_key_string(const char *key, struct ann_span value, struct ann_buf *out)
{
	ann_buf_str(out, key);
	ann_render_json_string(value, out);
}

/* The members that a code has everywhere, without braces. */
static void add_code_members(const struct ann_code *code, struct ann_buf *out)
{
	ann_buf_str(out, "\"value\":");
	ann_buf_u64(out, code->value);
	add_key_string(",\"code\":", ann_span(ann_code_hex(code->value).text), out);
	add_key_string(",\"name\":", code->name, out);
	add_key_string(",\"description\":", code->description, out);
	add_key_string(",\"family\":", code->family->name, out);
	add_key_string(
		",\"severity\":", ann_span(ann_severity_name(code->severity)), out);
}

void ann_render_code(const struct ann_code *code, struct ann_buf *out)
{
	ann_buf_char(out, '{');
	add_code_members(code, out);
	add_key_string(",\"hint\":", code->hint, out);
	ann_buf_char(out, '}');
}

static void add_hit(const struct ann_hit *hit, struct ann_buf *out)
{
	ann_buf_str(out, "{\"start\":");
	ann_buf_u64(out, hit->start - hit->line_start);
	ann_buf_str(out, ",\"end\":");
	ann_buf_u64(out, hit->end - hit->line_start);
	ann_buf_char(out, ',');
	add_code_members(hit->codes[0], out);
	add_key_string(",\"rule\":", ann_span(hit->rule), out);
	ann_buf_str(out, ",\"alternatives\":[");
	for (unsigned i = 1; i < hit->count; i++) {
		ann_buf_str(out, i > 1 ? ",{" : "{");
		add_code_members(hit->codes[i], out);
		ann_buf_char(out, '}');
	}
	ann_buf_str(out, "]}");
}

static void add_line(struct ann_span line, struct ann_buf *out)
{
	add_key_string(",\"line\":", line, out);
	if (ann_utf8_valid(line) < line.len) {
		ann_buf_str(out, ",\"raw\":\"");
		add_base64(line, out);
		ann_buf_char(out, '"');
	}
}

/* What is the same for all lines of a batch: `{"ts":…,"source":…,"seq":`. */
static void make_head(const struct ann_renderer *renderer,
	const struct ann_batch *batch, struct ann_buf *out)
{
	ann_buf_str(out, "{\"ts\":\"");
	ann_render_time(batch->wall_ns, 9, out);
	add_key_string("\",\"source\":", ann_span(renderer->options.source), out);
	ann_buf_str(out, ",\"seq\":");
}

/* That of the first line is made; the others copy it from there, `len` bytes. */
static void add_head(const struct ann_renderer *renderer, const struct ann_batch *batch,
	size_t from, size_t *len, struct ann_buf *out)
{
	char *to = *len == 0 ? NULL : ann_buf_reserve(out, *len);

	if (*len == 0) {
		make_head(renderer, batch, out);
		*len = out->len - from;
	} else if (to != NULL) {
		memcpy(to, out->ptr + from, *len);
		out->len += *len;
	}
}

void ann_render_json(const struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out)
{
	struct ann_span bytes = batch->bytes;
	size_t head = out->len;
	size_t head_len = 0;
	uint64_t seq = batch->seq;
	size_t used = 0;

	for (size_t at = 0; at < bytes.len;) {
		struct ann_line line = ann_line_at(bytes, at);
		struct ann_span text = {bytes.ptr + line.start, line.end - line.start};

		add_head(renderer, batch, head, &head_len, out);
		ann_buf_u64(out, seq++);
		ann_buf_str(out, ",\"offset\":");
		ann_buf_u64(out, batch->offset + line.start);
		add_line(text, out);
		if (batch->cut && line.next == bytes.len) {
			ann_buf_str(out, ",\"cut\":true");
		}
		ann_buf_str(out, ",\"annotations\":[");
		for (size_t first = used; used < count && hits[used].start < line.next;
			used++) {
			if (used > first) {
				ann_buf_char(out, ',');
			}
			add_hit(&hits[used], out);
		}
		ann_buf_add(out, "]}\n", 3);
		at = line.next;
	}
}
