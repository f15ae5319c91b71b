/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_zone_keys.c: which DS and anchors count, and which keys a zone has by them. */
#include "dnssec/zone_keys.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/signed.h"

/* Behind the others: its variables have names of their parameters. */
#include "support/answer.h"

/*
 * The DNSKEY RRset of a zone was made with ldns-signzone; both keys that may sign have signed it. The
 * others are revoked, and without the zone flag.
 */
#define KSK                                                                                        \
	"example. 3600 IN DNSKEY 257 3 13 "                                                        \
	"0I5hvmNqs1+Sj+CXgZIqA3Hn96yjwHvgWwAvbCqFNkEcdXNXm8TjFQtC"                                 \
	"ZFX/9NmogI9Dk5bH3jEQS1iMhxo1yw==\n"
#define ZSK "example. 3600 IN DNSKEY 256 3 15 nuo4XsJHcZKiV27v7sxkWO7KGXwAXaj0nnskLNzOEe0=\n"
#define REVOKED "example. 3600 IN DNSKEY 384 3 15 RvwWFCgY2VkFEWteK2X0vPMYjDyM191z3Gm5ppZlC/E=\n"
#define NO_ZONE_KEY "example. 3600 IN DNSKEY 0 3 15 LBDnF0+M6PJO0W/TJ22M/jegyrwujO642sewbaudlVQ=\n"
#define ALL_KEYS KSK ZSK REVOKED NO_ZONE_KEY

#define BY_KSK                                                                                     \
	"example. 3600 IN RRSIG DNSKEY 13 1 3600 20300101000000 20240101000000 38656 example. "    \
	"WwuR1lwPOy5gBQ/b/ylVi0a9/0JXqT8xy5i017fuuqMep0sXiSzAMD9MJk4hPUpaVJW8fcFihN99G0BtTVnt0g==" \
	"\n"
#define BY_ZSK                                                                                     \
	"example. 3600 IN RRSIG DNSKEY 15 1 3600 20300101000000 20240101000000 54938 example. "    \
	"Sj+/za1UtFSMJyFPPtqYdoGgtzDOMjlSNDgS7VQsA0TiiIEkzjEczSHZfLn3UnSdW7uIz2t3muI0II0jRlI8DQ==" \
	"\n"

#define DS "example. 3600 IN DS "
#define DS_SHA1 DS "38656 13 1 7b0a6f4f388609c00a8b0226bccfbbb9e81c00d1\n"
#define DS_SHA256 DS "38656 13 2 68d74f05a66a6cf872ada286c072de9fa118ef7eae1e95be0075a2bf0e6857be\n"
#define DS_SHA384                                                                                  \
	DS "38656 13 4 5669338f042a8633d2905cebb5beb4fe24b72953866195bfe897332d58e825f341e344fb"   \
	   "22515f983781f30b98a83aae\n"
#define DS_ZSK DS "54938 15 2 58db761f1398eb7bd6efb47f9b68d090869dc8510e5a42aa9b304a21d57fe00a\n"
#define DS_REVOKED DS "5547 15 2 11ec2c88cc367f6fe92b3e6b35ba8af4765db49732f37e085b36d6904d3c8fb7\n"
#define DS_NO_ZONE_KEY                                                                             \
	DS "44432 15 2 49206ca4f90853c83df23c739dd4e95c42d6b33c87c34929cc699d05f05c6d21\n"
/* Of keys that there are not. */
#define DIGEST_256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
#define DS_OTHER_ALGORITHM DS "38656 250 2 " DIGEST_256
#define DS_OTHER_DIGEST DS "38656 13 3 " DIGEST_256

enum { TAG_KSK = 38656, TAG_ZSK = 54938 };

static struct message ds_message;
static struct tarn__rrsets ds_rrsets;
static struct tarn__anchors *anchors;
static struct tarn__entry_points points;
static struct tarn__response response;
static struct tarn__budget budget;
static struct tarn__signed_data data;
static struct tarn__verify_context context;
static struct tarn__verify_progress progress;
static struct tarn__reason reason;
static uint8_t octets[TARN__TRUST_MAX];
static struct tarn__trust trust;
static uint32_t ttl;

static void begin(void)
{
	ck_assert_ptr_null(tarn__signature_load());
	budget = tarn__budget_new();
	context =
		(struct tarn__verify_context){.now = SIGNED_NOW, .budget = &budget, .data = &data};
	memset(&progress, 0, sizeof(progress));
	memset(&reason, 0, sizeof(reason));
	ask("example.", TARN__TYPE_DNSKEY, true);
	start(RESPONSE);
}

