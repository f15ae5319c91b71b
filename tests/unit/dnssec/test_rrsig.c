/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_rrsig.c: reading an RRSIG, and which fit an RRset and a time. */
#include "dnssec/rrsig.h"

#include <string.h>

#include "dnssec/limits.h"
#include "dnssec/security.h"
#include "support/signed.h"
#include "support/unit.h"

/* RFC 4035 appendix B.6, cut: the answer to a.z.w.example./MX, which is expanded from *.w.example. */
static const char expansion[] = "a.z.w.example. 3600 IN RRSIG MX 5 2 3600 20040509183619 "
				"20040409183619 38519 example. OMK8rAZlepfzLWW75Dxd63jy2wsw";

static uint8_t rdata[512];
static struct tarn__rrsig rrsig;

static bool read_rdata(size_t len)
{
	struct tarn__reader reader = {.wire = rdata, .end = len};
	return tarn__rrsig_read(reader, &rrsig);
}

/* Reads an RRSIG of text. Returns its octets. */
static size_t read_text(const char *text)
{
	struct tarn__zone_record record = parse_record(text);
	ck_assert_uint_le(record.rdata_len, sizeof(rdata));
	memcpy(rdata, record.rdata, record.rdata_len);
	ck_assert(read_rdata(record.rdata_len));
	return record.rdata_len;
}

START_TEST(all_fields_are_read)
{
	size_t len = read_text(expansion);
	ck_assert_uint_eq(rrsig.covered, TARN__TYPE_MX);
	ck_assert_uint_eq(rrsig.algorithm, 5);
	ck_assert_uint_eq(rrsig.labels, 2);
	ck_assert_uint_eq(rrsig.original_ttl, 3600);
	ck_assert_uint_eq(rrsig.expiration, 1084127779);
	ck_assert_uint_eq(rrsig.inception, 1081535779);
	ck_assert_uint_eq(rrsig.tag, 38519);
	ck_assert_uint_eq(rrsig.signer_len, 9);
	ck_assert_mem_eq(rrsig.signer, "\7example", 9);
	ck_assert_ptr_eq(rrsig.rdata, rdata);
	ck_assert_ptr_eq(rrsig.signature, rdata + 18 + 9);
	ck_assert_uint_eq(rrsig.signature_len, len - 18 - 9);
	ck_assert_mem_eq(rrsig.signature, "\x38\xc2\xbc\xac", 4);
}
END_TEST

START_TEST(rdata_without_signature_is_malformed)
{
	size_t len = read_text(expansion);
	for (size_t part = 0; part <= 18 + 9; part++)
		ck_assert(!read_rdata(part));
	ck_assert(read_rdata(18 + 9 + 1));
	ck_assert_uint_eq(rrsig.signature_len, 1);
	ck_assert(read_rdata(len));
}
END_TEST

START_TEST(a_compressed_signer_is_malformed)
{
	size_t len = read_text(expansion);
	memcpy(rdata + 18, "\300\014", 2);
	ck_assert(!read_rdata(len));
}
END_TEST

/* ---- what it fits ----------------------------------------------------------------------- */

