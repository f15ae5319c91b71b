/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/transfers.c: all zones that come from primaries. */
#include "config.h"

#include "daemon/transfer/transfers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hmac.h"
#include "daemon/system/file.h"
#include "dns/notify.h"
#include "net/shared.h"

/* ---- what others are told -------------------------------------------------------------------- */

/* Called by each secondary whose state has changed: there are few, and that is seldom. */
static void update_board(void *data)
{
	struct tarn__transfers *transfers = data;
	struct tarn__transfer_board *board = &transfers->board;
	pthread_mutex_lock(&board->mutex);
	for (size_t i = 0; i < board->count; i++)
		board->states[i] = *tarn__secondary_state(transfers->zones[i].secondary);
	pthread_mutex_unlock(&board->mutex);
}

/* The board has room for the zones, or none of them. */
static void resize_board(struct tarn__transfers *transfers)
{
	struct tarn__transfer_board *board = &transfers->board;
	struct tarn__transfer_state *states = NULL;
	if (transfers->count > 0)
		states = calloc(transfers->count, sizeof(states[0]));
	pthread_mutex_lock(&board->mutex);
	free(board->states);
	board->states = states;
	board->count = states ? transfers->count : 0;
	pthread_mutex_unlock(&board->mutex);
	update_board(transfers);
}

/* ---- messages of changed zones --------------------------------------------------------------- */

/*
 * Returns true if the message is of a primary: by its signature, or without one by its address (RFC 1996
 * section 3.10). A signature that is wrong is worse than none.
 */
static bool is_of_primary(const struct tarn__secondary *secondary, const struct tarn_address *from,
			  const uint8_t *message, size_t len, struct tarn__tsig *tsig)
{
	struct tarn__tsig_record record;
	int found = tarn__tsig_find(message, len, &record);
	const struct tarn__tsig_key *key = tarn__secondary_key(secondary);
	if (found == 0)
		return tarn__secondary_has_primary(secondary, from);
	if (found < 0 || !key)
		return false;
	tarn__tsig_init(tsig, key, &tarn__session_hmac);
	return tarn__tsig_verify(tsig, message, len, (uint64_t)time(NULL)) == TARN__TSIG_GOOD;
}

static struct tarn__transfer_zone *find_zone(const struct tarn__transfers *transfers,
					     const struct tarn__name *name)
{
	for (size_t i = 0; i < transfers->count; i++) {
		const struct tarn__name *zone = tarn__secondary_zone(transfers->zones[i].secondary);
		if (zone->len == name->len &&
		    tarn__name_is_equal(zone->octets, name->octets, zone->len))
			return &transfers->zones[i];
	}
	return NULL;
}

/* With the mutex held. Returns the length of the reply; 0: the message is none of a primary. */
static size_t take_for_zone(struct tarn__transfer_zone *zone, const struct tarn__name *name,
			    const struct tarn_address *from, const uint8_t *message, size_t len,
			    uint8_t *reply)
{
	struct tarn__tsig tsig = {0};
	size_t reply_len = 0;
	if (is_of_primary(zone->secondary, from, message, len, &tsig)) {
		zone->is_notified = true;
		reply_len = tarn__notify_reply(message, name, reply);
		if (tsig.key)
			reply_len = tarn__tsig_sign(&tsig, reply, reply_len, TARN__UDP_MAX,
						    (uint64_t)time(NULL));
	}
	tarn__tsig_fini(&tsig);
	return reply_len;
}

/* A worker's thread. */
static size_t take_notify(void *data, const struct tarn_address *from, const uint8_t *message,
			  size_t len, uint8_t *reply)
{
	struct tarn__transfers *transfers = data;
	struct tarn__name name;
	if (!tarn__notify_read(message, len, &name))
		return 0;
	pthread_mutex_lock(&transfers->mutex);
	struct tarn__transfer_zone *zone = find_zone(transfers, &name);
	size_t reply_len = zone ? take_for_zone(zone, &name, from, message, len, reply) : 0;
	pthread_mutex_unlock(&transfers->mutex);
	if (reply_len > 0)
		ev_async_send(transfers->all.loop, &transfers->notified);
	return reply_len;
}

static bool take_notified(struct tarn__transfers *transfers, size_t i)
{
	pthread_mutex_lock(&transfers->mutex);
	bool is_notified = transfers->zones[i].is_notified;
	transfers->zones[i].is_notified = false;
	pthread_mutex_unlock(&transfers->mutex);
	return is_notified;
}

static void on_notified(struct ev_loop *loop, ev_async *async, int events)
{
	(void)loop;
	(void)events;
	struct tarn__transfers *transfers = async->data;
	for (size_t i = 0; i < transfers->count; i++) {
		if (take_notified(transfers, i))
			tarn__secondary_look(transfers->zones[i].secondary);
	}
}

