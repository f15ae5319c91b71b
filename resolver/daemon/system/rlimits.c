/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raises the limit of open files to what the settings need, or reduces the connections of clients to fit
 * the limit.
 */
#include "daemon/system/rlimits.h"

#include <stdint.h>

#include "net/upstream/carrier.h"
#include "net/listen/tcp.h"

enum {
	/* logs, the control socket and its connections, file watches, the C library's files */
	PER_PROCESS = 64,
	PER_METRICS = 20, /* for each metrics address: 16 connections, and its loop */
	PER_WORKER = 16, /* for each worker: its loop */
	/* for each worker: to the store, its replica and a sentinel, and one that listens */
	PER_SECOND_LEVEL = 4,
	SYSTEM_SERVERS = 3, /* resolv.conf may get more servers; the C library reads this many */
	/*
	 * Clients have at least this part of the files that they share with servers, which rarely use all
	 * of theirs.
	 */
	CLIENTS_PART = 4,
	/* Places in each worker, whatever the limit; a client may have two of these (TARN__TCP_SHARES). */
	PLACES_MIN = 8,
};

/* Returns the number of files that are open independently of clients and servers. */
static rlim_t fixed_files(const struct tarn__settings *settings, size_t workers)
{
	rlim_t listeners = 2 * settings->listens.count + settings->tls_listens.count +
			   settings->https_listens.count;
	rlim_t per_worker = PER_WORKER + TARN__TCP_STRANGERS + listeners;
	/* Places beside those of TCP. */
	if (tarn__settings_listens_over(settings, TARN_TLS))
		per_worker += TARN__TLS_CONNECTIONS + TARN__TCP_STRANGERS;
	if (tarn__settings_listens_over(settings, TARN_HTTPS))
		per_worker += TARN__HTTPS_CONNECTIONS + TARN__TCP_STRANGERS;
	if (tarn__settings_has_second_level(settings))
		per_worker += PER_SECOND_LEVEL;
	return PER_PROCESS + PER_METRICS * settings->metrics.count + workers * per_worker;
}

static rlim_t server_files(const struct tarn__settings *settings, size_t workers)
{
	rlim_t servers = settings->upstreams.count;
	if (settings->has_system_upstreams && servers < SYSTEM_SERVERS)
		servers = SYSTEM_SERVERS;
	for (size_t i = 0; i < settings->forward_count; i++)
		servers += settings->forwards[i].upstreams.count;
	return workers * servers * TARN__SERVER_CHANNELS;
}

rlim_t tarn__rlimits_files(const struct tarn__settings *settings, size_t workers)
{
	return fixed_files(settings, workers) + server_files(settings, workers) +
	       workers * TARN__TCP_CONNECTIONS;
}

size_t tarn__rlimits_places(const struct tarn__settings *settings, size_t workers, rlim_t files)
{
	rlim_t fixed = fixed_files(settings, workers), servers = server_files(settings, workers);
	rlim_t shared = files > fixed ? files - fixed : 0;
	rlim_t clients = shared > servers ? shared - servers : 0;
	if (clients < shared / CLIENTS_PART)
		clients = shared / CLIENTS_PART;
	rlim_t places = clients / workers;
	if (places > TARN__TCP_CONNECTIONS)
		return TARN__TCP_CONNECTIONS;
	return places > PLACES_MIN ? places : PLACES_MIN;
}

/* Sets the soft limit to wanted, or as close to it as possible, and returns it. */
static rlim_t raise_files(rlim_t wanted)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return wanted;
	if (limit.rlim_cur >= wanted)
		return limit.rlim_cur;
	struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
	if (raised.rlim_max < wanted)
		raised.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
		return wanted;
	raised = (struct rlimit){.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
	return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

size_t tarn__rlimits_fit(const struct tarn__settings *settings, size_t workers,
			 struct tarn__log *log)
{
	rlim_t wanted = tarn__rlimits_files(settings, workers);
	rlim_t files = raise_files(wanted);
	size_t places = tarn__rlimits_places(settings, workers, files);
	if (files < wanted)
		tarn__log(log, TARN_LOG_WARNING,
			  "%ju open files are allowed, full load may need %ju: each "
			  "thread has %zu TCP connections for clients instead of %d",
			  (uintmax_t)files, (uintmax_t)wanted, places, TARN__TCP_CONNECTIONS);
	return places;
}
