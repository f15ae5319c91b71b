/* SPDX-License-Identifier: BSD-2-Clause */
/* net/tarn.c: what a program does with a tarn, and with a worker and its questions once it is made. */
#include "tarn.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ports.h"
#include "core/policy/policy.h"
#include "core/policy/stage.h"
#include "core/resolver.h"
#include "core/second/second_config.h"
#include "http2/http2.h"
#include "net/ask.h"
#include "net/clock.h"
#include "net/listen/tcp.h"
#include "net/listen/udp.h"
#include "net/random.h"
#include "net/second/link.h"
#include "net/shared.h"
#include "net/socket.h"
#include "net/stats_collector.h"
#include "net/upstream/cares.h"
#include "net/worker.h"
#include "tls/tls.h"

enum {
	HOST_NAME_MAX_LEN = 255, /* of a CH TXT's string */
};

/* ---- a tarn ------------------------------------------------------------------------------- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_error;
static const char *library_version;

static void init_library(void)
{
	library_error = tarn__cares_init(&library_version);
}

/*
 * Read once and as early as possible: a program may deny itself /proc later. One list is for IPv4 and IPv6.
 */
static struct tarn__ports *read_usable_ports(void)
{
	FILE *list = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	if (!list)
		return NULL;
	struct tarn__ports *ports = malloc(sizeof(*ports));
	if (ports) {
		tarn__ports_fill(ports);
		uint32_t all = tarn__ports_count(ports);
		tarn__ports_avoid_list(ports, list);
		if (tarn__ports_count(ports) == all) {
			free(ports);
			ports = NULL;
		}
	}
	fclose(list);
	return ports;
}

static int reserve_ports(struct tarn *tarn, struct tarn__config *config)
{
	if (!tarn->usable_ports)
		return 0;
	int error = tarn__config_reserve_ports(config, tarn->usable_ports);
	if (error != TARN_EINVAL)
		return error;
	tarn__report(
		tarn, TARN_LOG_WARNING,
		"net.ipv4.ip_local_reserved_ports leaves fewer than %d ports to ask from: they "
		"are used, too",
		TARN__PORTS_LEAST);
	return 0;
}

/* The client of the present configuration: a reference; NULL: it has none, or there is none yet. */
static struct tarn__tls_client *get_tls_client(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *config = tarn->updates.config;
	struct tarn__tls_client *client = config ? config->tls : NULL;
	client = client ? tarn__tls_client_get(client) : NULL;
	pthread_mutex_unlock(&tarn->mutex);
	return client;
}

/* What trusts the same as before is what was before: connections and sessions stay. */
static void keep_tls_client(struct tarn *tarn, struct tarn__config *config)
{
	struct tarn__tls_client *before = get_tls_client(tarn);
	if (before && config->tls && tarn__tls_client_is_equal(before, config->tls)) {
		struct tarn__tls_client *same = config->tls;
		config->tls = before;
		before = same;
	}
	tarn__tls_client_put(before);
}

/*
 * Certificates that cannot be read are no reason to refuse all else of another configuration: a bundle may
 * be replaced at that moment.
 */
static int open_tls(struct tarn *tarn, struct tarn__config *config, const struct tarn_tls *tls)
{
	char fault[TARN__CONFIG_FAULT_MAX];
	int error = tarn__config_open_tls(config, tls, fault);
	if (error == TARN_ECERTIFICATE)
		config->tls = get_tls_client(tarn);
	else
		keep_tls_client(tarn, config);
	if (error == 0)
		return 0;
	tarn__report(tarn, config->tls ? TARN_LOG_WARNING : TARN_LOG_ERR, "%s%s", fault,
		     config->tls ? ": what was read before stays in force" : "");
	return config->tls ? 0 : TARN_EINVAL;
}

/* The client of the present second level: a reference; NULL: it has none. */
static struct tarn__tls_client *get_second_client(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	const struct tarn__config *config = tarn->updates.config;
	struct tarn__tls_client *client =
		config && config->second ? config->second->tls_client : NULL;
	client = client ? tarn__tls_client_get(client) : NULL;
	pthread_mutex_unlock(&tarn->mutex);
	return client;
}

