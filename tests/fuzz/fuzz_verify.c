/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_verify.c: verifying the RRsets of any message, with what is known of a zone by any
 * octets, keeps its limits. The first two octets are the length of that knowledge, then it follows, then
 * the message.
 */
#include "fuzz.h"

#include "crypto/signature.h"
#include "dnssec/rrsig.h"
#include "dnssec/verify.h"

static struct tarn__rrsets rrsets;
static struct tarn__signed_data room;

/* By the signer of its first signature, in turns of one try each. */
static void check_rrset(const struct tarn__rrset *rrset, const struct tarn__trust *trust,
			struct tarn__budget *budget)
{
	struct tarn__verify_context context = {.budget = budget, .data = &room};
	struct tarn__verify_progress progress = {0};
	struct tarn__verified verified;
	struct tarn__reason reason = {0};
	struct tarn__rrsig rrsig;
	const struct tarn__rrset *signatures = tarn__rrset_find_signatures(&rrsets, rrset);
	if (!signatures ||
	    !tarn__rrsig_read(tarn__rrsets_rdata(&rrsets, signatures->first), &rrsig))
		return;
	struct tarn__name zone;
	zone.len = rrsig.signer_len;
	tarn__name_fold(zone.octets, rrsig.signer, zone.len);
	context.now = rrsig.inception;

	enum tarn__verification result;
	unsigned tries = budget->tries, turn, turns = 0;
	budget->turn = &turn;
	do {
		turn = 1;
		result = tarn__rrset_verify(&context, &rrsets, rrset, signatures, &zone, trust,
					    &progress, &verified, &reason);
		fuzz_check(++turns <= TARN__TRIES_PER_RRSET + 1);
	} while (result == TARN__VERIFY_PAUSED);
	fuzz_check(tries - budget->tries <= TARN__TRIES_PER_RRSET);
	fuzz_check(tries - budget->tries == progress.tried);
	fuzz_check((result == TARN__VERIFIED) == (reason.code == 0));
	tarn__signed_data_write(&room, &rrsets, rrset, &rrsig);
	fuzz_check(room.len <= tarn__signed_data_len_max(&rrsets, rrset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__trust trust;
	struct tarn__budget budget = tarn__budget_new();
	if (len < 2 || len - 2 < tarn__get16(data) + (size_t)TARN__HEADER_LEN)
		return 0;
	const uint8_t *wire = data + 2 + tarn__get16(data);
	size_t wire_len = (size_t)(data + len - wire);
	if (tarn__signature_load() || !tarn__trust_read(data + 2, tarn__get16(data), &trust) ||
	    wire_len > TARN__MESSAGE_MAX ||
	    !tarn__rrsets_read(&rrsets, wire, wire_len, TARN__HEADER_LEN, TARN__CLASS_IN))
		return 0;
	for (size_t i = 0; i < rrsets.count; i++)
		check_rrset(&rrsets.at[i], &trust, &budget);
	tarn__signed_data_free(&room);
	return 0;
}
