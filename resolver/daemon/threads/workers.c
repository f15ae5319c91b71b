/* SPDX-License-Identifier: BSD-2-Clause */
/* The worker threads: one loop and one struct tarn_worker each. */
#include "config.h"

#include "daemon/threads/workers.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "daemon/settings/addresses.h"
#include "net/clock.h"
#include "net/socket.h"

enum {
	/* all addresses that may be listened on, of three options, and as many that replace them */
	PLACES = 6 * TARN__ADDRESSES_MAX,
	/*
	 * The time for which a closed socket may be kept for questions under way: clients are answered
	 * within 4 seconds.
	 */
	CLOSING_MS = 10000,
};

struct worker {
	struct tarn__workers *all;
	struct tarn_worker *tarn_worker;
	struct ev_loop *loop;
	ev_async stop, call, beat;
	bool is_called; /* guarded by all->mutex */
	atomic_bool has_turned;
	pthread_t thread;
	char name[16]; /* Linux's limit, NUL included */
	bool is_running;
};

/* An address that is, or was, listened on. */
struct place {
	enum { UNUSED, OPEN, CLOSED } state;
	struct tarn_address said; /* as configured: the port may be 0 */
	struct tarn_address bound;
	enum tarn_transport transport;
	uint64_t closed_ms;
};

struct tarn__workers {
	struct place places[PLACES];
	size_t next_udp; /* the worker that gets the next UDP socket of the service manager */
	uid_t owner; /* of the sockets; (uid_t)-1: the user that opens them */
	bool is_running;
	pthread_mutex_t mutex; /* guards the members after it */
	pthread_cond_t called; /* signalled when all workers have called */
	void (*act)(struct tarn_worker *, size_t index, void *arg);
	void *arg;
	size_t waiting; /* number of workers that have not called yet */
	size_t count;
	struct worker items[];
};

/* ---- threads ---------------------------------------------------------------------------------- */

static void on_stop(struct ev_loop *loop, ev_async *stop, int events)
{
	(void)stop;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void on_call(struct ev_loop *loop, ev_async *call, int events)
{
	(void)loop;
	(void)events;
	struct worker *worker = call->data;
	struct tarn__workers *all = worker->all;
	pthread_mutex_lock(&all->mutex);
	bool is_called = worker->is_called;
	worker->is_called = false;
	pthread_mutex_unlock(&all->mutex);
	if (!is_called)
		return;
	all->act(worker->tarn_worker, (size_t)(worker - all->items), all->arg);
	pthread_mutex_lock(&all->mutex);
	if (--all->waiting == 0)
		pthread_cond_signal(&all->called);
	pthread_mutex_unlock(&all->mutex);
}

static void on_beat(struct ev_loop *loop, ev_async *beat, int events)
{
	(void)loop;
	(void)events;
	struct worker *worker = beat->data;
	atomic_store(&worker->has_turned, true);
}

static int worker_init(struct worker *worker, struct tarn *tarn)
{
	worker->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL | EVFLAG_NOSIGMASK);
	if (!worker->loop)
		return TARN_ESYSTEM;
	ev_async_init(&worker->stop, on_stop);
	ev_async_init(&worker->call, on_call);
	ev_async_init(&worker->beat, on_beat);
	worker->call.data = worker->beat.data = worker;
	ev_async_start(worker->loop, &worker->stop);
	ev_async_start(worker->loop, &worker->call);
	ev_async_start(worker->loop, &worker->beat);
	atomic_init(&worker->has_turned, true);
	worker->tarn_worker = tarn_worker_new(tarn, worker->loop);
	return worker->tarn_worker ? 0 : TARN_ESYSTEM;
}

