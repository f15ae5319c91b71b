/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/fleet.c: changes of the store in parts, each followed by a PING; then the message. */
#include "core/second/fleet.h"

#include <string.h>

#include "base/list.h"
#include "core/config.h"
#include "core/forget.h"
#include "core/io.h"
#include "core/second/epoch.h"
#include "core/second/second_state.h"
#include "dns/query.h"
#include "tarn.h"

enum {
	/* Changes before the store is waited for: other messages have room beside them. */
	CHANGES_AT_ONCE = 256,
	/* Types that exist, or may soon: 1 to 300, TA and DLV (IANA's DNS parameters). */
	LOW_TYPES = 300,
	HIGH_TYPES_FROM = 32768,
	HIGH_TYPES = 2,
	KEYS_OF_TYPE = TARN__VARIANTS,
	KEYS_OF_NAME = (LOW_TYPES + HIGH_TYPES) * KEYS_OF_TYPE,
};

/* Looks for puts, removals and a message that have failed. */
static bool have_failed(const struct tarn__fleet *fleet)
{
	struct tarn__fleet_flush *flush = fleet->flush;
	for (int i = TARN__SECOND_CLOSED; i < TARN__SECOND_RESULTS && !flush->has_failed; i++) {
		flush->has_failed = fleet->results[i] > flush->before[i];
		flush->fault = (enum tarn__second_result)i;
	}
	return flush->has_failed;
}

static void end(struct tarn__fleet *fleet)
{
	struct tarn__fleet_flush *flush = fleet->flush;
	fleet->flush = NULL;
	flush->is_published &= !flush->has_failed;
	if (flush->message.kind != TARN__SECOND_FORGET_TREE)
		flush->removed = (size_t)(fleet->results[TARN__SECOND_ABSENT] -
					  flush->before[TARN__SECOND_ABSENT]);
	flush->done(flush);
}

static void fail(struct tarn__fleet *fleet, enum tarn__second_result fault)
{
	fleet->flush->has_failed = true;
	fleet->flush->fault = fault;
	end(fleet);
}

/* ---- changes of the store ----------------------------------------------------------------- */

/* arg has the results, and outlives the flush: a put cannot be canceled. */
static void on_changed(void *arg, enum tarn__second_result result)
{
	uint64_t *results = arg;
	results[result]++;
}

/* Likewise; keys are what is counted otherwise. */
static void on_published(void *arg, enum tarn__second_result result)
{
	if (tarn__second_is_failure(result))
		on_changed(arg, result);
}

/* The epoch is one key. */
static size_t count_keys(const struct tarn__fleet_flush *flush)
{
	return flush->message.kind == TARN__SECOND_FORGET_NAME	 ? (size_t)KEYS_OF_NAME
	       : flush->message.kind == TARN__SECOND_FORGET_TYPE ? (size_t)KEYS_OF_TYPE
								 : 1;
}

static uint16_t type_of(const struct tarn__fleet_flush *flush, size_t index)
{
	size_t place = index / KEYS_OF_TYPE;
	if (flush->message.kind == TARN__SECOND_FORGET_TYPE)
		return flush->message.type;
	return (uint16_t)(place < LOW_TYPES ? 1 + place : HIGH_TYPES_FROM + place - LOW_TYPES);
}

/* Removes the key of that number. Returns 0, also if nothing is shared of it. */
static int remove_key(struct tarn__fleet *fleet, size_t index)
{
	const struct tarn__fleet_flush *flush = fleet->flush;
	uint8_t octets[TARN__KEY_MAX];
	char text[TARN__SECOND_KEY_MAX];
	struct tarn__key key;
	size_t zone, len = tarn__variant_key(flush->message.name, flush->message.name_len,
					     type_of(flush, index), index % KEYS_OF_TYPE, octets);
	if (!tarn__key_read(octets, len, &key) ||
	    (zone = tarn__config_find_zone(flush->config, key.qname, key.qname_len, key.qtype)) ==
		    TARN__ZONE_NONE ||
	    !tarn__second_key_of(fleet->second, flush->config->zones[zone], &key, text))
		return 0;
	return fleet->io->second_put(
		fleet->io->data,
		&(struct tarn_second_put){.done = on_changed, .arg = fleet->results, .key = text});
}

