/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/threads/own_worker.c: the main thread's own worker. */
#include "daemon/threads/own_worker.h"

#include "net/worker.h"

struct tarn__resolver *tarn__own_worker_enter(struct tarn__own_worker *own)
{
	if (!own->worker)
		own->worker = tarn_worker_new(own->tarn, own->loop);
	if (!own->worker)
		return NULL;
	tarn__worker_enter(own->worker);
	return own->worker->resolver;
}

void tarn__own_worker_leave(struct tarn__own_worker *own)
{
	tarn__worker_leave(own->worker);
}

bool tarn__own_worker_drop_all(struct tarn__own_worker *own)
{
	if (!tarn__own_worker_enter(own))
		return false;
	bool has_dropped = tarn__worker_drop_all(own->worker);
	tarn__own_worker_leave(own);
	return has_dropped;
}

void tarn__own_worker_fini(struct tarn__own_worker *own)
{
	tarn_worker_free(own->worker);
	own->worker = NULL;
}
