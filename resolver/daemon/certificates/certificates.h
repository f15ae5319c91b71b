/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/certificates/certificates.h: the certificates that clients over TLS and HTTPS are shown, from their files:
 * read at the start, at each reload, and by themselves when the files have changed and fit together for
 * TARN__CERTIFICATES_QUIET_MS: certbot leads links elsewhere, other programs write in place. Connections keep
 * what they were shown. What cannot be used changes nothing, and is said; so is the end of a certificate that
 * comes near.
 *
 * With nothing configured there is no memory, no timer and no descriptor.
 *
 * Thread: the main one, on its loop, but for the board.
 */
#ifndef TARN_DAEMON_CERTIFICATES_CERTIFICATES_H
#define TARN_DAEMON_CERTIFICATES_CERTIFICATES_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/certificates/pairs.h"
#include "daemon/certificates/state.h"
#include "daemon/log/diagnostics.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "daemon/system/path_watch.h"
#include "tarn.h"

enum {
	/* A certificate and its key are written one after the other; a client is to get neither alone. */
	TARN__CERTIFICATES_QUIET_MS = 2000,
	/* What is written all the time is looked at in between. */
	TARN__CERTIFICATES_BURST_MS = 10000,
	/* Where changes are not reported (network file systems), and for the end that comes near. */
	TARN__CERTIFICATES_LOOK_SEC = 3600,
	/* Before the end it is said: there is time to find the fault, and hardly any time. */
	TARN__CERTIFICATES_NOTICE_SEC = 14 * 86400,
	TARN__CERTIFICATES_WARNING_SEC = 3 * 86400,
};

/* Settings, and the pairs that their files had. */
struct tarn__certificates_kept {
	const struct tarn__settings *settings; /* borrowed; NULL: none */
	struct tarn__pairs pairs;
};

/* How near the end of a certificate is. */
enum tarn__certificate_end { TARN__END_FAR, TARN__END_NOTICE, TARN__END_WARNING, TARN__END_PAST };

struct tarn__certificates {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct ev_loop *loop;
	struct tarn__log *log;
	const char *user; /* that tarn runs as */
	struct tarn__certificates_kept now; /* in force */
	/* Those before, until the settings are final. */
	struct tarn__certificates_kept before;
	bool has_before;
	bool has_same; /* the settings are new, and the pairs stayed: before has none */
	bool is_started; /* settled for the first time */
	bool is_following; /* the files are watched, and timers run */
	struct tarn__path_watch watch;
	ev_timer quiet, look;
	uint64_t changed_ms; /* the first change since the last look; 0: there was none */
	bool has_said_unreadable; /* that a new pair takes a restart */
	enum tarn__certificate_end said[TARN__PAIRS_MAX]; /* in the log */
	struct tarn__certificates_board board;
};

/*
 * Adds what speaks against the certificates of completed settings: a file that cannot be read, a key that does
 * not fit, a certificate that has expired.
 */
void tarn__certificates_check(const struct tarn__settings *, struct tarn__diagnostics *);

/* All are borrowed. */
void tarn__certificates_init(struct tarn__certificates *, struct tarn *, struct ev_loop *,
			     const char *user, struct tarn__log *);

/*
 * The same as the settings require (struct tarn__part). Pairs of the same files that cannot be used are no error:
 * the former ones stay. The settings are borrowed until others are set and settled.
 */
int tarn__certificates_set(void *certificates, const struct tarn__settings *);

/* The settings are final: from now on the files are watched. */
void tarn__certificates_settle(void *certificates);

/* How near the end is at a time, in seconds since 1970. */
enum tarn__certificate_end tarn__certificate_end_at(uint64_t until_sec, uint64_t now_sec);

/* Frees everything; before the settings and the tarn. Allowed for an object of zeros. */
void tarn__certificates_stop(struct tarn__certificates *);

#endif
