/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/update.h: writes a zone file anew, with changes (daemon/transfer/changes.h): the old one
 * is read, and what is not removed is written. In steps, so that the loop goes on.
 *
 * Thread: the loop's.
 */
#ifndef TARN_DAEMON_TRANSFER_UPDATE_H
#define TARN_DAEMON_TRANSFER_UPDATE_H

#include "daemon/transfer/changes.h"
#include "daemon/transfer/zone_file.h"

struct tarn__update;

enum tarn__update_result {
	TARN__UPDATE_MORE,
	TARN__UPDATE_DONE, /* the new file is in place */
	TARN__UPDATE_MISFIT, /* what the changes remove is not there, or the old file is damaged */
	TARN__UPDATE_FAILED,
};

/* Takes over changes and writer, which has the new SOA already, also on failure. NULL with errno. */
struct tarn__update *tarn__update_new(const char *path, struct tarn__changes *,
				      struct tarn__zone_writer *);

/* Takes the next step. After any result but MORE there is none. */
enum tarn__update_result tarn__update_step(struct tarn__update *);

/* Returns why it has failed. */
const char *tarn__update_fault(const struct tarn__update *);

/* Returns the records written. */
size_t tarn__update_count(const struct tarn__update *);

/* NULL is allowed. */
void tarn__update_free(struct tarn__update *);

#endif