/* Returns the error of the first one that was not sent. */
static int change_some(struct tarn__fleet *fleet)
{
	struct tarn__fleet_flush *flush = fleet->flush;
	bool is_tree = flush->message.kind == TARN__SECOND_FORGET_TREE;
	size_t count = count_keys(flush);
	for (size_t i = 0; i < CHANGES_AT_ONCE && flush->next < count; i++) {
		int error = is_tree ? tarn__epoch_renew(fleet->second, &flush->message.epoch,
							on_changed, fleet->results)
				    : remove_key(fleet, flush->next);
		if (error < 0)
			return error;
		flush->next++;
	}
	return 0;
}

/* ---- steps -------------------------------------------------------------------------------- */

static int publish(struct tarn__fleet *fleet)
{
	const struct tarn_io *io = fleet->io;
	struct tarn__fleet_flush *flush = fleet->flush;
	uint8_t octets[TARN__SECOND_MESSAGE_MAX];
	/* Before it is read again: this machine forgets the tree, and not all. */
	tarn__epoch_set(fleet->second, flush->message.epoch);
	flush->message.wall_ms = io->wall_ms(io->data);
	size_t len = tarn__second_message_write(flush->config->second, &flush->message, octets);
	int error = io->second_publish(
		io->data,
		&(struct tarn_second_publication){
			.done = on_published, .arg = fleet->results, .octets = octets, .len = len});
	flush->is_published = error == 0;
	return error;
}

static void on_ping(struct tarn_second_get *ping, enum tarn__second_result result,
		    const uint8_t *value, size_t len);

static int ping(struct tarn__fleet_flush *flush)
{
	const struct tarn_io *io = flush->fleet->io;
	flush->ping = (struct tarn_second_get){.done = on_ping, .from_primary = true};
	return io->second_get(io->data, &flush->ping);
}

/* A part of the changes, or what comes after the last one. */
static int step(struct tarn__fleet *fleet)
{
	struct tarn__fleet_flush *flush = fleet->flush;
	size_t before = flush->next;
	bool has_more = before < count_keys(flush);
	int error = has_more ? change_some(fleet) : publish(fleet);
	/* If some were sent the rest is when they are done. */
	return error == 0 || flush->next > before ? ping(flush) : error;
}

static void on_ping(struct tarn_second_get *ping, enum tarn__second_result result,
		    const uint8_t *value, size_t len)
{
	(void)value;
	(void)len;
	struct tarn__fleet_flush *flush = TARN__CONTAINER(ping, struct tarn__fleet_flush, ping);
	struct tarn__fleet *fleet = flush->fleet;
	if (tarn__second_is_failure(result))
		fail(fleet, result);
	else if (have_failed(fleet) || flush->is_published)
		end(fleet);
	else if (step(fleet) < 0)
		fail(fleet, TARN__SECOND_CLOSED);
}

int tarn__fleet_flush(struct tarn__fleet *fleet, struct tarn__second *second,
		      const struct tarn__config *config, struct tarn__fleet_flush *flush)
{
	if (fleet->flush)
		return TARN_EBUSY;
	if (config->second->is_read_only)
		return TARN_EINVAL;
	if (!second || !tarn__second_is_up(second))
		return TARN_EUNREACHABLE;
	fleet->second = second;
	fleet->flush = flush;
	flush->fleet = fleet;
	flush->config = config;
	flush->next = flush->removed = 0;
	flush->is_published = flush->has_failed = false;
	flush->message.epoch = 0;
	memcpy(flush->before, fleet->results, sizeof(flush->before));
	int error = step(fleet);
	if (error < 0)
		fleet->flush = NULL;
	return error;
}

void tarn__fleet_cancel(struct tarn__fleet *fleet, struct tarn__fleet_flush *flush)
{
	if (fleet->flush != flush)
		return;
	fleet->flush = NULL;
	fleet->io->second_cancel(fleet->io->data, &flush->ping);
}

void tarn__fleet_end(struct tarn__fleet *fleet)
{
	struct tarn__fleet_flush *flush = fleet->flush;
	if (!flush)
		return;
	fleet->io->second_cancel(fleet->io->data, &flush->ping);
	fail(fleet, TARN__SECOND_CLOSED);
}
