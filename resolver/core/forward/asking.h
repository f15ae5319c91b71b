/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/asking.h: a lookup asks the servers of its zone. The best server is asked first; the next one too
 * when the first has not answered within its timeout; the first good answer wins and ends the lookup.
 * SERVFAIL, REFUSED and the like count only if no server gives a better answer. Every lookup ends within
 * TARN__LOOKUP_MS, whether a client still waits for it or not.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_ASKING_H
#define TARN_CORE_FORWARD_ASKING_H

#include <stddef.h>

struct rtcache_lookup;
struct tarn__lookup;
struct tarn__forwarder;

/*
 * Starts the lookup of a key; ends handle exactly once, perhaps before it returns: with the stored form of an
 * answer, or with TARN_ETIMEOUT (no server answered in time), TARN_EUNREACHABLE (the network refused every
 * message), TARN_EANSWER (only unusable answers came), TARN_ENOSERVER, TARN_ELOOP (all servers lead back to
 * this resolver), TARN_EBUSY, TARN_ENOMEM, TARN_EINVAL (not a key) or TARN_ECANCELED.
 */
void tarn__lookup_start(struct tarn__forwarder *, struct rtcache_lookup *handle, const void *key,
			size_t key_len);

/*
 * A server may be asked that could not: the lookup, which is WAITING, asks on beside what is outstanding, with
 * the messages that are left. May end it.
 */
void tarn__lookup_restart(struct tarn__lookup *);

#endif
