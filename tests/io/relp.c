/* The client's half of RELP: what it sends, and what it makes of the answers. */
#include "io/sink/relp.h"

#include "chance.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN     "1 open 52 relp_version=0\nrelp_software=annotty\ncommands=syslog\n"
#define OPENED   "1 rsp 46 200 OK\nrelp_version=0\ncommands=syslog,eventlog\n"
#define OK(txnr) txnr " rsp 6 200 OK\n"

struct talk {
	struct ann_relp relp;
	struct ann_buf out;  /* since the last expect_sent() */
	struct ann_buf told; /* "ID=STATUS " for each answer since expect_told() */
	struct ann_error err;
	uint64_t resubmit; /* the id to submit from within the next answer; 0: none */
};

static void submit(struct talk *talk, uint64_t id, const char *record)
{
	ck_assert_int_eq(
		ann_relp_submit(&talk->relp, id, ann_span(record), &talk->out), ANN_OK);
}

static void note_answer(void *user, uint64_t id, unsigned status)
{
	struct talk *talk = user;

	ann_buf_printf(&talk->told, "%u=%u ", (unsigned)id, status);
	if (talk->resubmit != 0) {
		uint64_t more = talk->resubmit;

		talk->resubmit = 0;
		submit(talk, more, "more");
	}
}

static void talk_init(struct talk *talk, size_t window)
{
	*talk = (struct talk){.resubmit = 0};
	ck_assert_int_eq(ann_relp_init(&talk->relp, window, note_answer, talk), ANN_OK);
}

static void talk_deinit(struct talk *talk)
{
	ann_relp_deinit(&talk->relp);
	ann_buf_deinit(&talk->out);
	ann_buf_deinit(&talk->told);
}

static void expect_buf(struct ann_buf *found, const char *expected)
{
	ck_assert_msg(ann_span_is(ann_buf_all(found), expected),
		"found:    %.*s\nexpected: %s", (int)found->len,
		found->ptr == NULL ? "" : found->ptr, expected);
	ann_buf_clear(found);
}

static void expect_sent(struct talk *talk, const char *expected)
{
	expect_buf(&talk->out, expected);
}

static void expect_told(struct talk *talk, const char *expected)
{
	expect_buf(&talk->told, expected);
}

static enum ann_err feed(struct talk *talk, const char *bytes)
{
	return ann_relp_feed(&talk->relp, ann_span(bytes), &talk->out, &talk->err);
}

static void hear(struct talk *talk, const char *bytes)
{
	ck_assert_msg(feed(talk, bytes) == ANN_OK, "%s", talk->err.text);
}

/* A session that is ready, with nothing sent but `open`. */
static void talk_open(struct talk *talk)
{
	ann_relp_begin(&talk->relp, &talk->out);
	expect_sent(talk, OPEN);
	ck_assert_int_eq(ann_relp_state(&talk->relp), ANN_RELP_OPENING);
	hear(talk, OPENED);
	ck_assert_int_eq(ann_relp_state(&talk->relp), ANN_RELP_READY);
}

START_TEST(records_are_sent_and_answered_in_order)
{
	struct talk talk;

	talk_init(&talk, 128);
	talk_open(&talk);
	submit(&talk, 71, "<13>1 one");
	submit(&talk, 72, "two");
	expect_sent(&talk, "2 syslog 9 <13>1 one\n3 syslog 3 two\n");
	ck_assert_uint_eq(ann_relp_pending(&talk.relp), 2);
	hear(&talk, OK("2"));
	expect_told(&talk, "71=200 ");
	hear(&talk, OK("3"));
	expect_told(&talk, "72=200 ");
	ck_assert_uint_eq(ann_relp_pending(&talk.relp), 0);
	expect_sent(&talk, "");
	talk_deinit(&talk);
}
END_TEST

START_TEST(records_wait_for_the_session_to_be_ready)
{
	struct talk talk;

	talk_init(&talk, 4);
	submit(&talk, 1, "a");
	expect_sent(&talk, "");
	ann_relp_begin(&talk.relp, &talk.out);
	submit(&talk, 2, "b");
	expect_sent(&talk, OPEN);
	hear(&talk, OPENED);
	submit(&talk, 3, "c");
	expect_sent(&talk, "2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n");
	talk_deinit(&talk);
}
END_TEST

