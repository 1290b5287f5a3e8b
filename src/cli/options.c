#include "cli/option_values.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: annotty [OPTION]... [INPUT]...     annotate; INPUT - or none is stdin\n"
	"       annotty [OPTION]... -- COMMAND...  annotate what COMMAND prints\n"
	"       annotty explain CODE|NAME|WORD...  what a code means\n"
	"       annotty codes | import HEADER...   all codes; make a table of headers\n"
	"       annotty run | check [-c FILE]      the daemon; try its configuration\n"
	"       annotty ports | status [--watch]   serial ports; how the daemon stands\n"
	"-f, --follow         as tail -F           -T, --table=FILE     table or C header\n"
	"    --from-start     from its beginning   -R, --rules=FILE     rules of your own\n"
	"    --no-reconnect   what is lost is over     --no-default-rules  only those\n"
	"-b, --baudrate=N     of serial ports          --families=LIST  only their codes\n"
	"    --databits=N, --parity=P, --stopbits=N, --flow=F, --dtr=LEVEL, --rts=LEVEL\n"
	"-o, --output=OUT     -, file:PATH, tcp://HOST:PORT, unix-listen:PATH, ...\n"
	"-F, --format=F       text, json or raw        --annotate-ok    successes as well\n"
	"-a, --annotate=A     inline|suffix|below  -m, --only-matching  lines with a code\n"
	"-s, --style=S        full, name           -A, -B, -C N         and N around it\n"
	"-t, --timestamp[=T]  iso8601, time, delta, epoch or monotonic\n"
	"    --color=WHEN     auto|always|never        --fail-on=WHAT   exit 1 if it came\n"
	"    --raw-control    obey the device          --quit-on=REGEX  end after a line\n"
	"-S, --summary[=F]    markdown|json|github     --timeout=S      end after S sec.\n"
	"    --progress, --no-progress                 --json           for programs\n"
	"-q, --quiet, -v, --verbose                    --family=F       of codes, import\n"
	"-c, --config=FILE -h, --help -V, --version    --prefix=P       of import\n"
	"Exit: 0 done, 1 --fail-on met, 2 usage, 3 input or output failed. See annotty(1)\n";

enum {
	OPT_COLOR = 256,
	OPT_RAW_CONTROL,
	OPT_NO_DEFAULT_RULES,
	OPT_FAMILIES,
	OPT_ANNOTATE_OK,
	OPT_FAIL_ON,
	OPT_QUIT_ON,
	OPT_TIMEOUT,
	OPT_PROGRESS,
	OPT_NO_PROGRESS,
	OPT_JSON,
	OPT_FAMILY,
	OPT_PREFIX,
	OPT_FROM_START,
	OPT_NO_RECONNECT,
	OPT_DATABITS,
	OPT_PARITY,
	OPT_STOPBITS,
	OPT_FLOW,
	OPT_DTR,
	OPT_RTS,
	OPT_WATCH,
};

static const char shorts[] = ":b:c:fo:F:a:s:t::T:R:mA:B:C:S::qvhV";

static const struct option longs[] = {
	{"follow", no_argument, NULL, 'f'},
	{"from-start", no_argument, NULL, OPT_FROM_START},
	{"no-reconnect", no_argument, NULL, OPT_NO_RECONNECT},
	{"baudrate", required_argument, NULL, 'b'},
	{"databits", required_argument, NULL, OPT_DATABITS},
	{"parity", required_argument, NULL, OPT_PARITY},
	{"stopbits", required_argument, NULL, OPT_STOPBITS},
	{"flow", required_argument, NULL, OPT_FLOW},
	{"dtr", required_argument, NULL, OPT_DTR},
	{"rts", required_argument, NULL, OPT_RTS},
	{"config", required_argument, NULL, 'c'},
	{"output", required_argument, NULL, 'o'},
	{"format", required_argument, NULL, 'F'},
	{"annotate", required_argument, NULL, 'a'},
	{"style", required_argument, NULL, 's'},
	{"timestamp", optional_argument, NULL, 't'},
	{"color", required_argument, NULL, OPT_COLOR},
	{"raw-control", no_argument, NULL, OPT_RAW_CONTROL},
	{"table", required_argument, NULL, 'T'},
	{"rules", required_argument, NULL, 'R'},
	{"no-default-rules", no_argument, NULL, OPT_NO_DEFAULT_RULES},
	{"families", required_argument, NULL, OPT_FAMILIES},
	{"annotate-ok", no_argument, NULL, OPT_ANNOTATE_OK},
	{"only-matching", no_argument, NULL, 'm'},
	{"after-context", required_argument, NULL, 'A'},
	{"before-context", required_argument, NULL, 'B'},
	{"context", required_argument, NULL, 'C'},
	{"fail-on", required_argument, NULL, OPT_FAIL_ON},
	{"quit-on", required_argument, NULL, OPT_QUIT_ON},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"summary", optional_argument, NULL, 'S'},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"no-progress", no_argument, NULL, OPT_NO_PROGRESS},
	{"json", no_argument, NULL, OPT_JSON},
	{"watch", no_argument, NULL, OPT_WATCH},
	{"family", required_argument, NULL, OPT_FAMILY},
	{"prefix", required_argument, NULL, OPT_PREFIX},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* The options a command has besides --help and --version, as in `shorts`. */
