/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/proofs.h: proofs for the tests of dnssec/, from the text of a zone file. What is proved is text
 * too:
 *
 *	struct proofs proofs;
 *	read_proofs(&proofs, "example.", "ns1.example. NSEC ns2.example. A RRSIG NSEC\n");
 *	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "type");
 *
 * "nothing", "type" or "name", behind it "delegation", "opt-out" and "iterations".
 */
#ifndef TESTS_SUPPORT_PROOFS_H
#define TESTS_SUPPORT_PROOFS_H

#include "dns/rrsets.h"
#include "dns/zone_entry.h"
#include "dnssec/denial_proof.h"
#include "support/message.h"

struct proofs {
	struct message message;
	struct tarn__rrsets rrsets;
	struct tarn__proofs proofs;
	struct tarn__budget budget;
	char text[64];
};

static inline struct tarn__name name_of(const char *text)
{
	struct tarn__name name;
	name.len = tarn__name_parse(text, name.octets);
	ck_assert_msg(name.len > 0, "not a name: %s", text);
	return name;
}

/* Records into the authority section, one a line, with names that end in a dot; the TTL may be left out. */
static inline void put_zone_records(struct message *message, const char *text)
{
	static struct tarn__zone_entries entries;
	tarn__zone_entries_init(&entries, (const uint8_t *)"", 1, 3600);
	while (*text) {
		size_t len = strcspn(text, "\n");
		struct tarn__zone_record record;
		ck_assert_msg(tarn__zone_entry_read(&entries, text, len, &record) ==
				      TARN__ZONE_RECORD,
			      "%.*s: %s", (int)len, text, entries.fault);
		put_octets(message, record.owner, record.owner_len);
		put16(message, record.type);
		put16(message, TARN__CLASS_IN);
		put32(message, record.ttl);
		put16(message, (unsigned)record.rdata_len);
		put_octets(message, record.rdata, record.rdata_len);
		count_one(message, 2);
		text += len + (text[len] == '\n');
	}
}

/* The proofs of a message that has been put together. */
static inline void take_proofs(struct proofs *proofs, const char *zone)
{
	ck_assert(tarn__rrsets_read(&proofs->rrsets, proofs->message.wire, proofs->message.len,
				    TARN__HEADER_LEN, TARN__CLASS_IN));
	proofs->proofs.rrsets = &proofs->rrsets;
	proofs->proofs.zone = name_of(zone);
	proofs->proofs.count = 0;
	for (size_t i = 0; i < proofs->rrsets.count; i++)
		proofs->proofs.at[proofs->proofs.count++] = (uint8_t)i;
	proofs->budget = tarn__budget_new();
}

static inline void read_proofs(struct proofs *proofs, const char *zone, const char *text)
{
	put_header(&proofs->message, 1, TARN__FLAG_QR);
	put_zone_records(&proofs->message, text);
	take_proofs(proofs, zone);
}

static inline const char *proof_text(struct proofs *proofs, struct tarn__denial_proof proof)
{
	static const char *const denied[] = {"nothing", "type", "name"};
	snprintf(proofs->text, sizeof(proofs->text), "%s%s%s%s", denied[proof.denied],
		 proof.is_delegation ? " delegation" : "", proof.is_opt_out ? " opt-out" : "",
		 proof.has_too_many_iterations ? " iterations" : "");
	return proofs->text;
}

/* What is proved of "NAME TYPE". The text is proofs->text. */
static inline const char *deny(struct proofs *proofs, const char *question)
{
	char name_text[TARN__NAME_TEXT_MAX], type_text[TARN__WORD_MAX];
	uint16_t type;
	ck_assert_int_eq(sscanf(question, "%1019s %15s", name_text, type_text), 2);
	ck_assert(tarn__type_parse(type_text, &type));
	struct tarn__name name = name_of(name_text);
	return proof_text(proofs, tarn__proofs_deny(&proofs->proofs, &name, type, &proofs->budget));
}

/* Whether the wildcard with that many labels behind the asterisk may be expanded to the name. */
static inline const char *allow(struct proofs *proofs, const char *name_text, unsigned labels)
{
	struct tarn__name name = name_of(name_text);
	return proof_text(proofs, tarn__proofs_allow_expansion(&proofs->proofs, &name, labels,
							       &proofs->budget));
}

#endif