START_TEST(the_window_bounds_what_is_unanswered)
{
	struct talk talk;

	talk_init(&talk, 3);
	talk_open(&talk);
	for (uint64_t id = 1; id <= 3; id++) {
		ck_assert_uint_eq(ann_relp_room(&talk.relp), 4 - id);
		submit(&talk, id, "x");
	}
	ck_assert_uint_eq(ann_relp_room(&talk.relp), 0);
	ann_buf_clear(&talk.out);
	ck_assert_int_eq(
		ann_relp_submit(&talk.relp, 4, ann_span("y"), &talk.out), ANN_EUSE);
	expect_sent(&talk, "");
	hear(&talk, OK("2"));
	ck_assert_uint_eq(ann_relp_room(&talk.relp), 1);
	submit(&talk, 4, "y");
	expect_sent(&talk, "5 syslog 1 y\n");
	talk_deinit(&talk);
}
END_TEST

START_TEST(a_record_is_neither_empty_nor_longer_than_a_frame)
{
	char *longest = calloc(1, ANN_RELP_RECORD_BYTES + 1);
	struct ann_span record = {longest, ANN_RELP_RECORD_BYTES + 1};
	struct talk talk;

	talk_init(&talk, 3);
	talk_open(&talk);
	ck_assert_int_eq(ann_relp_submit(&talk.relp, 1, record, &talk.out), ANN_EUSE);
	ck_assert_int_eq(
		ann_relp_submit(&talk.relp, 1, ann_span(""), &talk.out), ANN_EUSE);
	expect_sent(&talk, "");
	record.len--;
	ck_assert_int_eq(ann_relp_submit(&talk.relp, 1, record, &talk.out), ANN_OK);
	ck_assert_uint_eq(talk.out.len, strlen("2 syslog 131072 ") + record.len + 1);
	free(longest);
	talk_deinit(&talk);
}
END_TEST

START_TEST(all_that_is_unanswered_is_sent_again_in_order)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	submit(&talk, 2, "bb");
	submit(&talk, 3, "ccc");
	submit(&talk, 4, "dddd");
	hear(&talk, OK("2") "3 rsp 6 200");
	expect_told(&talk, "1=200 ");
	ann_buf_clear(&talk.out);
	talk_open(&talk); /* what was half received is forgotten */
	expect_sent(&talk, "2 syslog 2 bb\n3 syslog 3 ccc\n4 syslog 4 dddd\n");
	submit(&talk, 5, "eeeee");
	expect_sent(&talk, "5 syslog 5 eeeee\n");
	hear(&talk, OK("2") OK("3") OK("4") OK("5"));
	expect_told(&talk, "2=200 3=200 4=200 5=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(connections_that_break_at_once_lose_and_repeat_nothing)
{
	struct talk talk;

	talk_init(&talk, 4);
	submit(&talk, 1, "a");
	for (int i = 0; i < 3; i++) {
		ann_relp_begin(&talk.relp, &talk.out);
		expect_sent(&talk, OPEN);
	}
	hear(&talk, OPENED);
	expect_sent(&talk, "2 syslog 1 a\n");
	hear(&talk, OK("2"));
	talk_open(&talk);
	expect_sent(&talk, "");
	expect_told(&talk, "1=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(a_refusal_is_told_with_its_status)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	submit(&talk, 2, "b");
	hear(&talk, "2 rsp 14 500 not my day\n" OK("3"));
	expect_told(&talk, "1=500 2=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(answers_out_of_order_are_told_in_order)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	submit(&talk, 2, "b");
	submit(&talk, 3, "c");
	hear(&talk, OK("3"));
	expect_told(&talk, "");
	ck_assert_uint_eq(ann_relp_pending(&talk.relp), 3);
	/* Over a new connection goes only what has no answer. */
	ann_buf_clear(&talk.out);
	talk_open(&talk);
	expect_sent(&talk, "2 syslog 1 a\n3 syslog 1 c\n");
	hear(&talk, OK("2"));
	expect_told(&talk, "1=200 2=200 ");
	hear(&talk, OK("3"));
	expect_told(&talk, "3=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(transaction_numbers_wrap_around)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	talk.relp.next_txnr = 999999998;
	submit(&talk, 1, "a");
	submit(&talk, 2, "b");
	submit(&talk, 3, "c");
	submit(&talk, 4, "d");
	expect_sent(&talk, "999999998 syslog 1 a\n999999999 syslog 1 b\n"
			   "1 syslog 1 c\n2 syslog 1 d\n");
	hear(&talk, OK("999999998") OK("999999999") OK("1") OK("2"));
	expect_told(&talk, "1=200 2=200 3=200 4=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(an_answer_may_bring_the_next_record)
{
	struct talk talk;

	talk_init(&talk, 1);
	talk_open(&talk);
	submit(&talk, 1, "a");
	talk.resubmit = 2;
	hear(&talk, OK("2"));
	expect_sent(&talk, "2 syslog 1 a\n3 syslog 4 more\n");
	hear(&talk, OK("3"));
	expect_told(&talk, "1=200 2=200 ");
	talk_deinit(&talk);
}
END_TEST

START_TEST(closing_waits_for_the_last_answer)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	ann_relp_finish(&talk.relp, &talk.out);
	expect_sent(&talk, "2 syslog 1 a\n");
	ck_assert_uint_eq(ann_relp_room(&talk.relp), 0);
	hear(&talk, OK("2"));
	expect_sent(&talk, "3 close 0\n");
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_CLOSING);
	hear(&talk, "3 rsp 0\n0 serverclose 0\n");
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_ENDED);
	talk_deinit(&talk);
}
END_TEST

START_TEST(closing_with_nothing_unanswered_is_at_once)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	ann_relp_finish(&talk.relp, &talk.out);
	expect_sent(&talk, "2 close 0\n");
	hear(&talk, OK("2"));
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_ENDED);
	talk_deinit(&talk);
}
END_TEST

START_TEST(the_server_may_end_the_session_and_give_other_hints)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	hear(&talk, "0 whatever 3 abc\n0 serverclose 0\n2 nonsense");
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_ENDED);
	hear(&talk, "behind the end");
	ck_assert_uint_eq(ann_relp_pending(&talk.relp), 1);
	ann_buf_clear(&talk.out);
	talk_open(&talk);
	expect_sent(&talk, "2 syslog 1 a\n");
	talk_deinit(&talk);
}
END_TEST

