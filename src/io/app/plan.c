#include "io/app/plan.h"

#include "annotty/alloc.h"
#include "io/sink/sinks.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ann_plan_deinit(struct ann_plan *plan)
{
	for (size_t i = 0; i < plan->source_count; i++) {
		ann_endpoint_deinit(&plan->sources[i].endpoint);
		ann_settings_deinit(&plan->sources[i].settings);
	}
	for (size_t i = 0; i < plan->output_count; i++) {
		ann_endpoint_deinit(&plan->outputs[i].endpoint);
		ann_settings_deinit(&plan->outputs[i].looks);
	}
	ann_free(plan->sources);
	ann_free(plan->outputs);
	*plan = (struct ann_plan){0};
}

/* Where only one of us can be: a path is read, and a place listened at, once. */
static bool is_exclusive(const struct ann_endpoint *endpoint)
{
	return endpoint->scheme[0] == '\0' ||
	       strstr(endpoint->scheme, "listen") != NULL;
}

/* `other` is there already. ANN_ECONFIG: the two cannot both be. */
static enum ann_err check_both(const struct ann_endpoint *endpoint,
	const struct ann_endpoint *other, const char *what, struct ann_error *err)
{
	if (strcmp(other->name, endpoint->name) == 0) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": there is another %s \"%s\"", endpoint->spec, what,
			endpoint->name);
	}
	if (is_exclusive(endpoint) && ann_endpoint_same_place(endpoint, other)) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": that is the place of the %s \"%s\" already",
			endpoint->spec, what, other->name);
	}
	return ANN_OK;
}

static enum ann_err read_manner(struct ann_plan_source *made, struct ann_error *err)
{
	static const struct ann_key manner[] = {
		{"follow", ANN_KEY_BOOL, offsetof(struct ann_manner, follow), NULL, 0,
			0},
		{"from-start", ANN_KEY_BOOL, offsetof(struct ann_manner, from_start),
			NULL, 0, 0},
		{"reconnect", ANN_KEY_BOOL, offsetof(struct ann_manner, reconnect),
			NULL, 0, 0},
		{"outputs", ANN_KEY_TEXT, offsetof(struct ann_manner, outputs), NULL, 0,
			0},
		{NULL, ANN_KEY_TEXT, 0, NULL, 0, 0},
	};
	static const struct ann_key *const keys[] = {manner, NULL};
	enum ann_err failed = ann_settings_split(
		&made->endpoint.settings, manner, &made->settings, err);

	return failed == ANN_OK
		       ? ann_settings_read(&made->settings, keys, &made->manner, err)
		       : failed;
}

static enum ann_err place_source(
	struct ann_plan *plan, struct ann_plan_source *made, struct ann_error *err)
{
	enum ann_err failed = read_manner(made, err);

	if (failed == ANN_OK && strcmp(made->endpoint.name, "annotty") == 0) {
		/* Its lines would look like those about what happened. */
		failed = ann_error_set(err, ANN_ECONFIG,
			"\"%s\": an input cannot have the name annotty",
			made->endpoint.spec);
	}
	for (size_t i = 0; i < plan->source_count && failed == ANN_OK; i++) {
		failed = check_both(
			&made->endpoint, &plan->sources[i].endpoint, "input", err);
	}
	if (failed == ANN_OK && ann_grow((void **)&plan->sources, &plan->source_room,
					plan->source_count, sizeof(*made)) != 0) {
		failed = ann_error_nomem(err);
	}
	if (failed == ANN_OK) {
		plan->sources[plan->source_count++] = *made;
	}
	return failed;
}

enum ann_err ann_plan_add_source(struct ann_plan *plan, struct ann_endpoint *endpoint,
	const struct ann_manner *defaults, struct ann_error *err)
{
	struct ann_plan_source made = {.endpoint = *endpoint, .manner = *defaults};
	enum ann_err failed = ANN_OK;

	*endpoint = (struct ann_endpoint){0};
	failed = place_source(plan, &made, err);
	if (failed != ANN_OK) {
		ann_endpoint_context(&made.endpoint, err);
		ann_endpoint_deinit(&made.endpoint);
		ann_settings_deinit(&made.settings);
	}
	return failed;
}

/* Of this machine; static. NULL: it has none. */
static const char *host_name(void)
{
	static char name[256];

	if (name[0] == '\0' && gethostname(name, sizeof(name) - 1) != 0) {
		name[0] = '\0';
	}
	return name[0] == '\0' ? NULL : name;
}

/* What syslog and the journal want to know besides. */
static void sign(struct ann_plan_output *made)
{
	made->options.render.host = host_name();
	made->options.render.process = (unsigned)getpid();
	made->options.render.output = made->endpoint.name;
}

