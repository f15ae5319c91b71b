/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/metrics_http.c: one daemon of libmicrohttpd, and therefore one thread, for each address.
 *
 * The library's own limits do not help against slow clients: its timeout restarts with every octet, and
 * with all connections in use it accepts no more. Therefore each connection has a time limit for a request,
 * which the main thread's loop enforces, and a new connection replaces the oldest
 * (daemon/telemetry/visits.h).
 */
#include "config.h"

#include "daemon/telemetry/metrics_http.h"

#ifdef HAVE_MICROHTTPD
#include <dlfcn.h>
#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/telemetry/metrics.h"
#include "daemon/telemetry/visits.h"
#include "base/library.h"
#include "net/clock.h"
#include "net/socket.h"
#include "net/worker.h"

enum {
	COLLECT_MS = 1000, /* workers add their numbers at once, unless one is blocked */
	CONNECTIONS = TARN__VISITS_MAX, /* for each address; a Prometheus server needs one */
	IDLE_SEC = 10, /* without an octet; after that a connection is closed */
	/* From the acceptance of a connection, or the request before, to the answer. */
	REQUEST_MS = 10000,
	CONNECTION_MEMORY = 8192, /* octets, with the request's headers */
	BACKLOG = CONNECTIONS,
};

struct listener {
	int fd; /* the daemon's after its start; -1: none */
	struct MHD_Daemon *daemon;
	struct tarn__metrics_http *http;
	struct tarn__visits visits;
};

struct tarn__metrics_http {
	struct tarn__log *log;
	struct tarn *tarn;
	struct tarn__observers *observers;
	struct tarn__process *process;
	struct tarn__metrics_boards boards;
	void *library;
	__typeof__(MHD_start_daemon) *start_daemon;
	__typeof__(MHD_stop_daemon) *stop_daemon;
	__typeof__(MHD_create_response_from_buffer) *create_response;
	__typeof__(MHD_add_response_header) *add_header;
	__typeof__(MHD_queue_response) *queue_response;
	__typeof__(MHD_destroy_response) *destroy_response;
	__typeof__(MHD_get_connection_info) *get_info;
	struct ev_loop *loop; /* the main thread's; NULL: not started */
	ev_async came;
	ev_timer limit;
	size_t count;
	struct listener listeners[TARN__ADDRESSES_MAX];
};

/* ---- answers ------------------------------------------------------------------------------ */

static enum MHD_Result send_page(const struct tarn__metrics_http *http, struct MHD_Connection *to,
				 unsigned status, const char *header, const char *value, char *text,
				 size_t len, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = http->create_response(len, text, mode);
	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	enum MHD_Result result = http->add_header(response, header, value);
	if (result == MHD_YES)
		result = http->queue_response(to, status, response);
	http->destroy_response(response);
	return result;
}