/* --- chunking --------------------------------------------------------------------- */

static const char session[] =
	OPENED OK("2") "0 hint 0\n0 hint 0 \n"
		       "3 rsp 9 500 a\nb c\n" OK("4") "0 serverclose 0\n";

static void hear_cut(size_t first, size_t others)
{
	struct talk talk;
	size_t piece = first;

	talk_init(&talk, 4);
	submit(&talk, 1, "a");
	submit(&talk, 2, "b");
	submit(&talk, 3, "c");
	ann_relp_begin(&talk.relp, &talk.out);
	for (size_t at = 0; at < sizeof(session) - 1; at += piece, piece = others) {
		size_t left = sizeof(session) - 1 - at;
		size_t len = piece < left ? piece : left;
		char *bytes = malloc(len);

		memcpy(bytes, session + at, len);
		ck_assert_int_eq(
			ann_relp_feed(&talk.relp, (struct ann_span){bytes, len},
				&talk.out, &talk.err),
			ANN_OK);
		free(bytes);
	}
	expect_told(&talk, "1=200 2=500 3=200 ");
	expect_sent(&talk, OPEN "2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n");
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_ENDED);
	talk_deinit(&talk);
}

START_TEST(answers_may_be_cut_anywhere)
{
	for (size_t first = 1; first < sizeof(session); first++) {
		hear_cut(first, sizeof(session));
		hear_cut(first, 1);
		hear_cut(first, 7);
	}
}
END_TEST

/* --- hostile input ---------------------------------------------------------------- */

/* Over a ready session with one record, 2, unanswered. */
static void expect_broken(const char *bytes, const char *text)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 9, "a");
	ann_buf_clear(&talk.out);
	ck_assert_msg(feed(&talk, bytes) == ANN_ESYS, "%s", bytes);
	ck_assert_int_eq(talk.err.os, EPROTO);
	ck_assert_msg(strstr(talk.err.text, text) != NULL, "%s", talk.err.text);
	ck_assert_int_eq(ann_relp_state(&talk.relp), ANN_RELP_ENDED);
	expect_told(&talk, "");
	talk_open(&talk);
	expect_sent(&talk, "2 syslog 1 a\n");
	talk_deinit(&talk);
}

START_TEST(what_is_no_frame_ends_the_session)
{
	static const char *const bad[] = {"x", " ", "\n", "-1", "2rsp", "2  rsp",
		"2 rsp6", "2 rsp -1", "2 rsp 6x", "2 rsp 6 200 OKx", "2 r5p 6",
		"1234567890", "2 abcdefghijklmnopqrstuvwxyzabcdefg", "2 rsp 1234567890",
		"2 rsp 999999999 ", "2 rsp 131073 ", "2 rsp 0 x", "GET / HTTP/1.1\r\n",
		"\xff\xfe"};

	for (size_t i = 0; i < ANN_LEN(bad); i++) {
		expect_broken(bad[i], "no frame");
	}
}
END_TEST

