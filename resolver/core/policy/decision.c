/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/decision.c: decisions that several stages make. */
#include "core/policy/decision.h"

#include "core/io.h"
#include "dns/answer.h"
#include "dns/local.h"

uint64_t tarn__decision_now(const struct tarn__decision *decision)
{
	const struct tarn_io *io = decision->io;
	return io ? io->wall_sec(io->data) : 0;
}

enum tarn__policy_action tarn__decision_refuse(struct tarn__decision *decision)
{
	decision->options = (struct tarn__options){0};
	decision->is_to_stranger = false;
	decision->is_block = false;
	decision->list_slot = 0;
	decision->list_action = 0;
	return TARN__POLICY_REFUSE;
}

enum tarn__policy_action tarn__decision_stored(struct tarn__decision *decision,
					       const uint8_t *stored, size_t len)
{
	decision->options = (struct tarn__options){0};
	decision->stored = stored;
	decision->stored_len = len;
	decision->is_authoritative = true;
	decision->is_block = false;
	decision->list_slot = 0;
	decision->list_action = 0;
	return TARN__POLICY_ANSWER;
}

enum tarn__policy_action tarn__decision_record(struct tarn__decision *decision,
					       const struct tarn__query *query, uint16_t type,
					       uint32_t ttl, const void *rdata, size_t rdata_len)
{
	size_t len = tarn__local_record(query, type, ttl, rdata, rdata_len, decision->room);
	return tarn__decision_stored(decision, decision->room, len);
}

enum tarn__policy_action tarn__decision_negative(struct tarn__decision *decision,
						 const struct tarn__query *query, uint16_t rcode,
						 size_t zone_len)
{
	size_t len = tarn__local_negative(query, rcode, zone_len, TARN__LOCAL_TTL, decision->room);
	return tarn__decision_stored(decision, decision->room, len);
}

bool tarn__decision_message(struct tarn__decision *decision, const struct tarn__query *query,
			    const uint8_t *message, size_t len)
{
	size_t stored_len = tarn__answer_store(query, message, len, decision->room);
	if (stored_len == 0)
		return false;
	tarn__decision_stored(decision, decision->room, stored_len);
	decision->is_authoritative = false;
	return true;
}

enum tarn__policy_action tarn__decision_follow(struct tarn__decision *decision,
					       const struct tarn__query *query, uint32_t ttl,
					       const struct tarn__name *target)
{
	tarn__decision_record(decision, query, TARN__TYPE_CNAME, ttl, target->octets, target->len);
	decision->next = *target;
	return TARN__POLICY_FOLLOW;
}

enum tarn__policy_action tarn__decision_filtered(struct tarn__decision *decision,
						 const struct tarn__query *query, uint16_t rcode,
						 const char *text)
{
	size_t len = tarn__local_negative(query, rcode, query->qname_len, TARN__POLICY_TTL,
					  decision->room);
	enum tarn__policy_action action = tarn__decision_stored(decision, decision->room, len);
	decision->is_authoritative = false;
	tarn__decision_add_error(decision, TARN__EDE_FILTERED, text);
	return action;
}

void tarn__decision_add_error(struct tarn__decision *decision, uint16_t code, const char *text)
{
	struct tarn__options *options = &decision->options;
	options->ede[options->ede_count++] = (struct tarn__ede){code, text};
}
