/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/transfer/secondary.c: a zone and its primaries. */
#include "config.h"

#include "daemon/transfer/secondary.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "daemon/system/memory.h"
#include "daemon/transfer/timing.h"
#include "dns/text.h"

struct tarn__secondary {
	struct tarn__secondaries *all;
	/* Immutable. */
	struct tarn__name zone;
	char *path, *interface;
	struct tarn__addresses primaries;
	struct tarn_source source;
	bool has_key;
	struct tarn__tsig_key key;

	struct tarn__transfer_state state;
	struct tarn__soa soa; /* if the state has a zone */
	struct tarn__list node; /* of all->waiting */
	enum { IDLE, WAITING, ASKING, CHANGES, WHOLE, UPDATING } phase;
	bool is_started;
	bool is_to_look_again; /* a NOTIFY came in the meantime */
	size_t primary; /* that is asked, or asked next */
	size_t tries; /* primaries that have failed since the look began */
	unsigned failures; /* looks that have failed in a row */
	char failed[TARN__TRANSFER_REASON_MAX]; /* why, by the last primary */
	ev_tstamp looked_at; /* the loop's time of the last look */
	ev_timer due; /* the next look, or the next step of an update */
	/* Of a look. */
	struct tarn__session *session;
	struct tarn__zone_writer *writer;
	struct tarn__changes *changes;
	struct tarn__update *update;
	bool is_whole; /* what comes */
	bool is_too_much; /* for changes */
	size_t removed, added; /* changes */
	struct tarn__soa next; /* of what comes */
	ev_tstamp began;
};

static void begin(struct tarn__secondary *);
static void wait_for(struct tarn__secondary *, double sec);

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

static void changed(const struct tarn__secondary *secondary)
{
	secondary->all->changed(secondary->all->data);
}

/* ---- places ---------------------------------------------------------------------------------- */

static bool is_running(const struct tarn__secondary *secondary)
{
	return secondary->phase > WAITING;
}

static void take_place(struct tarn__secondary *secondary)
{
	secondary->all->running++;
	begin(secondary);
}

/* The next one takes it from the loop: attempts that fail at once must not pile up on the stack. */
static void give_place(struct tarn__secondaries *all)
{
	all->running--;
	struct tarn__list *node = tarn__list_take(&all->waiting);
	if (!node)
		return;
	struct tarn__secondary *next = TARN__CONTAINER(node, struct tarn__secondary, node);
	next->phase = IDLE;
	wait_for(next, 0);
}

/* Frees what a step has made. */
static void end_step(struct tarn__secondary *secondary)
{
	tarn__session_free(secondary->session);
	tarn__update_free(secondary->update);
	tarn__zone_writer_free(secondary->writer);
	tarn__changes_free(secondary->changes);
	secondary->session = NULL;
	secondary->update = NULL;
	secondary->writer = NULL;
	secondary->changes = NULL;
}

/* ---- when ------------------------------------------------------------------------------------ */

static void wait_for(struct tarn__secondary *secondary, double sec)
{
	struct ev_loop *loop = secondary->all->loop;
	ev_now_update(loop);
	ev_timer_stop(loop, &secondary->due);
	ev_timer_set(&secondary->due, sec, 0);
	ev_timer_start(loop, &secondary->due);
	secondary->state.next_s = wall_clock() + (int64_t)sec;
}

static void want_place(struct tarn__secondary *secondary)
{
	struct tarn__secondaries *all = secondary->all;
	ev_timer_stop(all->loop, &secondary->due);
	secondary->state.next_s = wall_clock();
	if (all->running < TARN__SECONDARY_AT_ONCE) {
		take_place(secondary);
		return;
	}
	secondary->phase = WAITING;
	tarn__list_append(&all->waiting, &secondary->node);
}

/* The look has ended, and the next one is due after that time. */
static void rest(struct tarn__secondary *secondary, uint32_t sec)
{
	bool was_transfer = secondary->phase != ASKING;
	end_step(secondary);
	secondary->phase = IDLE;
	wait_for(secondary, secondary->is_to_look_again ? TARN__SECONDARY_NOTIFY_SEC : sec);
	secondary->is_to_look_again = false;
	if (was_transfer)
		tarn__memory_trim();
	changed(secondary);
	give_place(secondary->all);
}

/* ---- failures -------------------------------------------------------------------------------- */