static void end(void)
{
	tarn__signed_data_free(&data);
	tarn__anchors_free(anchors);
	anchors = NULL;
}

/* The entry points of the DS that have been put into ds_message. */
static void take_ds_message(void)
{
	read_rrsets(&ds_rrsets, &ds_message);
	tarn__entry_points_of_ds(&ds_rrsets, first_data(&ds_rrsets), &points);
}

static void take_ds(const char *text)
{
	put_header(&ds_message, 1, TARN__FLAG_QR);
	put_zone(&ds_message, 1, text);
	take_ds_message();
}

static void take_anchors(const char *text)
{
	char fault[TARN__ANCHORS_FAULT_MAX];
	unsigned line;
	tarn__anchors_free(anchors);
	anchors = tarn__anchors_new();
	ck_assert_ptr_nonnull(anchors);
	ck_assert_int_eq(tarn__anchors_add_text(anchors, text, strlen(text), &line, fault), 0);
	struct tarn__name zone = make_name("example.");
	struct tarn__anchor anchor = tarn__anchors_find(anchors, zone.octets, zone.len);
	tarn__entry_points_of_anchor(&anchor, &points);
}

/* Verifies the keys of the message so far. */
static enum tarn__verification go_on(void)
{
	size_t len = 0;
	tarn__answer_parse(message.wire, message.len, asked, asked_len, &key, true, &response);
	ck_assert_int_eq(response.answer_class, TARN__ANSWER_GOOD);
	enum tarn__verification result = tarn__zone_keys_verify(
		&context, &response, &points, &progress, octets, &len, &ttl, &reason);
	if (result == TARN__VERIFIED)
		ck_assert(tarn__trust_read(octets, len, &trust));
	return result;
}

static enum tarn__verification verify(const char *records)
{
	put_zone(&message, 1, records);
	return go_on();
}

static unsigned tries(void)
{
	return TARN__TRIES_PER_MESSAGE - budget.tries;
}

static void check_reason(uint16_t code, const char *text)
{
	ck_assert_uint_eq(reason.code, code);
	ck_assert_str_eq(reason.text, text);
	ck_assert_uint_eq(tries(), 0);
}

/* ---- entry points ----------------------------------------------------------------------- */

static const struct {
	const char *records;
	size_t count;
	uint16_t code;
	uint8_t digest; /* of the first one */
} sets[] = {
	{DS_SHA256, 1, 0, 2},
	{DS_SHA384 DS_SHA256, 2, 0, 4},
	/* RFC 4509 section 3: SHA-1 counts where there is no other. */
	{DS_SHA1, 1, 0, 1},
	{DS_SHA1 DS_SHA256, 1, 0, 2},
	{DS_SHA1 DS_SHA384, 1, 0, 4},
	/* One that is not supported is none. */
	{DS_SHA1 DS_OTHER_DIGEST, 1, TARN__EDE_UNSUPPORTED_DIGEST, 1},
	{DS_SHA1 DS_OTHER_ALGORITHM, 1, TARN__EDE_UNSUPPORTED_ALGORITHM, 1},
	{DS_OTHER_ALGORITHM, 0, TARN__EDE_UNSUPPORTED_ALGORITHM, 0},
	{DS_OTHER_DIGEST, 0, TARN__EDE_UNSUPPORTED_DIGEST, 0},
	{DS_OTHER_DIGEST DS_OTHER_ALGORITHM, 0, TARN__EDE_UNSUPPORTED_ALGORITHM, 0},
	{DS_OTHER_ALGORITHM DS_OTHER_DIGEST, 0, TARN__EDE_UNSUPPORTED_ALGORITHM, 0},
};

static void check_points(int i)
{
	ck_assert_uint_eq(points.count, sets[i].count);
	if (sets[i].count > 0)
		ck_assert_uint_eq(points.at[0].rdata[3], sets[i].digest);
	else
		ck_assert_uint_eq(points.code, sets[i].code);
}

START_TEST(ds_that_are_supported_count)
{
	take_ds(sets[_i].records);
	check_points(_i);
}
END_TEST

START_TEST(anchors_that_are_supported_count)
{
	if (strstr(sets[_i].records, DS_OTHER_DIGEST))
		return;
	take_anchors(sets[_i].records);
	check_points(_i);
}
END_TEST

