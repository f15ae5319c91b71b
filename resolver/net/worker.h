/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/worker.h: inside struct tarn_worker, one loop's part of a tarn. Start here for a turn of the loop:
 *
 *	check      the thread is awake
 *	io         listen/ has the resolver answer clients, upstream/ hands it servers' answers
 *	prepare    turn(): the carrier, the resolver and the program's own questions are run until
 *	nothing is left to do; replies are written, the alarm is set
 *	the thread sleeps
 */
#ifndef TARN_NET_WORKER_H
#define TARN_NET_WORKER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/io.h"
#include "net/alarm.h"
#include "net/ask.h"
#include "net/random.h"
#include "net/shared.h"
#include "net/stats_collector.h"
#include "tarn.h"

struct tarn__carrier;
struct tarn__observer;
struct tarn__resolver;
struct tarn__second_config;
struct tarn__second_link;
struct tarn__tcp;
struct tarn__udp;

struct tarn_worker {
	struct tarn *tarn;
	struct tarn__member member;
	struct {
		unsigned count, networks, forward_loops; /* as in struct tarn__updates */
	} seen; /* of the updates */
	uint64_t drop_cursor; /* how far member.stale_configs have been dropped */
	struct tarn__contributor contributor;
	struct ev_loop *loop;
	struct tarn_io io;
	struct tarn__random random;
	struct tarn__carrier *carrier;
	struct tarn__resolver *resolver;
	struct tarn__udp *udp;
	struct tarn__tcp *tcp;
	struct tarn__tcp *tls, *https; /* NULL until there are sockets for them */
	struct tarn__second_link *second; /* NULL: there is none */
	struct tarn__second_config *second_config; /* of it: a reference */
	size_t connections; /* as the program has set them; 0: it has not */
	uint64_t rotation_ms; /* when to look at the ticket keys */
	struct tarn__asks asks;
	bool is_serving; /* it has sockets that clients ask at */
	bool is_parked;
	bool was_parked; /* when the program called: between prepare and the sleep */
	uint64_t wake_ms; /* of the resolver */
	struct tarn__alarm alarm;
	ev_idle idle; /* active while the cache is being cleared, so that the thread does not sleep */
	ev_prepare prepare;
	ev_check check;
	ev_async wake;
};

/* Around any call of the program into the resolver: the worker is awake, and has a turn afterwards. */
void tarn__worker_enter(struct tarn_worker *);
void tarn__worker_leave(struct tarn_worker *);

/*
 * Between these two: takes over the present configuration, and has the cache rid of all that is stale for it.
 * Returns false if that is another worker's part, which has not done it yet.
 */
bool tarn__worker_drop_all(struct tarn_worker *);

/* The worker has a socket that clients ask at. */
void tarn__worker_serves(struct tarn_worker *);

/*
 * Has every question and its answer shown to the observer, which is borrowed; NULL ends it. On the worker's
 * thread, or before its loop runs.
 */
void tarn__worker_observe(struct tarn_worker *, const struct tarn__observer *);

/*
 * The numbers of all workers, summed, as tarn__stats_collector_collect() has it; own is the worker of
 * the calling thread or NULL. NULL: out of memory. Any thread.
 */
struct tarn__totals *tarn__stats_collect(struct tarn *, struct tarn_worker *own,
					 unsigned timeout_ms);

#endif