/* As open_tls(): CA certificates that cannot be read leave those in force that were read before. */
static int open_second_tls(struct tarn *tarn, struct tarn__second_config *second)
{
	char fault[TARN__TLS_FAULT_MAX];
	second->tls_client = tarn__tls_client_new(
		&(struct tarn__tls_client_options){.ca = second->ca,
						   .clock_floor_sec = TARN__RELEASE_SEC},
		fault);
	if (second->tls_client)
		return 0;
	second->tls_client = get_second_client(tarn);
	tarn__report(tarn, second->tls_client ? TARN_LOG_WARNING : TARN_LOG_ERR,
		     "the second level: %s%s", fault,
		     second->tls_client ? ": what was read before stays in force" : "");
	return second->tls_client ? 0 : TARN_EINVAL;
}

/* Of a new configuration, which no other thread has yet. */
static int load_second(struct tarn *tarn, struct tarn__config *config)
{
	if (!config->second)
		return 0;
	const char *reason = tarn__second_load(config->second->tls);
	if (reason) {
		tarn__report(tarn, TARN_LOG_ERR, "the second level: %s", reason);
		return TARN_EINVAL;
	}
	return config->second->tls ? open_second_tls(tarn, config->second) : 0;
}

/* Does what a configuration needs of the system. */
static int equip(struct tarn *tarn, struct tarn__config *config, const struct tarn_options *options)
{
	int error = reserve_ports(tarn, config);
	if (error == 0)
		error = load_second(tarn, config);
	return error == 0 ? open_tls(tarn, config, &options->tls) : error;
}

static struct tarn__config *make_config(struct tarn *tarn, const struct tarn_options *options)
{
	char version[32], host[HOST_NAME_MAX_LEN + 1], fault[TARN__CONFIG_FAULT_MAX];
	snprintf(version, sizeof(version), "tarn %s", tarn_version());
	bool has_host = gethostname(host, sizeof(host)) == 0;
	host[HOST_NAME_MAX_LEN] = '\0';
	struct tarn__config *config =
		tarn__config_new(options, version, has_host ? host : NULL, fault);
	int reason = errno;
	if (!config && reason == EINVAL)
		tarn__report(tarn, TARN_LOG_ERR, "%s", fault);
	int error = config ? equip(tarn, config, options) : 0;
	if (error != 0) {
		tarn__config_put(config);
		config = NULL;
		reason = error == TARN_EINVAL ? EINVAL : ENOMEM;
	}
	errno = reason;
	return config;
}

static uint64_t clock_ms(void *arg)
{
	(void)arg;
	return tarn__clock_ms();
}

static struct tarn__shared *make_shared(struct tarn *tarn, const struct tarn_options *options)
{
	struct tarn__shared_options shared = {
		.options = options,
		.now_ms = clock_ms,
		.found = tarn__report_finding,
		.found_arg = tarn,
	};
	struct tarn__random random = {0};
	tarn__random_fill(&random, shared.cookie_secret, sizeof(shared.cookie_secret));
	return tarn__shared_new(&shared);
}

/* Logs the c-ares that is linked. Returns false if it is not supported. */
static bool start_library(struct tarn *tarn)
{
	pthread_once(&library_once, init_library);
	if (library_error != 0) {
		tarn__report(tarn, TARN_LOG_ERR,
			     "c-ares %s is not supported: 1.18 to 1.21, or 1.34", library_version);
		return false;
	}
	tarn__report(tarn, TARN_LOG_DEBUG, "tarn %s with c-ares %s", tarn_version(),
		     library_version);
	const char *fault = tarn__cares_fault();
	if (fault)
		tarn__report(tarn, TARN_LOG_WARNING, "c-ares %s: %s; 1.34.9 does not",
			     library_version, fault);
	return true;
}

