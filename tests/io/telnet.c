/* What goes into and comes out of the telnet layer, byte by byte. */
#include "io/source/telnet.h"

#include "annotty/buf.h"

#include "suite.h"

#include <string.h>

#define IAC  "\xff"
#define DONT "\xfe"
#define DO   "\xfd"
#define WONT "\xfc"
#define WILL "\xfb"
#define SB   "\xfa"
#define SE   "\xf0"
#define PORT "\x2c"

/* A literal with NULs in it. */
#define BYTES(literal) ((struct ann_span){(literal), sizeof(literal) - 1})

struct ends {
	struct ann_telnet *telnet;
	struct ann_buf data;     /* of the device */
	struct ann_buf sent;     /* to the server */
	struct ann_buf warnings; /* each with a newline */
};

static void on_data(void *user, struct ann_span bytes)
{
	ck_assert_uint_gt(bytes.len, 0);
	ann_buf_span(&((struct ends *)user)->data, bytes);
}

static void on_send(void *user, struct ann_span bytes)
{
	ann_buf_span(&((struct ends *)user)->sent, bytes);
}

static void on_warn(void *user, const char *text)
{
	ann_buf_str(&((struct ends *)user)->warnings, text);
	ann_buf_char(&((struct ends *)user)->warnings, '\n');
}

static const struct ann_telnet_events events = {on_data, on_send, on_warn};

static void close_ends(struct ends *e)
{
	ann_telnet_free(e->telnet);
	ann_buf_deinit(&e->data);
	ann_buf_deinit(&e->sent);
	ann_buf_deinit(&e->warnings);
}

static void open_ends(struct ends *e, const struct ann_port_settings *port)
{
	*e = (struct ends){0};
	e->telnet = ann_telnet_new(port, &events, e);
	ck_assert_ptr_nonnull(e->telnet);
	ann_telnet_begin(e->telnet);
}

static void feed(struct ends *e, struct ann_span bytes)
{
	ck_assert(ann_telnet_feed(e->telnet, bytes));
}

static void expect(const struct ann_buf *found, struct ann_span wanted)
{
	struct ann_buf story = {0};

	for (size_t i = 0; i < found->len; i++) {
		ann_buf_printf(&story, " %02x", (unsigned char)found->ptr[i]);
	}
	ann_buf_str(&story, ", expected:");
	for (size_t i = 0; i < wanted.len; i++) {
		ann_buf_printf(&story, " %02x", (unsigned char)wanted.ptr[i]);
	}
	ck_assert_msg(ann_span_equal(ann_buf_all(found), wanted), "found:%.*s",
		(int)story.len, story.ptr);
	ann_buf_deinit(&story);
}

/* --- bytes of the device -------------------------------------------------------- */

START_TEST(plain_telnet_says_nothing_by_itself)
{
	struct ends e;

	open_ends(&e, NULL);
	feed(&e, ann_span("U-Boot 2023.01\r\n"));
	expect(&e.data, ann_span("U-Boot 2023.01\r\n"));
	expect(&e.sent, ann_span(""));
	close_ends(&e);
}
END_TEST

START_TEST(a_doubled_iac_is_one_byte)
{
	struct ends e;

	open_ends(&e, NULL);
	feed(&e, BYTES("a" IAC IAC "b" IAC IAC IAC IAC));
	expect(&e.data, BYTES("a" IAC "b" IAC IAC));
	close_ends(&e);
}
END_TEST

/* All there is in one stream. */
static const char transcript[] =
	IAC WILL "\x01" IAC DO "\x18"
		 "boot\r\n" IAC IAC "\r" IAC "\xf1\0"
		 "x" IAC SB "\x18\x01" IAC IAC IAC SE "y" IAC SB PORT
		 "\x6a\x12" IAC SE IAC WILL "\xff" IAC WILL "\0"
		 "\r\0z" IAC IAC;

static void expect_transcript(const struct ends *e)
{
	expect(&e->data, BYTES("boot\r\n" IAC "\r"
			       "xy\r\0z" IAC));
	expect(&e->sent,
		BYTES(IAC DO "\x01" IAC WONT "\x18" IAC DONT "\xff" IAC DO "\0"));
}

START_TEST(every_chunking_is_the_same)
{
	struct ann_span whole = BYTES(transcript);
	struct ends e;

	for (size_t cut = 0; cut <= whole.len; cut++) {
		open_ends(&e, NULL);
		feed(&e, (struct ann_span){whole.ptr, cut});
		feed(&e, (struct ann_span){whole.ptr + cut, whole.len - cut});
		expect_transcript(&e);
		close_ends(&e);
	}
	open_ends(&e, NULL);
	for (size_t i = 0; i < whole.len; i++) {
		feed(&e, (struct ann_span){whole.ptr + i, 1});
	}
	expect_transcript(&e);
	close_ends(&e);
}
END_TEST

