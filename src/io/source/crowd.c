#include "io/source/crowd.h"

enum {
	/* Adapters on USB hand on what they have every 16 ms: with that, whoever talks
	 * all the time does so in each window. */
	WINDOW_NS = 32 * 1000 * 1000,
	/* So many lines a reader hardly sees one by one, and less cost little. */
	MANY = 8,
};

static void enter(struct ann_crowd *crowd, uint64_t window)
{
	if (crowd->window == window) {
		return;
	}
	crowd->before = crowd->window + 1 == window ? crowd->now : 0;
	crowd->now = 0;
	crowd->window = window;
}

bool ann_crowd_note(
	struct ann_crowd *crowd, struct ann_crowd_member *member, uint64_t mono_ns)
{
	uint64_t window = mono_ns / WINDOW_NS + 1;

	enter(crowd, window);
	if (member->window != window) {
		member->steady = member->window + 1 == window;
		member->window = window;
		crowd->now++;
	}
	return member->steady && (crowd->now >= MANY || crowd->before >= MANY);
}
