/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/proofs.h: proofs for the tests of dnssec/, from the text of a zone file. What is proved is
 * text too:
 *
 *	struct proofs proofs;
 *	read_proofs(&proofs, "example.", "ns1.example. NSEC ns2.example. A RRSIG NSEC\n");
 *	ck_assert_str_eq(deny(&proofs, "ns1.example. MX"), "type");
 *
 * "nothing", "type" or "name", behind it "delegation", "opt-out" and "iterations".
 */
#ifndef TESTS_SUPPORT_PROOFS_H
#define TESTS_SUPPORT_PROOFS_H

#include "dnssec/denial_proof.h"
#include "support/signed.h"

struct proofs {
	struct message message;
	struct tarn__rrsets rrsets;
	struct tarn__proofs proofs;
	struct tarn__budget budget;
	char text[64];
};

/* The proofs of a message that has been put together. */
static inline void take_proofs(struct proofs *proofs, const char *zone)
{
	read_rrsets(&proofs->rrsets, &proofs->message);
	proofs->proofs.rrsets = &proofs->rrsets;
	proofs->proofs.zone = make_name(zone);
	proofs->proofs.count = 0;
	for (size_t i = 0; i < proofs->rrsets.count; i++)
		proofs->proofs.at[proofs->proofs.count++] = (uint8_t)i;
	proofs->budget = tarn__budget_new();
}

static inline void read_proofs(struct proofs *proofs, const char *zone, const char *text)
{
	put_header(&proofs->message, 1, TARN__FLAG_QR);
	put_zone(&proofs->message, 2, text);
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
	struct tarn__name name = make_name(name_text);
	return proof_text(proofs, tarn__proofs_deny(&proofs->proofs, &name, type, &proofs->budget));
}

/* Whether the wildcard with that many labels behind the asterisk may be expanded to the name. */
static inline const char *allow(struct proofs *proofs, const char *name_text, unsigned labels)
{
	struct tarn__name name = make_name(name_text);
	return proof_text(proofs, tarn__proofs_allow_expansion(&proofs->proofs, &name, labels,
							       &proofs->budget));
}

#endif
