#include "io/source/telnet.h"

#include "annotty/alloc.h"

#include <libtelnet.h>
#include <string.h>

/* More answers to options than any server needs; from then on it gets none. */
enum { MOST_REPLIES = 512 };

struct ann_telnet {
	telnet_t *library;
	const struct ann_port_settings *port; /* NULL: plain telnet */
	const struct ann_telnet_events *events;
	void *user;
	struct ann_com_port_counts counts;
	unsigned replies;   /* to options */
	bool is_replying;   /* what is sent now is a reply */
	bool has_port;      /* the server sets its port for us */
	bool reads_binary;  /* what the server sends is BINARY */
	bool writes_binary; /* what we send is */
	bool was_cr;        /* the last byte of the device was a CR */
	bool was_iac; /* the last byte of the server was an IAC, see feed_slice() */
	bool broken;  /* see ann_telnet_feed() */
};

static const telnet_telopt_t plain_options[] = {
	{TELNET_TELOPT_BINARY, TELNET_WILL, TELNET_DO},
	{TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO},
	{TELNET_TELOPT_ECHO, TELNET_WONT, TELNET_DO},
	{-1, 0, 0},
};

static const telnet_telopt_t port_options[] = {
	{TELNET_TELOPT_BINARY, TELNET_WILL, TELNET_DO},
	{TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO},
	{TELNET_TELOPT_ECHO, TELNET_WONT, TELNET_DO},
	{ANN_COM_PORT_OPTION, TELNET_WILL, TELNET_DO},
	{-1, 0, 0},
};

/* --- from the server ------------------------------------------------------------ */

static void give(const struct ann_telnet *t, const char *from, const char *to)
{
	if (to > from) {
		t->events->data(t->user, (struct ann_span){from, (size_t)(to - from)});
	}
}

/* Without the NUL of each CR NUL. */
static void give_text(struct ann_telnet *t, const char *from, const char *end)
{
	const char *nul = from;
	bool was_cr = t->was_cr;

	t->was_cr = end[-1] == '\r';
	while ((nul = memchr(nul, '\0', (size_t)(end - nul))) != NULL) {
		if (nul > from ? nul[-1] == '\r' : was_cr) {
			give(t, from, nul);
			from = nul + 1;
		}
		was_cr = false;
		nul++;
	}
	give(t, from, end);
}

static void on_data(struct ann_telnet *t, const char *bytes, size_t len)
{
	if (t->broken || len == 0) {
		return;
	}
	if (t->reads_binary) {
		give(t, bytes, bytes + len);
	} else {
		give_text(t, bytes, bytes + len);
	}
}

static void on_send(struct ann_telnet *t, const char *bytes, size_t len)
{
	if (t->is_replying && t->replies++ >= MOST_REPLIES) {
		return;
	}
	t->events->send(t->user, (struct ann_span){bytes, len});
}

static void request(void *user, struct ann_span payload)
{
	struct ann_telnet *t = user;

	telnet_subnegotiation(
		t->library, ANN_COM_PORT_OPTION, payload.ptr, payload.len);
}

/* The server wants us to use `option`, and we do. */
static void on_do(struct ann_telnet *t, unsigned option)
{
	if (option == TELNET_TELOPT_BINARY) {
		t->writes_binary = true;
	} else if (option == ANN_COM_PORT_OPTION && !t->has_port) {
		t->has_port = true;
		ann_com_port_request(t->port, request, t);
	}
}

static void on_dont(struct ann_telnet *t, unsigned option)
{
	if (option == TELNET_TELOPT_BINARY) {
		t->writes_binary = false;
	}
}

static void on_subnegotiation(
	struct ann_telnet *t, unsigned option, struct ann_span payload)
{
	if (option == ANN_COM_PORT_OPTION && t->port != NULL) {
		ann_com_port_take(
			t->port, payload, &t->counts, t->events->warn, t->user);
	}
}

