#include "annotty/endpoint.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"

#include <string.h>

/* Schemes whose rest is a path, possibly empty. */
static const char *const path_schemes[] = {
	"file", "unix", "unix-listen", "unix-dgram", "syslog", "journal"};

static bool has_path(struct ann_span scheme)
{
	for (size_t i = 0; i < ANN_LEN(path_schemes); i++) {
		if (ann_span_is(scheme, path_schemes[i])) {
			return true;
		}
	}
	return false;
}

const char *ann_endpoint_separator(const char *scheme)
{
	return has_path(ann_span(scheme)) ? ":" : "://";
}

/* The scheme at the front of `spec`, and the rest behind it. False: it is a path. */
static bool split_scheme(
	struct ann_span spec, struct ann_span *scheme, struct ann_span *rest, bool *net)
{
	const char *colon = spec.len == 0 ? NULL : memchr(spec.ptr, ':', spec.len);
	size_t len = colon == NULL ? 0 : (size_t)(colon - spec.ptr);

	*scheme = (struct ann_span){spec.ptr, len};
	*rest = (struct ann_span){spec.ptr + len + 1, spec.len - len - (len > 0)};
	*net = len > 0 && rest->len >= 2 && memcmp(rest->ptr, "//", 2) == 0;
	if (has_path(*scheme)) {
		*net = false; /* file:///var/log/x is a path as well */
		return true;
	}
	/* /dev/serial/by-path/…:1.0 and C:\… are paths. */
	return *net && memchr(spec.ptr, '/', len) == NULL;
}

static enum ann_err wrong(const char *spec, const char *why, struct ann_error *err)
{
	return ann_error_set(err, ANN_ECONFIG, "\"%s\": %s", spec, why);
}

/* HOST:PORT, [HOST]:PORT, :PORT or, without a colon, the number of a port alone. */
static enum ann_err split_host(struct ann_span place, const char *spec,
	struct ann_span *host, struct ann_span *port, struct ann_error *err)
{
	uint64_t number = 0;
	bool bracketed = place.len > 0 && place.ptr[0] == '[';

	*port = place;
	if (bracketed) {
		*host = ann_span_next(port, ']');
		host->ptr++;
		host->len--;
		if (port->len == 0 || port->ptr[0] != ':') {
			return wrong(spec, "expected [ADDRESS]:PORT", err);
		}
		(void)ann_span_next(port, ':');
	} else if (place.len > 0 && memchr(place.ptr, ':', place.len) != NULL) {
		*host = ann_span_next(port, ':');
	}
	bool numeric = ann_span_digits(*port, 10, &number);

	/* A word alone is a host whose port has been forgotten. */
	if (port->len == 0 || (port->ptr == place.ptr && !numeric)) {
		return wrong(spec, "expected HOST:PORT", err);
	}
	if (memchr(port->ptr, ':', port->len) != NULL) {
		return wrong(spec,
			"an address with colons stands in brackets: [ADDRESS]:PORT",
			err);
	}
	/* getaddrinfo(3) would take the lower 16 bits of any number. */
	if (numeric && number > 65535) {
		return wrong(spec, "a port is at most 65535", err);
	}
	return ANN_OK;
}

static bool copy(char **to, struct ann_span text)
{
	*to = ann_copy(text.len == 0 ? "" : text.ptr, text.len);
	return *to != NULL;
}

static enum ann_err set_place(
	struct ann_endpoint *e, struct ann_span target, struct ann_error *err)
{
	struct ann_span scheme;
	struct ann_span rest;
	struct ann_span host = {0};
	struct ann_span port = {0};
	bool net = false;
	enum ann_err failed = ANN_OK;

	if (ann_span_is(target, "-")) {
		return copy(&e->scheme, target) ? ANN_OK : ann_error_nomem(err);
	}
	if (!split_scheme(target, &scheme, &rest, &net)) {
		return copy(&e->scheme, ann_span("")) && copy(&e->path, target)
			       ? ANN_OK
			       : ann_error_nomem(err);
	}
	if (net) {
		rest.ptr += 2;
		rest.len -= 2;
		failed = split_host(rest, e->spec, &host, &port, err);
		if (failed != ANN_OK) {
			return failed;
		}
		return copy(&e->scheme, scheme) && copy(&e->host, host) &&
				       copy(&e->port, port)
			       ? ANN_OK
			       : ann_error_nomem(err);
	}
	return copy(&e->scheme, scheme) && copy(&e->path, rest) ? ANN_OK
								: ann_error_nomem(err);
}

