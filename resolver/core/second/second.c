/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/second.c: when the second level is asked, and when it is left alone. */
#include "core/second/second.h"

#include <stdlib.h>

struct tarn__second_shared {
	uint64_t epoch;
};

struct tarn__second {
	struct tarn__second_config *config;
	struct tarn__second_counts counts;
};

struct tarn__second_shared *tarn__second_shared_new(void)
{
	return calloc(1, sizeof(struct tarn__second_shared));
}

void tarn__second_shared_free(struct tarn__second_shared *shared)
{
	free(shared);
}

struct tarn__second *tarn__second_new(const struct tarn_io *io, struct tarn__timers *timers,
				      struct tarn__second_shared *shared)
{
	(void)io;
	(void)timers;
	(void)shared;
	return calloc(1, sizeof(struct tarn__second));
}

void tarn__second_free(struct tarn__second *second)
{
	if (!second)
		return;
	tarn__second_config_put(second->config);
	free(second);
}

void tarn__second_set_config(struct tarn__second *second, struct tarn__second_config *config)
{
	tarn__second_config_put(second->config);
	second->config = tarn__second_config_get(config);
}

void tarn__second_connected(struct tarn__second *second)
{
	second->counts.connected_now = 1;
}

void tarn__second_lost(struct tarn__second *second)
{
	second->counts.connected_now = 0;
}

const struct tarn__second_counts *tarn__second_counts(const struct tarn__second *second)
{
	return &second->counts;
}
