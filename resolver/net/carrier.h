/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/carrier.h: carries core's questions to the servers (struct tarn_io's send and cancel). Start
 * here for the way upstream:
 *
 *	carrier.c   which channel takes a question; completions, cancels, unused channels
 *	channel.c   one c-ares channel and its socket: the only file that knows c-ares
 *
 * A server has a few channels per transport, made when they are needed. Over UDP a question gets a
 * closed channel, and with it a socket and a random port of its own; under load TARN__UDP_USES of
 * them share one, and more only where there is no other (RFC 5452 section 9.2). Over TCP connections
 * are kept and shared (RFC 7766 section 6.2.1.1). What is finished is called back from the loop only.
 *
 * Thread: one carrier per worker.
 */
#ifndef TARN_NET_CARRIER_H
#define TARN_NET_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/io.h"

struct ev_loop;
struct tarn__carrier;
struct tarn__random;

enum {
	/*
	 * Channels to one server. Each costs 75 KB with c-ares 1.18, and 68 KB with 1.34 while its
	 * socket is open: 2.7 MB for a server under full load, given back when it is over. They
	 * bound the questions under way to 2,048 per server over UDP and 256 over TCP.
	 */
	TARN__CHANNEL_SIZE = 75000,
	TARN__UDP_CHANNELS = 32,
	TARN__TCP_CHANNELS = 4,
	/*
	 * With so many questions to one server under way, sockets are shared: by then a burst is
	 * spread over as many random ports, and a socket for each question would cost more than all
	 * the rest of its way.
	 */
	TARN__UDP_SPREAD = 8,
};

struct tarn__carrier_stats {
	uint64_t foreign; /* messages that answer nothing asked (RFC 5452 section 9.1) */
	uint64_t sockets; /* opened */
	uint64_t channels; /* alive */
};

/*
 * The configuration, whose servers it carries to, gets a reference more; the loop and the random are
 * borrowed. NULL: out of memory.
 */
struct tarn__carrier *tarn__carrier_new(struct ev_loop *, struct tarn__config *,
					struct tarn__random *);
/* What is under way is not called back any more. NULL is allowed. */
void tarn__carrier_free(struct tarn__carrier *);

/*
 * Another configuration, in two steps, so that the second cannot fail: prepare may be called at any
 * time and changes nothing yet; switch is called not from within done, and with no exchange
 * outstanding but with servers of groups that are equal in both (tarn__config_group_is_equal()). Servers
 * that stay in their group keep their channels and connections. 0 or TARN_ENOMEM.
 */
int tarn__carrier_prepare(struct tarn__carrier *, struct tarn__config *);
void tarn__carrier_switch(struct tarn__carrier *);

/* As struct tarn_io has it. Errors of send: TARN_EBUSY, TARN_ENOMEM, TARN_EINVAL. */
int tarn__carrier_send(struct tarn__carrier *, struct tarn_exchange *);
void tarn__carrier_cancel(struct tarn__carrier *, struct tarn_exchange *);

/*
 * Once per turn of the loop, outside of callbacks: writes what waits for TCP, ends what was
 * canceled, calls back what failed at once, looks for time-outs. Returns when it must be called
 * again; UINT64_MAX: when something has happened.
 */
uint64_t tarn__carrier_run(struct tarn__carrier *, uint64_t now_ms);

const struct tarn__carrier_stats *tarn__carrier_stats(const struct tarn__carrier *);

#endif