static enum MHD_Result send_error(const struct tarn__metrics_http *http, struct MHD_Connection *to,
				  unsigned status, const char *header, const char *value,
				  const char *line)
{
	return send_page(http, to, status, header, value, (char *)line, strlen(line),
			 MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_metrics(const struct tarn__metrics_http *http,
				    struct MHD_Connection *to)
{
	struct tarn__totals *totals = tarn__stats_collect(http->tarn, NULL, COLLECT_MS);
	if (!totals)
		return MHD_NO;
	/* Prometheus takes a decreasing counter as a restart: rather no answer this time. */
	if (!totals->is_whole) {
		tarn__totals_free(totals);
		return send_error(http, to, MHD_HTTP_SERVICE_UNAVAILABLE, "Content-Type",
				  "text/plain", "A thread is too busy to report its statistics.\n");
	}
	size_t len;
	struct tarn__lost lost = tarn__observers_lost(http->observers);
	struct tarn__usage usage = tarn__process_usage(http->process);
	struct tarn__name_figures figures;
	tarn__figures_read(http->boards.names, &figures);
	struct tarn__metrics_transfers transfers;
	struct tarn__transfer_state *states =
		tarn__transfer_board_read(http->boards.transfers, &transfers.count);
	transfers.states = states;
	struct tarn__certificates_state certificates;
	tarn__certificates_board_read(http->boards.certificates, &certificates);
	struct tarn__cache_file_state cache_file;
	tarn__cache_file_board_read(http->boards.cache_file, &cache_file);
	char *text = tarn__metrics_text(totals, &lost, &usage, http->boards.names ? &figures : NULL,
					&transfers, &certificates, &cache_file, &len);
	free(states);
	tarn__totals_free(totals);
	if (!text)
		return MHD_NO;
	return send_page(http, to, MHD_HTTP_OK, "Content-Type",
			 "text/plain; version=0.0.4; charset=utf-8", text, len,
			 MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *from, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **request)
{
	(void)version;
	(void)upload;
	const struct tarn__metrics_http *http = ((struct listener *)arg)->http;
	if (strcmp(path, "/metrics") != 0)
		return send_error(http, from, MHD_HTTP_NOT_FOUND, "Content-Type", "text/plain",
				  "There is /metrics, and nothing else.\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return send_error(http, from, MHD_HTTP_METHOD_NOT_ALLOWED, "Allow", "GET, HEAD",
				  "GET and HEAD are what it is good for.\n");
	/* A connection is reused only if its request has been read to the end. */
	bool is_begun = *request;
	*request = arg;
	if (!is_begun || *upload_len > 0) {
		*upload_len = 0;
		return MHD_YES;
	}
	return send_metrics(http, from);
}

/* ---- those who are slow ------------------------------------------------------------------- */

/* Runs on the main thread. */
static void watch_limits(struct tarn__metrics_http *http)
{
	uint64_t now_ms = tarn__clock_ms(), next_ms = UINT64_MAX;
	for (size_t i = 0; i < http->count; i++) {
		uint64_t at_ms =
			tarn__visits_expire(&http->listeners[i].visits, now_ms, REQUEST_MS);
		if (at_ms < next_ms)
			next_ms = at_ms;
	}
	ev_timer_stop(http->loop, &http->limit);
	if (next_ms == UINT64_MAX)
		return;
	ev_now_update(http->loop);
	ev_timer_set(&http->limit, (double)(next_ms - now_ms) / 1000, 0);
	ev_timer_start(http->loop, &http->limit);
}

static void on_limit(struct ev_loop *loop, ev_timer *limit, int events)
{
	(void)loop;
	(void)events;
	watch_limits(limit->data);
}

static void on_came(struct ev_loop *loop, ev_async *came, int events)
{
	(void)loop;
	(void)events;
	struct tarn__metrics_http *http = came->data;
	if (!ev_is_active(&http->limit))
		watch_limits(http);
}

/*
 * This and the functions after it run on the library's thread. The connection's socket is open in both
 * cases.
 */
static void on_connection(void *arg, struct MHD_Connection *connection, void **visit,
			  enum MHD_ConnectionNotificationCode what)
{
	struct listener *listener = arg;
	struct tarn__metrics_http *http = listener->http;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		tarn__visits_end(&listener->visits, *visit);
		return;
	}
	const union MHD_ConnectionInfo *info =
		http->get_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!info)
		return;
	*visit = tarn__visits_begin(&listener->visits, info->connect_fd, tarn__clock_ms());
	ev_async_send(http->loop, &http->came);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode how)
{
	(void)request;
	(void)how;
	struct listener *listener = arg;
	const union MHD_ConnectionInfo *info =
		listener->http->get_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info)
		tarn__visits_renew(&listener->visits, info->socket_context, tarn__clock_ms());
}

static void start_watchers(struct tarn__metrics_http *http, struct ev_loop *loop)
{
	http->loop = loop;
	ev_async_init(&http->came, on_came);
	ev_timer_init(&http->limit, on_limit, 0, 0);
	http->came.data = http->limit.data = http;
	ev_async_start(loop, &http->came);
}

static void stop_watchers(struct tarn__metrics_http *http)
{
	if (!http->loop)
		return;
	ev_async_stop(http->loop, &http->came);
	ev_timer_stop(http->loop, &http->limit);
}

/* ---- opening ------------------------------------------------------------------------------ */

static int load_library(struct tarn__metrics_http *http)
{
	http->library = dlopen(MICROHTTPD_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!http->library) {
		tarn__log(http->log, TARN_LOG_ERR, "no metrics: %s", dlerror());
		return TARN_ESYSTEM;
	}
	const struct tarn__library_function functions[] = {
		{"MHD_start_daemon", &http->start_daemon},
		{"MHD_stop_daemon", &http->stop_daemon},
		{"MHD_create_response_from_buffer", &http->create_response},
		{"MHD_add_response_header", &http->add_header},
		{"MHD_queue_response", &http->queue_response},
		{"MHD_destroy_response", &http->destroy_response},
		{"MHD_get_connection_info", &http->get_info},
	};
	const char *missing = tarn__library_find(http->library, functions,
						 sizeof(functions) / sizeof(functions[0]));
	if (missing) {
		tarn__log(http->log, TARN_LOG_ERR, "no metrics: %s lacks %s", MICROHTTPD_SONAME,
			  missing);
		return TARN_ESYSTEM;
	}
	return 0;
}

