/*
 * port_wait - opens a serial port when it comes.
 *
 * path_watch says when the name may stand for something again. Right after a plug that
 * can be too early, since udev sets the permissions only then: what cannot be opened is
 * tried again a few times at growing distances, and each second after that. Why there
 * is a wait is said once, and again when the reason is another one, but not what passes
 * within those tries: permissions to come, a program that looks who is there, ourselves
 * while an old source of the same port is being closed.
 */
#ifndef IO_PORT_WAIT_H
#define IO_PORT_WAIT_H

#include "io/port/port.h"
#include "io/source/path_watch.h"

/* A part of what uses it; its members are private. */
struct ann_port_wait {
	struct ann_path_watch watch;
	uv_timer_t soon;
	const char *path;
	struct ann_port_settings settings;
	unsigned soon_ms; /* until the next try; 0: there is no hurry any more */
	int said;         /* what the reason was that was said last, an errno */
	bool warned;      /* of what is not as asked: once */
	bool waits;
	unsigned live;
	void (*opened)(void *user, struct ann_port *port);
	void (*closed)(void *user);
	void *user;
};

/* `path` is borrowed. `opened` is given each port that an ann_port_wait_start() brings.
 */
void ann_port_wait_init(struct ann_port_wait *wait, uv_loop_t *loop, const char *path,
	const struct ann_port_settings *settings,
	void (*opened)(void *user, struct ann_port *port), void *user);

/* Opens it now, as ann_port_open() does. */
ANN_MUST_USE enum ann_err ann_port_wait_try(
	struct ann_port_wait *wait, struct ann_port **port, struct ann_error *err);

/* Takes over a descriptor, as ann_port_adopt() does. */
ANN_MUST_USE enum ann_err ann_port_wait_adopt(struct ann_port_wait *wait, int fd,
	struct ann_port **port, struct ann_error *err);

/*
 * Waits until it can be opened. `why` is the reason: that it is not there is said now,
 * others if they last. The first try is after `delay_ms`, or when something happens.
 */
void ann_port_wait_start(
	struct ann_port_wait *wait, const struct ann_error *why, unsigned delay_ms);

/* Once; `closed` is called later, with the `user` of before. */
void ann_port_wait_close(struct ann_port_wait *wait, void (*closed)(void *user));

#endif
