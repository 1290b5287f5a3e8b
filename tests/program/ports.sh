#!/bin/bash
# annotty ports, on whatever there is; most containers have nothing.
. "$(dirname "$0")/lib.sh"

ports_lists_as_json() {
	run ports --json
	expect_status 0
	expect_err
	expect "an array of ports" jq -e '
		type == "array" and all(.[];
			(keys == ["by_id", "description", "driver", "path", "product_id",
				"serial_number", "vendor_id"]) and
			(.path | startswith("/dev/")) and
			(.description | type == "string" and . != "") and
			([.vendor_id, .product_id] | . == [null, null] or
				all(test("^[0-9a-f]{4}$"))))' "$out"
}

ports_lists_as_columns() {
	local count path

	run ports --json
	count=$(jq length "$out")
	jq -r '.[].path' "$out" >paths
	run ports
	expect_status 0
	if [ "$count" -eq 0 ]; then
		expect_out ''
		expect_err 'annotty: no serial port found'
		run ports --quiet
		expect_status 0
		expect_err
		return
	fi
	expect_err
	expect_equal "$(wc -l <"$out")" $((count + 1))
	expect_equal "$(head -n 1 "$out" | tr -s ' ')" \
		'PATH USB SERIAL DRIVER BY-ID DESCRIPTION'
	while read -r path; do
		expect "a line of $path" grep -q "^$path  *[-0-9a-f:]*  " "$out"
	done <paths
}

ports_takes_nothing_else() {
	run ports /dev/ttyUSB0
	expect_status 2
	expect_err 'ports takes no argument, found "/dev/ttyUSB0"'
	run ports --table=x
	expect_status 2
	expect_err 'ports does not take the option "--table"'
}

run_all "$@"