START_TEST(cr_nul_is_a_cr_unless_the_server_is_binary)
{
	struct ends e;

	open_ends(&e, NULL);
	feed(&e, BYTES("a\r\0b\0c\r"));
	feed(&e, BYTES("\0d\r\n\0\0"));
	expect(&e.data, BYTES("a\rb\0c\rd\r\n\0\0"));
	ann_buf_clear(&e.data);
	feed(&e, BYTES(IAC WILL "\0"
				"a\r\0"));
	expect(&e.data, BYTES("a\r\0"));
	ann_buf_clear(&e.data);
	feed(&e, BYTES(IAC WONT "\0"
				"a\r\0"));
	expect(&e.data, BYTES("a\r"));
	close_ends(&e);
}
END_TEST

/* --- bytes for the device ------------------------------------------------------- */

START_TEST(what_is_written_is_escaped)
{
	struct ends e;

	open_ends(&e, NULL);
	ann_telnet_write(e.telnet, BYTES("a" IAC "\r\nb\r"));
	expect(&e.sent, BYTES("a" IAC IAC "\r\nb\r\0"));
	feed(&e, BYTES(IAC DO "\0"));
	ann_buf_clear(&e.sent);
	ann_telnet_write(e.telnet, BYTES(IAC "b\r"));
	expect(&e.sent, BYTES(IAC IAC "b\r"));
	close_ends(&e);
}
END_TEST

/* --- options -------------------------------------------------------------------- */

static const struct {
	const char *about;
	struct ann_span from;
	struct ann_span reply;
} options[] = {
	{"binary is fine", {IAC WILL "\0" IAC DO "\0", 6},
		{IAC DO "\0" IAC WILL "\0", 6}},
	{"no go-aheads are fine", {IAC WILL "\3" IAC DO "\3", 6},
		{IAC DO "\3" IAC WILL "\3", 6}},
	{"the server may echo, we do not", {IAC WILL "\1" IAC DO "\1", 6},
		{IAC DO "\1" IAC WONT "\1", 6}},
	{"no window size", {IAC DO "\x1f", 3}, {IAC WONT "\x1f", 3}},
	{"no terminal type", {IAC DO "\x18", 3}, {IAC WONT "\x18", 3}},
	{"no compression", {IAC WILL "\x56", 3}, {IAC DONT "\x56", 3}},
	{"no serial port without settings", {IAC DO PORT, 3}, {IAC WONT PORT, 3}},
	{"an answer is not answered", {IAC WONT "\x56" IAC DONT "\x18", 6}, {"", 0}},
};

START_TEST(options_are_answered)
{
	struct ends e;

	open_ends(&e, NULL);
	feed(&e, options[_i].from);
	expect(&e.sent, options[_i].reply);
	expect(&e.data, ann_span(""));
	close_ends(&e);
}
END_TEST

START_TEST(a_loop_of_options_comes_to_an_end)
{
	struct ends e;

	open_ends(&e, NULL);
	for (int i = 0; i < 100000; i++) {
		feed(&e, BYTES(IAC WILL "\xc8"));
	}
	ck_assert_uint_le(e.sent.len, 4096);
	feed(&e, ann_span("still here"));
	expect(&e.data, ann_span("still here"));
	close_ends(&e);
}
END_TEST

/* --- hostile servers ------------------------------------------------------------ */

START_TEST(a_subnegotiation_without_end_is_given_up)
{
	static char much[1 << 16];
	struct ends e;

	memset(much, 'x', sizeof(much));
	open_ends(&e, NULL);
	feed(&e, BYTES(IAC SB "\x18"));
	for (int i = 0; i < 16; i++) {
		feed(&e, BYTES(much));
	}
	/* The rest of it cannot be told from the device any more. */
	ck_assert_uint_gt(e.data.len, 15 * sizeof(much));
	ann_buf_clear(&e.data);
	feed(&e, ann_span("boot\n"));
	expect(&e.data, ann_span("boot\n"));
	close_ends(&e);
}
END_TEST

/* libtelnet calls itself for each of these; see feed_slice() in telnet.c. */
START_TEST(many_short_subnegotiations_in_one_chunk_are_taken)
{
	static const char one[] = IAC SB "\x27\0" IAC SE;
	struct ann_buf many = {0};
	struct ends e;

	for (int i = 0; i < 20000; i++) {
		ann_buf_span(&many, BYTES(one));
	}
	ann_buf_str(&many, "boot\n");
	open_ends(&e, NULL);
	feed(&e, ann_buf_all(&many));
	expect(&e.data, ann_span("boot\n"));
	ann_buf_deinit(&many);
	close_ends(&e);
}
END_TEST