START_TEST(an_anchor_of_an_unknown_algorithm_is_none)
{
	take_anchors("example. IN DNSKEY 257 3 250 0I5hvmNq\n");
	ck_assert_uint_eq(points.count, 0);
	ck_assert_uint_eq(points.code, TARN__EDE_UNSUPPORTED_ALGORITHM);
	take_anchors("example. IN DNSKEY 257 3 250 0I5hvmNq\n" KSK);
	ck_assert_uint_eq(points.count, 1);
	ck_assert_uint_eq(points.at[0].type, TARN__TYPE_DNSKEY);
}
END_TEST

START_TEST(eight_ds_are_considered)
{
	char text[2048] = "";
	for (unsigned i = 0; i < TARN__DS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), DS "%u 13 2 " DIGEST_256,
			 i);
	take_ds(text);
	ck_assert_uint_eq(points.count, TARN__DS_MAX);
	strcat(text, DS_SHA256);
	take_ds(text);
	ck_assert_uint_eq(points.count, TARN__DS_MAX);
	for (unsigned i = 0; i < TARN__DS_MAX; i++)
		ck_assert_uint_eq(tarn__get16(points.at[i].rdata), i);
	take_anchors(text);
	ck_assert_uint_eq(points.count, TARN__DS_MAX);
	ck_assert_int_eq(verify(ALL_KEYS BY_KSK), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_DNSKEY_MISSING);
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------- */

/* The keys of the trust are the two that may sign, in either order. */
static void check_keys(void)
{
	struct tarn__trust_key first, second, third;
	const uint8_t *at = trust.keys;
	ck_assert_int_eq(trust.kind, TARN__TRUST_KEYS);
	ck_assert(tarn__trust_next_key(&trust, &at, &first));
	ck_assert(tarn__trust_next_key(&trust, &at, &second));
	ck_assert(!tarn__trust_next_key(&trust, &at, &third));
	ck_assert_uint_eq(first.tag, TAG_KSK);
	ck_assert_uint_eq(second.tag, TAG_ZSK);
	ck_assert_uint_eq(trust.until, 1893456000);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(reason.code, 0);
}

/* RFC 6840 section 6.2: keys with and without the SEP flag; which of them a DS names is of no matter. */
static const struct {
	const char *ds;
	uint16_t tag;
} entries[] = {{DS_SHA1, TAG_KSK}, {DS_SHA256, TAG_KSK}, {DS_SHA384, TAG_KSK}, {DS_ZSK, TAG_ZSK}};

START_TEST(all_zone_keys_are_taken_by_any_ds)
{
	take_ds(entries[_i].ds);
	ck_assert_int_eq(verify(ALL_KEYS BY_ZSK BY_KSK), TARN__VERIFIED);
	check_keys();
	ck_assert_uint_eq(trust.ds_count, 1);
	ck_assert_uint_eq(tarn__get16(trust.ds_tags), entries[_i].tag);
	ck_assert_uint_eq(ttl, 3600);
}
END_TEST

START_TEST(an_anchor_is_a_key_of_the_same_octets)
{
	take_anchors(KSK);
	ck_assert_int_eq(verify(ALL_KEYS BY_KSK), TARN__VERIFIED);
	check_keys();
	ck_assert_uint_eq(trust.ds_count, 0);
}
END_TEST

START_TEST(an_anchor_with_another_flag_is_another_key)
{
	take_anchors("example. IN DNSKEY 256 3 13 0I5hvmNqs1+Sj+CXgZIqA3Hn96yjwHvgWwAvbCqFNkEcdXN"
		     "Xm8TjFQtCZFX/9NmogI9Dk5bH3jEQS1iMhxo1yw==\n");
	ck_assert_uint_eq(points.count, 1);
	ck_assert_int_eq(verify(ALL_KEYS BY_KSK), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_DNSKEY_MISSING,
		     "no usable DNSKEY of example matches a trust anchor");
}
END_TEST

START_TEST(a_key_that_no_ds_names_does_not_sign_the_keys)
{
	take_ds(DS_SHA256);
	ck_assert_int_eq(verify(ALL_KEYS BY_ZSK), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_DNSKEY_MISSING,
		     "no signature of example/DNSKEY by key 54938 is valid: "
		     "the zone has no such key");
}
END_TEST