struct tarn__workers *tarn__workers_new(struct tarn *tarn, size_t count)
{
	struct tarn__workers *workers =
		calloc(1, sizeof(*workers) + count * sizeof(workers->items[0]));
	if (!workers)
		return NULL;
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->called, NULL);
	workers->count = count;
	workers->owner = (uid_t)-1;
	for (size_t i = 0; i < count; i++) {
		workers->items[i].all = workers;
		if (worker_init(&workers->items[i], tarn) < 0) {
			int error = errno;
			tarn__workers_free(workers);
			errno = error;
			return NULL;
		}
	}
	return workers;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	pthread_setname_np(pthread_self(), worker->name);
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
	/* A thread inherits the mask; signals are handled by the main thread only. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = 0;
	for (size_t i = 0; i < workers->count && error == 0; i++) {
		struct worker *worker = &workers->items[i];
		snprintf(worker->name, sizeof(worker->name), "tarn/%u", (unsigned)i);
		error = pthread_create(&worker->thread, NULL, worker_main, worker);
		worker->is_running = error == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		stop_threads(workers);
		errno = error;
		return TARN_ESYSTEM;
	}
	workers->is_running = true;
	return 0;
}

void tarn__workers_each(struct tarn__workers *workers,
			void (*act)(struct tarn_worker *, size_t index, void *arg), void *arg)
{
	if (!workers->is_running) {
		for (size_t i = 0; i < workers->count; i++)
			act(workers->items[i].tarn_worker, i, arg);
		return;
	}
	pthread_mutex_lock(&workers->mutex);
	workers->act = act;
	workers->arg = arg;
	workers->waiting = workers->count;
	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->items[i];
		worker->is_called = true;
		ev_async_send(worker->loop, &worker->call);
	}
	while (workers->waiting > 0)
		pthread_cond_wait(&workers->called, &workers->mutex);
	pthread_mutex_unlock(&workers->mutex);
}

static void set_places(struct tarn_worker *worker, size_t index, void *arg)
{
	(void)index;
	tarn_worker_set_connections(worker, *(const size_t *)arg);
}

void tarn__workers_set_places(struct tarn__workers *workers, size_t count)
{
	tarn__workers_each(workers, set_places, &count);
}

bool tarn__workers_are_turning(struct tarn__workers *workers)
{
	bool are_turning = true;
	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->items[i];
		are_turning &= atomic_exchange(&worker->has_turned, false);
		ev_async_send(worker->loop, &worker->beat);
	}
	return are_turning;
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
		ev_async_stop(worker->loop, &worker->call);
		ev_async_stop(worker->loop, &worker->beat);
		ev_loop_destroy(worker->loop);
	}
	pthread_cond_destroy(&workers->called);
	pthread_mutex_destroy(&workers->mutex);
	free(workers);
}

/* ---- listening -------------------------------------------------------------------------------- */

/*
 * With SO_REUSEPORT a second tarn of the same user would silently receive half of the queries of the first
 * one. A socket without it cannot be bound to an address in use.
 */
static int check_not_taken(const struct tarn_address *address, int type)
{
	int fd = socket(address->sa.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return TARN_ESYSTEM;
	int on = 1;
	if (type == SOCK_STREAM) /* connections that linger from a former process do not matter */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	int result = tarn__socket_bind(fd, address);
	int error = errno;
	close(fd);
	errno = error;
	return result < 0 ? TARN_ESYSTEM : 0;
}

/* Returns true if a socket of this process is, or was recently, at the address. */
static bool is_ours(const struct tarn__workers *workers, const struct tarn_address *address)
{
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *place = &workers->places[i];
		if (place->state == UNUSED ||
		    (place->state == CLOSED && now_ms > place->closed_ms + CLOSING_MS))
			continue;
		if (tarn__addresses_overlap(&place->bound, address))
			return true;
	}
	return false;
}

static struct place *find_bound(struct tarn__workers *workers, const struct tarn_address *address)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &workers->places[i];
		if (place->state == OPEN && tarn_address_is_equal(&place->bound, address))
			return place;
	}
	return NULL;
}

/* Finds by the configured address: port 0 is the port that the system chose for that transport then. */
static struct place *find_said(struct tarn__workers *workers, const struct tarn_address *address,
			       enum tarn_transport transport)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &workers->places[i];
		if (place->state == OPEN && place->transport == transport &&
		    tarn_address_is_equal(&place->said, address))
			return place;
	}
	return NULL;
}

/* Returns a place that is not open: the one that was closed first. */
static struct place *find_free(struct tarn__workers *workers)
{
	struct place *oldest = NULL;
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &workers->places[i];
		if (place->state == UNUSED)
			return place;
		if (place->state == CLOSED && (!oldest || place->closed_ms < oldest->closed_ms))
			oldest = place;
	}
	return oldest;
}

/* A worker's sockets on their way to it, and the result. */
struct pair {
	enum tarn_transport transport; /* of the latter, TARN_UDP: as its type says */
	int udp, tcp; /* -1: taken, or none */
	int error, cause;
};

static void serve_one(struct tarn_worker *worker, int *fd, struct pair *pair)
{
	if (pair->error < 0 || *fd < 0)
		return;
	pair->error = pair->transport == TARN_UDP
			      ? tarn_worker_serve(worker, *fd)
			      : tarn_worker_serve_over(worker, *fd, pair->transport);
	pair->cause = errno;
	if (pair->error == 0)
		*fd = -1;
}

static void serve_pair(struct tarn_worker *worker, size_t index, void *arg)
{
	struct pair *pair = (struct pair *)arg + index;
	serve_one(worker, &pair->udp, pair);
	serve_one(worker, &pair->tcp, pair);
}

static void unlisten(struct tarn_worker *worker, size_t index, void *arg)
{
	(void)index;
	tarn_worker_unlisten(worker, arg);
}

void tarn__workers_give_to(struct tarn__workers *workers, uid_t owner)
{
	workers->owner = owner;
}

static int open_pair(struct tarn_address *address, struct pair *pair)
{
	if (pair->transport == TARN_UDP)
		return tarn__socket_open_pair(address, &pair->udp, &pair->tcp);
	pair->tcp = tarn_socket_open(address, SOCK_STREAM);
	return pair->tcp < 0 ? pair->tcp : 0;
}