START_TEST(compression_that_nobody_asked_for_ends_the_connection)
{
	struct ends e;

	open_ends(&e, NULL);
	ck_assert(!ann_telnet_feed(
		e.telnet, _i == 0 ? BYTES("a" IAC SB "\x56" IAC SE "\x78\x9c")
				  : BYTES("a" IAC SB "\x56" IAC "\xf1\x78\x9c")));
	expect(&e.data, ann_span("a"));
	ck_assert(!ann_telnet_feed(e.telnet, ann_span("b")));
	close_ends(&e);
}
END_TEST

/* --- RFC 2217 ------------------------------------------------------------------- */

#define HELLO IAC WILL "\0" IAC DO "\0" IAC DO "\3" IAC WILL PORT

START_TEST(the_servers_port_is_set_once_it_agrees)
{
	struct ann_port_settings port = ann_port_defaults;
	struct ends e;

	port.baudrate = 0x00ff10ff; /* IACs in it are doubled */
	port.databits = 7;
	port.parity = ANN_PARITY_EVEN;
	port.stopbits = 2;
	port.flow = ANN_FLOW_XONXOFF;
	port.rts = ANN_PIN_OFF;
	open_ends(&e, &port);
	expect(&e.sent, BYTES(HELLO));
	ck_assert(!ann_telnet_has_port(e.telnet));
	ann_buf_clear(&e.sent);
	feed(&e, BYTES(IAC DO PORT));
	ck_assert(ann_telnet_has_port(e.telnet));
	expect(&e.sent,
		BYTES(IAC SB PORT "\x0a\x1e" IAC SE         /* line state */
				IAC SB PORT "\x0b\0" IAC SE /* modem state */
					IAC SB PORT "\x01\0" IAC IAC
				  "\x10" IAC IAC IAC SE                 /* rate */
					  IAC SB PORT "\x02\x07" IAC SE /* bits */
						  IAC SB PORT
				  "\x03\x03" IAC SE                     /* parity */
					  IAC SB PORT "\x04\x02" IAC SE /* stop bits */
						  IAC SB PORT
				  "\x05\x02" IAC SE                        /* flow */
					  IAC SB PORT "\x05\x0c" IAC SE)); /* RTS */
	ann_buf_clear(&e.sent);
	feed(&e, BYTES(IAC DO PORT));
	expect(&e.sent, ann_span(""));
	close_ends(&e);
}
END_TEST

static const struct {
	enum ann_flow flow;
	enum ann_pin dtr;
	enum ann_pin rts;
	struct ann_span controls; /* all SET-CONTROLs behind that of the flow */
} lines[] = {
	{ANN_FLOW_NONE, ANN_PIN_KEEP, ANN_PIN_KEEP, {"", 0}},
	{ANN_FLOW_NONE, ANN_PIN_ON, ANN_PIN_ON,
		{IAC SB PORT "\5\x08" IAC SE IAC SB PORT "\5\x0b" IAC SE, 14}},
	{ANN_FLOW_NONE, ANN_PIN_OFF, ANN_PIN_OFF,
		{IAC SB PORT "\5\x09" IAC SE IAC SB PORT "\5\x0c" IAC SE, 14}},
	{ANN_FLOW_RTSCTS, ANN_PIN_KEEP, ANN_PIN_ON, {"", 0}},
};

START_TEST(lines_that_are_kept_are_not_spoken_of)
{
	struct ann_port_settings port = ann_port_defaults;
	struct ends e;

	port.flow = lines[_i].flow;
	port.dtr = lines[_i].dtr;
	port.rts = lines[_i].rts;
	open_ends(&e, &port);
	feed(&e, BYTES(IAC DO PORT));
	ck_assert_uint_ge(e.sent.len, lines[_i].controls.len + 7);

	struct ann_span controls = {e.sent.ptr + e.sent.len - lines[_i].controls.len,
		lines[_i].controls.len};

	ck_assert(ann_span_equal(controls, lines[_i].controls));
	/* The one before is that of the flow. */
	ck_assert_int_eq(controls.ptr[-4], 5);
	ck_assert_int_le(controls.ptr[-3], 3);
	close_ends(&e);
}
END_TEST

