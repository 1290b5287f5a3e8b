/*
 * Telnet and RFC 2217 against a server that others wrote: ser2net, whose serial port is
 * a pseudo-terminal of ours.
 */
#include "io/source/sources.h"

#include "io/log.h"

#include "loop.h"
#include "net.h"
#include "suite.h"
#include "watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SKIPPED = 77 };

extern char **environ;

static uv_loop_t loop;
static struct test_watcher watcher;
static char logged[4096];

struct rig {
	int device; /* the master: what is written here the device says */
	int port;   /* the slave, kept open so that it outlives the server */
	char directory[32];
	char config[64];
	unsigned tcp_port;
	pid_t server;
	struct ann_endpoint endpoint;
};

/* --- the server ------------------------------------------------------------------- */

static void write_config(const struct rig *rig)
{
	char slave[64];
	FILE *file = fopen(rig->config, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(ttyname_r(rig->port, slave, sizeof(slave)), 0);
	fprintf(file,
		"%%YAML 1.1\n---\nconnection: &console\n"
		"  accepter: telnet(rfc2217),tcp,127.0.0.1,%u\n"
		"  connector: serialdev,%s,9600n81,local\n",
		rig->tcp_port, slave);
	fclose(file);
}

static void start_server(struct rig *rig)
{
	const char *const argv[] = {"ser2net", "-n", "-u", "-c", rig->config, NULL};
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
		&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	ck_assert_int_eq(posix_spawnp(&rig->server, argv[0], &actions, NULL,
				 (char *const *)argv, environ),
		0);
	posix_spawn_file_actions_destroy(&actions);
}

static void stop_server(struct rig *rig)
{
	if (rig->server > 0) {
		kill(rig->server, SIGKILL);
		waitpid(rig->server, NULL, 0);
		rig->server = 0;
	}
}

/* --- the rig ---------------------------------------------------------------------- */

static void take_log(void *user, enum ann_log_level level, const char *text)
{
	size_t used = strlen(logged);

	(void)user;
	(void)level;
	snprintf(logged + used, sizeof(logged) - used, "%s\n", text);
}

static void set_endpoint(struct rig *rig, const char *scheme, const char *settings)
{
	struct ann_error err = {0};
	char spec[256];

	snprintf(spec, sizeof(spec), "%s://127.0.0.1:%u?retry=20ms&retry-most=100ms%s",
		scheme, rig->tcp_port, settings);
	ck_assert_msg(
		ann_endpoint_init(&rig->endpoint, NULL, spec, NULL, &err) == ANN_OK,
		"%s", err.text);
}

static void open_rig(struct rig *rig, const char *scheme, const char *settings)
{
	const struct ann_source_context context = {
		.loop = &loop, .reconnect = true, .fd = -1};
	struct ann_error err = {0};

	*rig = (struct rig){.directory = "/tmp/annotty-test.XXXXXX"};
	test_loop_init(&loop);
	watcher.loop = &loop;
	ann_log_start(ANN_LOG_INFO);
	ann_log_capture(take_log, NULL);
	ck_assert_int_eq(openpty(&rig->device, &rig->port, NULL, NULL, NULL), 0);
	fcntl(rig->device, F_SETFL, O_NONBLOCK);
	ck_assert_ptr_nonnull(mkdtemp(rig->directory));
	snprintf(rig->config, sizeof(rig->config), "%s/ser2net.yaml", rig->directory);
	close(test_net_listen_tcp(&rig->tcp_port));
	write_config(rig);
	start_server(rig);
	set_endpoint(rig, scheme, settings);
	ck_assert_msg(ann_source_new(&watcher.source, &context, &rig->endpoint,
			      &test_watcher_events, &watcher, &err) == ANN_OK,
		"%s", err.text);
	test_watcher_start(&watcher);
}

static void close_rig(struct rig *rig)
{
	test_watcher_close(&watcher);
	stop_server(rig);
	ann_endpoint_deinit(&rig->endpoint);
	close(rig->device);
	close(rig->port);
	unlink(rig->config);
	rmdir(rig->directory);
	test_loop_deinit(&loop);
}

struct wish {
	const struct rig *rig;
	const char *text;
	size_t len;
	size_t found;
};

static bool device_has_heard(void *user)
{
	struct wish *wish = user;
	char byte = 0;

	while (wish->found < wish->len && read(wish->rig->device, &byte, 1) == 1) {
		/* What was under way from a try before may come first. */
		wish->found = byte == wish->text[wish->found] ? wish->found + 1 : 0;
	}
	return wish->found == wish->len;
}

static bool is_written(void *user)
{
	const struct wish *wish = user;

	return ann_source_write(
		watcher.source, (struct ann_span){wish->text, wish->len});
}

/* Writes to the device, once that goes, and waits until it is there: then the server
 * has opened the port. */
static void write_through(const struct rig *rig, const char *text)
{
	struct wish wish = {rig, text, strlen(text), 0};

	test_loop_until(&loop, "connected, so that it writes", is_written, &wish);
	test_loop_until(&loop, "bytes at the device", device_has_heard, &wish);
}

static void say(const struct rig *rig, const char *text, size_t len)
{
	ck_assert_int_eq(write(rig->device, text, len), len);
}

/* --- tests ------------------------------------------------------------------------ */

static const char *const schemes[] = {"telnet", "rfc2217"};

START_TEST(bytes_go_both_ways)
{
	static const char all[] = "boot \xff\xff\r\n\r\0\n\x11\x13\xf0\xff";
	struct rig rig;

	open_rig(&rig, schemes[_i], "");
	/* Its options are there before it takes anything. */
	write_through(&rig, "x");
	test_loop_settle(&loop);
	write_through(&rig, "ls\r\xff\n\x03");
	ck_assert_uint_eq(watcher.connected, 1);
	say(&rig, all, sizeof(all) - 1);
	test_watcher_await_bytes(&watcher, (struct ann_span){all, sizeof(all) - 1});
	close_rig(&rig);
}
END_TEST

static bool is_set(void *user)
{
	const struct rig *rig = user;
	struct termios now;

	ck_assert_int_eq(tcgetattr(rig->device, &now), 0);
	return cfgetospeed(&now) == B57600 && (now.c_cflag & CSTOPB) != 0 &&
	       (now.c_iflag & IXON) != 0;
}

START_TEST(settings_arrive_at_the_port)
{
	struct rig rig;

	open_rig(&rig, "rfc2217", "&baudrate=57600&stopbits=2&flow=xonxoff");
	test_loop_until(&loop, "the settings at the port", is_set, &rig);
	write_through(&rig, "x");
	ck_assert_msg(strstr(logged, "the server set") == NULL, "%s", logged);
	close_rig(&rig);
}
END_TEST

START_TEST(a_server_that_is_started_again_is_connected_to_again)
{
	struct rig rig;

	open_rig(&rig, schemes[_i], "");
	write_through(&rig, "one");
	stop_server(&rig);
	test_watcher_await_disconnected(&watcher, 1);
	start_server(&rig);
	test_watcher_await_connected(&watcher, 2);
	ck_assert_uint_gt(watcher.away_ns, 0);
	write_through(&rig, "two");
	say(&rig, "three\n", 6);
	test_watcher_await_bytes(&watcher, ann_span("three\n"));
	close_rig(&rig);
}
END_TEST

/* Debian has it where only root looks. */
static bool has_ser2net(void)
{
	const char *path = getenv("PATH");
	char wider[4096];

	snprintf(wider, sizeof(wider), "%s:/usr/local/sbin:/usr/sbin",
		path == NULL ? "/usr/bin:/bin" : path);
	setenv("PATH", wider, 1);
	return system("command -v ser2net >/dev/null") == 0;
}

void test_cases(Suite *suite)
{
	if (!has_ser2net()) {
		puts("skipped: ser2net is not installed");
		exit(SKIPPED);
	}
	test_add_loop(suite, bytes_go_both_ways, ANN_LEN(schemes));
	test_add(suite, settings_arrive_at_the_port);
	test_add_loop(suite, a_server_that_is_started_again_is_connected_to_again,
		ANN_LEN(schemes));
}
