/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/link.c: one worker's link to the second level: which connections there are, and what goes over which.
 *
 *	primary    puts, messages to all machines, and gets that must not be behind; with sentinels, where they say
 *	replica    all other gets, as long as it is up
 *	listener   messages of the channel, from the primary, if this link is the one that listens
 */
#include "net/second/link.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "core/second/second_config.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/second/report.h"
#include "net/second/replies.h"
#include "net/second/requests.h"
#include "net/second/sentinel.h"
#include "net/second/session.h"

struct tarn__second_link {
	struct ev_loop *loop;
	struct tarn__second_config *config;
	struct tarn__second_events events;
	struct tarn__random random;
	struct tarn__second_place primary_place, replica_place;
	struct tarn__second_session *primary, *replica, *listener; /* NULL: none */
	struct tarn__second_sentinels *sentinels; /* NULL: none */
	struct tarn__second_requests requests;
	struct tarn__second_report primary_report, replica_report, listener_report, sentinel_report;
	unsigned kinds; /* of errors that have been reported since it is up: bits */
	unsigned depth; /* calls of core/ under way that may free it */
	bool listens;
};

/* ---- around calls that may free it -------------------------------------------------------- */

static void enter(struct tarn__second_link *link)
{
	link->depth++;
}

static void leave(struct tarn__second_link *link)
{
	if (--link->depth > 0 || !link->requests.is_freed)
		return;
	tarn__second_requests_fini(&link->requests);
	free(link);
}

static void report(struct tarn__second_link *link, bool is_fault, const char *line)
{
	link->events.report(link->events.arg, is_fault, line);
}

/* ---- sessions ----------------------------------------------------------------------------- */

static struct tarn__second_session *new_session(struct tarn__second_link *link,
						const struct tarn__second_place *place,
						const char *channel,
						const struct tarn__second_session_events *events)
{
	const struct tarn__second_session_options options = {.loop = link->loop,
							     .config = link->config,
							     .place = *place,
							     .channel = channel,
							     .random = &link->random,
							     .now_ms = tarn__clock_ms,
							     .events = *events,
							     .arg = link};
	return tarn__second_session_new(&options);
}

static void on_replica_up(void *arg)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	if (tarn__second_report_up(&link->replica_report, &link->replica_place, line))
		report(link, false, line);
}

static void on_replica_failed(void *arg, bool was_up, const char *reason)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	if (tarn__second_report_fault(&link->replica_report, &link->replica_place, was_up, reason,
				      line))
		report(link, true, line);
}

static void on_listener_up(void *arg)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	if (tarn__second_report_up(&link->listener_report, &link->primary_place, line))
		report(link, false, line);
}

static void on_listener_failed(void *arg, bool was_up, const char *reason)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	/* Where the store itself is lost that says it all. */
	if (tarn__second_session_is_up(link->primary) &&
	    tarn__second_report_fault(&link->listener_report, &link->primary_place, was_up, reason,
				      line))
		report(link, true, line);
}

static void on_listener_message(void *arg, const uint8_t *message, size_t len)
{
	struct tarn__second_link *link = arg;
	link->events.message(link->events.arg, message, len);
}

static void set_listener(struct tarn__second_link *link)
{
	static const struct tarn__second_session_events events = {
		.up = on_listener_up, .failed = on_listener_failed, .message = on_listener_message};
	bool is_wanted = link->listens && link->primary;
	if (is_wanted && !link->listener) {
		link->listener =
			new_session(link, &link->primary_place, link->config->channel, &events);
	} else if (!is_wanted) {
		tarn__second_session_free(link->listener);
		link->listener = NULL;
	}
}

static void on_primary_up(void *arg)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	link->kinds = 0;
	link->requests.uses_get = false;
	if (tarn__second_report_up(&link->primary_report, &link->primary_place, line))
		report(link, false, line);
	link->events.connected(link->events.arg);
}

/* What is outstanding over the replica ends, too: core/ has lost the second level as a whole. */
static void tell_lost(struct tarn__second_link *link)
{
	enter(link);
	tarn__second_requests_close(&link->requests);
	if (!link->requests.is_freed)
		link->events.lost(link->events.arg);
	leave(link);
}

static void on_primary_failed(void *arg, bool was_up, const char *reason)
{
	struct tarn__second_link *link = arg;
	char line[TARN__SECOND_LINE_MAX];
	if (tarn__second_report_fault(&link->primary_report, &link->primary_place, was_up, reason,
				      line))
		report(link, true, line);
	tarn__second_sentinels_ask(link->sentinels);
	if (was_up)
		tell_lost(link);
}

static int set_primary(struct tarn__second_link *link)
{
	static const struct tarn__second_session_events events = {.up = on_primary_up,
								  .failed = on_primary_failed};
	link->primary = new_session(link, &link->primary_place, NULL, &events);
	if (!link->primary)
		return TARN_ENOMEM;
	set_listener(link);
	return 0;
}

/* ---- sentinels ---------------------------------------------------------------------------- */

/* Another primary: all that leads to the one before is closed. */
static void change_primary(struct tarn__second_link *link, const struct tarn_address *primary)
{
	bool was_up = tarn__second_session_is_up(link->primary);
	tarn__second_requests_abandon(&link->requests, link->primary);
	tarn__second_session_free(link->primary);
	tarn__second_session_free(link->listener);
	link->primary = link->listener = NULL;
	link->primary_place.address = *primary;
	link->primary_report.is_up = false;
	(void)set_primary(link);
	if (was_up)
		tell_lost(link);
}

