/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/ports.h: a set of source ports for queries over UDP: the unprivileged ports less the ones that are
 * reserved for other programs. A set is filled, then counted, then only read.
 *
 * Thread: any thread may read a set that has been counted.
 */
#ifndef TARN_BASE_PORTS_H
#define TARN_BASE_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	TARN__PORT_MIN = 1024,
	TARN__PORT_MAX = 65535,
	/* 12 of the 16 bits of a source port that an off-path attacker has to guess (RFC 5452 section 9.2). */
	TARN__PORTS_LEAST = 4096,
};

enum { TARN__PORT_WORDS = 65536 / 64 };

struct tarn__ports {
	uint64_t words[TARN__PORT_WORDS]; /* a bit for each port in the set */
	uint16_t before[TARN__PORT_WORDS]; /* number of ports in the words before */
	uint32_t count;
};

/* Puts every unprivileged port into the set. */
void tarn__ports_fill(struct tarn__ports *);
/* Removes the ports from first to last. */
void tarn__ports_avoid(struct tarn__ports *, uint16_t first, uint16_t last);
/* Removes the ports that the other set lacks. */
void tarn__ports_intersect(struct tarn__ports *, const struct tarn__ports *);
/*
 * Removes the ports of a list in the kernel's form, "8080,9148-9200". Returns false if the text has
 * another form; the ports before the error have been removed then.
 */
bool tarn__ports_avoid_list(struct tarn__ports *, FILE *list);

/* Ends the filling. Returns the number of ports in the set. */
uint32_t tarn__ports_count(struct tarn__ports *);

bool tarn__ports_has(const struct tarn__ports *, uint16_t port);
/* Returns the port at index, in ascending order; index is less than count. */
uint16_t tarn__ports_get(const struct tarn__ports *, uint32_t index);

#endif
