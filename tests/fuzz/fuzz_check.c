/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_check.c: the check of any message ends, within its limits, and nothing is secure without
 * a signature. The first octet has flags and sets what is known of names, then the message follows; it is a
 * response to its own question.
 */
#include "fuzz.h"

#include <string.h>

#include "base/base64.h"
#include "crypto/signature.h"
#include "dns/answer.h"
#include "dnssec/check.h"

enum { NOW = 1767225600, ROUNDS_MAX = TARN__NEEDS_MAX + 32 };

static struct tarn__response response;
static struct tarn__check check;
static struct tarn__signed_data room;
static uint8_t keys[TARN__TRUST_MAX];
static size_t keys_len;

/*
 * The keys that have signed the corpus: those of tests/support/signed.h and tests/unit/dnssec/test_check.c.
 */
static const struct {
	uint8_t algorithm;
	uint16_t tag;
	const char *key;
} signers[] = {
	{13, 33805,
	 "oIWh1/bavbQn3SeQgq5y2Vt9qjXjmy2IBaUjfuDqDmSQ"
	 "a+T+mUDUGqUFiDaw1GMXWIt1XnSsLU5KCEnzIeTLIg=="},
	{15, 54938, "nuo4XsJHcZKiV27v7sxkWO7KGXwAXaj0nnskLNzOEe0="},
};

static void write_keys(void)
{
	struct tarn__trust_writer writer;
	tarn__trust_begin_keys(&writer, keys, 0, NULL, 0);
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		struct tarn__base64 base64 = {0};
		uint8_t key[64];
		size_t len = 0;
		tarn__base64_read(&base64, signers[i].key, strlen(signers[i].key), key, sizeof(key),
				  &len);
		tarn__trust_add_key(&writer,
				    &(struct tarn__trust_key){signers[i].algorithm, signers[i].tag,
							      key, (uint16_t)len});
	}
	keys_len = tarn__trust_end_keys(&writer);
}

/* By a hash of the name, and by how many names have been asked for. */
static bool find(void *seed, const uint8_t *name, size_t len, struct tarn__trust *out)
{
	static const uint8_t insecure[3] = {TARN__TRUST_INSECURE}, no_cut[] = {TARN__TRUST_NO_CUT};
	unsigned hash = *(const uint8_t *)seed;
	for (size_t i = 0; i < len; i++)
		hash = hash * 33 + tarn__fold(name[i]);
	if (check.needs < hash / 4 % 8)
		return false;
	if (hash % 4 == 0)
		return tarn__trust_read(insecure, sizeof(insecure), out);
	if (hash % 4 == 1)
		return tarn__trust_read(no_cut, sizeof(no_cut), out);
	return tarn__trust_read(keys, keys_len, out);
}

static void run(const uint8_t *wire, size_t len, const struct tarn__key *key,
		struct tarn__check_input *in)
{
	uint8_t asked[TARN__QUERY_MAX];
	struct tarn__query_options options = {.id = tarn__get16(wire), .edns = true};
	size_t asked_len = tarn__query_write(key, &options, asked);
	unsigned turn, rounds = 0;
	enum tarn__check_step step;
	tarn__check_init(&check, &turn);
	do {
		turn = 1;
		tarn__answer_parse(wire, len, asked, asked_len, key, true, &response);
		if (response.answer_class != TARN__ANSWER_GOOD)
			return;
		step = tarn__check_run(&check, in);
		fuzz_check(++rounds <= ROUNDS_MAX);
		fuzz_check(step != TARN__CHECK_NEEDS || check.need_count > 0);
	} while (step != TARN__CHECK_DONE);
	fuzz_check(check.needs <= TARN__NEEDS_MAX);
	fuzz_check(check.budget.tries <= TARN__TRIES_PER_MESSAGE);
	fuzz_check(check.budget.nsec3_blocks <= TARN__NSEC3_BLOCKS_MAX);
	fuzz_check(response.has_ad == (check.security == TARN__SECURE));
	fuzz_check(check.security != TARN__BOGUS || check.reason.code != 0);
	fuzz_check(check.security != TARN__SECURE || check.budget.tries < TARN__TRIES_PER_MESSAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char anchor[] = ". DS 1 13 2 0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcdef\n";
	static struct tarn__anchors *anchors;
	char fault[TARN__ANCHORS_FAULT_MAX];
	unsigned line;
	if (tarn__signature_load() || len < 1 + TARN__HEADER_LEN || len > TARN__MESSAGE_MAX)
		return 0;
	if (!anchors) {
		anchors = tarn__anchors_new();
		fuzz_check(anchors && !tarn__anchors_add_text(anchors, anchor, sizeof(anchor) - 1,
							      &line, fault));
		write_keys();
	}
	const uint8_t *wire = data + 1, *qname = wire + TARN__HEADER_LEN;
	size_t qname_len = tarn__name_span(qname, len - 1 - TARN__HEADER_LEN);
	if (qname_len == 0 || len - 1 - TARN__HEADER_LEN < qname_len + 4)
		return 0;
	uint8_t seed = data[0];
	struct tarn__key key = {.qname = qname,
				.qname_len = (uint16_t)qname_len,
				.qtype = tarn__get16(qname + qname_len),
				.qclass = TARN__CLASS_IN,
				.dnssec_ok = true};
	struct tarn__known known = {&seed, find};
	run(wire, len - 1, &key,
	    &(struct tarn__check_input){.response = &response,
					.anchors = anchors,
					.known = &known,
					.now = NOW,
					.ignores_dates = seed & 0x80,
					.is_for_chain = key.qtype == TARN__TYPE_DS,
					.is_end_elsewhere = seed & 0x40,
					.data = &room});
	tarn__signed_data_free(&room);
	return 0;
}
