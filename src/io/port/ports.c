#include "io/port/ports.h"

#include "annotty/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char by_id[] = "/dev/serial/by-id";

/* NULL and "" are both nothing, which a device may well call itself. */
static bool copy(char **to, const char *text)
{
	if (text == NULL || *text == '\0') {
		return true;
	}
	*to = ann_copy(text, strlen(text));
	return *to != NULL;
}

/* --- what sysfs and udev know ----------------------------------------------------- */

/*
 * The name of the driver `where` below a terminal's directory in sysfs. No such link is
 * no driver, and fine; false is no memory.
 */
static bool find_driver(struct ann_port_info *info, const char *where)
{
	const char *slash = strrchr(info->path, '/');
	char link[PATH_MAX];
	char *driver = NULL;
	bool fine = true;

	snprintf(link, sizeof(link), "/sys/class/tty/%s/%s",
		slash != NULL ? slash + 1 : info->path, where);
	driver = realpath(link, NULL);
	if (driver != NULL) {
		ann_free(info->driver);
		info->driver = NULL;
		fine = copy(&info->driver, strrchr(driver, '/') + 1);
	}
	free(driver);
	return fine;
}

/*
 * Since Linux 6.5 a UART is a device "port" of its bus "serial-base", two levels below
 * the device that has the driver in the old sense.
 */
static bool describe_driver(struct ann_port_info *info)
{
	if (!find_driver(info, "device/driver")) {
		return false;
	}
	return info->driver == NULL || strcmp(info->driver, "port") != 0 ||
	       find_driver(info, "device/../../driver");
}

static bool leads_to(const char *link, const char *path)
{
	char *end = realpath(link, NULL);
	bool same = end != NULL && strcmp(end, path) == 0;

	free(end);
	return same;
}

/* Of several links, the first in the alphabet. There is no directory without USB ports.
 */
static bool find_by_id(struct ann_port_info *info)
{
	struct dirent **names = NULL;
	int count = scandir(by_id, &names, NULL, alphasort);
	bool fine = true;

	for (int i = 0; i < count; i++) {
		char link[PATH_MAX];

		snprintf(link, sizeof(link), "%s/%s", by_id, names[i]->d_name);
		if (info->by_id == NULL && fine && leads_to(link, info->path)) {
			fine = copy(&info->by_id, link);
		}
		free(names[i]);
	}
	free(names);
	return fine;
}

/* --- the list --------------------------------------------------------------------- */

/* False: no memory. */
static bool describe(struct ann_port_info *info, const struct sp_port *port)
{
	const char *name = sp_get_port_name(port);
	const char *description = sp_get_port_description(port);
	int vendor = 0;
	int product = 0;

	if (sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK) {
		info->is_usb = true;
		info->vendor_id = (unsigned)vendor;
		info->product_id = (unsigned)product;
	}
	return copy(&info->path, name) &&
	       copy(&info->description, description != NULL ? description : name) &&
	       copy(&info->serial_number, sp_get_port_usb_serial(port)) &&
	       describe_driver(info) && find_by_id(info);
}

static int by_path(const void *a, const void *b)
{
	return strverscmp(((const struct ann_port_info *)a)->path,
		((const struct ann_port_info *)b)->path);
}

static enum ann_err fill(
	struct ann_ports *ports, struct sp_port *const *found, struct ann_error *err)
{
	size_t count = 0;

	while (found[count] != NULL) {
		count++;
	}
	if (count == 0) {
		return ANN_OK;
	}
	ports->all = ann_alloc(count * sizeof(*ports->all));
	if (ports->all == NULL) {
		return ann_error_nomem(err);
	}
	while (ports->count < count) {
		if (!describe(&ports->all[ports->count], found[ports->count])) {
			ports->count++; /* its half, too, is to be released */
			return ann_error_nomem(err);
		}
		ports->count++;
	}
	qsort(ports->all, count, sizeof(*ports->all), by_path);
	return ANN_OK;
}

enum ann_err ann_ports_list(struct ann_ports *ports, struct ann_error *err)
{
	struct sp_port **found = NULL;
	enum sp_return answer = sp_list_ports(&found);
	enum ann_err failed = ANN_OK;

	*ports = (struct ann_ports){0};
	if (answer == SP_ERR_MEM) {
		return ann_error_nomem(err);
	}
	if (answer != SP_OK) {
		return ann_error_os(err, errno, "listing the serial ports");
	}
	failed = fill(ports, found, err);
	sp_free_port_list(found);
	if (failed != ANN_OK) {
		ann_ports_deinit(ports);
	}
	return failed;
}

void ann_ports_deinit(struct ann_ports *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		ann_free(ports->all[i].path);
		ann_free(ports->all[i].by_id);
		ann_free(ports->all[i].description);
		ann_free(ports->all[i].serial_number);
		ann_free(ports->all[i].driver);
	}
	ann_free(ports->all);
	*ports = (struct ann_ports){0};
}