static const struct {
	struct ann_span answer;
	const char *warning;
} answers[] = {
	{{"\x65\x00\x01\xc2\x00", 5}, ""},
	{{"\x65\x00\x01\xc2\x10", 5}, ""}, /* 0.01 % off */
	{{"\x65\x00\x00\x25\x80", 5}, "the server set baudrate 9600, not 115200\n"},
	{{"\x65\x00\x00\x00\x00", 5}, ""}, /* it does not know */
	{{"\x65\x00\x01", 3}, ""},
	{{"\x66\x08", 2}, ""},
	{{"\x66\x07", 2}, "the server set databits 7, not 8\n"},
	{{"\x67\x01", 2}, ""},
	{{"\x67\x03", 2}, "the server set parity even, not none\n"},
	{{"\x67\xff", 2}, ""},
	{{"\x68\x02", 2}, "the server set stopbits 2, not 1\n"},
	{{"\x69\x01", 2}, ""},
	{{"\x69\x03", 2}, "the server set flow rtscts, not none\n"},
	{{"\x69\x08", 2}, ""},
	{{"\x69\x09", 2}, "the server set dtr off, not on\n"},
	{{"\x69\x0b", 2}, ""}, /* RTS is kept, whatever it is */
	{{"\x69\xc8", 2}, ""},
	{{"\x69", 1}, ""},
	{{"", 0}, ""},
	{{"\x01\x02", 2}, ""},
};

START_TEST(what_the_server_did_not_set_is_told)
{
	struct ann_port_settings port = ann_port_defaults;
	struct ends e;
	struct ann_buf message = {0};

	port.dtr = ANN_PIN_ON;
	open_ends(&e, &port);
	ann_buf_span(&message, BYTES(IAC SB PORT));
	for (size_t i = 0; i < answers[_i].answer.len; i++) {
		ann_buf_char(&message, answers[_i].answer.ptr[i]);
		if (answers[_i].answer.ptr[i] == IAC[0]) {
			ann_buf_str(&message, IAC);
		}
	}
	ann_buf_span(&message, BYTES(IAC SE));
	feed(&e, ann_buf_all(&message));
	expect(&e.warnings, ann_span(answers[_i].warning));
	expect(&e.data, ann_span(""));
	ann_buf_deinit(&message);
	close_ends(&e);
}
END_TEST

START_TEST(line_errors_are_counted)
{
	const struct ann_com_port_counts *counts;
	struct ends e;

	open_ends(&e, &ann_port_defaults);
	counts = ann_telnet_counts(e.telnet);
	feed(&e, BYTES(IAC SB PORT "\x6a\x02" IAC SE)); /* overrun */
	feed(&e, BYTES(IAC SB PORT "\x6a\x04" IAC SE)); /* parity */
	feed(&e, BYTES(IAC SB PORT "\x6a\x18" IAC SE)); /* framing and break */
	feed(&e, BYTES(IAC SB PORT "\x6a\x61" IAC SE)); /* nothing of interest */
	feed(&e, BYTES(IAC SB PORT "\x6b\xf0" IAC SE)); /* the modem's */
	ck_assert_uint_eq(counts->overruns, 1);
	ck_assert_uint_eq(counts->parity_errors, 1);
	ck_assert_uint_eq(counts->framing_errors, 1);
	ck_assert_uint_eq(counts->breaks, 1);
	close_ends(&e);
}
END_TEST

START_TEST(no_memory_for_it_is_told)
{
	test_heap_begin(0);
	ck_assert_ptr_null(ann_telnet_new(NULL, &events, NULL));
	ck_assert(test_heap_end());
	ann_telnet_free(NULL);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, plain_telnet_says_nothing_by_itself);
	test_add(suite, a_doubled_iac_is_one_byte);
	test_add(suite, every_chunking_is_the_same);
	test_add(suite, cr_nul_is_a_cr_unless_the_server_is_binary);
	test_add(suite, what_is_written_is_escaped);
	test_add_loop(suite, options_are_answered, ANN_LEN(options));
	test_add(suite, a_loop_of_options_comes_to_an_end);
	test_add(suite, a_subnegotiation_without_end_is_given_up);
	test_add(suite, many_short_subnegotiations_in_one_chunk_are_taken);
	test_add_loop(suite, compression_that_nobody_asked_for_ends_the_connection, 2);
	test_add(suite, the_servers_port_is_set_once_it_agrees);
	test_add_loop(suite, lines_that_are_kept_are_not_spoken_of, ANN_LEN(lines));
	test_add_loop(suite, what_the_server_did_not_set_is_told, ANN_LEN(answers));
	test_add(suite, line_errors_are_counted);
	test_add(suite, no_memory_for_it_is_told);
}