static void on_event(telnet_t *library, telnet_event_t *event, void *user)
{
	struct ann_telnet *t = user;

	(void)library;
	switch (event->type) {
	case TELNET_EV_DATA:
		on_data(t, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_SEND:
		on_send(t, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_WILL:
	case TELNET_EV_WONT:
		if (event->neg.telopt == TELNET_TELOPT_BINARY) {
			t->reads_binary = event->type == TELNET_EV_WILL;
		}
		break;
	case TELNET_EV_DO:
		on_do(t, event->neg.telopt);
		break;
	case TELNET_EV_DONT:
		on_dont(t, event->neg.telopt);
		break;
	case TELNET_EV_SUBNEGOTIATION:
		on_subnegotiation(t, event->sub.telopt,
			(struct ann_span){event->sub.buffer, event->sub.size});
		break;
	case TELNET_EV_COMPRESS:
		/* libtelnet begins to inflate although nobody has agreed to that. */
	case TELNET_EV_ERROR:
		t->broken = true;
		break;
	default:
		break;
	}
}

/*
 * Feeds the library up to the next IAC, or the byte after an IAC alone.
 *
 * Whatever ends a sub-negotiation is a byte after an IAC. libtelnet 0.21 then goes on
 * with the bytes behind it by calling itself, a kilobyte of stack each time, and reads
 * them as compressed if the server has said so. With nothing behind, neither happens: a
 * stack cannot be exhausted by many short sub-negotiations in one chunk, and nothing is
 * ever inflated.
 */
static size_t feed_slice(struct ann_telnet *t, struct ann_span bytes)
{
	const char *iac = t->was_iac ? NULL : memchr(bytes.ptr, TELNET_IAC, bytes.len);
	size_t len = bytes.len;

	if (t->was_iac) {
		len = 1;
	} else if (iac != NULL) {
		len = (size_t)(iac - bytes.ptr) + 1;
	}
	t->was_iac = iac != NULL;
	telnet_recv(t->library, bytes.ptr, len);
	return len;
}

bool ann_telnet_feed(struct ann_telnet *telnet, struct ann_span bytes)
{
	telnet->is_replying = true;
	while (bytes.len > 0 && !telnet->broken) {
		size_t done = feed_slice(telnet, bytes);

		bytes.ptr += done;
		bytes.len -= done;
	}
	telnet->is_replying = false;
	return !telnet->broken;
}

/* --- to the server -------------------------------------------------------------- */

void ann_telnet_begin(struct ann_telnet *telnet)
{
	if (telnet->port != NULL) {
		telnet_negotiate(telnet->library, TELNET_WILL, TELNET_TELOPT_BINARY);
		telnet_negotiate(telnet->library, TELNET_DO, TELNET_TELOPT_BINARY);
		telnet_negotiate(telnet->library, TELNET_DO, TELNET_TELOPT_SGA);
		telnet_negotiate(telnet->library, TELNET_WILL, ANN_COM_PORT_OPTION);
	}
}

/* A CR that no LF follows goes as CR NUL. */
static void write_text(struct ann_telnet *t, struct ann_span bytes)
{
	while (bytes.len > 0) {
		const char *cr = memchr(bytes.ptr, '\r', bytes.len);
		size_t len = cr == NULL ? bytes.len : (size_t)(cr - bytes.ptr) + 1;

		telnet_send(t->library, bytes.ptr, len);
		bytes.ptr += len;
		bytes.len -= len;
		if (cr != NULL && (bytes.len == 0 || bytes.ptr[0] != '\n')) {
			telnet_send(t->library, "", 1);
		}
	}
}

void ann_telnet_write(struct ann_telnet *telnet, struct ann_span bytes)
{
	if (telnet->writes_binary) {
		telnet_send(telnet->library, bytes.ptr, bytes.len);
	} else {
		write_text(telnet, bytes);
	}
}

/* --- life ----------------------------------------------------------------------- */

struct ann_telnet *ann_telnet_new(const struct ann_port_settings *port,
	const struct ann_telnet_events *events, void *user)
{
	struct ann_telnet *telnet = ann_alloc(sizeof(*telnet));

	if (telnet == NULL) {
		return NULL;
	}
	telnet->port = port;
	telnet->events = events;
	telnet->user = user;
	telnet->library = telnet_init(
		port == NULL ? plain_options : port_options, on_event, 0, telnet);
	if (telnet->library == NULL) {
		ann_free(telnet);
		return NULL;
	}
	return telnet;
}

void ann_telnet_free(struct ann_telnet *telnet)
{
	if (telnet != NULL) {
		telnet_free(telnet->library);
		ann_free(telnet);
	}
}

bool ann_telnet_has_port(const struct ann_telnet *telnet)
{
	return telnet->has_port;
}

const struct ann_com_port_counts *ann_telnet_counts(const struct ann_telnet *telnet)
{
	return &telnet->counts;
}
