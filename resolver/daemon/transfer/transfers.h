/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/transfers.h: the zones that come from primaries: those sections rpz "zone" { } that name
 * some. Each has a file (daemon/transfer/zone_file.h), which is among the files of its section, and so is
 * compiled as any other.
 *
 * With nothing configured there is no memory, no timer and no descriptor, and messages of changed zones are
 * answered as before.
 *
 * Thread: the main one, on its loop, but for the board and for messages that workers hand over.
 */
#ifndef TARN_DAEMON_TRANSFER_TRANSFERS_H
#define TARN_DAEMON_TRANSFER_TRANSFERS_H

#include <ev.h>
#include <pthread.h>

#include "core/resolver.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "daemon/system/privileges.h"
#include "daemon/transfer/secondary.h"
#include "daemon/transfer/state.h"

enum { TARN__KEY_FILE_MAX = 16384 /* octets */ };

struct tarn__transfer_zone {
	struct tarn__secondary *secondary;
	bool is_notified; /* since the main thread has looked */
};

struct tarn__transfers {
	struct tarn *tarn; /* NULL: it has not been initialised */
	struct tarn__log *log;
	bool is_started; /* settled for the first time with zones */
	struct tarn__secondaries all;
	size_t count, next_count;
	struct tarn__transfer_zone *zones; /* guarded by mutex, if the main thread writes */
	struct tarn__transfer_zone *next; /* as the settings want it that are not settled yet */
	bool has_next;
	struct tarn__notify_taker taker;
	pthread_mutex_t mutex;
	ev_async notified;
	struct tarn__transfer_board board;
};

/* All are borrowed. */
void tarn__transfers_init(struct tarn__transfers *, struct tarn *, struct ev_loop *,
			  struct tarn__log *);

/*
 * Does what the sandbox does not allow: makes the folder of the files, and loads the library for keys.
 * TARN_ESYSTEM, logged: there are keys, and no library.
 */
int tarn__transfers_prepare(struct tarn__transfers *, const struct tarn__settings *,
			    const struct tarn__identity *);

/*
 * The same as the settings require (struct tarn__part). An error, logged, of a file with a key, or of what
 * only a restart makes possible: nothing has changed.
 */
int tarn__transfers_set(void *transfers, const struct tarn__settings *);

/* The settings are final: zones that are no more end, new ones begin. Their files are left. */
void tarn__transfers_settle(void *transfers);

/* The network has changed: zones whose last look has failed are looked at. */
void tarn__transfers_network_changed(void *transfers);

/* Frees everything; before the tarn, after the workers. Allowed for an object of zeros. */
void tarn__transfers_stop(struct tarn__transfers *);

#endif
