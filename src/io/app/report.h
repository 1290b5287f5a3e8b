/*
 * report - how an application stands: for people, in a line or in tables, as JSON, and
 * for Prometheus.
 */
#ifndef IO_REPORT_H
#define IO_REPORT_H

#include "annotty/buf.h"
#include "io/app/app.h"

/*
 * What somebody wants to know first, without a line end: "2 of 3 sources connected,
 * dut3 away since 2026-11-23 14:02:11; 4 outputs, 1 reader; 12 codes in 4000 lines".
 * The time is local. Of many sources that are away, only the first are named.
 */
void ann_report_words(struct ann_app *app, struct ann_buf *out);

/* A table of sources, one of outputs, one of codes. */
void ann_report_text(struct ann_app *app, struct ann_buf *out);

/* One object on one line. */
void ann_report_json(struct ann_app *app, struct ann_buf *out);

/* Prometheus' text format, version 0.0.4. */
void ann_report_prometheus(struct ann_app *app, struct ann_buf *out);

#endif
