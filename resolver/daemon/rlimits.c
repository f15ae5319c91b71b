/* SPDX-License-Identifier: BSD-2-Clause */
/* How much of the system tarn may take, made to fit what it was told to do. */
#include "daemon/rlimits.h"

#include <stdint.h>

#include "net/carrier.h"
#include "net/tcp.h"

rlim_t tarn__rlimits_files(const struct tarn__settings *settings)
{
	/* For the process, and for a worker's loop; resolv.conf may get more servers, three of
	 * which the C library takes. */
	enum { PER_PROCESS = 64, PER_WORKER = 16, SYSTEM_SERVERS = 3 };
	rlim_t servers = settings->upstreams.count;
	if (settings->has_system_upstreams && servers < SYSTEM_SERVERS)
		servers = SYSTEM_SERVERS;
	for (size_t i = 0; i < settings->forward_count; i++)
		servers += settings->forwards[i].upstreams.count;
	rlim_t sockets = TARN__TCP_CONNECTIONS + 2 * settings->listens.count +
			 servers * (TARN__UDP_CHANNELS + TARN__TCP_CHANNELS);
	return PER_PROCESS + settings->workers * (PER_WORKER + sockets);
}

void tarn__rlimits_raise(const struct tarn__settings *settings, struct tarn__log *log)
{
	rlim_t wanted = tarn__rlimits_files(settings);
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
	if (raised.rlim_max < wanted)
		raised.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		tarn__log(log, TARN_LOG_DEBUG,
			  "%ju open files are allowed; full load on every side may take %ju",
			  (uintmax_t)limit.rlim_cur, (uintmax_t)wanted);
}
