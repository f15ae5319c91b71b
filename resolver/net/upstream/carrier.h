/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/carrier.h: carries core's messages to the servers (struct tarn_io's send, cancel and close).
 * Start here for the way upstream:
 *
 *	carrier.c   which channel takes a message; completions, cancels, unused channels
 *	channel.h   what a channel does, and the files where it is done
 *
 * An endpoint has a few channels per transport, made when they are needed. Over UDP a message takes one
 * of TARN__UDP_PLACES at random, and shares its socket, which has a random port, with up to
 * TARN__UDP_USES others; then, or after TARN__UDP_LIFE_MS, the place has another socket, and the old
 * one waits for its answers (RFC 5452 section 9.2, decisions/source-ports.md). Over TCP connections
 * are kept and shared (RFC 7766 section 6.2.1.1). What is finished is called back from the loop only.
 *
 * The number of messages under way to an endpoint is bounded, by their rank: a message that is
 * sent again gives way to a first one, and for probes there is always room.
 *
 * Thread: one carrier per worker.
 */
#ifndef TARN_NET_UPSTREAM_CARRIER_H
#define TARN_NET_UPSTREAM_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"

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
	/* Sockets that take questions at the same time: how far a burst is spread. */
	TARN__UDP_PLACES = 8,
	/*
	 * Messages under way to one server over UDP. Of names that are never answered three messages
	 * are under way for 5 s: 136 such names a second fill what is for all ranks, 409 a second what
	 * is left for first messages then.
	 */
	TARN__UDP_QUESTIONS =
		2048, /* from half of it on none is sent again, from all on only probes */
	TARN__TCP_QUESTIONS = TARN__TCP_CHANNELS * 64,
};

struct tarn__carrier_stats {
	uint64_t foreign; /* messages that answer nothing asked (RFC 5452 section 9.1) */
	uint64_t sockets; /* opened */
	uint64_t channels; /* alive */
};

/* An endpoint has as many messages under way as it may have: called once, until most have ended. */
typedef void tarn__carrier_full_function(void *arg, const struct tarn__endpoint *, size_t count);

/*
 * The configuration, whose ports messages come from, gets a reference more; the loop and the random are
 * borrowed. NULL: out of memory.
 */
struct tarn__carrier *tarn__carrier_new(struct ev_loop *, struct tarn__config *,
					struct tarn__random *);
void tarn__carrier_on_full(struct tarn__carrier *, tarn__carrier_full_function *, void *arg);
/* What is under way is not called back any more. NULL is allowed. */
void tarn__carrier_free(struct tarn__carrier *);

/* Sockets that are opened from now on have the ports of this configuration, which gets a reference more. */
void tarn__carrier_set_config(struct tarn__carrier *, struct tarn__config *);

/* As struct tarn_io has it. Errors of send: TARN_EBUSY, TARN_ENOMEM, TARN_EINVAL. */
int tarn__carrier_send(struct tarn__carrier *, struct tarn_exchange *);
void tarn__carrier_cancel(struct tarn__carrier *, struct tarn_exchange *);
void tarn__carrier_close(struct tarn__carrier *, const struct tarn__endpoint *);

/* The network is another one: new messages take new sockets. What is under way stays. */
void tarn__carrier_network_changed(struct tarn__carrier *);

/*
 * Once per turn of the loop, outside of callbacks: writes what waits for TCP, closes what has
 * served, calls back what failed at once, looks for time-outs. Returns when it must be called
 * again; UINT64_MAX: when something has happened.
 */
uint64_t tarn__carrier_run(struct tarn__carrier *, uint64_t now_ms);

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *);

#endif
