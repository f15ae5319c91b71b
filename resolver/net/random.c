/* SPDX-License-Identifier: BSD-2-Clause */
/* net/random.c: pools of getrandom(2). */
#include "net/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A process without randomness must not send guessable ids: it aborts. */
static void fetch(uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);
		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			out += got;
			len -= (size_t)got;
		}
	}
}

void tarn__random_fill(struct tarn__random *random, void *out, size_t len)
{
	if (len > sizeof(random->pool)) {
		fetch(out, len);
		return;
	}
	if (len > random->left) {
		fetch(random->pool, sizeof(random->pool));
		random->left = sizeof(random->pool);
	}
	random->left -= len;
	memcpy(out, random->pool + random->left, len);
	/* What was given away is erased: the memory never holds an earlier id. */
	explicit_bzero(random->pool + random->left, len);
}

uint32_t tarn__random_below(struct tarn__random *random, uint32_t bound)
{
	/* Numbers below 2^32 mod bound would make the small results likelier. */
	uint32_t unfair = -bound % bound;
	uint32_t number;
	do {
		tarn__random_fill(random, &number, sizeof(number));
	} while (number < unfair);
	return number % bound;
}
