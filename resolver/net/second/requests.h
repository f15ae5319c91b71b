/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/requests.h: what core/ has outstanding over a link: gets, which it may forget, and puts. A store answers
 * each command, and none can be taken back: a request remains until that, also if nobody waits for it.
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_REQUESTS_H
#define TARN_NET_SECOND_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "core/second/request.h"
#include "net/second/session.h"

struct tarn__second_requests {
	struct tarn__list list, ending;
	size_t count; /* commands */
	size_t octets; /* of them */
	bool uses_get; /* GETRANGE is not permitted */
	bool is_freed; /* by what close() has called */
	/* Each error of the store; not a lost connection. */
	void (*failed)(void *arg, enum tarn__second_result, const struct tarn__second_reply *);
	void *arg;
};

void tarn__second_requests_init(struct tarn__second_requests *);
/* After all sessions have been freed: what is outstanding is dropped, and done is not called. */
void tarn__second_requests_fini(struct tarn__second_requests *);

/* The session has been freed: no reply comes over it. close() must follow. */
void tarn__second_requests_abandon(struct tarn__second_requests *,
				   const struct tarn__second_session *);
/*
 * Ends all that is waited for with TARN__SECOND_CLOSED. What is called may call all but fini(), and set
 * is_freed: then it returns at once.
 */
void tarn__second_requests_close(struct tarn__second_requests *);

/* As those of struct tarn_io, over a session that is up. */
int tarn__second_requests_get(struct tarn__second_requests *, struct tarn__second_session *,
			      struct tarn_second_get *);
void tarn__second_requests_cancel(struct tarn__second_requests *, struct tarn_second_get *);
int tarn__second_requests_put(struct tarn__second_requests *, struct tarn__second_session *,
			      const struct tarn_second_put *);
int tarn__second_requests_publish(struct tarn__second_requests *, struct tarn__second_session *,
				  const char *channel, const uint8_t *message, size_t len);

#endif
