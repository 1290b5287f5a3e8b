/*
 * metrics - an application's numbers over HTTP: GET /metrics, for Prometheus.
 *
 * libmicrohttpd speaks HTTP; it runs on the loop of the application, without threads.
 */
#ifndef IO_METRICS_H
#define IO_METRICS_H

#include "io/app/app.h"

struct ann_metrics;

/*
 * True for ADDRESS:PORT, and for PORT, which is on loopback. A name is no address:
 * nobody is asked.
 */
bool ann_metrics_takes(const char *address);

/* Listens at such an address. ANN_ECONFIG, ANN_ESYS when it is in use, ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_metrics_start(struct ann_metrics **metrics,
	struct ann_app *app, const char *address, struct ann_error *err);

/* Stops listening; the rest is released by the loop. NULL is fine. */
void ann_metrics_close(struct ann_metrics *metrics);

#endif
