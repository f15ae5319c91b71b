/* SPDX-License-Identifier: BSD-2-Clause */
/* core/saved_answer.c: from a stored form to a message that outlives the process, and back. */
#include "core/saved_answer.h"

#include "core/config.h"
#include "dns/reply.h"

bool tarn__saved_has_key(const struct tarn__key *key)
{
	return !key->is_link && !key->is_trust && !key->is_of_chain &&
	       key->qclass == TARN__CLASS_IN && tarn__type_is_data(key->qtype);
}

bool tarn__saved_is_validated(const struct tarn__config *config, const struct tarn__key *key)
{
	if (!config->validates || key->checking_disabled || key->qclass != TARN__CLASS_IN)
		return false;
	size_t index = tarn__config_find_zone(config, key->qname, key->qname_len, key->qtype);
	return index != TARN__ZONE_NONE && config->zones[index]->is_validated;
}

/* ---- writing ---------------------------------------------------------------------------- */

enum { VERDICT_BITS = TARN__VERDICT_MAX & ~TARN__STORED_RCODE };

_Static_assert((int)TARN__VERDICT_AD == (int)TARN__STORED_AD,
	       "a verdict is octet 0 of a stored form");

struct tarn__query tarn__saved_query(const struct tarn__key *key)
{
	return (struct tarn__query){
		.qname = key->qname,
		.qname_len = key->qname_len,
		.qtype = key->qtype,
		.qclass = key->qclass,
		.flags = TARN__FLAG_RD | (key->checking_disabled ? TARN__FLAG_CD : 0),
	};
}

size_t tarn__saved_write(const struct tarn__key *key, const uint8_t *stored, size_t len,
			 uint8_t message[TARN__MESSAGE_MAX], uint8_t *verdict)
{
	const struct tarn__query query = tarn__saved_query(key);
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX};
	*verdict = stored[0] & VERDICT_BITS;
	return tarn__reply_stored(&query, stored, len, &how, message);
}

/* ---- reading ---------------------------------------------------------------------------- */

bool tarn__saved_parse(const struct tarn__key *key, const uint8_t *message, size_t len,
		       struct tarn__saved_room *room, struct tarn__answer *out)
{
	struct tarn__response *response = &room->response;
	if (!tarn__saved_has_key(key))
		return false;
	tarn__answer_parse_kept(message, len, key, response);
	if (response->answer_class != TARN__ANSWER_GOOD)
		return false;
	/* Who has set it is not known. */
	response->has_ad = false;
	tarn__answer_classify(response, out);
	tarn__answer_write(response, key->dnssec_ok, room->stored, out);
	return out->answer_class == TARN__ANSWER_GOOD;
}

/* Returns true if the configuration can have found that of an answer for the key. */
static bool is_verdict_possible(const struct tarn__config *config, const struct tarn__key *key,
				uint8_t verdict)
{
	bool has_ad = verdict & TARN__STORED_AD;
	enum tarn__remark remark = (enum tarn__remark)(verdict >> TARN__STORED_REMARK_SHIFT);
	if (verdict & TARN__STORED_RCODE || remark >= TARN__REMARK_UNSIGNED_PROOFS)
		return false;
	if (tarn__saved_is_validated(config, key))
		return has_ad != (remark != TARN__REMARK_NONE);
	/* AD of servers that are trusted, but not where they were asked not to check. */
	bool passes_ad = config->trust_ad && !(config->validates && key->checking_disabled);
	return remark == TARN__REMARK_NONE && (!has_ad || passes_ad);
}

static enum tarn__saved_fault check_times(const struct tarn__saved_times *times, uint32_t ttl,
					  uint64_t now_ms)
{
	if (times->end_ms < times->arrival_ms ||
	    times->end_ms - times->arrival_ms >= (uint64_t)ttl * 1000 + TARN__SAVED_ROUNDING_MS)
		return TARN__SAVED_TIMES;
	if (times->arrival_ms > now_ms && times->arrival_ms - now_ms > TARN__SAVED_AHEAD_MS)
		return TARN__SAVED_FUTURE;
	return TARN__SAVED_GOOD;
}

/* No TTL is raised: it would outlast the end. Returns the seconds that the answer may live. */
static uint32_t limit_ttl(const struct tarn__config *config, struct tarn__saved_room *room,
			  const struct tarn__answer *answer)
{
	if (!config->has_ttl_limits)
		return answer->ttl;
	struct tarn__ttl_limits limits = config->ttl_limits;
	limits.min = 0;
	return tarn__stored_limit_ttl(room->stored, answer->len, &limits, answer->ttl);
}

/* The times have been checked, and the life fits into the TTL of seconds but for a rounding. */
static void set_times(struct tarn__saved_answer *out, const struct tarn__saved_times *times,
		      uint32_t ttl, uint64_t now_ms)
{
	uint64_t life_ms = times->end_ms - times->arrival_ms;
	if (life_ms > (uint64_t)ttl * 1000)
		life_ms = (uint64_t)ttl * 1000;
	out->age_ms = now_ms > times->arrival_ms ? now_ms - times->arrival_ms : 0;
	out->ttl_ms = life_ms > out->age_ms ? life_ms - out->age_ms : 0;
	out->ended_ms = out->ttl_ms > 0 ? 0 : out->age_ms - life_ms;
}

enum tarn__saved_fault tarn__saved_read_unaged(const struct tarn__config *config,
					       const struct tarn__key *key, const uint8_t *message,
					       size_t len, const struct tarn__saved_times *times,
					       uint64_t now_wall_ms, uint8_t verdict,
					       bool takes_verdict, struct tarn__saved_room *room,
					       struct tarn__saved_answer *out)
{
	struct tarn__answer answer;
	if (!takes_verdict)
		verdict = 0;
	if (!tarn__saved_parse(key, message, len, room, &answer) || room->response.ttl_max == 0 ||
	    !is_verdict_possible(config, key, verdict))
		return TARN__SAVED_NO_ANSWER;
	enum tarn__saved_fault fault = check_times(times, answer.ttl, now_wall_ms);
	if (fault != TARN__SAVED_GOOD)
		return fault;
	room->stored[0] |= verdict;
	out->len = answer.len;
	out->is_whole_name = answer.is_whole_name;
	set_times(out, times, limit_ttl(config, room, &answer), now_wall_ms);
	return TARN__SAVED_GOOD;
}

enum tarn__saved_fault tarn__saved_read(const struct tarn__config *config,
					const struct tarn__key *key, const uint8_t *message,
					size_t len, const struct tarn__saved_times *times,
					uint64_t now_wall_ms, uint8_t verdict, bool takes_verdict,
					struct tarn__saved_room *room,
					struct tarn__saved_answer *out)
{
	enum tarn__saved_fault fault = tarn__saved_read_unaged(
		config, key, message, len, times, now_wall_ms, verdict, takes_verdict, room, out);
	if (fault == TARN__SAVED_GOOD && out->ttl_ms > 0 && out->age_ms > 0)
		tarn__stored_age(room->stored, out->len, (uint32_t)((out->age_ms + 999) / 1000));
	return fault;
}
