/*
 * badreader - readers whom nobody would wish for, for script/bench.
 *
 *     badreader never|slow|dies PLACE
 *
 * Connects to PLACE (tcp:PORT, unix:PATH) and then never reads, reads a byte a second,
 * or goes away in mid-line and comes back at once, again and again. Ends when it is
 * killed, or with 1 when nobody is there.
 */
#include "rig.h"

enum { A_BIT = 1000, SECOND_US = 1000000, DIES_AFTER_US = 50000 };

static void never(void)
{
	pause();
}

static void slow(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1) {
		sleep_us(SECOND_US);
	}
}

/* What is left unread makes the end a reset. */
static void dies(int fd)
{
	char some[A_BIT];

	(void)!read(fd, some, sizeof(some));
	sleep_us(DIES_AFTER_US);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3 || strchr("nsd", argv[1][0]) == NULL) {
		fputs("usage: badreader never|slow|dies PLACE\n", stderr);
		return 2;
	}
	for (;;) {
		int fd = connect_to(argv[2]);

		if (fd < 0) {
			perror(argv[2]);
			return 1;
		}
		switch (argv[1][0]) {
		case 'n':
			never();
			break;
		case 's':
			slow(fd);
			close(fd);
			break;
		default:
			dies(fd);
			break;
		}
	}
}
