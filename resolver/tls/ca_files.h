/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/ca_files.h: the files in which CA certificates lie. */
#ifndef TARN_TLS_CA_FILES_H
#define TARN_TLS_CA_FILES_H

#include <stddef.h>

#include "tls/tls.h"

struct tarn__ca_reader {
	/* Returns the number of certificates in a text in PEM, which it has taken; -1: one cannot be read. */
	int (*take)(struct tarn__ca_reader *, const char *text, size_t len);
};

/*
 * Reads a file, or a folder: of that the files that OpenSSL's c_rehash has named by hashes, as the library
 * does, or if there are none all of them. Returns the number of certificates; 0 or less: fault has the reason.
 */
int tarn__ca_files_read(const char *path, struct tarn__ca_reader *,
			char fault[TARN__TLS_FAULT_MAX]);

#endif
