/*
 * RELP to the real rsyslog, which is killed and stopped in the middle: what it has
 * answered for is counted in its file. Its queue is a direct one, so that an answer
 * means written.
 */
#include "io/sink/relp.h"

#include "chance.h"
#include "scratch.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, RECORDS_MAX = 1000000 };

/* --- rsyslog ---------------------------------------------------------------------- */

struct collector {
	struct test_scratch scratch;
	char conf[96];
	char pid_file[96];
	char log[96];  /* what rsyslogd says */
	char file[96]; /* what it was sent: "N" on each line */
	struct sockaddr_in address;
	pid_t pid; /* 0: does not run */
};

/* A port that nobody has at present. */
static struct sockaddr_in free_address(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return address;
}

static void collector_init(struct collector *to)
{
	*to = (struct collector){.address = free_address()};
	test_scratch_init(&to->scratch);
	snprintf(to->conf, sizeof(to->conf), "%s/conf", to->scratch.path);
	snprintf(to->pid_file, sizeof(to->pid_file), "%s/pid", to->scratch.path);
	snprintf(to->log, sizeof(to->log), "%s/log", to->scratch.path);
	snprintf(to->file, sizeof(to->file), "%s/file", to->scratch.path);

	FILE *conf = fopen(to->conf, "w");

	ck_assert_ptr_nonnull(conf);
	fprintf(conf,
		"global(workDirectory=\"%s\")\n"
		"main_queue(queue.type=\"Direct\")\n"
		"module(load=\"imrelp\")\n"
		"template(name=\"number\" type=\"string\" string=\"%%msg%%\\n\")\n"
		"ruleset(name=\"count\" queue.type=\"Direct\") {\n"
		"  action(type=\"omfile\" file=\"%s\" template=\"number\"\n"
		"    asyncWriting=\"off\" flushOnTXEnd=\"on\")\n"
		"}\n"
		"input(type=\"imrelp\" address=\"127.0.0.1\" port=\"%d\""
		" ruleset=\"count\")\n",
		to->scratch.path, to->file, ntohs(to->address.sin_port));
	ck_assert_int_eq(fclose(conf), 0);
}

