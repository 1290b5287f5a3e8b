/* Tests of ports: whatever there is here, and be it nothing, is listed well. */
#include "io/port/ports.h"

#include "suite.h"

#include <string.h>

START_TEST(what_is_listed_has_a_path_and_a_description)
{
	struct ann_ports ports = {0};
	struct ann_error err = {0};

	ck_assert_msg(ann_ports_list(&ports, &err) == ANN_OK, "%s", err.text);
	for (size_t i = 0; i < ports.count; i++) {
		const struct ann_port_info *port = &ports.all[i];

		ck_assert_int_eq(strncmp(port->path, "/dev/", 5), 0);
		ck_assert_ptr_nonnull(port->description);
		ck_assert(i == 0 || strverscmp(ports.all[i - 1].path, port->path) < 0);
		ck_assert(port->by_id == NULL ||
			  strncmp(port->by_id, "/dev/serial/by-id/", 18) == 0);
	}
	ann_ports_deinit(&ports);
	ck_assert_uint_eq(ports.count, 0);
}
END_TEST

START_TEST(listing_survives_every_allocation_that_fails)
{
	struct ann_ports ports = {0};
	enum ann_err failed = ANN_OK;

	test_heap_begin(_i);
	failed = ann_ports_list(&ports, NULL);
	ann_ports_deinit(&ports);
	ck_assert_int_eq(failed, test_heap_end() ? ANN_ENOMEM : ANN_OK);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, what_is_listed_has_a_path_and_a_description);
	test_add_loop(suite, listing_survives_every_allocation_that_fails, 6);
}
