/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/inquirer.h: a resolver beside that of clients, for a few questions of the daemon's own: it has
 * servers and a cache of its own, so that nothing of what it is told reaches clients. It is open while there are
 * questions only, since it takes some hundred kilobytes.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_INQUIRER_H
#define TARN_DAEMON_BOOTSTRAP_INQUIRER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "tarn.h"

/* All zeros is a closed one. */
struct tarn__inquirer {
	struct tarn *tarn;
	struct tarn_worker *worker;
};

/* A question; it lives in the caller's memory until done is called or it is canceled. */
struct tarn__inquiry {
	struct tarn_request request;
	bool is_under_way;
	void *data;
	/* A response of any rcode; NULL: there is none. From the loop; the inquirer stays open during the call. */
	void (*done)(struct tarn__inquiry *, const uint8_t *answer, size_t len);
};

/*
 * Opens it, with the servers, traits, selection and source of the options, and the names that it passes; of
 * "beside" it has the ports of the kernel (tarn__new_beside()). TARN_ESYSTEM with errno.
 */
int tarn__inquirer_open(struct tarn__inquirer *, struct tarn *beside, struct ev_loop *,
			const struct tarn_options *);
static inline bool tarn__inquirer_is_open(const struct tarn__inquirer *inquirer)
{
	return inquirer->worker;
}
/* No question is under way. Not from within done. */
void tarn__inquirer_close(struct tarn__inquirer *);

/* Asks; data and done are set. Errors are those of tarn_ask(). */
int tarn__inquirer_ask(struct tarn__inquirer *, struct tarn__inquiry *, const struct tarn__name *,
		       uint16_t type);
/* Allowed for one that is not under way. */
void tarn__inquirer_cancel(struct tarn__inquirer *, struct tarn__inquiry *);

/* Has the timer of an inquiry go off after that time from now, and not when it was to before. */
void tarn__inquiry_start_timer(struct ev_loop *, ev_timer *, uint64_t after_ms);

#endif