/* rsyslogd with `option` as the first of its options. */
static void collector_run(struct collector *to, const char *option)
{
	to->pid = fork();
	ck_assert_int_ge(to->pid, 0);
	if (to->pid == 0) {
		int log = open(to->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execlp("rsyslogd", "rsyslogd", option, "-f", to->conf, "-i",
			to->pid_file, (char *)NULL);
		_exit(127);
	}
}

static void collector_start(struct collector *to)
{
	collector_run(to, "-n");
}

/* Whether it has ended; waits for that if told to. */
static bool collector_ended(struct collector *to, int *status, int options)
{
	if (waitpid(to->pid, status, options) != to->pid) {
		return false;
	}
	to->pid = 0;
	return true;
}

static void collector_deinit(struct collector *to)
{
	int status;

	if (to->pid != 0) {
		kill(to->pid, SIGTERM);
		ck_assert(collector_ended(to, &status, 0));
	}
	test_scratch_deinit(&to->scratch);
}

static bool log_has(const struct collector *to, const char *word)
{
	char text[4096] = "";
	FILE *log = fopen(to->log, "r");

	text[fread(text, 1, sizeof(text) - 1, log)] = '\0';
	fclose(log);
	return strstr(text, word) != NULL;
}

/* False, with a message: this test cannot be done here. */
static bool collector_is_there(struct collector *to)
{
	int status;

	collector_run(to, "-N1");
	ck_assert(collector_ended(to, &status, 0));
	if (WEXITSTATUS(status) == 127) {
		printf("SKIPPED: rsyslogd is not installed\n");
		return false;
	}
	if (status != 0) {
		ck_assert_msg(log_has(to, "imrelp"), "the configuration is wrong");
		printf("SKIPPED: rsyslog has no imrelp\n");
		return false;
	}
	return true;
}

/* --- a client that blocks --------------------------------------------------------- */

struct client {
	struct ann_relp relp;
	const struct sockaddr_in *address;
	int fd; /* -1: not connected */
	struct ann_buf out;
	uint64_t submitted;
	uint64_t answered;
	unsigned char *resent; /* by number: how often it was unanswered at an end */
	uint64_t all_resent;
	uint64_t ends; /* of connections that stood */
	bool enough;   /* submit no more */
};

static void note_answer(void *user, uint64_t id, unsigned status)
{
	struct client *client = user;

	ck_assert_uint_eq(id, client->answered + 1);
	ck_assert_uint_eq(status, ANN_RELP_TAKEN);
	client->answered = id;
}

static void client_init(struct client *client, const struct sockaddr_in *address)
{
	*client = (struct client){
		.address = address, .fd = -1, .resent = calloc(1, RECORDS_MAX)};
	ck_assert_int_eq(
		ann_relp_init(&client->relp, ANN_RELP_WINDOW, note_answer, client),
		ANN_OK);
}

static void client_deinit(struct client *client)
{
	ann_relp_deinit(&client->relp);
	ann_buf_deinit(&client->out);
	free(client->resent);
}

static void client_disconnect(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->ends++;
	for (uint64_t i = client->answered + 1; i <= client->submitted; i++) {
		client->resent[i]++;
		client->all_resent++;
	}
}

static void client_connect(struct client *client)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (connect(fd, (const struct sockaddr *)client->address,
		    sizeof(*client->address)) < 0) {
		close(fd);
		poll(NULL, 0, 10); /* it is not there yet: no hurry */
		return;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client->fd = fd;
	ann_buf_clear(&client->out);
	ann_relp_begin(&client->relp, &client->out);
}

static void client_submit(struct client *client)
{
	while (!client->enough && ann_relp_room(&client->relp) > 0 &&
		client->submitted < RECORDS_MAX - 1) {
		char record[128];

		snprintf(record, sizeof(record),
			"<13>1 2026-11-22T21:31:07Z rig annotty - - - %llu",
			(unsigned long long)++client->submitted);
		ck_assert_int_eq(ann_relp_submit(&client->relp, client->submitted,
					 ann_span(record), &client->out),
			ANN_OK);
	}
}

static bool client_send(struct client *client)
{
	struct ann_buf *out = &client->out;
	ssize_t sent = send(client->fd, out->ptr, out->len, MSG_NOSIGNAL);

	if (sent < 0) {
		return errno == EAGAIN;
	}
	out->len -= (size_t)sent;
	memmove(out->ptr, out->ptr + sent, out->len);
	return true;
}

static bool client_receive(struct client *client)
{
	struct ann_error err = {0};
	char bytes[4096];
	ssize_t got = recv(client->fd, bytes, sizeof(bytes), 0);

	if (got < 0 && errno == EAGAIN) {
		return true;
	}
	if (got <= 0) {
		return false;
	}
	ck_assert_msg(
		ann_relp_feed(&client->relp, (struct ann_span){bytes, (size_t)got},
			&client->out, &err) == ANN_OK,
		"%s", err.text);
	return ann_relp_state(&client->relp) != ANN_RELP_ENDED;
}

/* Moves what can be moved within a hundredth of a second. */
static void client_step(struct client *client)
{
	if (client->fd < 0) {
		client_connect(client);
		return;
	}
	client_submit(client);

	struct pollfd want = {client->fd, POLLIN, 0};

	want.events |= client->out.len > 0 ? POLLOUT : 0;
	poll(&want, 1, 10);
	if (((want.revents & POLLOUT) && !client_send(client)) ||
		((want.revents & ~POLLOUT) && !client_receive(client))) {
		client_disconnect(client);
	}
}

/* --- what came of it -------------------------------------------------------------- */

/* Each number is there, in order, and again only if it was unanswered at an end. */
static void expect_all(const struct collector *from, const struct client *client)
{
	unsigned char *copies = calloc(1, RECORDS_MAX);
	FILE *file = fopen(from->file, "r");
	unsigned long long next = 1;
	unsigned long long repeated = 0;
	unsigned long long number;
	char line[64];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		ck_assert_int_eq(sscanf(line, "%llu\n", &number), 1);
		ck_assert_uint_gt(number, 0);
		ck_assert_msg(number <= next, "%llu before %llu", number, next);
		if (number == next) {
			next++;
		} else {
			repeated++;
		}
		copies[number]++;
		ck_assert_msg(copies[number] <= 1 + client->resent[number],
			"%llu is there %d times", number, copies[number]);
	}
	fclose(file);
	ck_assert_uint_eq(next - 1, client->submitted);
	printf("%llu records, %llu ends, %llu sent again, %llu of them twice there\n",
		next - 1, (unsigned long long)client->ends,
		(unsigned long long)client->all_resent, repeated);
	free(copies);
}

/* How rsyslog meets its end: the signals, in turn. */
static const int ends[][2] = {
	{SIGKILL, 0},
	{SIGTERM, 0},
	{SIGSTOP, SIGKILL},
};

/* Interrupts a collector in the middle of the stream, and starts another. */
static void interrupt(struct collector *to, struct client *client,
	struct test_chance *chance, int how)
{
	uint64_t goal = client->answered + 100 + test_below(chance, 5000);
	int status;

	while (client->answered < goal) {
		client_step(client);
	}
	kill(to->pid, ends[how][0]);
	if (ends[how][1] != 0) {
		/* Nobody answers: the window fills. */
		while (ann_relp_room(&client->relp) > 0) {
			client_step(client);
		}
		kill(to->pid, ends[how][1]);
	}
	while (!collector_ended(to, &status, WNOHANG)) {
		client_step(client);
	}
	while (client->fd >= 0) {
		client_step(client);
	}
	collector_start(to);
}

START_TEST(rsyslog_has_all_it_answered_for_however_it_ends)
{
	struct test_chance chance = test_chance(_i);
	struct collector collector;
	struct client client;

	collector_init(&collector);
	if (collector_is_there(&collector)) {
		client_init(&client, &collector.address);
		collector_start(&collector);
		for (int round = 0; round < ROUNDS; round++) {
			interrupt(&collector, &client, &chance, _i);
		}
		client.enough = true;
		ann_relp_finish(&client.relp, &client.out);
		while (ann_relp_state(&client.relp) != ANN_RELP_ENDED ||
			ann_relp_pending(&client.relp) > 0) {
			client_step(&client);
		}
		ck_assert_uint_eq(client.answered, client.submitted);
		ck_assert_uint_ge(client.ends, ROUNDS);
		expect_all(&collector, &client);
		client_deinit(&client);
	}
	collector_deinit(&collector);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, rsyslog_has_all_it_answered_for_however_it_ends,
		(int)ANN_LEN(ends));
}
