/*
 * message_ids - what kinds of entries annotty writes to the journal.
 *
 * A MESSAGE_ID (128 random bits in hex, see sd-id128(3)) names a kind of event for
 * good: `journalctl MESSAGE_ID=...` finds all of a kind, `journalctl -x` explains an
 * entry by the text that the catalog (systemd/annotty.catalog.in) has for its id. An id
 * never changes its meaning; a new kind gets a new one from `systemd-id128 new`.
 *
 * The texts of the catalog have fields of the entry filled in, which is how one id
 * explains every code, those of the users' own tables too. An entry has to have all
 * fields that stand below its id, empty if need be, each no longer than
 * ANN_MESSAGE_FIELD_BYTES: journalctl shows the bare name of a field in place of one
 * that is missing or longer.
 *
 * Lines without a code have no id: there is nothing to explain.
 */
#ifndef ANNOTTY_MESSAGE_IDS_H
#define ANNOTTY_MESSAGE_IDS_H

/* NAME=value, in bytes; REPLACE_VAR_MAX of systemd's catalog. */
#define ANN_MESSAGE_FIELD_BYTES 256

/*
 * A line holds a status code. Of several, the fields tell the first with the highest
 * severity.
 *
 * ANNOTTY_SOURCE ANNOTTY_CODE ANNOTTY_NAME ANNOTTY_DESCRIPTION ANNOTTY_HINT
 * ANNOTTY_FAMILY ANNOTTY_SEVERITY ANNOTTY_SEQ
 */
#define ANN_MESSAGE_ID_STATUS "5c6dfa3b23e9452a81765f1f148e6c54"

/* A source is there, or there again. ANNOTTY_SOURCE ANNOTTY_REASON */
#define ANN_MESSAGE_ID_CONNECTED "fc85fe31db654191ac9b1b2547e5fcae"

/* A source is gone and is waited for. ANNOTTY_SOURCE ANNOTTY_REASON */
#define ANN_MESSAGE_ID_DISCONNECTED "78f314771adc41d283144216578fecb6"

/* Bytes of a source are missing here. ANNOTTY_SOURCE ANNOTTY_REASON */
#define ANN_MESSAGE_ID_GAP "76f08edf703a4c28a88596e9bacdb100"

/* An output could not keep up. ANNOTTY_OUTPUT ANNOTTY_LINES ANNOTTY_BYTES */
#define ANN_MESSAGE_ID_DROPPED "119bbf2402cb450580ac3f6fa27d770c"

#endif