static const struct {
	const char *ds, *records;
	uint16_t code;
	const char *text;
} failures[] = {
	{DS_ZSK, KSK BY_KSK, TARN__EDE_DNSKEY_MISSING, "no usable DNSKEY of example matches a DS"},
	{DS_REVOKED, ALL_KEYS BY_KSK BY_ZSK, TARN__EDE_DNSKEY_MISSING,
	 "no usable DNSKEY of example matches a DS"},
	{DS_NO_ZONE_KEY, ALL_KEYS BY_KSK BY_ZSK, TARN__EDE_NO_ZONE_KEY,
	 "the DNSKEY of example that a DS names is no zone key"},
	{DS_SHA256, ALL_KEYS, TARN__EDE_RRSIGS_MISSING, "the DNSKEY of example is not signed"},
	{DS_SHA256, "", TARN__EDE_DNSKEY_MISSING, "example has a DS but no DNSKEY"},
	{DS_SHA256, "example. 3600 IN CNAME a.example.\na.example. 3600 IN DNSKEY 257 3 13 aaaa\n",
	 TARN__EDE_DNSKEY_MISSING, "example has a DS but no DNSKEY"},
};

START_TEST(keys_that_are_not_usable_have_a_reason)
{
	take_ds(failures[_i].ds);
	ck_assert_int_eq(verify(failures[_i].records), TARN__NOT_VERIFIED);
	check_reason(failures[_i].code, failures[_i].text);
}
END_TEST

/* Of the records, the original TTL, which is 3600, and until the signature expires. */
static const struct {
	unsigned ttl, left_sec;
	uint32_t least;
} ttls[] = {{7200, 86400, 3600}, {60, 86400, 60}, {7200, 50, 50}};

/* Puts records with another TTL; the original one of signatures stays. */
static void put_with_ttl(const char *records, unsigned ttl_sec)
{
	char line[512];
	for (const char *at = records; *at; at = strchr(at, '\n') + 1) {
		int len = (int)(strchr(at, '\n') - at);
		ck_assert_int_eq(strncmp(at, "example. 3600 ", 14), 0);
		snprintf(line, sizeof(line), "example. %u %.*s\n", ttl_sec, len - 14, at + 14);
		put_zone(&message, 1, line);
	}
}

