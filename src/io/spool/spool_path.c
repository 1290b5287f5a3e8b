#include "io/spool/spool_path.h"

#include "annotty/buf.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_BYTES = 150 }; /* with what stands behind it below 255 */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (; *text != '\0'; text++) {
		value = (value ^ (unsigned char)*text) * 0x100000001b3;
	}
	return value;
}

char *ann_spool_path(const char *directory, const char *name)
{
	struct ann_buf path = {0};
	size_t start = 0;

	ann_buf_printf(&path, "%s/", directory);
	start = path.len;
	for (const char *c = name; *c != '\0' && path.len - start < NAME_BYTES; c++) {
		if (is_plain(*c) || (*c == '.' && c > name)) {
			ann_buf_char(&path, *c);
		} else {
			ann_buf_printf(&path, "%%%02X", (unsigned char)*c);
		}
	}
	if (path.len - start >= NAME_BYTES) {
		ann_buf_printf(&path, "-%016llx", (unsigned long long)hash(name));
	}
	ann_buf_str(&path, ".spool");
	ann_buf_char(&path, '\0');
	if (path.failed) {
		ann_buf_deinit(&path);
	}
	return path.ptr;
}

enum ann_err ann_make_directory(const char *path, struct ann_error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part)) {
		return ann_error_os(err, ENAMETOOLONG, "directory \"%s\"", path);
	}
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0') {
			continue;
		}
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST) {
			return ann_error_os(err, errno, "directory \"%s\"", part);
		}
	}
	return ANN_OK;
}
