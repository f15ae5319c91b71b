/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/checking.c: checks of messages, and what they wait for. */
#include "core/forward/checking.h"

#include <stdlib.h>
#include <string.h>

#include "core/forward/findings.h"
#include "core/forward/forwarder.h"
#include "dns/answer.h"

/* What a need came to. It may not be in the cache: its TTL may have been 0. */
struct tarn__known_names {
	struct tarn__known_names *next;
	struct tarn__name name;
	size_t len;
	uint8_t octets[];
};

/* ---- what is known ---------------------------------------------------------------------- */

/* The lookups of a check. */
struct finder {
	struct tarn__forwarder *forwarder;
	const struct tarn__checking *checking; /* NULL: it has not waited */
};

static bool find_delivered(const struct tarn__checking *checking, const uint8_t *name, size_t len,
			   struct tarn__trust *out)
{
	const struct tarn__known_names *it = checking ? checking->known : NULL;
	for (; it; it = it->next) {
		if (it->name.len == len && tarn__name_is_equal(it->name.octets, name, len))
			return tarn__trust_read(it->octets, it->len, out);
	}
	return false;
}

/*
 * The get that follows a peek starts a lookup in the last part of the entry's life, so that busy zones
 * never wait for their chain. If the entry has gone meanwhile, the lookup is of use as well.
 */
static bool find_cached(struct tarn__forwarder *forwarder, const uint8_t *name, size_t len,
			struct tarn__trust *out)
{
	uint8_t key[TARN__KEY_MAX];
	size_t key_len = tarn__key_write_trust(name, len, key);
	struct rtcache_value value;
	if (rtcache_peek(forwarder->client, key, key_len, false, &value) != 1 ||
	    !tarn__trust_read(value.data, value.len, out))
		return false;
	struct rtcache_request request = {0};
	struct rtcache_value again;
	if (rtcache_get(forwarder->client, &request, key, key_len, 0, forwarder->extra, &again) ==
	    0)
		rtcache_cancel(forwarder->client, &request);
	return true;
}

static bool find(void *data, const uint8_t *name, size_t len, struct tarn__trust *out)
{
	const struct finder *finder = data;
	return find_delivered(finder->checking, name, len, out) ||
	       find_cached(finder->forwarder, name, len, out);
}

/* Keeps what a need came to. Returns 0 or an error. */
static int keep_known(struct tarn__checking *checking, const struct tarn__name *name,
		      const struct rtcache_value *value)
{
	if (!value->data)
		return value->error;
	/* An expired chain proves nothing; that it cannot be renewed has a reason of the network. */
	if (value->status == RTCACHE_STALE)
		return TARN_ETIMEOUT;
	struct tarn__known_names *known = malloc(sizeof *known + value->len);
	if (!known)
		return TARN_ENOMEM;
	known->name = *name;
	known->len = value->len;
	memcpy(known->octets, value->data, value->len);
	known->next = checking->known;
	checking->known = known;
	return 0;
}

/* ---- running ---------------------------------------------------------------------------- */

uint32_t tarn__checking_now(const struct tarn__forwarder *forwarder, bool *ignores_dates)
{
	uint32_t now = forwarder->io->wall_sec(forwarder->io->data);
	uint32_t floor = forwarder->config->clock_floor_sec;
	*ignores_dates = now < floor;
	tarn__findings_clock(forwarder->findings, now, floor);
	return now;
}

enum tarn__check_step tarn__checking_run(struct tarn__forwarder *forwarder,
					 struct tarn__checking *checking, struct tarn__check *check,
					 struct tarn__response *response,
					 const struct tarn__checking_how *how)
{
	struct finder finder = {.forwarder = forwarder, .checking = checking};
	const struct tarn__known known = {.data = &finder, .find = find};
	struct tarn__check_input input = {
		.response = response,
		.anchors = forwarder->config->anchors,
		.known = &known,
		.is_for_chain = how->is_for_chain,
		.is_end_elsewhere = how->is_end_elsewhere,
		.has_unsigned_proofs = how->has_unsigned_proofs,
		.data = &forwarder->signed_data,
	};
	if (checking)
		check = &checking->check;
	input.now = tarn__checking_now(forwarder, &input.ignores_dates);
	unsigned tries = check->budget.tries;
	enum tarn__check_step step = tarn__check_run(check, &input);
	forwarder->validation.verifications += tries - check->budget.tries;
	if (step == TARN__CHECK_DONE) {
		forwarder->validation.limits += check->budget.exceeded != NULL;
		forwarder->validation.undated += input.ignores_dates;
	}
	return step;
}