static bool belongs(enum ann_command command, int option)
{
	if (option == 'h' || option == 'V' || option == 'q' || option == 'v') {
		return true;
	}
	switch (command) {
	case ANN_COMMAND_FILTER:
		return option != OPT_JSON && option != OPT_FAMILY &&
		       option != OPT_PREFIX && option != OPT_WATCH && option != 'c';
	case ANN_COMMAND_EXPLAIN:
		return option == OPT_JSON || option == 'T';
	case ANN_COMMAND_CODES:
		return option == OPT_JSON || option == OPT_FAMILY || option == 'T';
	case ANN_COMMAND_PORTS:
		return option == OPT_JSON;
	case ANN_COMMAND_CHECK:
		return option == 'c' || option == 'T' || option == 'R' ||
		       option == OPT_NO_DEFAULT_RULES || option == OPT_FAMILIES;
	case ANN_COMMAND_IMPORT:
		return option == OPT_FAMILY || option == OPT_PREFIX;
	case ANN_COMMAND_RUN:
		return option == 'c';
	case ANN_COMMAND_STATUS:
		return option == OPT_JSON || option == OPT_WATCH;
	}
	return false;
}

int ann_exit_of(enum ann_err code)
{
	return code == ANN_ECONFIG || code == ANN_EUSE || code == ANN_ENOTSUP
		       ? ANN_EXIT_USAGE
		       : ANN_EXIT_IO;
}

int ann_fail(const struct ann_error *err)
{
	ann_warn(NULL, err);
	return ann_exit_of(err->code);
}

int ann_print(struct ann_buf *out)
{
	struct ann_error err = {0};
	struct ann_output standard = {.fd = STDOUT_FILENO};
	int status = ANN_EXIT_DONE;

	signal(SIGPIPE, SIG_IGN); /* a closed reader is an EPIPE */
	if (out->failed) {
		(void)ann_error_nomem(&err);
		status = ann_fail(&err);
	} else if (ann_output_write(&standard, ann_buf_all(out), &err) != ANN_OK) {
		status = ann_fail(&err);
	}
	ann_buf_deinit(out);
	return status;
}

static int print_text(const char *text)
{
	struct ann_buf out = {0};

	ann_buf_str(&out, text);
	return ann_print(&out);
}

/* Options that take no value. */
static void set_flag(struct ann_options *options, int option)
{
	switch (option) {
	case OPT_RAW_CONTROL:
		options->raw_control = true;
		break;
	case OPT_NO_DEFAULT_RULES:
		options->no_default_rules = true;
		break;
	case OPT_ANNOTATE_OK:
		options->annotate_ok = true;
		break;
	case 'f':
		options->follow = true;
		break;
	case OPT_FROM_START:
		options->from_start = true;
		break;
	case OPT_NO_RECONNECT:
		options->no_reconnect = true;
		break;
	case OPT_PROGRESS:
	case OPT_NO_PROGRESS:
		options->progress = option == OPT_PROGRESS;
		options->no_progress = option == OPT_NO_PROGRESS;
		break;
	case OPT_JSON:
		options->json = true;
		break;
	case OPT_WATCH:
		options->watch = true;
		break;
	case 'm':
		options->only_matching = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	default:
		break;
	}
}

/* The long name of an option that getopt knows by this value, or NULL. */
static const char *long_name(int option)
{
	for (size_t i = 0; longs[i].name != NULL; i++) {
		if (longs[i].val == option) {
			return longs[i].name;
		}
	}
	return NULL;
}

/* Where the value of an option goes as it is, or NULL. */
static const char **plain_value(struct ann_options *options, int option)
{
	switch (option) {
	case 'c':
		return &options->config;
	case OPT_FAMILIES:
		return &options->families;
	case OPT_FAMILY:
		return &options->family;
	case OPT_PREFIX:
		return &options->prefix;
	default:
		return NULL;
	}
}

/* Options that take a value. False: it was wrong, and has been told. */
static bool set_value(struct ann_options *options, int option, const char *value)
{
	switch (option) {
	case 'o':
		return ann_option_output(options, value);
	case 'b':
	case OPT_DATABITS:
	case OPT_PARITY:
	case OPT_STOPBITS:
	case OPT_FLOW:
	case OPT_DTR:
	case OPT_RTS:
		return ann_option_port(options, long_name(option), value);
	case 'F':
		return ann_option_format(options, value);
	case 'a':
		return ann_option_placement(options, value);
	case 's':
		return ann_option_style(options, value);
	case 't':
		return ann_option_timestamp(options, value);
	case OPT_COLOR:
		return ann_option_color(options, value);
	case 'T':
		return ann_option_file(&options->tables, value);
	case 'R':
		return ann_option_file(&options->rules, value);
	case 'A':
		options->only_matching = options->after_given = true;
		return ann_option_lines("A", value, &options->after);
	case 'B':
		options->only_matching = options->before_given = true;
		return ann_option_lines("B", value, &options->before);
	case 'C':
		options->only_matching = true;
		return ann_option_lines("C", value, &options->context);
	case 'S':
		return ann_option_summary(options, value);
	case OPT_TIMEOUT:
		return ann_option_timeout(options, value);
	case OPT_FAIL_ON:
		return ann_option_fail_on(options, value);
	case OPT_QUIT_ON:
		return ann_option_quit_on(options, value);
	default:
		break;
	}
	const char **plain = plain_value(options, option);

	if (plain != NULL) {
		*plain = value;
	} else {
		set_flag(options, option);
	}
	return true;
}

