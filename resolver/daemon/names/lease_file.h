/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/lease_file.h: one file of leases, which is read again when it has changed. Of a file that
 * has grown since, and whose form is one that is appended to (Kea, ISC dhcpd), only the rest is read; each
 * other one is read from its beginning. Kea moves older leases to files beside it, named "PATH.completed",
 * "PATH.2" and "PATH.1": they are read before it.
 *
 * Thread: one.
 */
#ifndef TARN_DAEMON_NAMES_LEASE_FILE_H
#define TARN_DAEMON_NAMES_LEASE_FILE_H

#include <stddef.h>

#include "core/policy/lease_table.h"
#include "daemon/names/text_faults.h"
#include "daemon/names/text_file.h"

struct tarn__lease_file;

/* NULL: out of memory. */
struct tarn__lease_file *tarn__lease_file_new(void);
void tarn__lease_file_free(struct tarn__lease_file *);

/*
 * Reads what is new of the file, which is open at its beginning. Returns the octets of it that were read.
 * -1 with errno: the leases are those from before; EFBIG: it has more than len_max octets.
 */
long tarn__lease_file_read(struct tarn__lease_file *, const char *path, int fd,
			   const struct tarn__file_identity *, size_t len_max,
			   struct tarn__text_faults *);

/* Forgets all leases; the next read is from the beginning. */
void tarn__lease_file_clear(struct tarn__lease_file *);

const struct tarn__lease_table *tarn__lease_file_table(const struct tarn__lease_file *);

#endif
