/* SPDX-License-Identifier: BSD-2-Clause */
/* net/shared.c: what all workers of a tarn share while they run. */
#include "net/shared.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/forward/findings.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/text.h"
#include "net/clock.h"
#include "net/stats_collector.h"

enum { LOG_LINE_MAX = TARN__FAULT_LINE_MAX };

void tarn__report(struct tarn *tarn, enum tarn_log_level level, const char *format, ...)
{
	if (!tarn->log)
		return;
	char line[LOG_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	tarn->log(tarn->log_arg, level, line);
}

/* ---- configurations ----------------------------------------------------------------------- */

void tarn__stale_configs_fini(struct tarn__stale_configs *stale_configs)
{
	while (stale_configs->count > 0)
		tarn__config_put(stale_configs->configs[--stale_configs->count]);
	free(stale_configs->configs);
	stale_configs->configs = NULL;
}

/*
 * Returns true if the cache may hold answers that came by this configuration and would not come by the
 * next.
 */
static bool is_to_keep(const struct tarn *tarn, const struct tarn__config *old,
		       const struct tarn__config *next)
{
	if (!tarn->is_taken || !tarn__config_moves_names(old, next))
		return false;
	for (size_t i = 0; i < tarn->stale_configs.count; i++) {
		if (!tarn__config_moves_names(old, tarn->stale_configs.configs[i]))
			return false;
	}
	return true;
}

static int keep_stale_config(struct tarn *tarn, struct tarn__config *config)
{
	struct tarn__stale_configs *stale_configs = &tarn->stale_configs;
	struct tarn__config **configs =
		realloc(stale_configs->configs, (stale_configs->count + 1) * sizeof(*configs));
	if (!configs)
		return TARN_ENOMEM;
	stale_configs->configs = configs;
	configs[stale_configs->count++] = tarn__config_get(config);
	return 0;
}

int tarn__set_config(struct tarn *tarn, struct tarn__config *config)
{
	if (!config)
		return errno == EINVAL ? TARN_EINVAL : TARN_ENOMEM;
	struct tarn__config *old = tarn->updates.config;
	tarn__config_take_over(config, old);
	if (is_to_keep(tarn, old, config) && keep_stale_config(tarn, old) != 0) {
		tarn__config_put(config);
		return TARN_ENOMEM;
	}
	/* Where no name moves, the cache has it from the one before. */
	tarn->is_taken = tarn->is_taken && !tarn__config_moves_names(old, config);
	tarn->updates.config = config;
	tarn__config_put(old);
	tarn__mailbox_post(&tarn->mailbox);
	return 0;
}

int tarn__distrust(struct tarn *tarn)
{
	int error = 0;
	pthread_mutex_lock(&tarn->mutex);
	if (tarn->updates.config->trust_ad) {
		error = tarn__set_config(tarn,
					 tarn__config_with_trust(tarn->updates.config, false));
		/* Loops that were found are of one configuration. */
		tarn->updates.forward_loops++;
	}
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

struct tarn__config *tarn__with_insecure(const struct tarn *tarn, struct tarn__config *config)
{
	if (tarn->insecure_count == 0)
		return tarn__config_get(config);
	return tarn__config_with_insecure(config, tarn->insecure, tarn->insecure_count);
}

int tarn__set_insecure(struct tarn *tarn, const struct tarn__name *names, size_t count)
{
	struct tarn__name *copy = malloc((count + 1) * sizeof(copy[0]));
	if (!copy)
		return TARN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		copy[i] = names[i];
	pthread_mutex_lock(&tarn->mutex);
	int error = tarn__set_config(tarn,
				     tarn__config_with_insecure(tarn->updates.config, copy, count));
	if (error == 0) {
		struct tarn__name *before = tarn->insecure;
		tarn->insecure = copy;
		tarn->insecure_count = count;
		copy = before;
	}
	pthread_mutex_unlock(&tarn->mutex);
	free(copy);
	return error;
}

int tarn__set_policy_data(struct tarn *tarn, const struct tarn__policy_data *data)
{
	pthread_mutex_lock(&tarn->mutex);
	int error = tarn__set_config(tarn, tarn__config_with_data(tarn->updates.config, data));
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

int tarn__set_zone(struct tarn *tarn, size_t index, const struct tarn_forward *section)
{
	pthread_mutex_lock(&tarn->mutex);
	int error = tarn__set_config(tarn,
				     tarn__config_with_zone(tarn->updates.config, index, section));
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

/* With the mutex held: a reference more. */
static struct tarn__config *take_config(struct tarn *tarn)
{
	tarn->is_taken = true;
	return tarn__config_get(tarn->updates.config);
}

struct tarn__config *tarn__get_config(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *config = take_config(tarn);
	pthread_mutex_unlock(&tarn->mutex);
	return config;
}

/* With the mutex held. Returns true if all workers have the present configuration. */
static bool have_all_applied(const struct tarn *tarn)
{
	const struct tarn__list *members = &tarn->members;
	for (struct tarn__list *node = members->next; node != members; node = node->next) {
		const struct tarn__member *member =
			TARN__CONTAINER(node, struct tarn__member, node);
		if (member->config != tarn->updates.config)
			return false;
	}
	return true;
}

void tarn__applied(struct tarn *tarn, struct tarn__member *member, struct tarn__config *config)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *old = member->config;
	member->config = config;
	/* One that has left is not among them, and may be behind. */
	bool is_last = config == tarn->updates.config && have_all_applied(tarn);
	if (is_last && member->stale_configs.count == 0) {
		free(member->stale_configs.configs);
		member->stale_configs = tarn->stale_configs;
		tarn->stale_configs = (struct tarn__stale_configs){0};
		tarn->dropping += member->stale_configs.count > 0;
	}
	pthread_mutex_unlock(&tarn->mutex);
	tarn__config_put(old);
}

void tarn__dropped(struct tarn *tarn, struct tarn__member *member)
{
	tarn__stale_configs_fini(&member->stale_configs);
	pthread_mutex_lock(&tarn->mutex);
	tarn->dropping--;
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__has_stale_answers(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	bool has_stale_answers = tarn->stale_configs.count > 0 || tarn->dropping > 0;
	pthread_mutex_unlock(&tarn->mutex);
	return has_stale_answers;
}

/* ---- certificates ------------------------------------------------------------------------- */

/* Makes the keys of tickets with the first certificates. */
static struct tarn__tls_ticket_keys *have_ticket_keys(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	if (!tarn->ticket_keys) {
		tarn->ticket_keys = tarn__tls_ticket_keys_new();
		tarn->rotation_ms = tarn__clock_ms() + TARN__TLS_ROTATION_MS;
	}
	struct tarn__tls_ticket_keys *keys = tarn->ticket_keys;
	pthread_mutex_unlock(&tarn->mutex);
	return keys;
}

static struct tarn__tls_server *make_tls_server(struct tarn *tarn,
						const struct tarn_certificate *certificates,
						size_t count, size_t *faulty,
						char fault[TARN__TLS_FAULT_MAX])
{
	struct tarn__tls_ticket_keys *keys = have_ticket_keys(tarn);
	struct tarn__tls_pair *pairs = calloc(count, sizeof(pairs[0]));
	struct tarn__tls_server *server = NULL;
	if (keys && pairs) {
		for (size_t i = 0; i < count; i++)
			pairs[i] = (struct tarn__tls_pair){.chain = certificates[i].chain,
							   .chain_len = certificates[i].chain_len,
							   .key = certificates[i].key,
							   .key_len = certificates[i].key_len};
		errno = EINVAL;
		server = tarn__tls_server_new(pairs, count, keys, (uint64_t)time(NULL), faulty,
					      fault);
	} else {
		errno = ENOMEM;
	}
	free(pairs);
	return server;
}

int tarn__set_certificates(struct tarn *tarn, const struct tarn_certificate *certificates,
			   size_t count, size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	*faulty = 0;
	if (count == 0) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "there is no certificate");
		return TARN_EINVAL;
	}
	if (!tarn__tls_is_built()) {
		snprintf(fault, TARN__TLS_FAULT_MAX,
			 "tarn was built without DNS over TLS (--with-openssl)");
		return TARN_EINVAL;
	}
	struct tarn__tls_server *server = make_tls_server(tarn, certificates, count, faulty, fault);
	if (!server)
		return errno == ENOMEM ? TARN_ENOMEM : TARN_EINVAL;
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__tls_server *before = tarn->tls_server;
	tarn->tls_server = server;
	pthread_mutex_unlock(&tarn->mutex);
	tarn__tls_server_put(before);
	return 0;
}

struct tarn__tls_server *tarn__get_tls_server(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__tls_server *server =
		tarn->tls_server ? tarn__tls_server_get(tarn->tls_server) : NULL;
	pthread_mutex_unlock(&tarn->mutex);
	return server;
}

uint64_t tarn__rotate_ticket_keys(struct tarn *tarn, uint64_t now_ms)
{
	pthread_mutex_lock(&tarn->mutex);
	/* After a suspend those that are over their time are dropped, too. */
	while (tarn->ticket_keys && tarn->rotation_ms <= now_ms) {
		tarn__tls_ticket_keys_rotate(tarn->ticket_keys);
		tarn->rotation_ms += TARN__TLS_ROTATION_MS;
	}
	uint64_t next_ms = tarn->ticket_keys ? tarn->rotation_ms : UINT64_MAX;
	pthread_mutex_unlock(&tarn->mutex);
	return next_ms;
}

/* ---- other updates ------------------------------------------------------------------------ */

void tarn__find_forward_loops(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->updates.forward_loops++;
	tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__takes_forward_loops(struct tarn *tarn, const struct tarn__member *member)
{
	pthread_mutex_lock(&tarn->mutex);
	bool is_first = tarn->members.next == &member->node;
	pthread_mutex_unlock(&tarn->mutex);
	return is_first;
}

void tarn__serves(struct tarn *tarn, struct tarn__member *member)
{
	pthread_mutex_lock(&tarn->mutex);
	bool was_serving = member->is_serving;
	member->is_serving = true;
	if (!was_serving)
		tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__listens(struct tarn *tarn, const struct tarn__member *member)
{
	const struct tarn__member *first = NULL;
	pthread_mutex_lock(&tarn->mutex);
	const struct tarn__list *members = &tarn->members;
	for (struct tarn__list *node = members->next; node != members; node = node->next) {
		const struct tarn__member *other = TARN__CONTAINER(node, struct tarn__member, node);
		if (!first || (other->is_serving && !first->is_serving))
			first = other;
	}
	pthread_mutex_unlock(&tarn->mutex);
	return first == member;
}

void tarn__report_forward_loop(void *arg, const struct tarn__config *config,
			       const struct tarn__zone_config *zone,
			       const struct tarn__endpoint *endpoint)
{
	struct tarn *tarn = arg;
	pthread_mutex_lock(&tarn->mutex);
	bool is_current = config->number == tarn->updates.config->number;
	pthread_mutex_unlock(&tarn->mutex);
	if (!is_current)
		return;
	bool is_root = zone->name_len == 1;
	char name[TARN__NAME_TEXT_MAX], text[TARN_ADDRESS_TEXT_MAX];
	tarn__report(tarn, TARN_LOG_WARNING, "not forwarding %s%sto %s: it forwards to tarn",
		     is_root ? "" : tarn__name_format(zone->name, name), is_root ? "" : " ",
		     tarn_address_format(&endpoint->address, text));
}

/* ---- what is wrong with servers ----------------------------------------------------------- */

void tarn__report_fault(struct tarn *tarn, const struct tarn__endpoint *endpoint, const char *fault,
			bool is_clock)
{
	char line[TARN__FAULT_LINE_MAX];
	pthread_mutex_lock(&tarn->mutex);
	bool is_told = tarn__fault_log_tell(&tarn->fault_log, endpoint, fault, is_clock,
					    tarn__clock_ms(), line);
	pthread_mutex_unlock(&tarn->mutex);
	if (is_told)
		tarn__report(tarn, TARN_LOG_WARNING, "%s", line);
}

void tarn__report_second(struct tarn *tarn, bool is_fault, const char *line)
{
	pthread_mutex_lock(&tarn->mutex);
	bool is_new = tarn__second_lines_say(&tarn->second_lines, is_fault, line);
	pthread_mutex_unlock(&tarn->mutex);
	if (is_new)
		tarn__report(tarn, is_fault ? TARN_LOG_WARNING : TARN_LOG_INFO, "%s", line);
}

/* ---- what validation finds ---------------------------------------------------------------- */

static void report_server(struct tarn *tarn, const struct tarn__finding *finding)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	tarn_address_format(finding->server, text);
	if (finding->is_over)
		tarn__report(tarn, TARN_LOG_INFO, "%s answers questions of DNSSEC again", text);
	else
		tarn__report(
			tarn, TARN_LOG_WARNING,
			"%s %s: it is asked for what is validated only if there is no other server",
			text,
			finding->error == TARN_ENODS ? "asks the child zone for its DS"
						     : "removes DNSSEC signatures");
}

static void report_anchor(struct tarn *tarn, const struct tarn__finding *finding)
{
	char zone[TARN__NAME_TEXT_MAX];
	tarn__name_format(finding->zone, zone);
	if (finding->is_over) {
		tarn__report(tarn, TARN_LOG_INFO, "the trust anchors of %s fit again", zone);
		return;
	}
	const char *hint = "";
	switch (finding->reason->code) {
	case TARN__EDE_DNSKEY_MISSING:
		hint = " (the anchors may be out of date)";
		break;
	case TARN__EDE_SIGNATURE_EXPIRED:
	case TARN__EDE_SIGNATURE_NOT_YET_VALID:
		hint = " (the clock may be wrong)";
		break;
	default:
		break;
	}
	tarn__report(tarn, TARN_LOG_ERR,
		     "the trust anchors of %s fit nothing, and all answers below it fail: %s%s",
		     zone, finding->reason->text, hint);
}

static void report_clock(struct tarn *tarn, const struct tarn__finding *finding)
{
	if (finding->is_over)
		tarn__report(tarn, TARN_LOG_INFO,
			     "the clock is plausible: the dates of signatures are checked");
	else
		tarn__report(tarn, TARN_LOG_WARNING,
			     "the clock cannot be right (%s): the dates of signatures are not "
			     "checked until it is after %s",
			     tarn__reason_date(finding->now_sec).text,
			     tarn__reason_date(finding->floor_sec).text);
}

void tarn__report_finding(void *tarn, const struct tarn__finding *finding)
{
	switch (finding->kind) {
	case TARN__FINDING_SERVER:
		report_server(tarn, finding);
		break;
	case TARN__FINDING_ANCHOR:
		report_anchor(tarn, finding);
		break;
	case TARN__FINDING_CLOCK:
		report_clock(tarn, finding);
		break;
	case TARN__FINDING_SECOND:
		tarn__report(tarn, finding->is_over ? TARN_LOG_INFO : TARN_LOG_WARNING, "%s",
			     finding->is_over ? "the second level answers again, and is asked"
					      : "the second level fails or does not answer: it is "
						"not asked until it does");
		break;
	}
}

void tarn__get_updates(struct tarn *tarn, struct tarn__updates *out)
{
	pthread_mutex_lock(&tarn->mutex);
	*out = tarn->updates;
	out->config = take_config(tarn);
	out->count = tarn__mailbox_count(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

/* ---- members ------------------------------------------------------------------------------ */

void tarn__join(struct tarn *tarn, struct tarn__member *member)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_append(&tarn->members, &member->node);
	pthread_mutex_unlock(&tarn->mutex);
	tarn__mailbox_subscribe(&tarn->mailbox, &member->subscriber);
}

void tarn__leave(struct tarn *tarn, struct tarn__member *member)
{
	tarn__mailbox_unsubscribe(&tarn->mailbox, &member->subscriber);
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_remove(&member->node);
	/* The others may have waited for it, to clear the cache, or one listens now in its place. */
	tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}