static const struct fit {
	uint16_t type;
	const char *owner, *signer;
	unsigned labels;
	bool fits;
} fits[] = {
	/* The signer is at or above the owner, in any letter case. */
	{TARN__TYPE_A, "www.example.", "example.", 2, true},
	{TARN__TYPE_A, "www.Example.", "eXample.", 2, true},
	{TARN__TYPE_A, "example.", "example.", 1, true},
	{TARN__TYPE_A, "www.example.", ".", 2, true},
	{TARN__TYPE_A, ".", ".", 0, true},
	{TARN__TYPE_A, "www.example.", "www.example.", 2, true},
	{TARN__TYPE_A, "example.", "www.example.", 1, false},
	{TARN__TYPE_A, "www.example.", "xample.", 2, false},
	{TARN__TYPE_A, "www.example.", "test.", 2, false},
	{TARN__TYPE_A, "wwwexample.", "example.", 1, false},
	/* The labels are not more than the owner's, whose asterisk is not counted. */
	{TARN__TYPE_A, "www.example.", "example.", 3, false},
	{TARN__TYPE_A, "www.example.", "example.", 255, false},
	{TARN__TYPE_A, "*.example.", "example.", 1, true},
	{TARN__TYPE_A, "*.example.", "example.", 2, false},
	{TARN__TYPE_A, "a.*.example.", "example.", 3, true},
	{TARN__TYPE_A, "**.example.", "example.", 2, true},
	/* Nor are they fewer than the signer's: the wildcard is in the zone. */
	{TARN__TYPE_A, "www.example.", "example.", 1, true},
	{TARN__TYPE_A, "www.example.", "example.", 0, false},
	{TARN__TYPE_A, "www.a.example.", "a.example.", 1, false},
	{TARN__TYPE_A, "www.example.", ".", 0, true},
	/* These are no expansions. */
	{TARN__TYPE_NSEC, "www.example.", "example.", 2, true},
	{TARN__TYPE_NSEC, "www.example.", "example.", 1, false},
	{TARN__TYPE_NSEC, "*.example.", "example.", 1, true},
	{TARN__TYPE_NSEC, "example.", "example.", 1, true},
	{TARN__TYPE_SOA, "example.", "example.", 1, true},
	{TARN__TYPE_SOA, "a.example.", "example.", 2, true},
	{TARN__TYPE_SOA, "a.example.", "example.", 1, false},
	/* NSEC3: the zone is the parent. */
	{TARN__TYPE_NSEC3, "hash.example.", "example.", 2, true},
	{TARN__TYPE_NSEC3, "hash.example.", "example.", 1, false},
	{TARN__TYPE_NSEC3, "hash.a.example.", "example.", 3, false},
	{TARN__TYPE_NSEC3, "hash.a.example.", "a.example.", 3, true},
	{TARN__TYPE_NSEC3, "example.", "example.", 1, false},
	{TARN__TYPE_NSEC3, "hash.", ".", 1, true},
	{TARN__TYPE_NSEC3, ".", ".", 0, false},
	/* DNSKEY: the zone is the owner. */
	{TARN__TYPE_DNSKEY, "example.", "Example.", 1, true},
	{TARN__TYPE_DNSKEY, ".", ".", 0, true},
	{TARN__TYPE_DNSKEY, "a.example.", "example.", 2, false},
	{TARN__TYPE_DNSKEY, "*.example.", "*.example.", 1, true},
	/* DS: the zone is above. */
	{TARN__TYPE_DS, "a.example.", "example.", 2, true},
	{TARN__TYPE_DS, "a.example.", ".", 2, true},
	{TARN__TYPE_DS, "a.b.example.", "example.", 3, true},
	{TARN__TYPE_DS, "a.example.", "example.", 1, false},
	{TARN__TYPE_DS, "example.", "example.", 1, false},
	{TARN__TYPE_DS, ".", ".", 0, false},
	/* RRSIG is never signed. */
	{TARN__TYPE_RRSIG, "www.example.", "example.", 2, false},
	/* Of CDNSKEY and the like nothing else is required. */
	{TARN__TYPE_CDNSKEY, "a.example.", "example.", 2, true},
};

START_TEST(a_signature_fits_an_owner_and_a_type)
{
	const struct fit *fit = &fits[_i];
	struct tarn__name owner = make_name(fit->owner), signer = make_name(fit->signer);
	struct tarn__rrsig it = {.covered = fit->type,
				 .labels = (uint8_t)fit->labels,
				 .signer = signer.octets,
				 .signer_len = (uint16_t)signer.len};
	ck_assert_msg(tarn__rrsig_fits(&it, &owner, fit->type) == fit->fits, "%s by %s", fit->owner,
		      fit->signer);
}
END_TEST

static const struct {
	const char *owner;
	unsigned labels;
	bool is_expansion;
} expansions[] = {
	{"www.example.", 2, false}, {"www.example.", 1, true}, {"*.example.", 1, false},
	{"*.example.", 0, true},    {"*.", 0, false},	       {".", 0, false},
	{"a.*.example.", 3, false}, {"a.*.example.", 1, true}, {"www.example.", 3, false},
};

START_TEST(fewer_labels_are_an_expansion)
{
	struct tarn__name owner = make_name(expansions[_i].owner);
	struct tarn__rrsig it = {.labels = (uint8_t)expansions[_i].labels};
	ck_assert_int_eq(tarn__rrsig_is_expansion(&it, &owner), expansions[_i].is_expansion);
}
END_TEST

/* ---- when it is valid ------------------------------------------------------------------- */

