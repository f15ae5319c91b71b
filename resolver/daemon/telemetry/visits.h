/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/visits.h: limits the connections of a server that another library runs, so that slow
 * clients neither block others nor stay for ever. A connection that has to go is shut down; the library
 * notices its end and closes it.
 *
 *	begin    accepted; if that takes the last place, the connection that has waited for longest is shut
 *	renew    a request has been answered: its time starts again
 *	end      about to be closed by the library
 *	expire   shuts the connections whose time is over
 *
 * Thread: any, concurrently.
 */
#ifndef TARN_DAEMON_TELEMETRY_VISITS_H
#define TARN_DAEMON_TELEMETRY_VISITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { TARN__VISITS_MAX = 16 };

struct tarn__visit {
	int fd; /* -1: none */
	bool is_shut;
	uint64_t since_ms;
};

struct tarn__visits {
	pthread_mutex_t mutex; /* guards the members after it */
	struct tarn__visit items[TARN__VISITS_MAX];
};

void tarn__visits_init(struct tarn__visits *);
void tarn__visits_fini(struct tarn__visits *);

/*
 * NULL: there are too many connections, and this one is not accounted for. The socket is borrowed until the
 * end.
 */
struct tarn__visit *tarn__visits_begin(struct tarn__visits *, int fd, uint64_t now_ms);
/* NULL is allowed, here and below. */
void tarn__visits_renew(struct tarn__visits *, struct tarn__visit *, uint64_t now_ms);
void tarn__visits_end(struct tarn__visits *, struct tarn__visit *);

/* Returns the time of the next call; UINT64_MAX: not needed before the next begin(). */
uint64_t tarn__visits_expire(struct tarn__visits *, uint64_t now_ms, uint64_t time_ms);

#endif
