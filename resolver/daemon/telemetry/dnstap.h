/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/dnstap.h: what clients are told, and what goes to upstream servers and comes from them, as
 * dnstap messages for a reader at a Unix socket. libfstrm's thread carries them and connects again
 * when the reader was away; a reader that is away or slow costs messages, never an answer time.
 *
 * Sent are CLIENT_RESPONSE, FORWARDER_QUERY and FORWARDER_RESPONSE. There is no CLIENT_QUERY: a
 * client's message is not kept until its answer; the response repeats its question.
 *
 * Thread: the one that made it, but for what says otherwise.
 */
#ifndef TARN_DAEMON_TELEMETRY_DNSTAP_H
#define TARN_DAEMON_TELEMETRY_DNSTAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/observe.h"
#include "daemon/log/log.h"
#include "dns/message.h"

enum {
	/* Messages of a worker on their way; a power of two. */
	TARN__DNSTAP_QUEUE = 4096,
	/* Octets of one at most: a DNS message, and what is said of it. */
	TARN__DNSTAP_MESSAGE_MAX = TARN__MESSAGE_MAX + 512,
};

struct tarn__dnstap;

/* NULL, or why nothing can be sent there whatever happens: tarn was built without it. */
const char *tarn__dnstap_fault(const char *path);

/*
 * path is copied, log borrowed. NULL with errno set: ENOTSUP where tarn was built without it;
 * ENAMETOOLONG for what cannot be a socket's path. A reader need not be there.
 */
struct tarn__dnstap *tarn__dnstap_new(size_t workers, const char *path, struct tarn__log *log);
/*
 * No worker uses it any more. What is left is sent, unless the reader is slow: this takes a few
 * seconds at most. NULL is allowed.
 */
void tarn__dnstap_free(struct tarn__dnstap *);

/* What one worker, 0 to workers - 1, is observed with; lives as long as the whole. */
const struct tarn__observer *tarn__dnstap_observer(const struct tarn__dnstap *, size_t worker);

/* Messages that had no reader, or found no room in the queue. Thread: any. */
uint64_t tarn__dnstap_lost(const struct tarn__dnstap *);

#endif