bool tarn__checking_parse(const struct tarn__checking *checking, const struct tarn__key *key,
			  struct tarn__response *out)
{
	uint8_t asked[TARN__QUERY_MAX];
	const struct tarn__query_options options = {.id = tarn__get16(checking->wire)};
	size_t asked_len = tarn__query_write(key, &options, asked);
	tarn__answer_parse(checking->wire, checking->len, asked, asked_len, key, false, out);
	return out->answer_class == TARN__ANSWER_GOOD;
}

/* ---- waiting ---------------------------------------------------------------------------- */

struct tarn__checking *tarn__checking_new(struct tarn__forwarder *forwarder, void *extra,
					  void (*resume)(struct tarn__checking *),
					  const struct tarn__check *check, const uint8_t *wire,
					  size_t len)
{
	if (len > TARN__CHECKING_OCTETS_MAX - forwarder->checking_octets)
		return NULL;
	struct tarn__checking *checking = malloc(sizeof *checking + len);
	if (!checking)
		return NULL;
	memset(checking, 0, offsetof(struct tarn__checking, check));
	checking->forwarder = forwarder;
	checking->extra = extra;
	checking->resume = resume;
	checking->check = *check;
	checking->len = len;
	memcpy(checking->wire, wire, len);
	tarn__list_init(&checking->node);
	forwarder->checking_octets += len;
	return checking;
}

void tarn__checking_free(struct tarn__checking *checking)
{
	if (!checking)
		return;
	for (size_t i = 0; i < TARN__NEEDS_AT_ONCE; i++) {
		if (checking->needs[i].is_waiting)
			rtcache_cancel(checking->forwarder->client, &checking->needs[i].request);
	}
	struct tarn__known_names *next;
	for (struct tarn__known_names *it = checking->known; it; it = next) {
		next = it->next;
		free(it);
	}
	tarn__list_remove(&checking->node);
	checking->forwarder->checking_octets -= checking->len;
	free(checking);
}

static void on_need(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct tarn__need *need = TARN__CONTAINER(request, struct tarn__need, request);
	struct tarn__checking *checking = request->data;
	need->is_waiting = false;
	checking->waiting--;
	if (checking->forwarder->is_ending)
		return;
	int error = keep_known(checking, &need->name, value);
	if (error < 0)
		checking->error = error;
	/* The other needs are of no use then. */
	if (checking->waiting == 0 || checking->error < 0)
		checking->resume(checking);
}

/*
 * What has expired proves nothing. It is removed before it is asked for, since the cache would give it
 * instead of an error, and instead of an answer that takes longer (RFC 8767).
 */
static void remove_expired(struct rtcache_client *client, const uint8_t *key, size_t len)
{
	struct rtcache_value value;
	if (rtcache_peek(client, key, len, true, &value) == 1 && value.status == RTCACHE_STALE)
		rtcache_remove(client, key, len);
}

static void ask(struct tarn__checking *checking, struct tarn__need *need)
{
	struct tarn__forwarder *forwarder = checking->forwarder;
	uint8_t key[TARN__KEY_MAX];
	size_t len = tarn__key_write_trust(need->name.octets, need->name.len, key);
	remove_expired(forwarder->client, key, len);
	struct rtcache_value value;
	need->request = (struct rtcache_request){.data = checking, .done = on_need};
	need->is_waiting = true;
	checking->waiting++;
	int got = rtcache_get(forwarder->client, &need->request, key, len, 0, checking->extra,
			      &value);
	if (got == 0)
		return;
	need->is_waiting = false;
	checking->waiting--;
	int error = got < 0 ? got : keep_known(checking, &need->name, &value);
	if (error < 0)
		checking->error = error;
}

bool tarn__checking_wait(struct tarn__checking *checking, enum tarn__check_step step)
{
	if (step == TARN__CHECK_PAUSED) {
		tarn__list_move(&checking->node, &checking->forwarder->paused);
		return true;
	}
	const struct tarn__check *check = &checking->check;
	for (size_t i = 0; i < check->need_count && checking->error == 0; i++) {
		checking->needs[i].name = check->need[i].name;
		checking->forwarder->wants_keys = check->need[i].is_signer;
		ask(checking, &checking->needs[i]);
		checking->forwarder->wants_keys = false;
	}
	return checking->waiting > 0 && checking->error == 0;
}

bool tarn__checking_turn(struct tarn__forwarder *forwarder)
{
	bool has_resumed = false;
	forwarder->turn_work = TARN__WORK_PER_TURN;
	while (!tarn__list_is_empty(&forwarder->paused) && forwarder->turn_work > 0) {
		struct tarn__checking *checking = TARN__CONTAINER(
			tarn__list_take(&forwarder->paused), struct tarn__checking, node);
		checking->resume(checking);
		has_resumed = true;
	}
	return has_resumed;
}