/* Takes usable_ports; NULL: all are. */
static struct tarn *make_tarn(const struct tarn_options *options, struct tarn__ports *usable_ports)
{
	struct tarn *tarn = calloc(1, sizeof(*tarn));
	if (!tarn) {
		free(usable_ports);
		errno = ENOMEM;
		return NULL;
	}
	tarn->log = options->log;
	tarn->log_arg = options->log_arg;
	if (!start_library(tarn)) {
		free(usable_ports);
		free(tarn);
		errno = ENOTSUP;
		return NULL;
	}
	pthread_mutex_init(&tarn->mutex, NULL);
	tarn__mailbox_init(&tarn->mailbox);
	tarn__list_init(&tarn->members);
	tarn->usable_ports = usable_ports;
	tarn->updates.config = make_config(tarn, options);
	if (tarn->updates.config)
		tarn->stats_collector = tarn__stats_collector_new(&tarn->mailbox);
	if (tarn->stats_collector)
		tarn->shared = make_shared(tarn, options);
	if (tarn->shared)
		return tarn;
	int reason = errno;
	tarn_free(tarn);
	errno = reason;
	return NULL;
}

struct tarn *tarn_new(const struct tarn_options *options)
{
	return make_tarn(options, read_usable_ports());
}

struct tarn *tarn__new_beside(const struct tarn *other, const struct tarn_options *options)
{
	struct tarn__ports *ports = NULL;
	if (other->usable_ports) {
		ports = malloc(sizeof(*ports));
		if (!ports)
			return NULL;
		*ports = *other->usable_ports;
	}
	return make_tarn(options, ports);
}

void tarn_free(struct tarn *tarn)
{
	if (!tarn)
		return;
	tarn__shared_free(tarn->shared);
	tarn__stale_configs_fini(&tarn->stale_configs);
	tarn__config_put(tarn->updates.config);
	free(tarn->insecure);
	tarn__tls_server_put(tarn->tls_server);
	tarn__tls_ticket_keys_free(tarn->ticket_keys);
	tarn__stats_collector_free(tarn->stats_collector);
	tarn__mailbox_fini(&tarn->mailbox);
	pthread_mutex_destroy(&tarn->mutex);
	free(tarn->usable_ports);
	free(tarn);
}

int tarn_set_upstreams(struct tarn *tarn, const struct tarn_address *upstreams, size_t count)
{
	return tarn_set_upstreams_with_traits(tarn, upstreams, NULL, count);
}

