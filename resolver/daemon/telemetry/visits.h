/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/visits.h: connections of a server that is another library's, so that slow ones neither keep
 * others out nor stay for ever. One that has to go is shut down; its owner sees its end, and closes it.
 *
 *	begin    accepted; where that takes the last place, the one that has waited for longest goes
 *	renew    a request has been answered: its time begins anew
 *	end      about to be closed by its owner
 *	expire   shuts those whose time is over
 *
 * Thread: any, all at the same time.
 */
#ifndef TARN_DAEMON_TELEMETRY_VISITS_H
#define TARN_DAEMON_TELEMETRY_VISITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { TARN__VISITS_MAX = 16 };

struct tarn__visit {
	int fd; /* -1: there is none */
	bool is_shut;
	uint64_t since_ms;
};

struct tarn__visits {
	pthread_mutex_t mutex; /* guards what follows */
	struct tarn__visit items[TARN__VISITS_MAX];
};

void tarn__visits_init(struct tarn__visits *);
void tarn__visits_fini(struct tarn__visits *);

/* NULL: there are too many, and it is nobody's. The socket is borrowed until the end. */
struct tarn__visit *tarn__visits_begin(struct tarn__visits *, int fd, uint64_t now_ms);
/* NULL is allowed, here and below. */
void tarn__visits_renew(struct tarn__visits *, struct tarn__visit *, uint64_t now_ms);
void tarn__visits_end(struct tarn__visits *, struct tarn__visit *);

/* Returns when it must be called again; UINT64_MAX: no need before the next begin(). */
uint64_t tarn__visits_expire(struct tarn__visits *, uint64_t now_ms, uint64_t time_ms);

#endif
