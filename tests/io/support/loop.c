#include "loop.h"

#include "io/clock.h"

#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

enum { DEADLINE_S = 20, STEP_MS = 20, SETTLE_STEPS = 5 };

void test_loop_init(uv_loop_t *loop)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(uv_loop_init(loop), 0);
}

void test_loop_deinit(uv_loop_t *loop)
{
	int failed = uv_loop_close(loop);

	if (failed != 0) {
		uv_print_all_handles(loop, stderr);
	}
	ck_assert_msg(failed == 0, "handles or requests are left in the loop");
}

/* One turn of the loop that waits `most_ms` at most, without a handle of its own. */
static void step(uv_loop_t *loop, int most_ms)
{
	int due_ms = uv_backend_timeout(loop);
	struct pollfd wait = {.fd = uv_backend_fd(loop), .events = POLLIN};

	poll(&wait, 1, due_ms < 0 || due_ms > most_ms ? most_ms : due_ms);
	uv_run(loop, UV_RUN_NOWAIT);
}

void test_loop_until(
	uv_loop_t *loop, const char *what, bool (*done)(void *user), void *user)
{
	uint64_t deadline = ann_clock_mono_ns() + DEADLINE_S * 1000000000ULL;

	while (!done(user)) {
		ck_assert_msg(
			ann_clock_mono_ns() < deadline, "waited in vain: %s", what);
		step(loop, STEP_MS);
	}
}

void test_loop_settle(uv_loop_t *loop)
{
	for (int i = 0; i < SETTLE_STEPS; i++) {
		step(loop, 1);
	}
}