static int open_pairs(struct tarn__workers *workers, struct tarn_address *address,
		      struct pair *pairs)
{
	/*
	 * The user for file access of this thread: a socket gets it. At the start tarn is not that user
	 * yet.
	 */
	bool is_for_another = workers->owner != (uid_t)-1 && !workers->is_running;
	int before = is_for_another ? setfsuid(workers->owner) : -1;
	int error = 0;
	for (size_t i = 0; i < workers->count && error == 0; i++)
		error = open_pair(address, &pairs[i]);
	int cause = errno;
	if (is_for_another)
		setfsuid((uid_t)before);
	errno = cause;
	return error;
}

/* Returns the first error of the workers, with errno set. */
static int find_error(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].error < 0) {
			errno = pairs[i].cause;
			return pairs[i].error;
		}
	}
	return 0;
}

static void free_pairs(struct pair *pairs, size_t count)
{
	int cause = errno;
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].udp >= 0)
			close(pairs[i].udp);
		if (pairs[i].tcp >= 0)
			close(pairs[i].tcp);
	}
	free(pairs);
	errno = cause;
}

static struct pair *new_pairs(size_t count, enum tarn_transport transport)
{
	struct pair *pairs = calloc(count, sizeof(*pairs));
	for (size_t i = 0; pairs && i < count; i++)
		pairs[i] = (struct pair){.transport = transport, .udp = -1, .tcp = -1};
	return pairs;
}

/* *address: see tarn__workers_listen(). */
static int open_everywhere(struct tarn__workers *workers, struct tarn_address *address,
			   enum tarn_transport transport)
{
	struct pair *pairs = new_pairs(workers->count, transport);
	if (!pairs)
		return TARN_ENOMEM;
	struct tarn_address bound = *address;
	int error = open_pairs(workers, &bound, pairs);
	if (error == 0) {
		tarn__workers_each(workers, serve_pair, pairs);
		error = find_error(pairs, workers->count);
		if (error < 0) {
			int cause = errno;
			tarn__workers_each(workers, unlisten, &bound);
			errno = cause;
		}
	}
	free_pairs(pairs, workers->count);
	if (error == 0)
		*address = bound;
	return error;
}

static int check_not_taken_over(const struct tarn_address *address, enum tarn_transport transport)
{
	int error = transport == TARN_UDP ? check_not_taken(address, SOCK_DGRAM) : 0;
	return error < 0 ? error : check_not_taken(address, SOCK_STREAM);
}

int tarn__workers_listen(struct tarn__workers *workers, struct tarn_address *address,
			 enum tarn_transport transport)
{
	struct place *place = find_said(workers, address, transport);
	if (!place)
		place = find_bound(workers, address);
	if (place && place->transport != transport)
		return TARN_EBUSY;
	if (place) {
		*address = place->bound;
		return 1;
	}
	place = find_free(workers);
	if (!place)
		return TARN_EINVAL;
	int error = 0;
	if (tarn_address_port(address) != 0 && !is_ours(workers, address))
		error = check_not_taken_over(address, transport);
	struct tarn_address said = *address;
	if (error == 0)
		error = open_everywhere(workers, address, transport);
	if (error == 0)
		*place = (struct place){
			.state = OPEN, .said = said, .bound = *address, .transport = transport};
	return error;
}

void tarn__workers_unlisten(struct tarn__workers *workers, const struct tarn_address *address)
{
	struct place *place = find_bound(workers, address);
	if (!place)
		place = find_said(workers, address, TARN_UDP);
	if (!place)
		return;
	tarn__workers_each(workers, unlisten, &place->bound);
	place->state = CLOSED;
	place->closed_ms = tarn__clock_ms();
}

/* Duplicates the descriptor for each worker; the caller's own is closed at the end. */
static int share_listener(struct tarn__workers *workers, int fd, enum tarn_transport transport)
{
	struct pair *pairs = new_pairs(workers->count, transport);
	if (!pairs)
		return TARN_ENOMEM;
	int error = 0;
	for (size_t i = 0; i < workers->count && error == 0; i++) {
		pairs[i].tcp = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (pairs[i].tcp < 0)
			error = TARN_ESYSTEM;
	}
	if (error == 0) {
		tarn__workers_each(workers, serve_pair, pairs);
		error = find_error(pairs, workers->count);
	}
	free_pairs(pairs, workers->count);
	if (error == 0)
		close(fd);
	return error;
}

int tarn__workers_serve(struct tarn__workers *workers, int fd, enum tarn_transport transport)
{
	int type;
	socklen_t len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return TARN_ESYSTEM;
	if (type == SOCK_STREAM)
		return share_listener(workers, fd, transport);
	struct pair *pairs = new_pairs(workers->count, TARN_UDP);
	if (!pairs)
		return TARN_ENOMEM;
	struct pair *pair = &pairs[workers->next_udp++ % workers->count];
	pair->udp = fd;
	tarn__workers_each(workers, serve_pair, pairs);
	int error = pair->error;
	errno = pair->cause;
	pair->udp = -1;
	free_pairs(pairs, workers->count);
	return error;
}
