/* SPDX-License-Identifier: BSD-2-Clause */
/* Time limits and a maximum number for connections that another library serves. */
#include "daemon/telemetry/visits.h"

#include <stddef.h>
#include <sys/socket.h>

void tarn__visits_init(struct tarn__visits *visits)
{
	pthread_mutex_init(&visits->mutex, NULL);
	for (int i = 0; i < TARN__VISITS_MAX; i++)
		visits->items[i].fd = -1;
}

void tarn__visits_fini(struct tarn__visits *visits)
{
	pthread_mutex_destroy(&visits->mutex);
}

/* The mutex is held in this function and the ones below. */
static void shut(struct tarn__visit *visit)
{
	visit->is_shut = true;
	shutdown(visit->fd, SHUT_RDWR);
}

static struct tarn__visit *find_free(struct tarn__visits *visits)
{
	for (int i = 0; i < TARN__VISITS_MAX; i++) {
		if (visits->items[i].fd < 0)
			return &visits->items[i];
	}
	return NULL;
}

/* Returns the oldest of the connections that are not shut. */
static struct tarn__visit *find_oldest(struct tarn__visits *visits)
{
	struct tarn__visit *oldest = NULL;
	for (int i = 0; i < TARN__VISITS_MAX; i++) {
		struct tarn__visit *visit = &visits->items[i];
		if (visit->fd >= 0 && !visit->is_shut &&
		    (!oldest || visit->since_ms < oldest->since_ms))
			oldest = visit;
	}
	return oldest;
}

struct tarn__visit *tarn__visits_begin(struct tarn__visits *visits, int fd, uint64_t now_ms)
{
	pthread_mutex_lock(&visits->mutex);
	struct tarn__visit *visit = find_free(visits);
	if (visit) {
		struct tarn__visit *oldest = find_oldest(visits);
		*visit = (struct tarn__visit){.fd = fd, .since_ms = now_ms};
		if (!find_free(visits) && oldest)
			shut(oldest);
	}
	pthread_mutex_unlock(&visits->mutex);
	return visit;
}

void tarn__visits_renew(struct tarn__visits *visits, struct tarn__visit *visit, uint64_t now_ms)
{
	if (!visit)
		return;
	pthread_mutex_lock(&visits->mutex);
	visit->since_ms = now_ms;
	pthread_mutex_unlock(&visits->mutex);
}

void tarn__visits_end(struct tarn__visits *visits, struct tarn__visit *visit)
{
	if (!visit)
		return;
	pthread_mutex_lock(&visits->mutex);
	visit->fd = -1;
	pthread_mutex_unlock(&visits->mutex);
}

uint64_t tarn__visits_expire(struct tarn__visits *visits, uint64_t now_ms, uint64_t time_ms)
{
	uint64_t next_ms = UINT64_MAX;
	pthread_mutex_lock(&visits->mutex);
	struct tarn__visit *oldest;
	while ((oldest = find_oldest(visits)) && oldest->since_ms + time_ms <= now_ms)
		shut(oldest);
	if (oldest)
		next_ms = oldest->since_ms + time_ms;
	pthread_mutex_unlock(&visits->mutex);
	return next_ms;
}