/* The settings of its looks go to `looks`, and are read. */
static enum ann_err read_looks(struct ann_plan_output *made, struct ann_error *err)
{
	const struct ann_sink_driver *driver = NULL;
	enum ann_err failed = ann_sink_driver_need(&made->endpoint, &driver, err);

	if (failed != ANN_OK) {
		return failed;
	}
	if (driver->whole_records ||
		ann_settings_get(&made->endpoint.settings, "spool") != NULL) {
		made->options.whole_records = true;
	}
	if (driver->format != ANN_FORMAT_TEXT) {
		made->options.render.format = driver->format;
	}
	sign(made);
	failed = ann_settings_split(
		&made->endpoint.settings, ann_route_keys, &made->looks, err);
	if (failed == ANN_OK) {
		failed = ann_route_read(&made->options, &made->looks, err);
	}
	if (failed == ANN_OK && driver->format != ANN_FORMAT_TEXT &&
		made->options.render.format != driver->format) {
		failed = ann_error_set(err, ANN_ECONFIG,
			"\"%s\": syslog and the journal have formats of their own; format= "
			"is for other outputs",
			made->endpoint.spec);
	}
	return failed;
}

static enum ann_err place_output(
	struct ann_plan *plan, struct ann_plan_output *made, struct ann_error *err)
{
	enum ann_err failed = read_looks(made, err);

	for (size_t i = 0; i < plan->output_count && failed == ANN_OK; i++) {
		failed = check_both(
			&made->endpoint, &plan->outputs[i].endpoint, "output", err);
	}
	if (failed == ANN_OK && ann_grow((void **)&plan->outputs, &plan->output_room,
					plan->output_count, sizeof(*made)) != 0) {
		failed = ann_error_nomem(err);
	}
	if (failed == ANN_OK) {
		plan->outputs[plan->output_count++] = *made;
	}
	return failed;
}

enum ann_err ann_plan_add_output(struct ann_plan *plan, struct ann_endpoint *endpoint,
	const struct ann_route_options *defaults, struct ann_error *err)
{
	struct ann_plan_output made = {.endpoint = *endpoint, .options = *defaults};
	enum ann_err failed = ANN_OK;

	*endpoint = (struct ann_endpoint){0};
	failed = place_output(plan, &made, err);
	if (failed != ANN_OK) {
		ann_endpoint_context(&made.endpoint, err);
		ann_endpoint_deinit(&made.endpoint);
		ann_settings_deinit(&made.looks);
	}
	return failed;
}

static bool lists(const char *list, const char *name)
{
	struct ann_span rest = ann_span(list);

	for (;;) {
		struct ann_span word = ann_span_word(&rest);

		if (word.len == 0 || ann_span_is(word, name)) {
			return word.len > 0;
		}
	}
}

bool ann_plan_connects(
	const struct ann_plan_source *source, const struct ann_plan_output *output)
{
	const char *outputs = source->manner.outputs;

	return (outputs == NULL || lists(outputs, output->endpoint.name)) &&
	       ann_route_takes(&output->options, source->endpoint.name);
}

/* What stands at a path, or behind `-`. False: nothing, or it is no file. */
static bool find_file(
	const struct ann_endpoint *endpoint, int standard, struct stat *status)
{
	bool found =
		strcmp(endpoint->scheme, "-") == 0
			? fstat(standard, status) == 0
			: endpoint->path != NULL && stat(endpoint->path, status) == 0;

	return found && S_ISREG(status->st_mode);
}

static bool is_same_file(
	const struct ann_endpoint *source, const struct ann_endpoint *output)
{
	bool writes_file = strcmp(output->scheme, "file") == 0;
	struct stat in;
	struct stat out;

	if (source->scheme[0] == '\0' && writes_file &&
		strcmp(source->path, output->path) == 0) {
		/* It may not be there yet. */
		return stat(source->path, &in) != 0 || S_ISREG(in.st_mode);
	}
	return (writes_file || strcmp(output->scheme, "-") == 0) &&
	       find_file(source, STDIN_FILENO, &in) &&
	       find_file(output, STDOUT_FILENO, &out) && in.st_dev == out.st_dev &&
	       in.st_ino == out.st_ino;
}

enum ann_err ann_plan_check_loops(const struct ann_plan *plan, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < plan->source_count * plan->output_count; i++) {
		const struct ann_plan_source *source =
			&plan->sources[i / plan->output_count];
		const struct ann_plan_output *output =
			&plan->outputs[i % plan->output_count];

		if (!ann_plan_connects(source, output) ||
			!is_same_file(&source->endpoint, &output->endpoint)) {
			continue;
		}
		failed = ann_error_set(err, ANN_ECONFIG,
			"\"%s\": input file is also the output \"%s\"",
			source->endpoint.spec, output->endpoint.name);
		ann_endpoint_context(&source->endpoint, err);
		if (!ann_error_tell(err, failed)) {
			return failed;
		}
	}
	return failed;
}