int tarn_set_upstreams_with_traits(struct tarn *tarn, const struct tarn_address *upstreams,
				   const struct tarn_traits *traits, size_t count)
{
	pthread_mutex_lock(&tarn->mutex);
	int error = tarn__set_config(
		tarn, tarn__config_with_traits(tarn->updates.config, upstreams, traits, count));
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

int tarn_reconfigure(struct tarn *tarn, const struct tarn_options *options)
{
	struct tarn__config *config = make_config(tarn, options);
	if (!config)
		return errno == EINVAL ? TARN_EINVAL : TARN_ENOMEM;
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *next = tarn__with_insecure(tarn, config);
	int error =
		next ? tarn__set_config(tarn, tarn__config_with_data(
						      next, &tarn->updates.config->policy->data))
		     : TARN_ENOMEM;
	pthread_mutex_unlock(&tarn->mutex);
	tarn__config_put(next);
	tarn__config_put(config);
	return error;
}

void tarn_network_changed(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->updates.networks++;
	tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

int tarn_set_certificates(struct tarn *tarn, const struct tarn_certificate *certificates,
			  size_t count)
{
	size_t faulty;
	char fault[TARN__TLS_FAULT_MAX];
	int error = tarn__set_certificates(tarn, certificates, count, &faulty, fault);
	if (error == TARN_EINVAL)
		tarn__report(tarn, TARN_LOG_ERR, "certificate %zu: %s", faulty + 1, fault);
	return error;
}

/* ---- a worker ----------------------------------------------------------------------------- */

int tarn_worker_serve(struct tarn_worker *worker, int fd)
{
	int type;
	bool is_wildcard;
	int error = tarn__socket_adopt(fd, &type, &is_wildcard);
	if (error != 0)
		return error;
	error = type == SOCK_DGRAM ? tarn__udp_add(worker->udp, fd, is_wildcard)
				   : tarn__tcp_add(worker->tcp, fd);
	if (error == 0)
		tarn__worker_serves(worker);
	return error;
}

/* Loads what the transport needs. Returns NULL, or the reason. */
static const char *find_transport_fault(struct tarn *tarn, enum tarn_transport transport)
{
	if (transport != TARN_TLS && transport != TARN_HTTPS)
		return "it is not a transport for connections";
	const char *reason = transport == TARN_HTTPS ? tarn__http2_load() : NULL;
	if (reason)
		return reason;
	struct tarn__tls_server *server = tarn__get_tls_server(tarn);
	tarn__tls_server_put(server);
	return server ? NULL : "there is no certificate";
}

static struct tarn__tcp *have_encrypted(struct tarn_worker *worker, enum tarn_transport transport)
{
	struct tarn__tcp **tcp = transport == TARN_TLS ? &worker->tls : &worker->https;
	if (*tcp)
		return *tcp;
	*tcp = tarn__tcp_new(worker->tarn, worker->loop, (enum tarn__transport)transport);
	if (!*tcp)
		return NULL;
	tarn__tcp_set_resolver(*tcp, worker->resolver);
	if (worker->connections > 0)
		tarn__tcp_set_places(*tcp, worker->connections);
	return *tcp;
}

int tarn_worker_serve_over(struct tarn_worker *worker, int fd, enum tarn_transport transport)
{
	int type;
	bool is_wildcard;
	int error = tarn__socket_adopt(fd, &type, &is_wildcard);
	if (error != 0)
		return error;
	if (type != SOCK_STREAM)
		return TARN_EINVAL;
	if (transport == TARN_TCP)
		return tarn_worker_serve(worker, fd);
	const char *reason = find_transport_fault(worker->tarn, transport);
	if (reason) {
		tarn__report(worker->tarn, TARN_LOG_ERR, "clients over %s: %s",
			     transport == TARN_HTTPS ? "https" : "tls", reason);
		return TARN_EINVAL;
	}
	struct tarn__tcp *tcp = have_encrypted(worker, transport);
	error = tcp ? tarn__tcp_add(tcp, fd) : TARN_ENOMEM;
	if (error == 0)
		tarn__worker_serves(worker);
	return error;
}

int tarn_worker_listen(struct tarn_worker *worker, struct tarn_address *address)
{
	struct tarn_address bound = *address;
	int udp, tcp;
	int error = tarn__socket_open_pair(&bound, &udp, &tcp);
	if (error != 0)
		return error;
	error = tarn_worker_serve(worker, tcp);
	if (error == 0) {
		error = tarn_worker_serve(worker, udp);
		if (error != 0)
			tarn__tcp_remove(worker->tcp, tcp);
	}
	if (error == 0) {
		*address = bound;
		return 0;
	}
	int reason = errno;
	close(udp);
	close(tcp);
	errno = reason;
	return error;
}

void tarn_worker_unlisten(struct tarn_worker *worker, const struct tarn_address *address)
{
	tarn__worker_enter(worker);
	tarn__udp_close(worker->udp, address);
	tarn__tcp_close(worker->tcp, address);
	if (worker->tls)
		tarn__tcp_close(worker->tls, address);
	if (worker->https)
		tarn__tcp_close(worker->https, address);
	tarn__worker_leave(worker);
}

void tarn_worker_set_connections(struct tarn_worker *worker, size_t count)
{
	tarn__worker_enter(worker);
	worker->connections = count > 0 ? count : 1;
	tarn__tcp_set_places(worker->tcp, worker->connections);
	if (worker->tls)
		tarn__tcp_set_places(worker->tls, worker->connections);
	if (worker->https)
		tarn__tcp_set_places(worker->https, worker->connections);
	tarn__worker_leave(worker);
}

/* ---- the program's own questions ---------------------------------------------------------- */

int tarn_ask(struct tarn_worker *worker, struct tarn_request *request, const uint8_t *question,
	     size_t len)
{
	tarn__worker_enter(worker);
	int error = tarn__asks_send(&worker->asks, worker->resolver, request, question, len);
	tarn__worker_leave(worker);
	return error;
}

void tarn_cancel(struct tarn_worker *worker, struct tarn_request *request)
{
	(void)worker;
	tarn__asks_cancel(request);
}