static const struct moment {
	uint32_t inception, expiration, now;
	uint16_t code; /* 0: it is current */
	const char *why;
} moments[] = {
	{1000, 2000, 1500, 0, ""},
	/* 300 seconds too early are none; after the expiration there are none. */
	{1000, 2000, 1000, 0, ""},
	{1000, 2000, 1000 - TARN__SKEW_SEC, 0, ""},
	{1000, 2000, 1000 - TARN__SKEW_SEC - 1, TARN__EDE_SIGNATURE_NOT_YET_VALID,
	 "not before 1970-01-01 00:16:40"},
	{1000, 2000, 2000, 0, ""},
	{1000, 2000, 2001, TARN__EDE_SIGNATURE_EXPIRED, "expired 1970-01-01 00:33:20"},
	/* It may be valid for a moment. */
	{1000, 1000, 1000, 0, ""},
	{1000, 999, 1000, TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID,
	 "it expires before its inception"},
	/* Dates are serial numbers: here the 32 bits overflow. */
	{UINT32_MAX - 1000, 1000, UINT32_MAX, 0, ""},
	{UINT32_MAX - 1000, 1000, 0, 0, ""},
	{UINT32_MAX - 1000, 1000, 1001, TARN__EDE_SIGNATURE_EXPIRED, "expired 1970-01-01 00:16:40"},
	{100, 1000, UINT32_MAX - 100, 0, ""},
	{100, 1000, UINT32_MAX - 200, TARN__EDE_SIGNATURE_NOT_YET_VALID,
	 "not before 1970-01-01 00:01:40"},
	/* The longest time, and one that has no sign. */
	{0, INT32_MAX, 0, 0, ""},
	{0, 0x80000000, 0, TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID,
	 "it expires before its inception"},
};

START_TEST(a_signature_is_current_between_its_dates)
{
	const struct moment *moment = &moments[_i];
	struct tarn__name owner = make_name("www.example.com.");
	struct tarn__reason reason = {0};
	struct tarn__rrsig it = {.covered = TARN__TYPE_A,
				 .inception = moment->inception,
				 .expiration = moment->expiration,
				 .tag = 34505};
	ck_assert_int_eq(tarn__rrsig_is_current(&it, moment->now, &owner, &reason),
			 moment->code == 0);
	ck_assert_int_eq(tarn__rrsig_is_current(&it, moment->now, &owner, NULL), moment->code == 0);
	ck_assert_uint_eq(reason.code, moment->code);
	char text[TARN__REASON_TEXT_MAX + 1] = "";
	if (moment->code != 0)
		snprintf(text, sizeof(text),
			 "no signature of www.example.com/A by key 34505 is valid: %s",
			 moment->why);
	ck_assert_str_eq(reason.text, text);
}
END_TEST

START_TEST(the_longest_text_is_whole)
{
	struct tarn__name owner = {.len = TARN__NAME_MAX};
	memset(owner.octets, 0xff, sizeof(owner.octets));
	owner.octets[0] = owner.octets[64] = owner.octets[128] = 63;
	owner.octets[192] = 61;
	owner.octets[254] = 0;
	struct tarn__reason reason = {0};
	struct tarn__rrsig it = {.covered = TARN__TYPE_NSEC3PARAM,
				 .inception = 1000,
				 .expiration = 2000,
				 .tag = 65535};
	ck_assert(!tarn__rrsig_is_current(&it, 3000, &owner, &reason));
	ck_assert_ptr_nonnull(strstr(reason.text, " is valid: expired 1970-01-01 00:33:20"));
}
END_TEST

START_TEST(the_seconds_to_the_expiration_are_not_negative)
{
	struct tarn__rrsig it = {.expiration = 2000};
	ck_assert_uint_eq(tarn__rrsig_left_sec(&it, 1500), 500);
	ck_assert_uint_eq(tarn__rrsig_left_sec(&it, 2000), 0);
	ck_assert_uint_eq(tarn__rrsig_left_sec(&it, 2001), 0);
	ck_assert_uint_eq(tarn__rrsig_left_sec(&it, UINT32_MAX), 2001);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rrsig");
	TCase *tcase = tcase_create("rrsig");
	tcase_add_test(tcase, all_fields_are_read);
	tcase_add_test(tcase, rdata_without_signature_is_malformed);
	tcase_add_test(tcase, a_compressed_signer_is_malformed);
	tcase_add_loop_test(tcase, a_signature_fits_an_owner_and_a_type, 0,
			    sizeof(fits) / sizeof(fits[0]));
	tcase_add_loop_test(tcase, fewer_labels_are_an_expansion, 0,
			    sizeof(expansions) / sizeof(expansions[0]));
	tcase_add_loop_test(tcase, a_signature_is_current_between_its_dates, 0,
			    sizeof(moments) / sizeof(moments[0]));
	tcase_add_test(tcase, the_longest_text_is_whole);
	tcase_add_test(tcase, the_seconds_to_the_expiration_are_not_negative);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