START_TEST(a_frame_that_was_not_asked_for_ends_the_session)
{
	static const char *const bad[] = {OK("1"), OK("3"), OK("999999999")};

	for (size_t i = 0; i < ANN_LEN(bad); i++) {
		expect_broken(bad[i], "not asked");
	}
	expect_broken("2 syslog 6 200 OK\n", "a command");
	expect_broken("3 open 0\n", "a command");
	expect_broken("2 rsp 0\n", "without a status");
	expect_broken("2 rsp 2 20\n", "without a status");
	expect_broken("2 rsp 5 2000 \n", "without a status");
	expect_broken("2 rsp 3 xyz\n", "without a status");
	expect_broken("2 rsp 6 000 OK\n", "without a status");
}
END_TEST

START_TEST(an_answer_counts_once)
{
	struct talk talk;

	talk_init(&talk, 4);
	talk_open(&talk);
	submit(&talk, 1, "a");
	submit(&talk, 2, "b");
	ck_assert_int_eq(feed(&talk, OK("3") OK("3")), ANN_ESYS);
	expect_told(&talk, "");
	talk_deinit(&talk);
}
END_TEST

static void expect_no_session(const char *answer, const char *text)
{
	struct talk talk;

	talk_init(&talk, 4);
	submit(&talk, 1, "a");
	ann_relp_begin(&talk.relp, &talk.out);
	ck_assert_int_eq(feed(&talk, answer), ANN_ESYS);
	ck_assert_msg(strstr(talk.err.text, text) != NULL, "%s", talk.err.text);
	ck_assert_uint_eq(ann_relp_pending(&talk.relp), 1);
	expect_sent(&talk, OPEN);
	talk_deinit(&talk);
}

START_TEST(a_session_needs_a_version_and_syslog)
{
	expect_no_session("1 rsp 6 200 OK\n", "no version");
	expect_no_session("1 rsp 22 200 OK\ncommands=syslog\n", "no version");
	expect_no_session("1 rsp 21 200 OK\nrelp_version=0\n", "not take syslog");
	expect_no_session("1 rsp 38 200 OK\nrelp_version=0\ncommands=syslogs\n",
		"not take syslog");
	expect_no_session("1 rsp 15 500 n\x1b[1mo\xff"
			  "body\n",
		"500 n?[1mo?body");
	expect_no_session(OK("2"), "not asked");
}
END_TEST

/* --- chance ----------------------------------------------------------------------- */

/* A server that answers what it has read when it likes, over connections that break. */
struct server {
	struct ann_buf input;
	size_t at;         /* of `input`: read so far */
	uint64_t answered; /* how many frames, on this connection */
	uint64_t next;     /* number expected in the next record that is new */
	uint64_t repeated; /* records that came again */
};

static void serve_record(struct server *server, const char *record)
{
	uint64_t number = strtoull(record, NULL, 10);

	if (number < server->next) {
		server->repeated++;
	} else {
		ck_assert_uint_eq(number, server->next);
		server->next++;
	}
}

/* Reads one frame and answers it; false when there is none. */
static bool serve(struct server *server, struct ann_buf *answer)
{
	unsigned txnr;
	char command[33];
	int used = 0;

	if (server->at == server->input.len) {
		return false;
	}
	*ann_buf_reserve(&server->input, 1) = '\0'; /* for sscanf(3) */

	const char *frame = server->input.ptr + server->at;
	size_t len;

	ck_assert_int_eq(
		sscanf(frame, "%u %32s %zu%n", &txnr, command, &len, &used), 3);
	ck_assert_uint_eq(txnr, ++server->answered);
	if (strcmp(command, "open") == 0) {
		ann_buf_str(answer, OPENED);
	} else {
		serve_record(server, frame + used + 1);
		ann_buf_printf(answer, OK("%u"), txnr);
	}
	server->at += (size_t)used + 1 + len + 1;
	return true;
}

static void count_answer(void *user, uint64_t id, unsigned status)
{
	ck_assert_uint_eq(id, ++*(uint64_t *)user);
	ck_assert_uint_eq(status, ANN_RELP_TAKEN);
}

static void reconnect(struct server *server, struct ann_relp *relp)
{
	ann_buf_clear(&server->input);
	server->at = 0;
	server->answered = 0;
	ann_relp_begin(relp, &server->input);
}

/* What a client does in a while: it submits some, and hears a part of the answers. */
static void submit_some(struct test_chance *chance, struct ann_relp *relp,
	uint64_t *next, struct ann_buf *out)
{
	while (ann_relp_room(relp) > 0 && !test_once_in(chance, 4)) {
		char record[32];

		snprintf(record, sizeof(record), "%llu %0*d",
			(unsigned long long)++*next, 1 + (int)test_below(chance, 12),
			0);
		ck_assert_int_eq(
			ann_relp_submit(relp, *next, ann_span(record), out), ANN_OK);
	}
}