/* ---- settings -------------------------------------------------------------------------------- */

static bool is_transferred(const struct tarn__list_settings *list)
{
	return list->kind == TARN__RULE_SET_RPZ && list->primaries.count > 0;
}

static size_t count_zones(const struct tarn__settings *settings, size_t *key_count)
{
	size_t count = 0;
	*key_count = 0;
	for (size_t i = 0; i < settings->list_count; i++) {
		count += is_transferred(&settings->lists[i]);
		*key_count += is_transferred(&settings->lists[i]) && settings->lists[i].key;
	}
	return count;
}

static int read_key(const struct tarn__transfers *transfers, const struct tarn__list_settings *list,
		    struct tarn__tsig_key *out)
{
	size_t len;
	const char *fault;
	char *text = tarn__file_read(list->key, TARN__KEY_FILE_MAX, &len, &fault);
	if (text) {
		fault = tarn__tsig_key_parse(text, len, out);
		explicit_bzero(text, len);
	}
	free(text);
	if (!fault)
		return 0;
	tarn__log(transfers->log, TARN_LOG_ERR, "rpz \"%s\": key %s: %s", list->name, list->key,
		  fault);
	return TARN_ESYSTEM;
}

/* One that runs with equal options is taken over. */
static struct tarn__secondary *take_or_make(struct tarn__transfers *transfers,
					    const struct tarn__secondary_options *options)
{
	for (size_t i = 0; i < transfers->count; i++) {
		if (tarn__secondary_has(transfers->zones[i].secondary, options))
			return transfers->zones[i].secondary;
	}
	return tarn__secondary_new(&transfers->all, options);
}

static int add_zone(struct tarn__transfers *transfers, const struct tarn__settings *settings,
		    const struct tarn__list_settings *list)
{
	char path[PATH_MAX];
	struct tarn__tsig_key key;
	struct tarn__secondary_options options = {.name = list->name,
						  .path = path,
						  .primaries = list->primaries,
						  .source = settings->resolver.source,
						  .key = list->key ? &key : NULL};
	if (!tarn__zone_file_path(settings->state, list->name, path))
		return TARN_EINVAL;
	int error = list->key ? read_key(transfers, list, &key) : 0;
	if (error < 0)
		return error;
	struct tarn__secondary *secondary = take_or_make(transfers, &options);
	explicit_bzero(&key, sizeof(key));
	if (!secondary)
		return TARN_ENOMEM;
	transfers->next[transfers->next_count++].secondary = secondary;
	return 0;
}

static bool has_secondary(const struct tarn__transfer_zone *zones, size_t count,
			  const struct tarn__secondary *secondary)
{
	for (size_t i = 0; i < count; i++) {
		if (zones[i].secondary == secondary)
			return true;
	}
	return false;
}

/* Frees those of the first zones that are not among the second. */
static void free_zones(struct tarn__transfer_zone *zones, size_t count,
		       const struct tarn__transfer_zone *kept, size_t kept_count)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_secondary(kept, kept_count, zones[i].secondary))
			tarn__secondary_free(zones[i].secondary);
	}
	free(zones);
}

static void forget_next(struct tarn__transfers *transfers)
{
	free_zones(transfers->next, transfers->next_count, transfers->zones, transfers->count);
	transfers->next = NULL;
	transfers->next_count = 0;
	transfers->has_next = false;
}

static int add_zones(struct tarn__transfers *transfers, const struct tarn__settings *settings,
		     size_t count)
{
	transfers->next = calloc(count + 1, sizeof(transfers->next[0]));
	int error = transfers->next ? 0 : TARN_ENOMEM;
	for (size_t i = 0; i < settings->list_count && error == 0; i++) {
		if (is_transferred(&settings->lists[i]))
			error = add_zone(transfers, settings, &settings->lists[i]);
	}
	if (error == TARN_ENOMEM)
		tarn__log(transfers->log, TARN_LOG_ERR, "no transfers: %s", tarn_error_text(error));
	return error;
}

/* Returns true if files can be made in the folder. */
static bool can_make_files(const char *folder)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/.new", folder) >= PATH_MAX)
		return false;
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return false;
	close(fd);
	unlink(path);
	return true;
}

static const char *restart_hint(const struct tarn__settings *settings)
{
	return settings->is_confined ? "; in the sandbox that takes a restart" : "";
}

