/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/text_faults.h: the faults of one text file: all are counted, the first few are kept for the log.
 */
#ifndef TARN_DAEMON_NAMES_TEXT_FAULTS_H
#define TARN_DAEMON_NAMES_TEXT_FAULTS_H

#include <stdint.h>

#include "daemon/log/log.h"

enum {
	TARN__TEXT_FAULT_EXAMPLES =
		5, /* enough to see what is wrong with a file of another format */
	TARN__TEXT_FAULT_MAX = 160, /* octets of a reason with NUL; the rest is cut off */
};

struct tarn__text_faults { /* zeros at first */
	uint32_t count;
	struct {
		uint32_t line;
		char text[TARN__TEXT_FAULT_MAX];
	} examples[TARN__TEXT_FAULT_EXAMPLES];
};

void tarn__text_faults_add(struct tarn__text_faults *, uint32_t line, const char *text);

/* Logs "PATH:LINE: TEXT" for each example, and how many faults there are beyond them. */
void tarn__text_faults_log(const struct tarn__text_faults *, const char *path, struct tarn__log *);

#endif
