#include "cli/options.h"

#include "io/port/ports.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 6, BLANKS = 2 };

struct row {
	const char *cells[COLUMNS]; /* NULL: nothing to say */
};

/* "0403:6001", in `text`, or NULL. */
static const char *usb_of(const struct ann_port_info *port, char text[16])
{
	if (!port->is_usb) {
		return NULL;
	}
	snprintf(text, 16, "%04x:%04x", port->vendor_id & 0xffff,
		port->product_id & 0xffff);
	return text;
}

static struct row row_of(const struct ann_port_info *port, char usb[16])
{
	return (struct row){{port->path, usb_of(port, usb), port->serial_number,
		port->driver, port->by_id, port->description}};
}

static void measure(const struct row *row, size_t widths[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t width = row->cells[i] == NULL ? 1 : strlen(row->cells[i]);

		widths[i] = width > widths[i] ? width : widths[i];
	}
}

/* What a device calls itself is not to move the cursor. */
static void add_cell(const char *cell, struct ann_buf *out)
{
	for (const char *c = cell; *c != '\0'; c++) {
		ann_buf_char(out, iscntrl((unsigned char)*c) ? '?' : *c);
	}
}

static void add_row(
	const struct row *row, const size_t widths[COLUMNS], struct ann_buf *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *cell = row->cells[i] == NULL ? "-" : row->cells[i];

		add_cell(cell, out);
		if (i + 1 < COLUMNS) {
			ann_buf_fill(out, ' ', widths[i] - strlen(cell) + BLANKS);
		}
	}
	ann_buf_char(out, '\n');
}

static void print_text(const struct ann_ports *ports, struct ann_buf *out)
{
	static const struct row head = {
		{"PATH", "USB", "SERIAL", "DRIVER", "BY-ID", "DESCRIPTION"}};
	size_t widths[COLUMNS] = {0};
	char usb[16];

	if (ports->count == 0) {
		return;
	}
	measure(&head, widths);
	for (size_t i = 0; i < ports->count; i++) {
		struct row row = row_of(&ports->all[i], usb);

		measure(&row, widths);
	}
	add_row(&head, widths, out);
	for (size_t i = 0; i < ports->count; i++) {
		struct row row = row_of(&ports->all[i], usb);

		add_row(&row, widths, out);
	}
}

/* `,"key":"text"`, or null. */
static void add_member(const char *key, const char *text, struct ann_buf *out)
{
	ann_buf_printf(out, ",\"%s\":", key);
	if (text == NULL) {
		ann_buf_str(out, "null");
	} else {
		ann_render_json_string(ann_span(text), out);
	}
}

static void print_json(const struct ann_ports *ports, struct ann_buf *out)
{
	ann_buf_char(out, '[');
	for (size_t i = 0; i < ports->count; i++) {
		const struct ann_port_info *port = &ports->all[i];
		char usb[16];
		const char *ids = usb_of(port, usb);

		if (ids != NULL) {
			usb[4] = '\0'; /* two numbers, four digits each */
		}
		ann_buf_str(out, i == 0 ? "\n{\"path\":" : ",\n{\"path\":");
		ann_render_json_string(ann_span(port->path), out);
		add_member("by_id", port->by_id, out);
		add_member("description", port->description, out);
		add_member("vendor_id", ids, out);
		add_member("product_id", ids == NULL ? NULL : usb + 5, out);
		add_member("serial_number", port->serial_number, out);
		add_member("driver", port->driver, out);
		ann_buf_char(out, '}');
	}
	ann_buf_str(out, "\n]\n");
}

int ann_main_ports(int argc, char **argv)
{
	struct ann_options options;
	struct ann_ports ports = {0};
	struct ann_error err = {0};
	struct ann_buf out = {0};
	int status = ann_options_read(&options, ANN_COMMAND_PORTS, argc, argv);

	if (status >= 0) {
		return status;
	}
	if (options.inputs.count > 0) {
		fprintf(stderr, "annotty: ports takes no argument, found \"%s\"\n",
			options.inputs.path[0]);
		return ANN_EXIT_USAGE;
	}
	if (ann_ports_list(&ports, &err) != ANN_OK) {
		return ann_fail(&err);
	}
	if (ports.count == 0 && !options.json && !options.quiet) {
		fputs("annotty: no serial port found\n", stderr);
	}
	(options.json ? print_json : print_text)(&ports, &out);
	ann_ports_deinit(&ports);
	return ann_print(&out);
}
