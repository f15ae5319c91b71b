/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/certificates/state.h: what tarnctl and statistics are told of the certificates that clients are shown.
 *
 * Thread: set by the main one; any may read a copy.
 */
#ifndef TARN_DAEMON_CERTIFICATES_STATE_H
#define TARN_DAEMON_CERTIFICATES_STATE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/certificates/pairs.h"
#include "tls/tls.h"

enum { TARN__CERTIFICATE_FILE_MAX = 256 /* octets of a path, with NUL; a longer one is cut */ };

struct tarn__certificate_state {
	char file[TARN__CERTIFICATE_FILE_MAX];
	struct tarn__tls_certificate says; /* zeros: it cannot be read */
};

struct tarn__certificates_state {
	size_t count; /* 0: there are none */
	struct tarn__certificate_state items[TARN__PAIRS_MAX];
	int64_t loaded_s; /* when they were taken from their files, since 1970 */
	uint64_t loads, failures; /* how often that was so, and how often they could not be used */
	char fault[TARN__PAIR_FAULT_MAX]; /* why the last ones were not; empty: they were */
};

/* The state, behind a lock. */
struct tarn__certificates_board {
	pthread_mutex_t mutex;
	struct tarn__certificates_state state;
};

/* Copies the state. Of no board there is none. */
void tarn__certificates_board_read(struct tarn__certificates_board *,
				   struct tarn__certificates_state *out);

#endif
