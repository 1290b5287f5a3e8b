#include "logged.h"

#include "io/log.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGES = 64 };

static char messages[MESSAGES][256]; /* the latest ones */
static unsigned count;

static void take(void *user, enum ann_log_level level, const char *text)
{
	(void)user;
	(void)level;
	(void)snprintf(messages[count++ % MESSAGES], sizeof(messages[0]), "%s", text);
}

void test_log_begin(void)
{
	count = 0;
	ann_log_start(ANN_LOG_INFO);
	ann_log_capture(take, NULL);
}

static unsigned kept(void)
{
	return count < MESSAGES ? count : MESSAGES;
}

unsigned test_logged(const char *text)
{
	unsigned found = 0;

	for (unsigned i = 0; i < kept(); i++) {
		found += strstr(messages[i], text) != NULL;
	}
	return found;
}

const char *test_last_logged(const char *text)
{
	for (unsigned i = 0; i < kept(); i++) {
		const char *message = messages[(count - 1 - i) % MESSAGES];

		if (strstr(message, text) != NULL) {
			return message;
		}
	}
	return NULL;
}
