#include "io/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static enum ann_log_level shown = ANN_LOG_NOTICE;
static bool prefixed;
static void (*capture)(void *user, enum ann_log_level level, const char *text);
static void *capture_user;
static void (*make_way)(void *user);
static void *make_way_user;

/* systemd tells by device and inode which stream is the journal's; systemd.exec(5). */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device = 0;
	unsigned long long inode = 0;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(fd, &status) == 0 && status.st_dev == (dev_t)device &&
	       status.st_ino == (ino_t)inode;
}

/*
 * A terminal that we or others have made raw only goes down at a LF, and does not go
 * back. Asked for each line: it may have become raw, or be so no more.
 */
static const char *line_end(void)
{
	struct termios modes;
	bool plain = tcgetattr(STDERR_FILENO, &modes) == 0 &&
		     (modes.c_oflag & (OPOST | ONLCR)) != (OPOST | ONLCR);

	return plain ? "\r\n" : "\n";
}

void ann_log_start(enum ann_log_level most)
{
	shown = most;
	prefixed = is_journal(STDERR_FILENO);
}

void ann_log_ahead(void (*ahead)(void *user), void *user)
{
	make_way = ahead;
	make_way_user = user;
}

/* Who makes way may have something to say about it, which just goes first. */
static void go_ahead(void)
{
	void (*ahead)(void *user) = make_way;

	if (ahead != NULL && isatty(STDERR_FILENO)) {
		make_way = NULL;
		ahead(make_way_user);
		make_way = ahead;
	}
}

void ann_log(enum ann_log_level level, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	if (level > shown) {
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	go_ahead();
	if (capture != NULL) {
		capture(capture_user, level, text);
	} else if (prefixed) {
		fprintf(stderr, "<%d>%s\n", (int)level, text);
	} else {
		fprintf(stderr, "annotty: %s%s", text, line_end());
	}
}

void ann_log_error(enum ann_log_level level, const struct ann_error *err)
{
	ann_log(level, "%s", err->text);
}

void ann_log_capture(
	void (*take)(void *user, enum ann_log_level level, const char *text),
	void *user)
{
	capture = take;
	capture_user = user;
}