/* In the sandbox the folder has to be there, and to be within reach, since the start. */
static int check_folder(const struct tarn__transfers *transfers,
			const struct tarn__settings *settings)
{
	char folder[PATH_MAX] = "";
	if (tarn__zone_file_folder(settings->state, folder)) {
		(void)mkdir(settings->state, 0755);
		(void)mkdir(folder, 0755);
		if (can_make_files(folder))
			return 0;
	}
	tarn__log(transfers->log, TARN_LOG_ERR, "no transfers: cannot write to %s: %s%s", folder,
		  strerror(errno), restart_hint(settings));
	return TARN_ESYSTEM;
}

static int load_library(const struct tarn__transfers *transfers,
			const struct tarn__settings *settings)
{
	const char *fault = tarn__hmac_load();
	if (!fault)
		return 0;
	tarn__log(transfers->log, TARN_LOG_ERR, "no transfers: no key can be used: %s%s", fault,
		  restart_hint(settings));
	return TARN_ESYSTEM;
}

int tarn__transfers_set(void *data, const struct tarn__settings *settings)
{
	struct tarn__transfers *transfers = data;
	size_t key_count, count = count_zones(settings, &key_count);
	int error = count > 0 ? check_folder(transfers, settings) : 0;
	if (error == 0 && key_count > 0)
		error = load_library(transfers, settings);
	if (error < 0)
		return error;
	forget_next(transfers);
	if (count == 0 && !transfers->is_started)
		return 0;
	error = add_zones(transfers, settings, count);
	transfers->has_next = error == 0;
	if (error < 0)
		forget_next(transfers);
	return error;
}

/* ---- from start to end ----------------------------------------------------------------------- */

void tarn__transfers_init(struct tarn__transfers *transfers, struct tarn *tarn,
			  struct ev_loop *loop, struct tarn__log *log)
{
	transfers->tarn = tarn;
	transfers->log = log;
	transfers->all = (struct tarn__secondaries){
		.loop = loop, .log = log, .changed = update_board, .data = transfers};
	tarn__list_init(&transfers->all.waiting);
	pthread_mutex_init(&transfers->mutex, NULL);
	pthread_mutex_init(&transfers->board.mutex, NULL);
	transfers->taker = (struct tarn__notify_taker){.take = take_notify, .data = transfers};
	ev_async_init(&transfers->notified, on_notified);
	transfers->notified.data = transfers;
}

int tarn__transfers_prepare(struct tarn__transfers *transfers,
			    const struct tarn__settings *settings,
			    const struct tarn__identity *identity)
{
	char folder[PATH_MAX];
	size_t key_count;
	if (count_zones(settings, &key_count) == 0)
		return 0;
	if (tarn__zone_file_folder(settings->state, folder))
		(void)tarn__privileges_make_directory(identity, folder, transfers->log);
	return key_count > 0 ? load_library(transfers, settings) : 0;
}

static void start(struct tarn__transfers *transfers)
{
	transfers->is_started = true;
	ev_async_start(transfers->all.loop, &transfers->notified);
	tarn__shared_set_notify_taker(transfers->tarn->shared, &transfers->taker);
}

void tarn__transfers_settle(void *data)
{
	struct tarn__transfers *transfers = data;
	if (!transfers->has_next)
		return;
	struct tarn__transfer_zone *old = transfers->zones;
	size_t old_count = transfers->count;
	pthread_mutex_lock(&transfers->mutex);
	transfers->zones = transfers->next;
	transfers->count = transfers->next_count;
	pthread_mutex_unlock(&transfers->mutex);
	transfers->next = NULL;
	transfers->next_count = 0;
	transfers->has_next = false;
	resize_board(transfers);
	free_zones(old, old_count, transfers->zones, transfers->count);
	if (!transfers->is_started)
		start(transfers);
	for (size_t i = 0; i < transfers->count; i++)
		tarn__secondary_start(transfers->zones[i].secondary);
}

void tarn__transfers_network_changed(void *data)
{
	struct tarn__transfers *transfers = data;
	for (size_t i = 0; i < transfers->count; i++) {
		struct tarn__secondary *secondary = transfers->zones[i].secondary;
		if (tarn__secondary_state(secondary)->reason[0] != '\0')
			tarn__secondary_look(secondary);
	}
}

void tarn__transfers_stop(struct tarn__transfers *transfers)
{
	if (!transfers->tarn)
		return;
	forget_next(transfers);
	if (transfers->is_started) {
		tarn__shared_set_notify_taker(transfers->tarn->shared, NULL);
		ev_async_stop(transfers->all.loop, &transfers->notified);
	}
	free_zones(transfers->zones, transfers->count, NULL, 0);
	transfers->zones = NULL;
	transfers->count = 0;
	free(transfers->board.states);
	pthread_mutex_destroy(&transfers->mutex);
	pthread_mutex_destroy(&transfers->board.mutex);
	*transfers = (struct tarn__transfers){0};
}
