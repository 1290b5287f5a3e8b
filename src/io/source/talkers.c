#include "io/source/talkers.h"

enum {
	/* Adapters on USB hand on what they have every 16 ms: with that, whoever talks
	 * all the time does so in each window. */
	WINDOW_NS = 32 * 1000 * 1000,
	/* So many lines a reader hardly sees one by one, and less cost little. */
	MANY = 8,
};

static void enter(struct ann_talkers *talkers, uint64_t window)
{
	if (talkers->window == window) {
		return;
	}
	talkers->before = talkers->window + 1 == window ? talkers->now : 0;
	talkers->now = 0;
	talkers->window = window;
}

bool ann_talkers_note(
	struct ann_talkers *talkers, struct ann_talker *talker, uint64_t mono_ns)
{
	uint64_t window = mono_ns / WINDOW_NS + 1;

	enter(talkers, window);
	if (talker->window != window) {
		talker->steady = talker->window + 1 == window;
		talker->window = window;
		talkers->now++;
	}
	return talker->steady && (talkers->now >= MANY || talkers->before >= MANY);
}