/* Not tarn_socket_open(), whose SO_REUSEPORT would give half of the requests to another tarn. */
static int open_listener(struct tarn_address *address)
{
	int family = address->sa.sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int on = 1;
	socklen_t len = tarn_address_len(address);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    tarn__socket_bind(fd, address) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, &address->sa, &len) == 0)
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

static int open_listeners(struct tarn__metrics_http *http, const struct tarn__addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		struct tarn_address address = addresses->items[i];
		int fd = open_listener(&address);
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn_address_format(&address, text);
		if (fd < 0) {
			tarn__log(http->log, TARN_LOG_ERR, "cannot serve metrics on %s: %s", text,
				  strerror(errno));
			return TARN_ESYSTEM;
		}
		struct listener *listener = &http->listeners[http->count++];
		listener->fd = fd;
		listener->http = http;
		tarn__visits_init(&listener->visits);
		tarn__log(http->log, TARN_LOG_INFO, "metrics on http://%s/metrics", text);
	}
	return 0;
}

const char *tarn__metrics_http_fault(void)
{
	return NULL;
}

int tarn__metrics_http_open(const struct tarn__addresses *addresses, struct tarn__log *log,
			    struct tarn__metrics_http **out)
{
	*out = NULL;
	if (addresses->count == 0)
		return 0;
	struct tarn__metrics_http *http = calloc(1, sizeof(*http));
	if (!http) {
		tarn__log(log, TARN_LOG_ERR, "no metrics: out of memory");
		return TARN_ENOMEM;
	}
	http->log = log;
	int error = load_library(http);
	if (error == 0)
		error = open_listeners(http, addresses);
	if (error == 0)
		*out = http;
	else
		tarn__metrics_http_free(http);
	return error;
}

int tarn__metrics_http_start(struct tarn__metrics_http *http, struct tarn *tarn,
			     struct tarn__observers *observers, struct tarn__process *process,
			     const struct tarn__metrics_boards *boards, struct ev_loop *loop)
{
	if (!http)
		return 0;
	start_watchers(http, loop);
	http->tarn = tarn;
	http->observers = observers;
	http->process = process;
	http->boards = *boards;
	for (size_t i = 0; i < http->count; i++) {
		struct listener *listener = &http->listeners[i];
		/* The port is the socket's; options that are not listed have the library's defaults. */
		listener->daemon = http->start_daemon(
			MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, listener,
			MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_CONNECTION_LIMIT,
			(unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SEC,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
			MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_END);
		if (!listener->daemon) {
			tarn__log(http->log, TARN_LOG_ERR, "no metrics: %s does not start",
				  MICROHTTPD_SONAME);
			return TARN_ESYSTEM;
		}
		listener->fd = -1;
	}
	return 0;
}

void tarn__metrics_http_free(struct tarn__metrics_http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < http->count; i++) {
		struct listener *listener = &http->listeners[i];
		if (listener->daemon)
			http->stop_daemon(listener->daemon);
		else if (listener->fd >= 0)
			close(listener->fd);
		tarn__visits_fini(&listener->visits);
	}
	stop_watchers(http);
	if (http->library)
		dlclose(http->library);
	free(http);
}

#else

const char *tarn__metrics_http_fault(void)
{
	return "this tarn was built without libmicrohttpd";
}

/* There are no addresses: they were refused. */
int tarn__metrics_http_open(const struct tarn__addresses *addresses, struct tarn__log *log,
			    struct tarn__metrics_http **out)
{
	(void)addresses;
	(void)log;
	*out = NULL;
	return 0;
}

int tarn__metrics_http_start(struct tarn__metrics_http *http, struct tarn *tarn,
			     struct tarn__observers *observers, struct tarn__process *process,
			     const struct tarn__metrics_boards *boards, struct ev_loop *loop)
{
	(void)loop;
	(void)http;
	(void)tarn;
	(void)observers;
	(void)process;
	(void)boards;
	return 0;
}

void tarn__metrics_http_free(struct tarn__metrics_http *http)
{
	(void)http;
}

#endif
