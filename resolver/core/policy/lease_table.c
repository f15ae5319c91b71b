/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/lease_table.c: an open hash from addresses to the places of leases. A place stays that of its
 * address for as long as the table is not cleared or made anew, whether there is a lease or not.
 */
#include "core/policy/lease_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy/local_store.h"

enum { NONE = INT32_MAX, SLOTS_MIN = 64 };

struct place {
	struct tarn__lease lease; /* is_over: there is none */
	char *texts; /* name and client with NULs; NULL: neither */
};

struct tarn__lease_table {
	struct place *places;
	uint32_t *slots; /* places, NONE */
	size_t place_count, place_room, slot_count;
	size_t count; /* places with a lease */
};

struct tarn__lease_table *tarn__lease_table_new(void)
{
	return calloc(1, sizeof(struct tarn__lease_table));
}

void tarn__lease_table_clear(struct tarn__lease_table *table)
{
	for (size_t i = 0; i < table->place_count; i++)
		free(table->places[i].texts);
	free(table->places);
	free(table->slots);
	*table = (struct tarn__lease_table){0};
}

void tarn__lease_table_free(struct tarn__lease_table *table)
{
	if (!table)
		return;
	tarn__lease_table_clear(table);
	free(table);
}

size_t tarn__lease_table_count(const struct tarn__lease_table *table)
{
	return table->count;
}

/* Returns the slot of the address, or the empty one where it belongs. */
static uint32_t *find_slot(const struct tarn__lease_table *table, const struct tarn__ip *ip)
{
	size_t at = tarn__local_address_slot(ip, table->slot_count);
	for (;;) {
		uint32_t *slot = &table->slots[at];
		if (*slot == NONE || tarn__ip_is_equal(&table->places[*slot].lease.address, ip))
			return slot;
		at = at + 1 == table->slot_count ? 0 : at + 1;
	}
}

/* Takes places without a lease out. */
static void compact(struct tarn__lease_table *table)
{
	size_t count = 0;
	for (size_t i = 0; i < table->place_count; i++) {
		if (!table->places[i].lease.is_over)
			table->places[count++] = table->places[i];
	}
	table->place_count = count;
}

/* Makes room for one more. Returns false if memory is short. */
static bool have_room(struct tarn__lease_table *table)
{
	if (table->place_count < table->place_room)
		return true;
	size_t room = 2 * table->count + SLOTS_MIN / 2;
	uint32_t *slots = malloc(2 * room * sizeof *slots);
	struct place *places = slots ? calloc(room, sizeof *places) : NULL;
	if (!places) {
		free(slots);
		return false;
	}
	compact(table);
	if (table->place_count > 0)
		memcpy(places, table->places, table->place_count * sizeof *places);
	free(table->places);
	free(table->slots);
	table->places = places;
	table->place_room = room;
	table->slots = slots;
	table->slot_count = 2 * room;
	for (size_t i = 0; i < table->slot_count; i++)
		slots[i] = NONE;
	for (uint32_t i = 0; i < table->place_count; i++)
		*find_slot(table, &places[i].lease.address) = i;
	return true;
}

/* Copies the texts of a lease; *out is what is to be freed. Returns false if memory is short. */
static bool copy_texts(struct tarn__lease *lease, char **out)
{
	size_t name_len = lease->name ? strlen(lease->name) + 1 : 0;
	size_t client_len = lease->client ? strlen(lease->client) + 1 : 0;
	*out = NULL;
	if (name_len + client_len == 0)
		return true;
	*out = malloc(name_len + client_len);
	if (!*out)
		return false;
	if (lease->name)
		lease->name = memcpy(*out, lease->name, name_len);
	if (lease->client)
		lease->client = memcpy(*out + name_len, lease->client, client_len);
	return true;
}

static void take_out(struct tarn__lease_table *table, struct place *place)
{
	table->count -= !place->lease.is_over;
	free(place->texts);
	place->texts = NULL;
	place->lease = (struct tarn__lease){.address = place->lease.address, .is_over = true};
}

int tarn__lease_table_put(struct tarn__lease_table *table, const struct tarn__lease *in)
{
	uint32_t *slot = table->slots ? find_slot(table, &in->address) : NULL;
	if (in->is_over) {
		if (slot && *slot != NONE)
			take_out(table, &table->places[*slot]);
		return 0;
	}
	bool is_new = !slot || *slot == NONE;
	if ((is_new || table->places[*slot].lease.is_over) && table->count == TARN__LEASES_MAX)
		return TARN_EBUSY;
	struct place place = {.lease = *in};
	if (!copy_texts(&place.lease, &place.texts))
		return TARN_ENOMEM;
	if (is_new) {
		if (!have_room(table)) {
			free(place.texts);
			return TARN_ENOMEM;
		}
		slot = find_slot(table, &in->address);
		*slot = (uint32_t)table->place_count++;
	} else {
		take_out(table, &table->places[*slot]);
	}
	table->places[*slot] = place;
	table->count++;
	return 0;
}

void tarn__lease_table_walk(const struct tarn__lease_table *table, tarn__lease_fn *fn, void *arg)
{
	for (size_t i = 0; i < table->place_count; i++) {
		if (!table->places[i].lease.is_over)
			fn(arg, &table->places[i].lease);
	}
}