/* Tells the long options that begin with `name` if there are several. */
static bool told_ambiguous(struct ann_span name)
{
	size_t found = 0;

	for (size_t i = 0; longs[i].name != NULL; i++) {
		found += strncmp(longs[i].name, name.ptr, name.len) == 0;
	}
	if (found < 2) {
		return false;
	}
	fprintf(stderr, "annotty: option \"--%.*s\" could be", ANN_SPAN_ARG(name));
	for (size_t i = 0; longs[i].name != NULL; i++) {
		if (strncmp(longs[i].name, name.ptr, name.len) == 0) {
			fprintf(stderr, " --%s%s", longs[i].name,
				--found > 0 ? "," : "\n");
		}
	}
	return true;
}

static int unknown_long(struct ann_span name)
{
	const char *best = NULL;
	unsigned least = 3;

	if (told_ambiguous(name)) {
		return ANN_EXIT_USAGE;
	}
	for (size_t i = 0; longs[i].name != NULL; i++) {
		unsigned distance = ann_span_distance(name, ann_span(longs[i].name));

		if (distance < least) {
			least = distance;
			best = longs[i].name;
		}
	}
	fprintf(stderr, "annotty: unknown option \"--%.*s\"", ANN_SPAN_ARG(name));
	if (best != NULL) {
		fprintf(stderr, "; did you mean \"--%s\"?\n", best);
	} else {
		fputs("; see annotty --help\n", stderr);
	}
	return ANN_EXIT_USAGE;
}

/* What getopt calls `?`: names the option and the one most like it. */
static int unknown_option(const char *word)
{
	/* getopt leaves optopt 0 for a long name that it does not know. In a cluster
	 * of short ones `word` may still be the argument before. */
	if (optopt == 0) {
		return unknown_long(
			(struct ann_span){word + 2, strcspn(word + 2, "=")});
	}
	if (long_name(optopt) != NULL) {
		fprintf(stderr, "annotty: option \"--%s\" takes no value\n",
			long_name(optopt));
	} else {
		fprintf(stderr, "annotty: unknown option \"-%c\"; see annotty --help\n",
			optopt);
	}
	return ANN_EXIT_USAGE;
}

static int wrong_option(int option, const char *word)
{
	if (option == ':') {
		fprintf(stderr, "annotty: option \"%s\" needs a value\n", word);
		return ANN_EXIT_USAGE;
	}
	return unknown_option(word);
}

/* What stands behind `--` is a command, and may be missing (an empty `"$@"` of a
 * script). How many arguments stand before it. */
static int take_command(struct ann_options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			options->command = argv + i + 1;
			return i;
		}
	}
	return argc;
}

/* What the options leave: a command or inputs. */
static int finish(struct ann_options *options, int count, char **inputs)
{
	options->before = options->before_given ? options->before : options->context;
	options->after = options->after_given ? options->after : options->context;
	if (options->command != NULL && options->command[0] == NULL) {
		fputs("annotty: a COMMAND is missing behind \"--\"\n", stderr);
		return ANN_EXIT_USAGE;
	}
	options->inputs = (struct ann_inputs){
		(const char *const *)inputs, count > 0 ? (size_t)count : 0};
	return -1;
}

int ann_options_read(
	struct ann_options *options, enum ann_command command, int argc, char **argv)
{
	int option = 0;

	*options = (struct ann_options){.color = "auto"};
	if (command == ANN_COMMAND_FILTER) {
		argc = take_command(options, argc, argv);
	}
	optind = 1;
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *word = argv[optind > 1 ? optind - 1 : 1];

		if (option == '?' || option == ':') {
			return wrong_option(option, word);
		}
		if (!belongs(command, option)) {
			fprintf(stderr,
				"annotty: %s does not take the option \"--%s\"\n",
				command == ANN_COMMAND_FILTER ? "the filter" : argv[0],
				long_name(option));
			return ANN_EXIT_USAGE;
		}
		if (option == 'h') {
			return print_text(help);
		}
		if (option == 'V') {
			return print_text("annotty " ANN_VERSION "\n");
		}
		if (!set_value(options, option, optarg)) {
			return ANN_EXIT_USAGE;
		}
	}
	return finish(options, argc - optind, argv + optind);
}
