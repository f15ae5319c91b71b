/* SPDX-License-Identifier: BSD-2-Clause */
/* core/detour.c: questions on the way to an answer. */
#include "core/detour.h"

#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/join.h"
#include "dns/reply.h"
#include "tarn.h"

struct tarn__detour {
	struct tarn__name name; /* that is asked for now */
	unsigned links;
	bool is_synthesis;
	bool is_authoritative;
	bool is_rules_target;
	uint32_t ttl_max;
	uint8_t *without; /* NULL: there is none */
	size_t without_len;
	uint32_t without_stale_ttl;
	struct tarn__options errors;
	uint8_t texted; /* the number from 1 of the error whose text is below; 0: none */
	char text[TARN__RULE_TEXT_MAX];
	size_t len; /* 0: there is no chain yet */
	uint8_t wire[]; /* the chain so far, as a message */
};

struct tarn__detour *tarn__detour_new(const struct tarn__query *client)
{
	struct tarn__detour *detour = calloc(1, sizeof *detour);
	if (!detour)
		return NULL;
	detour->name.len = client->qname_len;
	memcpy(detour->name.octets, client->qname, client->qname_len);
	return detour;
}

void tarn__detour_free(struct tarn__detour *detour)
{
	if (!detour)
		return;
	free(detour->without);
	free(detour);
}

/* The query for the name, with the client's type. */
static struct tarn__query query_of_type(const struct tarn__detour *detour,
					const struct tarn__query *client)
{
	struct tarn__query query = *client;
	query.qname = detour->name.octets;
	query.qname_len = (uint16_t)detour->name.len;
	return query;
}

void tarn__detour_query(const struct tarn__detour *detour, const struct tarn__query *client,
			struct tarn__query *out)
{
	*out = query_of_type(detour, client);
	if (detour->is_synthesis)
		out->qtype = TARN__TYPE_A;
}

/* Writes a stored form as a message without OPT. Returns its octets. */
static size_t write_message(const struct tarn__query *query, const struct tarn__detour_part *part,
			    uint8_t *out)
{
	const struct tarn__reply how = {
		.limit = TARN__MESSAGE_MAX, .age_sec = part->age_sec, .stale_ttl = part->stale_ttl};
	struct tarn__query plain = *query;
	plain.has_opt = false;
	return tarn__reply_stored(&plain, part->stored, part->len, &how, out);
}

/* Returns the octets of the message, joined to the chain if there is one, and sets *joined to it. */
static size_t join(const struct tarn__detour *detour, const uint8_t *message, size_t len,
		   uint8_t *buffer, const uint8_t **joined)
{
	*joined = message;
	if (detour->len == 0)
		return len;
	*joined = buffer;
	return tarn__answers_join(detour->wire, detour->len, message, len, buffer);
}

/* Another name is asked for with the client's type. */
static void end_synthesis(struct tarn__detour *detour)
{
	free(detour->without);
	detour->without = NULL;
	detour->without_len = 0;
	detour->without_stale_ttl = 0;
	detour->is_synthesis = false;
}

/* As many as a reply has, and one of them with a rule's text. */
static void keep_errors(struct tarn__detour *detour, const struct tarn__decision *decision)
{
	struct tarn__options *errors = &detour->errors;
	const struct tarn__options *from = &decision->options;
	for (unsigned i = 0; i < from->ede_count && errors->ede_count < TARN__EDE_COUNT_MAX; i++) {
		struct tarn__ede *ede = &errors->ede[errors->ede_count++];
		*ede = from->ede[i];
		if (ede->text != decision->text)
			continue;
		ede->text = NULL;
		if (detour->texted > 0)
			continue;
		detour->texted = errors->ede_count;
		memcpy(detour->text, decision->text, sizeof detour->text);
	}
}

int tarn__detour_follow(struct tarn__detour **at, const struct tarn__query *client,
			const struct tarn__decision *decision,
			const struct tarn__detour_buffers *buffers)
{
	struct tarn__detour *detour = *at;
	const struct tarn__query query = query_of_type(detour, client);
	const struct tarn__detour_part part = {.stored = decision->stored,
					       .len = decision->stored_len};
	const uint8_t *chain;
	size_t len = join(detour, buffers->message, write_message(&query, &part, buffers->message),
			  buffers->other, &chain);
	if (len == 0 || detour->links == TARN__DETOUR_LINKS_MAX)
		return TARN_EANSWER;
	detour = realloc(detour, sizeof *detour + len);
	if (!detour)
		return TARN_ENOMEM;
	*at = detour;
	if (detour->links++ == 0)
		detour->is_authoritative = decision->is_authoritative;
	detour->is_rules_target = decision->is_block;
	keep_errors(detour, decision);
	memcpy(detour->wire, chain, len);
	detour->len = len;
	detour->name = decision->next;
	end_synthesis(detour);
	return 0;
}

int tarn__detour_synthesise(struct tarn__detour *detour, const struct tarn__detour_part *without,
			    uint32_t ttl_max)
{
	detour->is_synthesis = true;
	detour->ttl_max = ttl_max;
	if (!without)
		return 0;
	detour->without = malloc(without->len);
	if (!detour->without)
		return TARN_ENOMEM;
	tarn__stored_copy(detour->without, without->stored, without->len);
	detour->without_len = without->len;
	detour->without_stale_ttl = without->stale_ttl;
	tarn__stored_age(detour->without, detour->without_len, without->age_sec);
	return 0;
}

bool tarn__detour_is_synthesis(const struct tarn__detour *detour)
{
	return detour && detour->is_synthesis;
}

struct tarn__detour_part tarn__detour_without(const struct tarn__detour *detour)
{
	return (struct tarn__detour_part){.stored = detour->without,
					  .len = detour->without_len,
					  .stale_ttl = detour->without_stale_ttl};
}

struct tarn__options tarn__detour_errors(const struct tarn__detour *detour)
{
	struct tarn__options errors = detour->errors;
	if (detour->texted > 0)
		errors.ede[detour->texted - 1].text = detour->text;
	return errors;
}

bool tarn__detour_is_rules_target(const struct tarn__detour *detour)
{
	return detour->is_rules_target;
}

bool tarn__detour_is_authoritative(const struct tarn__detour *detour)
{
	return detour->is_authoritative;
}

/* The answer is the one without AAAA records if it is not the answer to the query for A. */
size_t tarn__detour_finish(const struct tarn__detour *detour, const struct tarn__query *client,
			   const struct tarn__detour_part *last,
			   const struct tarn__dns64_prefix *prefixes, size_t prefix_count,
			   const struct tarn__detour_buffers *buffers, uint8_t *out)
{
	struct tarn__query query;
	tarn__detour_query(detour, client, &query);
	bool is_made = detour->is_synthesis && last->stored != detour->without;
	if (!is_made)
		query.qtype = client->qtype;
	uint8_t *message = buffers->message, *spare = buffers->other;
	size_t len = write_message(&query, last, message);
	if (is_made) {
		len = tarn__dns64_synthesise(message, len, prefixes, prefix_count, detour->ttl_max,
					     spare);
		message = buffers->other;
		spare = buffers->message;
	}
	const uint8_t *whole;
	if (len > 0)
		len = join(detour, message, len, spare, &whole);
	return len > 0 ? tarn__answer_store(client, whole, len, out) : 0;
}
