/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/dnstap.h: sends replies to clients, queries to upstream servers and their responses as
 * dnstap messages to a reader at a Unix socket. libfstrm's thread writes them and reconnects; a missing or
 * slow reader loses messages, and never delays an answer.
 *
 * The messages are CLIENT_RESPONSE, FORWARDER_QUERY and FORWARDER_RESPONSE. There is no CLIENT_QUERY: a
 * client's message is not kept until its answer; the response repeats its question.
 *
 * Thread: the one that created it, unless a function states another.
 */
#ifndef TARN_DAEMON_TELEMETRY_DNSTAP_H
#define TARN_DAEMON_TELEMETRY_DNSTAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/observe.h"
#include "daemon/log/log.h"
#include "dns/message.h"

enum {
	/* messages of a worker that are queued; a power of two */
	TARN__DNSTAP_QUEUE = 4096,
	/* octets of a message at most: a DNS message and the description of it */
	TARN__DNSTAP_MESSAGE_MAX = TARN__MESSAGE_MAX + 512,
};

struct tarn__dnstap;

/* Returns NULL, or a text if tarn was built without dnstap. */
const char *tarn__dnstap_fault(const char *path);

/*
 * path is copied, log borrowed. NULL with errno set: ENOTSUP if tarn was built without dnstap; ENAMETOOLONG
 * if path is too long for a socket. A reader need not be present.
 */
struct tarn__dnstap *tarn__dnstap_new(size_t workers, const char *path, struct tarn__log *log);
/*
 * Allowed when no worker uses it. Queued messages are sent, unless the reader is slow: this takes a few
 * seconds at most. NULL is allowed.
 */
void tarn__dnstap_free(struct tarn__dnstap *);

/* Returns the observer of a worker, 0 to workers - 1; it lives as long as the dnstap. */
const struct tarn__observer *tarn__dnstap_observer(const struct tarn__dnstap *, size_t worker);

/* Returns the number of messages that had no reader or no room in the queue. Thread: any. */
uint64_t tarn__dnstap_lost(const struct tarn__dnstap *);

#endif
