/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/transfer/zone_file.h: a zone that was transferred, as a zone file (RFC 1035 section 5),
 * STATE/rpz/NAME.zone: one record a line, the SOA first. It is written beside the old one and takes its
 * place at the end, so that it is whole or not there.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DAEMON_TRANSFER_ZONE_FILE_H
#define TARN_DAEMON_TRANSFER_ZONE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/soa.h"
#include "dns/zone_entry.h"

enum {
	TARN__ZONE_OCTETS_MAX = 256 << 20, /* of a file: 10 million rules of a policy zone */
};

/* Write the folder, and the path of the file of that zone. Return false if it is too long. */
bool tarn__zone_file_folder(const char *state, char out[PATH_MAX]);
bool tarn__zone_file_path(const char *state, const char *name, char out[PATH_MAX]);

/* What is known of a file. */
struct tarn__zone_file_head {
	struct tarn__soa soa;
	int64_t written_s; /* since 1970 */
};

/* Reads the first record. Returns false if there is no file, or it is not the SOA of that zone. */
bool tarn__zone_file_read_head(const char *path, const struct tarn__name *zone,
			       struct tarn__zone_file_head *out);

struct tarn__zone_writer;

/* Begins a file. NULL with errno. */
struct tarn__zone_writer *tarn__zone_writer_new(const char *path);

/*
 * Writes a record. One that has more text than a zone file may have in an entry is left out. Returns false
 * if it cannot be written; then the writer is only to be freed.
 */
bool tarn__zone_writer_add(struct tarn__zone_writer *, const struct tarn__zone_record *);

/* Returns the records written so far, and those left out. */
size_t tarn__zone_writer_count(const struct tarn__zone_writer *, size_t *left_out);

/* Returns why a record could not be written. */
const char *tarn__zone_writer_fault(const struct tarn__zone_writer *);

/* The file takes the place of the one before. Returns false if it cannot, with a fault. */
bool tarn__zone_writer_finish(struct tarn__zone_writer *);

/* Without finish() nothing has changed. NULL is allowed. */
void tarn__zone_writer_free(struct tarn__zone_writer *);

#endif