static const struct tarn_address *primary_of(const struct tarn__secondary *secondary)
{
	return &secondary->primaries.items[secondary->primary];
}

static void look_at_expiry(struct tarn__secondary *secondary)
{
	struct tarn__transfer_state *state = &secondary->state;
	if (!state->has_zone || state->is_expired ||
	    !tarn__timing_is_expired(&secondary->soa, state->confirmed_s, wall_clock()))
		return;
	state->is_expired = true;
	tarn__log(secondary->all->log, TARN_LOG_WARNING,
		  "rpz \"%s\": serial %u has expired: no primary has confirmed it for %u s; its "
		  "rules "
		  "stay in force",
		  state->name, (unsigned)state->serial, (unsigned)secondary->soa.expire);
}

/* No primary could be used. What is said once is not said again. */
static void give_up(struct tarn__secondary *secondary)
{
	struct tarn__transfer_state *state = &secondary->state;
	uint32_t sec =
		tarn__timing_retry(state->has_zone ? &secondary->soa : NULL, ++secondary->failures);
	bool is_known = strcmp(state->reason, secondary->failed) == 0;
	tarn__log(secondary->all->log, is_known ? TARN_LOG_DEBUG : TARN_LOG_WARNING,
		  "rpz \"%s\": no transfer: %s; %s; the next attempt is in %u s", state->name,
		  secondary->failed,
		  state->has_zone ? "its rules stay in force" : "it has no rules yet",
		  (unsigned)sec);
	strcpy(state->reason, secondary->failed);
	state->results[TARN__TRANSFER_FAILED]++;
	look_at_expiry(secondary);
	rest(secondary, sec);
}

