/*
 * talkers - whether many ports talk at the same time.
 *
 * A port that talks now and then is read when it has something to say. When dozens talk
 * all the time, most of the work is to wake up for a few bytes and to ask which port
 * has them. Then each is better read at fixed times, which are the same for all.
 */
#ifndef IO_TALKERS_H
#define IO_TALKERS_H

#include <stdbool.h>
#include <stdint.h>

/* Both are all zero at the beginning; their members are private. */
struct ann_talkers {
	uint64_t window; /* of time */
	unsigned now;    /* who has talked in it */
	unsigned before; /* and in the one before */
};

struct ann_talker {
	uint64_t window; /* the last one in which it has talked */
	bool steady;     /* in the one before that too */
};

/*
 * The talker has said something. True: it talks all the time, and so do at least
 * seven others.
 */
bool ann_talkers_note(
	struct ann_talkers *talkers, struct ann_talker *talker, uint64_t mono_ns);

#endif