static enum ann_err set_settings(
	struct ann_endpoint *e, struct ann_span settings, struct ann_error *err)
{
	struct ann_buf origin = {0};
	enum ann_err failed = ANN_OK;

	ann_buf_printf(&origin, "\"%s\"", e->spec);
	ann_buf_char(&origin, '\0');
	if (origin.failed) {
		failed = ann_error_nomem(err);
	}
	while (settings.len > 0 && failed == ANN_OK) {
		struct ann_span value = ann_span_next(&settings, '&');
		struct ann_span key = ann_span_next(&value, '=');

		failed = ann_settings_set(&e->settings, key, value, origin.ptr, err);
	}
	ann_buf_deinit(&origin);
	return failed;
}

enum ann_err ann_endpoint_init(struct ann_endpoint *endpoint, const char *name,
	const char *spec, bool (*exists)(const char *path), struct ann_error *err)
{
	struct ann_span settings = ann_span(spec);
	struct ann_span target = settings;
	struct ann_endpoint made = {0};
	enum ann_err failed = ANN_OK;

	if (exists == NULL || !exists(spec)) {
		target = ann_span_next(&settings, '?');
	} else {
		settings = ann_span(NULL);
	}
	if (target.len == 0) {
		return wrong(spec, "expected an input or output", err);
	}
	if (!copy(&made.spec, ann_span(spec)) ||
		!copy(&made.name, name == NULL ? target : ann_span(name))) {
		failed = ann_error_nomem(err);
	}
	if (failed == ANN_OK) {
		failed = set_place(&made, target, err);
	}
	if (failed == ANN_OK) {
		failed = set_settings(&made, settings, err);
	}
	if (failed != ANN_OK) {
		ann_endpoint_deinit(&made);
		return failed;
	}
	*endpoint = made;
	return ANN_OK;
}

static char *join(const char *front, const char *rest)
{
	struct ann_buf text = {0};

	ann_buf_printf(&text, "%s: %s", front, rest);
	char *copy = text.failed ? NULL : ann_copy(text.ptr, text.len);

	ann_buf_deinit(&text);
	return copy;
}

enum ann_err ann_endpoint_set_origin(
	struct ann_endpoint *endpoint, const char *origin, struct ann_error *err)
{
	endpoint->origin = ann_copy(origin, strlen(origin));
	if (endpoint->origin == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < endpoint->settings.count; i++) {
		struct ann_setting *setting = &endpoint->settings.at[i];
		char *joined = join(origin, setting->origin);

		if (joined == NULL) {
			return ann_error_nomem(err);
		}
		ann_free(setting->origin);
		setting->origin = joined;
	}
	return ANN_OK;
}

void ann_endpoint_context(const struct ann_endpoint *endpoint, struct ann_error *err)
{
	/* Stories about a setting have the place of that setting already. */
	if (endpoint->origin != NULL && err != NULL && err->text[0] == '"') {
		ann_error_context(err, "%s", endpoint->origin);
	}
}

void ann_endpoint_deinit(struct ann_endpoint *endpoint)
{
	ann_free(endpoint->name);
	ann_free(endpoint->spec);
	ann_free(endpoint->scheme);
	ann_free(endpoint->path);
	ann_free(endpoint->host);
	ann_free(endpoint->port);
	ann_free(endpoint->origin);
	ann_settings_deinit(&endpoint->settings);
	*endpoint = (struct ann_endpoint){0};
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool ann_endpoint_same_place(const struct ann_endpoint *a, const struct ann_endpoint *b)
{
	return same(a->scheme, b->scheme) && same(a->path, b->path) &&
	       same(a->host, b->host) && same(a->port, b->port);
}

bool ann_endpoint_equal(const struct ann_endpoint *a, const struct ann_endpoint *b)
{
	return ann_endpoint_same_place(a, b) &&
	       ann_settings_equal(&a->settings, &b->settings);
}
