/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads that answer: one loop and one struct tarn_worker each. */
#include "config.h"

#include "daemon/workers.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
	struct tarn_worker *tarn_worker;
	struct ev_loop *loop;
	ev_async stop;
	pthread_t thread;
	bool is_running;
};

struct tarn__workers {
	size_t count;
	struct worker items[];
};

static void on_stop(struct ev_loop *loop, ev_async *stop, int events)
{
	(void)stop;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static int worker_init(struct worker *worker, struct tarn *tarn)
{
	worker->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL | EVFLAG_NOSIGMASK);
	if (!worker->loop)
		return TARN_ESYSTEM;
	ev_async_init(&worker->stop, on_stop);
	ev_async_start(worker->loop, &worker->stop);
	worker->tarn_worker = tarn_worker_new(tarn, worker->loop);
	return worker->tarn_worker ? 0 : TARN_ESYSTEM;
}

struct tarn__workers *tarn__workers_new(struct tarn *tarn, size_t count)
{
	struct tarn__workers *workers =
		calloc(1, sizeof(*workers) + count * sizeof(workers->items[0]));
	if (!workers)
		return NULL;
	workers->count = count;
	for (size_t i = 0; i < count; i++) {
		if (worker_init(&workers->items[i], tarn) < 0) {
			int error = errno;
			tarn__workers_free(workers);
			errno = error;
			return NULL;
		}
	}
	return workers;
}

/*
 * SO_REUSEPORT lets a second tarn of the same user take half of the first one's questions in
 * silence. A socket without it cannot be bound where anybody else is.
 */
static int check_not_taken(const struct tarn_address *address, int type)
{
	int fd = socket(address->sa.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return TARN_ESYSTEM;
	int on = 1;
	if (type == SOCK_STREAM) /* connections that linger from a former run do not matter */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	int result = bind(fd, &address->sa, tarn_address_len(address));
	int error = errno;
	close(fd);
	errno = error;
	return result < 0 ? TARN_ESYSTEM : 0;
}

int tarn__workers_listen(struct tarn__workers *workers, struct tarn_address *address)
{
	if (tarn_address_port(address) != 0) {
		int error = check_not_taken(address, SOCK_DGRAM);
		if (error == 0)
			error = check_not_taken(address, SOCK_STREAM);
		if (error < 0)
			return error;
	}
	for (size_t i = 0; i < workers->count; i++) {
		int error = tarn_worker_listen(workers->items[i].tarn_worker, address);
		if (error < 0)
			return error;
	}
	return 0;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	ev_run(worker->loop, 0);
	tarn_worker_free(worker->tarn_worker);
	worker->tarn_worker = NULL;
	return NULL;
}

static void stop_threads(struct tarn__workers *workers)
{
	for (size_t i = 0; i < workers->count; i++) {
		if (workers->items[i].is_running)
			ev_async_send(workers->items[i].loop, &workers->items[i].stop);
	}
	for (size_t i = 0; i < workers->count; i++) {
		if (workers->items[i].is_running)
			pthread_join(workers->items[i].thread, NULL);
		workers->items[i].is_running = false;
	}
}

int tarn__workers_start(struct tarn__workers *workers)
{
	/* A thread inherits the mask: signals are the main thread's business alone. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = 0;
	for (size_t i = 0; i < workers->count && error == 0; i++) {
		struct worker *worker = &workers->items[i];
		error = pthread_create(&worker->thread, NULL, worker_main, worker);
		if (error)
			break;
		worker->is_running = true;
		char name[16]; /* Linux allows no longer one */
		snprintf(name, sizeof(name), "tarn/%u", (unsigned)i);
		pthread_setname_np(worker->thread, name);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		stop_threads(workers);
		errno = error;
		return TARN_ESYSTEM;
	}
	return 0;
}

void tarn__workers_free(struct tarn__workers *workers)
{
	if (!workers)
		return;
	stop_threads(workers);
	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->items[i];
		if (!worker->loop)
			continue;
		tarn_worker_free(worker->tarn_worker);
		ev_async_stop(worker->loop, &worker->stop);
		ev_loop_destroy(worker->loop);
	}
	free(workers);
}
