#include "annotty/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ann_err_text(enum ann_err code)
{
	switch (code) {
#define X(name, text) \
	case name:    \
		return text;
		ANN_ERR_MAP(X)
#undef X
	}
	return "unknown error";
}

bool ann_error_tell(struct ann_error *err, enum ann_err code)
{
	if (code != ANN_ECONFIG || err == NULL || err->tell == NULL) {
		return false;
	}
	if (!err->told) {
		err->tell(err->user, err);
		err->told = true;
	}
	return true;
}

static void ANN_PRINTF(4, 0) set(struct ann_error *err, enum ann_err code, int os,
	const char *format, va_list args)
{
	err->code = code;
	err->os = os;
	err->told = false;
	vsnprintf(err->text, sizeof(err->text), format, args);
}

enum ann_err ann_error_set(
	struct ann_error *err, enum ann_err code, const char *format, ...)
{
	if (err != NULL) {
		va_list args;

		va_start(args, format);
		set(err, code, 0, format, args);
		va_end(args);
	}
	return code;
}

enum ann_err ann_error_os(struct ann_error *err, int os, const char *format, ...)
{
	if (err != NULL) {
		va_list args;

		va_start(args, format);
		set(err, ANN_ESYS, os, format, args);
		va_end(args);

		size_t used = strlen(err->text);

		snprintf(err->text + used, sizeof(err->text) - used, ": %s",
			strerror(os));
	}
	return ANN_ESYS;
}

enum ann_err ann_error_nomem(struct ann_error *err)
{
	return ann_error_set(err, ANN_ENOMEM, "%s", ann_err_text(ANN_ENOMEM));
}

void ann_error_context(struct ann_error *err, const char *format, ...)
{
	if (err == NULL) {
		return;
	}
	char inner[sizeof(err->text)];
	va_list args;

	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);

	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
}
