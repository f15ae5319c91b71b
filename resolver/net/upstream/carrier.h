/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/carrier.h: carries core's messages to the servers (struct tarn_io's send, cancel and close).
 * Start here for the way upstream:
 *
 *	carrier.c         sends, cancels and completions
 *	choice.c          which channel takes a message
 *	lines.c           the channels that there are
 *	secure_server.c   what is known of an encrypted server
 *	channel.h         what a channel does, and the files where it is done
 *
 * An endpoint has a few channels per transport, made when they are needed. Over UDP a message takes one
 * of TARN__UDP_PLACES at random, and shares its socket, which has a random port, with up to
 * TARN__UDP_USES others; then, or after TARN__UDP_LIFE_MS, the place has another socket, and the old
 * one waits for its answers (RFC 5452 section 9.2, decisions/source-ports.md). Over TCP connections
 * are kept and shared (RFC 7766 section 6.2.1.1), and of encrypted ones there are as few as possible (RFC 7858
 * section 3.4). What is finished is called back from the loop only.
 *
 * A question whose encrypted connection is lost is asked again on another one, and one that waits on a silent one
 * goes out on another one, too: then it is under way twice, and the first answer counts.
 *
 * The number of messages under way to an endpoint is bounded, by their rank: a message that is
 * sent again gives way to a first one, and for probes there is always room.
 *
 * Thread: one carrier per worker.
 */
#ifndef TARN_NET_UPSTREAM_CARRIER_H
#define TARN_NET_UPSTREAM_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"
#include "net/upstream/stats.h"

struct ev_loop;
struct tarn__carrier;
struct tarn__endpoint;
struct tarn__random;

enum {
	/*
	 * Octets of a channel, of which an endpoint has TARN__SERVER_CHANNELS at most: 75 KB with c-ares
	 * 1.18, and 68 KB with 1.34 while its socket is open: 3.9 MB for a server of which most is
	 * waited for in vain, 0.9 MB for one that answers, given back when it is over.
	 */
	TARN__CHANNEL_SIZE = 75000,
};

/* An endpoint has as many messages under way as it may have: called once, until most have ended. */
typedef void tarn__carrier_full_function(void *arg, const struct tarn__endpoint *, size_t count);

/* An encrypted server has failed: why, in words of struct tarn_exchange.fault. Called each time. */
struct tarn__carrier_fault {
	const struct tarn__endpoint *endpoint;
	int error;
	const char *fault;
	bool is_clock; /* of this machine: it cannot be right */
};
typedef void tarn__carrier_fault_function(void *arg, const struct tarn__carrier_fault *);

/*
 * The configuration, whose ports messages come from, gets a reference more; the loop and the random are
 * borrowed. NULL: out of memory.
 */
struct tarn__carrier *tarn__carrier_new(struct ev_loop *, struct tarn__config *,
					struct tarn__random *);
void tarn__carrier_on_full(struct tarn__carrier *, tarn__carrier_full_function *, void *arg);
void tarn__carrier_on_fault(struct tarn__carrier *, tarn__carrier_fault_function *, void *arg);
/* What is under way is not called back any more. NULL is allowed. */
void tarn__carrier_free(struct tarn__carrier *);

/*
 * Sockets that are opened from now on have the ports and the CA certificates of this configuration, which gets a
 * reference more.
 */
void tarn__carrier_set_config(struct tarn__carrier *, struct tarn__config *);

/* As struct tarn_io has it. Errors of send: TARN_EBUSY, TARN_ENOMEM, TARN_EINVAL. */
int tarn__carrier_send(struct tarn__carrier *, struct tarn_exchange *);
void tarn__carrier_cancel(struct tarn__carrier *, struct tarn_exchange *);
void tarn__carrier_close(struct tarn__carrier *, const struct tarn__endpoint *);

/*
 * The network is another one: new messages take new sockets. What is under way stays, but for encrypted
 * connections, which are closed, and whose questions are asked anew.
 */
void tarn__carrier_network_changed(struct tarn__carrier *);

/*
 * Connects to the encrypted server that the root's questions begin with, if there is one, so that the first of
 * them does not wait for it. Not when idle: a connection that ends without a question is not replaced.
 */
void tarn__carrier_open_ahead(struct tarn__carrier *);

/*
 * Once per turn of the loop, outside of callbacks: writes what waits for TCP, closes what has
 * served, calls back what failed at once, looks for time-outs. Returns when it must be called
 * again; UINT64_MAX: when something has happened.
 */
uint64_t tarn__carrier_run(struct tarn__carrier *, uint64_t now_ms);

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *);

#endif