static void hear_some(struct test_chance *chance, struct ann_relp *relp,
	struct ann_buf *answer, struct ann_buf *out)
{
	struct ann_error err = {0};
	size_t len = test_below(chance, (uint32_t)answer->len + 1);

	ck_assert_int_eq(
		ann_relp_feed(relp, (struct ann_span){answer->ptr, len}, out, &err),
		ANN_OK);
	if (len > 0) {
		answer->len -= len;
		memmove(answer->ptr, answer->ptr + len, answer->len);
	}
}

START_TEST(nothing_is_lost_over_connections_that_break)
{
	enum { WINDOW = 16 };
	struct test_chance chance = test_chance(_i);
	uint64_t told = 0;
	uint64_t next = 0;
	uint64_t breaks = 0;
	struct server server = {.next = 1};
	struct ann_buf answer = {0};
	struct ann_relp relp;

	ck_assert_int_eq(ann_relp_init(&relp, WINDOW, count_answer, &told), ANN_OK);
	reconnect(&server, &relp);
	while (told < 2000) {
		submit_some(&chance, &relp, &next, &server.input);
		while (!test_once_in(&chance, 6) && serve(&server, &answer)) {
		}
		hear_some(&chance, &relp, &answer, &server.input);
		if (test_once_in(&chance, 20)) {
			reconnect(&server, &relp);
			ann_buf_clear(&answer);
			breaks++;
		}
	}
	ck_assert_uint_ge(server.next, told);
	ck_assert_uint_gt(server.repeated, 0);
	ck_assert_uint_le(server.repeated, WINDOW * breaks);
	ann_relp_deinit(&relp);
	ann_buf_deinit(&server.input);
	ann_buf_deinit(&answer);
}
END_TEST

START_TEST(memory_that_runs_out_loses_nothing)
{
	struct ann_relp relp;
	struct ann_buf out = {0};
	struct ann_error err = {0};
	uint64_t told = 0;

	test_heap_begin(_i);
	if (ann_relp_init(&relp, 2, count_answer, &told) == ANN_OK) {
		bool first = ann_relp_submit(&relp, 1, ann_span("a"), &out) == ANN_OK;

		ann_relp_begin(&relp, &out);
		if (ann_relp_feed(&relp, ann_span(OPENED), &out, &err) != ANN_OK) {
			ck_assert_int_eq(err.code, ANN_ENOMEM);
			ck_assert_int_eq(ann_relp_state(&relp), ANN_RELP_ENDED);
			/* The memory is back: the next connection does it. */
			ann_buf_clear(&out);
			ann_relp_begin(&relp, &out);
			ck_assert_int_eq(
				ann_relp_feed(&relp, ann_span(OPENED), &out, &err),
				ANN_OK);
		}
		ck_assert_uint_eq(ann_relp_pending(&relp), first);
		if (first) {
			ck_assert_int_eq(
				ann_relp_feed(&relp, ann_span(OK("2")), &out, &err),
				ANN_OK);
		}
		ck_assert_uint_eq(told, first);
		ann_relp_deinit(&relp);
	}
	ann_buf_deinit(&out);
	ck_assert(test_heap_end() || _i >= 4);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, records_are_sent_and_answered_in_order);
	test_add(suite, records_wait_for_the_session_to_be_ready);
	test_add(suite, the_window_bounds_what_is_unanswered);
	test_add(suite, a_record_is_neither_empty_nor_longer_than_a_frame);
	test_add(suite, all_that_is_unanswered_is_sent_again_in_order);
	test_add(suite, connections_that_break_at_once_lose_and_repeat_nothing);
	test_add(suite, a_refusal_is_told_with_its_status);
	test_add(suite, answers_out_of_order_are_told_in_order);
	test_add(suite, transaction_numbers_wrap_around);
	test_add(suite, an_answer_may_bring_the_next_record);
	test_add(suite, closing_waits_for_the_last_answer);
	test_add(suite, closing_with_nothing_unanswered_is_at_once);
	test_add(suite, the_server_may_end_the_session_and_give_other_hints);
	test_add(suite, answers_may_be_cut_anywhere);
	test_add(suite, what_is_no_frame_ends_the_session);
	test_add(suite, a_frame_that_was_not_asked_for_ends_the_session);
	test_add(suite, an_answer_counts_once);
	test_add(suite, a_session_needs_a_version_and_syslog);
	test_add_loop(suite, nothing_is_lost_over_connections_that_break, 5);
	test_add_loop(suite, memory_that_runs_out_loses_nothing, 8);
}
