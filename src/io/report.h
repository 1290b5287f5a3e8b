/*
 * report - how an application stands: for people, as JSON, and for Prometheus.
 */
#ifndef IO_REPORT_H
#define IO_REPORT_H

#include "annotty/buf.h"
#include "io/app.h"

/* A table of sources, one of outputs, one of codes. */
void ann_report_text(struct ann_app *app, struct ann_buf *out);

/* One object on one line. */
void ann_report_json(struct ann_app *app, struct ann_buf *out);

/* Prometheus' text format, version 0.0.4. */
void ann_report_prometheus(struct ann_app *app, struct ann_buf *out);

#endif