/* The next primary is asked from the start. */
__attribute__((format(printf, 2, 3))) static void fail(struct tarn__secondary *secondary,
						       const char *format, ...)
{
	char reason[TARN__TRANSFER_REASON_MAX / 2], address[TARN_ADDRESS_TEXT_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	snprintf(secondary->failed, sizeof(secondary->failed), "%s: %s",
		 tarn_address_format(primary_of(secondary), address), reason);
	end_step(secondary);
	secondary->primary = (secondary->primary + 1) % secondary->primaries.count;
	if (++secondary->tries < secondary->primaries.count)
		begin(secondary);
	else
		give_up(secondary);
}

/* ---- successes ------------------------------------------------------------------------------- */

static void succeed(struct tarn__secondary *secondary, enum tarn__transfer_result result)
{
	struct tarn__transfer_state *state = &secondary->state;
	if (state->reason[0] != '\0' || state->is_expired)
		tarn__log(secondary->all->log, TARN_LOG_INFO, "rpz \"%s\": %s confirms serial %u",
			  state->name, state->primary, (unsigned)secondary->soa.serial);
	state->reason[0] = '\0';
	state->is_expired = false;
	state->confirmed_s = wall_clock();
	state->results[result]++;
	secondary->failures = 0;
	rest(secondary, tarn__timing_refresh(&secondary->soa));
}

/* A new file is in place. */
static void take_zone(struct tarn__secondary *secondary, enum tarn__transfer_result result)
{
	struct tarn__transfer_state *state = &secondary->state;
	secondary->soa = secondary->next;
	state->has_zone = true;
	state->serial = secondary->soa.serial;
	state->transferred_s = wall_clock();
	succeed(secondary, result);
}

static double seconds_since(const struct tarn__secondary *secondary)
{
	ev_now_update(secondary->all->loop);
	return ev_now(secondary->all->loop) - secondary->began;
}

static void finish_whole(struct tarn__secondary *secondary)
{
	size_t left_out, count = tarn__zone_writer_count(secondary->writer, &left_out);
	if (!tarn__zone_writer_finish(secondary->writer)) {
		fail(secondary, "%s", tarn__zone_writer_fault(secondary->writer));
		return;
	}
	const struct tarn__transfer_state *state = &secondary->state;
	tarn__log(secondary->all->log, TARN_LOG_INFO,
		  "rpz \"%s\": serial %u of %s: %zu records in %.2f s (AXFR)", state->name,
		  (unsigned)secondary->next.serial, state->primary, count,
		  seconds_since(secondary));
	if (left_out > 0)
		tarn__log(secondary->all->log, TARN_LOG_WARNING,
			  "rpz \"%s\": %zu records are left out: they have too much text",
			  state->name, left_out);
	take_zone(secondary, TARN__TRANSFER_AXFR);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void ask(struct tarn__secondary *, int phase);

/* The changes cannot be used: the same primary is asked for the whole zone. */
static void fall_back(struct tarn__secondary *secondary, const char *reason)
{
	tarn__log(secondary->all->log, TARN_LOG_INFO,
		  "rpz \"%s\": no changes since serial %u from %s: %s; asking for the whole zone",
		  secondary->state.name, (unsigned)secondary->soa.serial, secondary->state.primary,
		  reason);
	end_step(secondary);
	ask(secondary, WHOLE);
}

static void finish_update(struct tarn__secondary *secondary)
{
	tarn__log(secondary->all->log, TARN_LOG_INFO,
		  "rpz \"%s\": serial %u of %s: %zu records removed, %zu added, %zu in all, in "
		  "%.2f s (IXFR)",
		  secondary->state.name, (unsigned)secondary->next.serial, secondary->state.primary,
		  secondary->removed, secondary->added, tarn__update_count(secondary->update),
		  seconds_since(secondary));
	take_zone(secondary, TARN__TRANSFER_IXFR);
}

static void continue_update(struct tarn__secondary *secondary)
{
	char fault[TARN__TRANSFER_REASON_MAX / 2];
	enum tarn__update_result result = tarn__update_step(secondary->update);
	if (result == TARN__UPDATE_MORE) {
		wait_for(secondary, 0);
		return;
	}
	if (result == TARN__UPDATE_DONE) {
		finish_update(secondary);
		return;
	}
	snprintf(fault, sizeof(fault), "%s", tarn__update_fault(secondary->update));
	if (result == TARN__UPDATE_MISFIT)
		fall_back(secondary, fault);
	else
		fail(secondary, "%s", fault);
}

static void begin_update(struct tarn__secondary *secondary)
{
	secondary->update =
		tarn__update_new(secondary->path, secondary->changes, secondary->writer);
	int error = errno;
	secondary->changes = NULL;
	secondary->writer = NULL;
	if (!secondary->update) {
		fall_back(secondary, strerror(error));
		return;
	}
	tarn__session_free(secondary->session);
	secondary->session = NULL;
	secondary->phase = UPDATING;
	wait_for(secondary, 0);
}

/* ---- what a session brings ------------------------------------------------------------------- */

static bool on_begin(void *data, bool is_whole, const struct tarn__zone_record *soa)
{
	struct tarn__secondary *secondary = data;
	uint8_t key[TARN__SIPHASH_KEY_LEN];
	secondary->is_whole = is_whole;
	tarn__soa_read(soa->rdata, soa->rdata_len, &secondary->next);
	if (!is_whole) {
		tarn__random_fill(&secondary->all->random, key, sizeof(key));
		secondary->changes = tarn__changes_new(key);
	}
	secondary->writer = tarn__zone_writer_new(secondary->path);
	if (!secondary->writer)
		snprintf(secondary->failed, sizeof(secondary->failed), "%s", strerror(errno));
	return secondary->writer && tarn__zone_writer_add(secondary->writer, soa) &&
	       (is_whole || secondary->changes);
}

static bool note(struct tarn__secondary *secondary, bool is_added,
		 const struct tarn__zone_record *record)
{
	size_t *count = is_added ? &secondary->added : &secondary->removed;
	++*count;
	secondary->is_too_much = !tarn__changes_note(secondary->changes, is_added, record);
	return !secondary->is_too_much;
}

static bool on_add(void *data, const struct tarn__zone_record *record)
{
	struct tarn__secondary *secondary = data;
	return secondary->is_whole ? tarn__zone_writer_add(secondary->writer, record)
				   : note(secondary, true, record);
}

static bool on_remove(void *data, const struct tarn__zone_record *record)
{
	return note(data, false, record);
}

/* The primary's serial is known. */
static void take_serial(struct tarn__secondary *secondary, uint32_t serial)
{
	if (tarn__serial_is_newer(serial, secondary->soa.serial)) {
		end_step(secondary);
		ask(secondary, CHANGES);
		return;
	}
	if (serial != secondary->soa.serial)
		tarn__log(secondary->all->log, TARN_LOG_WARNING,
			  "rpz \"%s\": %s has serial %u, which is not newer than %u: nothing is "
			  "transferred",
			  secondary->state.name, secondary->state.primary, (unsigned)serial,
			  (unsigned)secondary->soa.serial);
	succeed(secondary, TARN__TRANSFER_CURRENT);
}

static void take_whole_response(struct tarn__secondary *secondary, const struct tarn__soa *soa)
{
	if (secondary->phase == ASKING)
		take_serial(secondary, soa->serial);
	else if (secondary->is_whole)
		finish_whole(secondary);
	else
		begin_update(secondary);
}

/* A callback has stopped the transfer: too many changes, or the file. */
static void take_stop(struct tarn__secondary *secondary)
{
	char fault[TARN__TRANSFER_REASON_MAX];
	if (secondary->is_too_much) {
		fall_back(secondary, "there are too many");
		return;
	}
	const char *reason =
		secondary->writer ? tarn__zone_writer_fault(secondary->writer) : secondary->failed;
	snprintf(fault, sizeof(fault), "%s", reason ? reason : strerror(ENOMEM));
	fail(secondary, "cannot write the zone: %.60s", fault);
}

static void on_done(void *data, enum tarn__xfr_result result, const struct tarn__soa *soa,
		    const char *reason)
{
	struct tarn__secondary *secondary = data;
	char copy[TARN__XFR_REASON_MAX]; /* the session may go */
	snprintf(copy, sizeof(copy), "%s", reason);
	switch (result) {
	case TARN__XFR_ENDED:
		take_whole_response(secondary, soa);
		break;
	case TARN__XFR_UP_TO_DATE:
		succeed(secondary, TARN__TRANSFER_CURRENT);
		break;
	case TARN__XFR_FALL_BACK:
		fall_back(secondary, copy);
		break;
	case TARN__XFR_STOPPED:
		take_stop(secondary);
		break;
	default:
		fail(secondary, "%s", copy);
	}
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask(struct tarn__secondary *secondary, int phase)
{
	static const struct tarn__xfr_callbacks callbacks = {on_begin, on_add, on_remove};
	struct tarn__secondaries *all = secondary->all;
	secondary->phase = phase;
	secondary->is_too_much = false;
	secondary->removed = secondary->added = 0;
	tarn_address_format(primary_of(secondary), secondary->state.primary);
	const struct tarn__session_options options = {
		.loop = all->loop,
		.primary = primary_of(secondary),
		.source = &secondary->source,
		.key = secondary->has_key ? &secondary->key : NULL,
		.kind = phase == ASKING	   ? TARN__XFR_SOA
			: phase == CHANGES ? TARN__XFR_IXFR
					   : TARN__XFR_AXFR,
		.id = (uint16_t)tarn__random_below(&all->random, UINT16_MAX + 1),
		.zone = &secondary->zone,
		.serial = secondary->soa.serial,
		.callbacks = &callbacks,
		.done = on_done,
		.data = secondary};
	secondary->session = tarn__session_new(&options);
	if (!secondary->session)
		fail(secondary, "%s", strerror(errno));
}

/* A place has been taken, or the next primary is tried. */
static void begin(struct tarn__secondary *secondary)
{
	struct ev_loop *loop = secondary->all->loop;
	if (!is_running(secondary)) {
		secondary->tries = 0;
		ev_now_update(loop);
		secondary->looked_at = secondary->began = ev_now(loop);
	}
	/* The file may have been removed. */
	bool has_file = secondary->state.has_zone && access(secondary->path, F_OK) == 0;
	ask(secondary, has_file ? ASKING : WHOLE);
}

static void on_due(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__secondary *secondary = timer->data;
	if (secondary->phase == UPDATING)
		continue_update(secondary);
	else
		want_place(secondary);
}

/* ---- from start to end ----------------------------------------------------------------------- */

static bool copy_options(struct tarn__secondary *secondary,
			 const struct tarn__secondary_options *options)
{
	const char *interface = options->source.interface;
	secondary->zone.len = tarn__name_parse(options->name, secondary->zone.octets);
	tarn__name_fold(secondary->zone.octets, secondary->zone.octets, secondary->zone.len);
	snprintf(secondary->state.name, sizeof(secondary->state.name), "%s", options->name);
	secondary->primaries = options->primaries;
	secondary->source = options->source;
	secondary->path = strdup(options->path);
	secondary->interface = interface ? strdup(interface) : NULL;
	secondary->source.interface = secondary->interface;
	secondary->has_key = options->key != NULL;
	if (options->key)
		secondary->key = *options->key;
	return secondary->path && (!interface || secondary->interface);
}

struct tarn__secondary *tarn__secondary_new(struct tarn__secondaries *all,
					    const struct tarn__secondary_options *options)
{
	struct tarn__secondary *secondary = calloc(1, sizeof(*secondary));
	if (!secondary)
		return NULL;
	secondary->all = all;
	tarn__list_init(&secondary->node);
	ev_timer_init(&secondary->due, on_due, 0, 0);
	secondary->due.data = secondary;
	if (copy_options(secondary, options))
		return secondary;
	tarn__secondary_free(secondary);
	return NULL;
}

void tarn__secondary_free(struct tarn__secondary *secondary)
{
	if (!secondary)
		return;
	struct tarn__secondaries *all = secondary->all;
	bool had_place = is_running(secondary);
	end_step(secondary);
	tarn__list_remove(&secondary->node);
	ev_timer_stop(all->loop, &secondary->due);
	free(secondary->path);
	free(secondary->interface);
	explicit_bzero(&secondary->key, sizeof(secondary->key));
	free(secondary);
	if (had_place)
		give_place(all);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_key(const struct tarn__secondary *secondary, const struct tarn__tsig_key *key)
{
	if (!key || !secondary->has_key)
		return !key && !secondary->has_key;
	const struct tarn__tsig_key *own = &secondary->key;
	return own->name.len == key->name.len && own->secret_len == key->secret_len &&
	       memcmp(own->name.octets, key->name.octets, key->name.len) == 0 &&
	       memcmp(own->secret, key->secret, key->secret_len) == 0;
}

bool tarn__secondary_has(const struct tarn__secondary *secondary,
			 const struct tarn__secondary_options *options)
{
	const struct tarn_source *source = &secondary->source, *other = &options->source;
	return strcmp(secondary->state.name, options->name) == 0 &&
	       strcmp(secondary->path, options->path) == 0 &&
	       tarn__addresses_is_equal(&secondary->primaries, &options->primaries) &&
	       tarn_address_is_equal(&source->ipv4, &other->ipv4) &&
	       tarn_address_is_equal(&source->ipv6, &other->ipv6) &&
	       is_same_text(source->interface, other->interface) &&
	       is_same_key(secondary, options->key);
}

static void take_file(struct tarn__secondary *secondary)
{
	struct tarn__transfer_state *state = &secondary->state;
	struct tarn__zone_file_head head;
	if (!tarn__zone_file_read_head(secondary->path, &secondary->zone, &head))
		return;
	secondary->soa = head.soa;
	state->has_zone = true;
	state->serial = head.soa.serial;
	state->transferred_s = state->confirmed_s = head.written_s;
	tarn__log(secondary->all->log, TARN_LOG_INFO, "rpz \"%s\": serial %u, transferred before",
		  state->name, (unsigned)state->serial);
}

void tarn__secondary_start(struct tarn__secondary *secondary)
{
	if (secondary->is_started)
		return;
	secondary->is_started = true;
	take_file(secondary);
	wait_for(secondary, 0);
	changed(secondary);
}

void tarn__secondary_look(struct tarn__secondary *secondary)
{
	struct ev_loop *loop = secondary->all->loop;
	if (secondary->phase != IDLE) {
		secondary->is_to_look_again = is_running(secondary);
		return;
	}
	ev_now_update(loop);
	double rest_sec = secondary->looked_at + TARN__SECONDARY_NOTIFY_SEC - ev_now(loop);
	wait_for(secondary, rest_sec > 0 ? rest_sec : 0);
}

const struct tarn__transfer_state *tarn__secondary_state(const struct tarn__secondary *secondary)
{
	return &secondary->state;
}

const struct tarn__name *tarn__secondary_zone(const struct tarn__secondary *secondary)
{
	return &secondary->zone;
}

const struct tarn__tsig_key *tarn__secondary_key(const struct tarn__secondary *secondary)
{
	return secondary->has_key ? &secondary->key : NULL;
}

bool tarn__secondary_has_primary(const struct tarn__secondary *secondary,
				 const struct tarn_address *address)
{
	size_t len, primary_len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	for (size_t i = 0; i < secondary->primaries.count; i++) {
		const uint8_t *primary =
			tarn__address_octets(&secondary->primaries.items[i], &primary_len);
		if (len == primary_len && memcmp(octets, primary, len) == 0)
			return true;
	}
	return false;
}
