/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_denial.c: whatever NSEC and NSEC3 records a message has, what they prove is one thing,
 * within the zone and the budget.
 */
#include "fuzz.h"

#include <string.h>

#include "base/octets.h"
#include "crypto/signature.h"
#include "dns/type.h"
#include "dnssec/denial_proof.h"
#include "dnssec/nsec.h"

static struct tarn__rrsets rrsets;
static struct tarn__proofs proofs;

static bool take_name(const uint8_t **data, size_t *len, struct tarn__name *out)
{
	out->len = tarn__name_span(*data, *len);
	memcpy(out->octets, *data, out->len);
	*data += out->len;
	*len -= out->len;
	return out->len > 0;
}

static void check(const struct tarn__denial_proof *proof, const struct tarn__name *name,
		  const struct tarn__budget *budget)
{
	bool is_in =
		tarn__name_is_within(name->octets, name->len, proofs.zone.octets, proofs.zone.len);
	bool is_nothing = proof->denied == TARN__DENIED_NOTHING;
	fuzz_check(!proof->is_delegation || proof->denied == TARN__DENIED_TYPE);
	fuzz_check(!proof->has_too_many_iterations || (is_nothing && !proof->is_opt_out));
	fuzz_check(!budget->exceeded || (is_nothing && !proof->is_opt_out));
	fuzz_check(budget->nsec3_blocks <= TARN__NSEC3_BLOCKS_MAX);
	fuzz_check(is_in || (is_nothing && !proof->is_opt_out));
}

static void deny(const struct tarn__name *name, uint16_t type)
{
	struct tarn__budget budget = tarn__budget_new();
	struct tarn__denial_proof proof = tarn__proofs_deny(&proofs, name, type, &budget);
	check(&proof, name, &budget);
	/* A name that does not exist has no type. */
	proof = tarn__nsec_deny(&proofs, name, type);
	if (proof.denied == TARN__DENIED_NAME)
		fuzz_check(tarn__nsec_deny(&proofs, name, TARN__TYPE_DS).denied ==
			   TARN__DENIED_NAME);
}

static void allow(const struct tarn__name *name, unsigned labels)
{
	struct tarn__budget budget = tarn__budget_new();
	struct tarn__denial_proof proof =
		tarn__proofs_allow_expansion(&proofs, name, labels, &budget);
	check(&proof, name, &budget);
	fuzz_check(proof.denied != TARN__DENIED_TYPE);
	fuzz_check(proof.denied == TARN__DENIED_NOTHING ||
		   labels < tarn__name_labels(name->octets));
}

/* The zone, a name, a type, the number of labels, then the message without a question. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__name name;
	if (tarn__signature_load())
		return 0;
	if (!take_name(&data, &len, &proofs.zone) || !take_name(&data, &len, &name) ||
	    len < 3 + TARN__HEADER_LEN || len - 3 > TARN__MESSAGE_MAX)
		return 0;
	uint16_t type = tarn__get16(data);
	unsigned labels = data[2];
	/* RRsets before a malformed record are good. */
	tarn__rrsets_read(&rrsets, data + 3, len - 3, TARN__HEADER_LEN, TARN__CLASS_IN);
	proofs.rrsets = &rrsets;
	proofs.count = 0;
	for (size_t i = 0; i < rrsets.count; i++)
		proofs.at[proofs.count++] = (uint8_t)i;
	deny(&name, type);
	deny(&name, TARN__TYPE_DS);
	allow(&name, labels);
	return 0;
}
