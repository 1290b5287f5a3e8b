/*
 * Alone on a terminal. flock(2) is what tio, pyserial and minicom's successors take; it
 * holds against everybody who asks, root included. TIOCEXCL holds against everybody who
 * does not ask, but not against root. Both go with the last copy of the descriptor,
 * so that a service manager which keeps one keeps the lock; only when the device is
 * gone is the first one given up by hand.
 */
#include "io/port/port_private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NAME_BYTES = 32 }; /* the kernel's are 16 */

/* A terminal, to be looked for among what processes have open. */
struct wanted {
	struct stat node;
	int ours; /* descriptor of this process that does not count, or -1 */
};

/* --- which one it is -------------------------------------------------------------- */

/* Majors of the slaves of pseudo-terminals: admin-guide/devices.txt of the kernel. */
static bool is_pseudo_terminal(const struct stat *node)
{
	return S_ISCHR(node->st_mode) && major(node->st_rdev) >= 136 &&
	       major(node->st_rdev) <= 143;
}

bool ann_port_is_same(const struct stat *a, const struct stat *b)
{
	return S_ISCHR(a->st_mode) && S_ISCHR(b->st_mode) && a->st_rdev == b->st_rdev &&
	       (!is_pseudo_terminal(a) || a->st_dev == b->st_dev);
}

/* --- who has it ------------------------------------------------------------------- */

/* The process whose flock is on it, by /proc/locks; 0: none that can be seen. */
static long find_locker(const struct wanted *wanted)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	long found = 0;

	while (locks != NULL && found == 0 &&
		fgets(line, sizeof(line), locks) != NULL) {
		unsigned major_number = 0;
		unsigned minor_number = 0;
		unsigned long inode = 0;
		long pid = 0;

		if (sscanf(line, "%*d: FLOCK %*s WRITE %ld %x:%x:%lu", &pid,
			    &major_number, &minor_number, &inode) == 4 &&
			makedev(major_number, minor_number) == wanted->node.st_dev &&
			inode == wanted->node.st_ino) {
			found = pid;
		}
	}
	if (locks != NULL) {
		fclose(locks);
	}
	return found;
}

/* The number that a name in /proc is; -1: another name. */
static long number_of(const char *name)
{
	return isdigit((unsigned char)name[0]) ? strtol(name, NULL, 10) : -1;
}

/* Links that do not lead into /dev are not followed: a stat() there could hang. */
static bool is_terminal(int directory, const char *name, const struct wanted *wanted)
{
	char target[16] = {0};
	struct stat st = {0};

	return readlinkat(directory, name, target, sizeof(target) - 1) > 0 &&
	       strncmp(target, "/dev/", 5) == 0 &&
	       fstatat(directory, name, &st, 0) == 0 &&
	       ann_port_is_same(&st, &wanted->node);
}

static bool has_open(long pid, const struct wanted *wanted)
{
	char path[64];
	bool found = false;
	DIR *descriptors = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	descriptors = opendir(path);
	if (descriptors == NULL) {
		return false; /* another user's */
	}
	for (struct dirent *d = readdir(descriptors); d != NULL && !found;
		d = readdir(descriptors)) {
		bool ours = pid == getpid() && number_of(d->d_name) == wanted->ours;

		found = !ours && is_terminal(dirfd(descriptors), d->d_name, wanted);
	}
	closedir(descriptors);
	return found;
}

/* A process that has it open, the first after `last`; 0: no more that can be seen. */
static long find_opener(const struct wanted *wanted, long last)
{
	DIR *processes = opendir("/proc");
	long found = 0;

	if (processes == NULL) {
		return 0;
	}
	for (struct dirent *d = readdir(processes); d != NULL && found == 0;
		d = readdir(processes)) {
		long pid = number_of(d->d_name);

		found = pid > last && has_open(pid, wanted) ? pid : 0;
	}
	closedir(processes);
	return found;
}

/* What the kernel calls a process; it chose that itself, so only what prints is kept.
 */