START_TEST(the_ttl_is_the_least)
{
	take_ds(DS_SHA256);
	put_with_ttl(ALL_KEYS BY_KSK, ttls[_i].ttl);
	context.now = 1893456000 - ttls[_i].left_sec;
	ck_assert_int_eq(go_on(), TARN__VERIFIED);
	ck_assert_uint_eq(ttl, ttls[_i].least);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

enum { PAIRS = 60, KEY_AT = 4, KEY_WORDS = 32 };

/* A key of the tag of the first one: two of its words are exchanged. 0: the key itself. */
static void make_twin(unsigned number, uint8_t rdata[68])
{
	struct tarn__zone_record record = parse_record(KSK);
	ck_assert_uint_eq(record.rdata_len, 68);
	memcpy(rdata, record.rdata, 68);
	if (number == 0)
		return;
	bool is_low = number < KEY_WORDS;
	size_t one = KEY_AT + (is_low ? 0 : 2);
	size_t other = KEY_AT + 2 * (is_low ? number : number - KEY_WORDS + 2);
	uint16_t word = tarn__get16(rdata + one);
	tarn__put16(rdata + one, tarn__get16(rdata + other));
	tarn__put16(rdata + other, word);
	struct tarn__dnskey twin;
	ck_assert(tarn__dnskey_read(rdata, 68, &twin));
	ck_assert_uint_eq(twin.tag, TAG_KSK);
}

static void put_rdata_of(struct message *out, uint16_t type, const uint8_t *rdata, size_t len)
{
	put_name(out, "example.");
	put16(out, type);
	put16(out, TARN__CLASS_IN);
	put32(out, 3600);
	put16(out, (unsigned)len);
	put_octets(out, rdata, len);
	count_one(out, 1);
}

static void put_twin(unsigned number)
{
	uint8_t rdata[68];
	make_twin(number, rdata);
	put_rdata_of(&message, TARN__TYPE_DNSKEY, rdata, sizeof(rdata));
}

/* The DS of a twin. */
static void put_twin_ds(unsigned number)
{
	uint8_t key_rdata[68], rdata[36] = {TAG_KSK >> 8, TAG_KSK & 0xff, 13, 2};
	uint8_t digest[TARN__DIGEST_MAX];
	struct tarn__name zone = make_name("example.");
	make_twin(number, key_rdata);
	struct tarn__digest_part parts[] = {{zone.octets, zone.len}, {key_rdata, 68}};
	ck_assert_uint_eq(tarn__digest_write(TARN__SHA256, parts, 2, digest), 32);
	memcpy(rdata + 4, digest, 32);
	put_rdata_of(&ds_message, TARN__TYPE_DS, rdata, sizeof(rdata));
}

/* Eight DS of one tag, of which that one is the key's; before that key others stand in the RRset. */
static enum tarn__verification verify_behind(unsigned place, unsigned others)
{
	put_header(&ds_message, 1, TARN__FLAG_QR);
	for (unsigned i = 0; i < TARN__DS_MAX; i++)
		put_twin_ds(i == place ? 0 : 20 + i);
	take_ds_message();
	ck_assert_uint_eq(points.count, TARN__DS_MAX);
	start(RESPONSE);
	for (unsigned i = 1; i <= others; i++)
		put_twin(i);
	put_twin(0);
	return verify(BY_KSK);
}

START_TEST(sixteen_digests_are_computed)
{
	/* The RRset is not the one that was signed: where the key is found, its signature is tried. */
	ck_assert_int_eq(verify_behind(TARN__DS_MAX - 1, 1), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_BOGUS);
	ck_assert_uint_eq(tries(), 1);
	budget = tarn__budget_new();
	memset(&reason, 0, sizeof(reason));
	memset(&progress, 0, sizeof(progress));
	/* The digest that would match is the seventeenth. */
	ck_assert_int_eq(verify_behind(0, 2), TARN__NOT_VERIFIED);
	check_reason(TARN__EDE_DNSKEY_MISSING, "no usable DNSKEY of example matches a DS");
}
END_TEST

START_TEST(sixty_ds_times_sixty_keys_are_four_tries)
{
	put_header(&ds_message, 1, TARN__FLAG_QR);
	for (unsigned i = 0; i < PAIRS; i++) {
		put_twin_ds(i);
		put_twin(i);
	}
	take_ds_message();
	ck_assert_uint_eq(points.count, TARN__DS_MAX);
	for (unsigned i = 0; i < PAIRS; i++) {
		char rrsig[512] = BY_KSK;
		memcpy(strstr(rrsig, "WwuR"), (char[]){'a', 'a' + i % 26, 'b', 'b' + i / 26}, 4);
		put_zone(&message, 1, rrsig);
	}
	ck_assert_int_eq(go_on(), TARN__NOT_VERIFIED);
	ck_assert_uint_eq(reason.code, TARN__EDE_BOGUS);
	ck_assert_uint_eq(tries(), TARN__TRIES_PER_RRSET);
}
END_TEST

START_TEST(a_pause_goes_on_where_it_was)
{
	unsigned turn = 0;
	budget.turn = &turn;
	take_ds(DS_SHA256);
	ck_assert_int_eq(verify(ALL_KEYS BY_KSK), TARN__VERIFY_PAUSED);
	ck_assert_uint_eq(tries(), 0);
	turn = 1;
	ck_assert_int_eq(go_on(), TARN__VERIFIED);
	check_keys();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone_keys");
	TCase *tcase = tcase_create("entry points");
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, ds_that_are_supported_count, 0, sizeof(sets) / sizeof(sets[0]));
	tcase_add_loop_test(tcase, anchors_that_are_supported_count, 0,
			    sizeof(sets) / sizeof(sets[0]));
	tcase_add_test(tcase, an_anchor_of_an_unknown_algorithm_is_none);
	tcase_add_test(tcase, eight_ds_are_considered);
	TCase *keys = tcase_create("keys");
	tcase_add_checked_fixture(keys, begin, end);
	tcase_add_loop_test(keys, all_zone_keys_are_taken_by_any_ds, 0,
			    sizeof(entries) / sizeof(entries[0]));
	tcase_add_test(keys, an_anchor_is_a_key_of_the_same_octets);
	tcase_add_test(keys, an_anchor_with_another_flag_is_another_key);
	tcase_add_test(keys, a_key_that_no_ds_names_does_not_sign_the_keys);
	tcase_add_loop_test(keys, keys_that_are_not_usable_have_a_reason, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_loop_test(keys, the_ttl_is_the_least, 0, sizeof(ttls) / sizeof(ttls[0]));
	TCase *limits = tcase_create("limits");
	tcase_add_checked_fixture(limits, begin, end);
	tcase_add_test(limits, sixteen_digests_are_computed);
	tcase_add_test(limits, sixty_ds_times_sixty_keys_are_four_tries);
	tcase_add_test(limits, a_pause_goes_on_where_it_was);
	if (tarn__hmac_is_built()) {
		suite_add_tcase(suite, tcase);
		suite_add_tcase(suite, keys);
		suite_add_tcase(suite, limits);
	}
	return unit_run(suite);
}
