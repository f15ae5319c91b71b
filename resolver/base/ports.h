/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/ports.h: the ports that questions over UDP may come from: those that take no privilege, less
 * what is to be left to others. A set is filled, then counted, then only read.
 *
 * Thread: any, once it is counted.
 */
#ifndef TARN_BASE_PORTS_H
#define TARN_BASE_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	TARN__PORT_MIN = 1024,
	TARN__PORT_MAX = 65535,
	/* With fewer a port has less than 12 of the 16 bits that a forger is to guess (RFC 5452 section 9.2). */
	TARN__PORTS_LEAST = 4096,
};

enum { TARN__PORT_WORDS = 65536 / 64 };

struct tarn__ports {
	uint64_t words[TARN__PORT_WORDS]; /* a bit for each port that may be used */
	uint16_t before[TARN__PORT_WORDS]; /* how many there are in the words before */
	uint32_t count;
};

/* All that take no privilege. */
void tarn__ports_fill(struct tarn__ports *);
/* Less these, first to last. */
void tarn__ports_avoid(struct tarn__ports *, uint16_t first, uint16_t last);
/* Less those that are not in the other set. */
void tarn__ports_intersect(struct tarn__ports *, const struct tarn__ports *);
/*
 * Less those of a list as the kernel writes it, "8080,9148-9200". false: it is no such list, and
 * an unknown part of it has been left out.
 */
bool tarn__ports_avoid_list(struct tarn__ports *, FILE *list);

/* After these; how many there are. */
uint32_t tarn__ports_count(struct tarn__ports *);

bool tarn__ports_has(const struct tarn__ports *, uint16_t port);
/* The index-th of them; index is below count. */
uint16_t tarn__ports_get(const struct tarn__ports *, uint32_t index);

#endif