static void name_of(long pid, char name[NAME_BYTES])
{
	char path[64];
	FILE *comm = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	comm = fopen(path, "re");
	if (comm == NULL || fgets(name, NAME_BYTES, comm) == NULL) {
		snprintf(name, NAME_BYTES, "a process");
	}
	if (comm != NULL) {
		fclose(comm);
	}
	name[strcspn(name, "\n")] = '\0';
	for (char *c = name; *c != '\0'; c++) {
		*c = isprint((unsigned char)*c) ? *c : '?';
	}
}

static bool describe(int fd, const char *path, struct wanted *wanted)
{
	wanted->ours = fd;
	return (fd >= 0 ? fstat(fd, &wanted->node) : stat(path, &wanted->node)) == 0;
}

/* `pid` 0: not known. */
static enum ann_err in_use(const char *path, long pid, struct ann_error *err)
{
	char name[NAME_BYTES] = "";

	if (pid > 0) {
		name_of(pid, name);
		(void)ann_error_set(
			err, ANN_ESYS, "%s: in use by %s (pid %ld)", path, name, pid);
	} else {
		(void)ann_error_set(
			err, ANN_ESYS, "%s: in use by another process", path);
	}
	if (err != NULL) {
		err->os = EBUSY;
	}
	return ANN_ESYS;
}

enum ann_err ann_port_busy(int fd, const char *path, struct ann_error *err)
{
	struct wanted wanted = {0};
	long pid = 0;

	if (describe(fd, path, &wanted)) {
		pid = find_locker(&wanted);
		pid = pid > 0 ? pid : find_opener(&wanted, 0);
	}
	return in_use(path, pid, err);
}

/* --- the lock --------------------------------------------------------------------- */

enum ann_err ann_port_lock(int fd, const char *path, struct ann_error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		return ANN_OK;
	}
	return errno == EWOULDBLOCK ? ann_port_busy(fd, path, err)
				    : ann_error_os(err, errno, "%s: lock", path);
}

void ann_port_unlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}

/*
 * Root is let in where TIOCEXCL shuts out everybody else, but should not walk in on a
 * program that meant to be alone. The flag alone does not say that one is: it stays on
 * a terminal that something keeps open, a pseudo-terminal by its master.
 */
enum ann_err ann_port_respect(int fd, const char *path, struct ann_error *err)
{
	struct wanted wanted = {0};
	int exclusive = 0;
	long pid = 0;

	if (ioctl(fd, TIOCGEXCL, &exclusive) == 0 && exclusive != 0 &&
		describe(fd, path, &wanted)) {
		pid = find_opener(&wanted, 0);
	}
	return pid > 0 ? in_use(path, pid, err) : ANN_OK;
}

/*
 * TIOCEXCL belongs to the terminal, not to the descriptor, and goes when nobody has the
 * terminal open any more. A pseudo-terminal is open as long as its master is: if we
 * were killed, it would refuse everybody but root from then on.
 */
void ann_port_lock_exclusive(int fd)
{
	struct stat node = {0};
	int exclusive = 0;

	if (fstat(fd, &node) == 0 && !is_pseudo_terminal(&node) &&
		(ioctl(fd, TIOCGEXCL, &exclusive) != 0 || exclusive == 0)) {
		(void)ioctl(fd, TIOCEXCL);
	}
}

/* --- those who came before the lock, or do not ask -------------------------------- */

void ann_port_tell_sharers(const struct ann_port *port, ann_error_cb warn, void *user)
{
	struct wanted wanted = {0};
	char name[NAME_BYTES] = "";
	struct ann_error err = {0};
	long pid = 0;

	if (!describe(port->fd, port->device, &wanted) ||
		is_pseudo_terminal(&wanted.node)) {
		return;
	}
	for (pid = find_opener(&wanted, 0); pid > 0; pid = find_opener(&wanted, pid)) {
		name_of(pid, name);
		(void)ann_error_set(&err, ANN_ESYS,
			"%s: %s (pid %ld) has it open as well; each gets a part of "
			"the bytes",
			port->path, name, pid);
		warn(user, &err);
	}
}
