/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/groups.c: groups of clients. */
#include "core/policy/groups.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/policy/network_list.h"

enum { WEEK_DAYS = 7, MINUTE_SEC = 60 };

struct group {
	char name[TARN__GROUP_NAME_MAX + 1];
	uint16_t begin, end;
	uint8_t days;
};

struct tarn__groups {
	struct tarn__network_list *networks;
	uint8_t *owners; /* of the networks: numbers of groups */
	_Atomic uint64_t clock; /* minutes since 1970, and behind 16 bits those of the local week */
	size_t count;
	struct group groups[TARN__GROUP_COUNT_MAX];
};

static size_t count_clients(const struct tarn__group *groups, size_t count)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += groups[i].client_count;
	return total;
}

static void add_group(struct tarn__groups *groups, const struct tarn__group *from, size_t *owned)
{
	struct group *group = &groups->groups[groups->count];
	snprintf(group->name, sizeof group->name, "%s", from->name);
	group->begin = from->begin;
	group->end = from->end;
	group->days = from->days != 0 ? from->days : (1 << WEEK_DAYS) - 1;
	for (size_t i = 0; i < from->client_count; i++) {
		tarn__network_list_add(groups->networks, &from->clients[i]);
		groups->owners[(*owned)++] = (uint8_t)groups->count;
	}
	groups->count++;
}

struct tarn__groups *tarn__groups_new(const struct tarn__group *from, size_t count)
{
	size_t clients = count_clients(from, count), owned = 0;
	struct tarn__groups *groups = calloc(1, sizeof *groups);
	if (!groups)
		return NULL;
	atomic_init(&groups->clock, UINT64_MAX);
	groups->networks = tarn__network_list_new(clients);
	groups->owners = malloc(clients + 1);
	if (!groups->networks || !groups->owners) {
		tarn__groups_free(groups);
		return NULL;
	}
	add_group(groups, &(struct tarn__group){.name = "default"}, &owned);
	for (size_t i = 0; i < count && groups->count < TARN__GROUP_COUNT_MAX; i++)
		add_group(groups, &from[i], &owned);
	return groups;
}

void tarn__groups_free(struct tarn__groups *groups)
{
	if (!groups)
		return;
	tarn__network_list_free(groups->networks);
	free(groups->owners);
	free(groups);
}

/* Returns the minute of the local week; it is worked out once a minute. */
static unsigned week_minute(struct tarn__groups *groups, uint64_t now_s)
{
	uint64_t minute = now_s / MINUTE_SEC;
	uint64_t clock = atomic_load_explicit(&groups->clock, memory_order_relaxed);
	if (clock >> 16 == minute)
		return clock & UINT16_MAX;
	struct tm local;
	time_t now = (time_t)now_s;
	if (!localtime_r(&now, &local))
		return 0;
	unsigned of_week =
		(unsigned)(local.tm_wday * TARN__DAY_MINUTES + local.tm_hour * 60 + local.tm_min);
	atomic_store_explicit(&groups->clock, minute << 16 | of_week, memory_order_relaxed);
	return of_week;
}

/* The group's time may have begun today, or yesterday and go on over midnight. */
static bool is_active(const struct group *group, unsigned of_week)
{
	if (group->begin == group->end)
		return true;
	unsigned day = of_week / TARN__DAY_MINUTES, minute = of_week % TARN__DAY_MINUTES;
	unsigned yesterday = (day + WEEK_DAYS - 1) % WEEK_DAYS;
	bool is_today = group->days >> day & 1, is_since_yesterday = group->days >> yesterday & 1;
	if (group->begin < group->end)
		return is_today && minute >= group->begin && minute < group->end;
	return (is_today && minute >= group->begin) || (is_since_yesterday && minute < group->end);
}

uint32_t tarn__groups_bit(struct tarn__groups *groups, const struct tarn_address *client,
			  uint64_t now_s)
{
	int network = client ? tarn__network_list_find(groups->networks, client) : -1;
	unsigned number = network < 0 ? TARN__GROUP_DEFAULT : groups->owners[network];
	const struct group *group = &groups->groups[number];
	if (group->begin != group->end && !is_active(group, week_minute(groups, now_s)))
		number = TARN__GROUP_DEFAULT;
	return UINT32_C(1) << number;
}

const char *tarn__groups_name(const struct tarn__groups *groups, uint32_t bit)
{
	return groups->groups[__builtin_ctz(bit)].name;
}