static void on_found(void *arg, const struct tarn_address *primary)
{
	struct tarn__second_link *link = arg;
	link->sentinel_report.count = 0;
	if (!link->primary || !tarn_address_is_equal(primary, &link->primary_place.address))
		change_primary(link, primary);
}

static void on_sentinel_failed(void *arg, const struct tarn_address *sentinel, const char *reason)
{
	struct tarn__second_link *link = arg;
	const struct tarn__second_place place = {.address = *sentinel};
	char line[TARN__SECOND_LINE_MAX];
	if (tarn__second_report_fault(&link->sentinel_report, &place, false, reason, line))
		report(link, true, line);
}

/* ---- errors of the store ------------------------------------------------------------------ */

static void on_error(void *arg, enum tarn__second_result kind,
		     const struct tarn__second_reply *reply)
{
	struct tarn__second_link *link = arg;
	char reason[TARN__SECOND_FAULT_MAX], line[TARN__SECOND_LINE_MAX];
	/* It is a replica now, or has lost its primary. */
	if (kind == TARN__SECOND_READ_ONLY || tarn__second_error_is(reply, "MASTERDOWN"))
		tarn__second_sentinels_ask(link->sentinels);
	if (link->kinds & 1u << kind)
		return;
	link->kinds |= 1u << kind;
	tarn__second_explain(reply, reason);
	if (tarn__second_report_fault(&link->primary_report, &link->primary_place, false, reason,
				      line))
		report(link, true, line);
}

/* ---- a link's life ------------------------------------------------------------------------ */

static bool has_address(const struct tarn_address *address)
{
	return address->sa.sa_family != AF_UNSPEC;
}

/* Returns false if out of memory. */
static bool open_all(struct tarn__second_link *link)
{
	static const struct tarn__second_session_events replica = {.up = on_replica_up,
								   .failed = on_replica_failed};
	static const struct tarn__second_sentinels_events sentinels = {
		.found = on_found, .failed = on_sentinel_failed};
	const struct tarn__second_config *config = link->config;
	if (has_address(&config->replica)) {
		link->replica = new_session(link, &link->replica_place, NULL, &replica);
		if (!link->replica)
			return false;
	}
	if (config->sentinel_count == 0)
		return set_primary(link) == 0;
	link->sentinels =
		tarn__second_sentinels_new(link->loop, config, &link->random, &sentinels, link);
	return link->sentinels;
}

struct tarn__second_link *tarn__second_link_new(struct ev_loop *loop,
						struct tarn__second_config *config,
						const struct tarn__second_events *events)
{
	struct tarn__second_link *link = calloc(1, sizeof *link);
	if (!link)
		return NULL;
	link->loop = loop;
	link->config = config;
	link->events = *events;
	link->primary_place = (struct tarn__second_place){.address = config->server,
							  .path = config->socket,
							  .tls = config->tls_client,
							  .name = config->name};
	link->replica_place = link->primary_place;
	link->replica_place.address = config->replica;
	link->replica_place.path = NULL;
	link->primary_report.what = "the second level";
	link->replica_report.what = "the replica of the second level";
	link->listener_report.what = "the channel of the second level";
	link->listener_report.is_quiet = true;
	link->sentinel_report.what = "the sentinel of the second level";
	tarn__second_requests_init(&link->requests);
	link->requests.failed = on_error;
	link->requests.arg = link;
	if (open_all(link))
		return link;
	tarn__second_link_free(link);
	return NULL;
}

void tarn__second_link_free(struct tarn__second_link *link)
{
	if (!link)
		return;
	tarn__second_session_free(link->primary);
	tarn__second_session_free(link->replica);
	tarn__second_session_free(link->listener);
	tarn__second_sentinels_free(link->sentinels);
	link->primary = link->replica = link->listener = NULL;
	link->sentinels = NULL;
	link->requests.is_freed = true;
	enter(link);
	leave(link);
}

void tarn__second_link_listen(struct tarn__second_link *link, bool listens)
{
	link->listens = listens;
	set_listener(link);
}

bool tarn__second_link_flush(struct tarn__second_link *link)
{
	if (!link)
		return false;
	enter(link);
	bool has_called = tarn__second_session_flush(link->primary);
	has_called |= tarn__second_session_flush(link->replica);
	has_called |= tarn__second_session_flush(link->listener);
	has_called |= tarn__second_sentinels_flush(link->sentinels);
	leave(link);
	return has_called;
}

/* ---- requests ----------------------------------------------------------------------------- */

/* A lease is taken where values are put, and in the same write as the get. */
int tarn__second_link_get(struct tarn__second_link *link, struct tarn_second_get *get)
{
	bool is_for_replica = get->key && !get->from_primary && !get->lease;
	if (!tarn__second_session_is_up(link->primary))
		return TARN_EUNREACHABLE;
	struct tarn__second_session *session =
		is_for_replica && tarn__second_session_is_up(link->replica) ? link->replica
									    : link->primary;
	return tarn__second_requests_get(&link->requests, session, get);
}

void tarn__second_link_cancel(struct tarn__second_link *link, struct tarn_second_get *get)
{
	tarn__second_requests_cancel(&link->requests, get);
}

int tarn__second_link_put(struct tarn__second_link *link, const struct tarn_second_put *put)
{
	return tarn__second_requests_put(&link->requests, link->primary, put);
}

int tarn__second_link_publish(struct tarn__second_link *link,
			      const struct tarn_second_publication *publication)
{
	return tarn__second_requests_publish(&link->requests, link->primary, link->config->channel,
					     publication);
}
