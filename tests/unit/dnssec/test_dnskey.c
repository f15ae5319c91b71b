/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dnssec/test_dnskey.c: tags and digests of keys, by the examples of the RFCs. */
#include "dnssec/dnskey.h"

#include <string.h>

#include "crypto/hmac.h"
#include "crypto/signature.h"
#include "support/signed.h"
#include "support/unit.h"

/* RFC 4034 section 5.4, RFC 4509 section 2.3 */
static const char dskey[] =
	"dskey.example.com. 86400 IN DNSKEY 256 3 5 "
	"AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMm"
	"mAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
static const char *const dskey_ds[] = {
	"dskey.example.com. 86400 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	"dskey.example.com. 86400 IN DS 60485 5 2 "
	"D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
};

static uint8_t key_rdata[1024], ds_rdata[1024];
static struct tarn__dnskey key;
static struct tarn__ds ds;

static size_t copy_rdata(const char *text, uint8_t out[1024])
{
	struct tarn__zone_record record = parse_record(text);
	ck_assert_uint_le(record.rdata_len, 1024);
	memcpy(out, record.rdata, record.rdata_len);
	return record.rdata_len;
}

static void read_key(const char *text)
{
	ck_assert(tarn__dnskey_read(key_rdata, copy_rdata(text, key_rdata), &key));
}

static void read_ds(const char *text)
{
	ck_assert(tarn__ds_read(ds_rdata, copy_rdata(text, ds_rdata), &ds));
}

static bool is_of(const char *zone)
{
	struct tarn__name name = make_name(zone);
	return tarn__ds_is_of(&ds, &key, name.octets, name.len);
}

static void set_up(void)
{
	ck_assert_ptr_null(tarn__signature_load());
}

START_TEST(the_example_of_rfc4034_5_4_has_its_tag_and_ds)
{
	read_key(dskey);
	ck_assert_uint_eq(key.flags, TARN__DNSKEY_ZONE);
	ck_assert_uint_eq(key.protocol, 3);
	ck_assert_uint_eq(key.algorithm, 5);
	ck_assert_uint_eq(key.tag, 60485);
	ck_assert(tarn__dnskey_is_zone_key(&key));
	for (size_t i = 0; i < 2; i++) {
		read_ds(dskey_ds[i]);
		ck_assert_uint_eq(ds.tag, 60485);
		ck_assert_uint_eq(ds.algorithm, 5);
		ck_assert_uint_eq(ds.digest_type, i + 1);
		ck_assert(is_of("dskey.example.com."));
		ck_assert(tarn__ds_has_known_digest(&ds));
		/* RFC 9905: RSASHA1 is known, and not supported. */
		ck_assert(!tarn__ds_is_supported(&ds));
	}
}
END_TEST

/* RFC 4035 appendix A: the key 38519 of the zone example. */
static const char zone_key[] =
	"example. 3600 IN DNSKEY 256 3 5 "
	"AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBVrZy/lvI5CQePxXHZS4i8dANH4DX3tbHol61ek8EFMcsGXxKciJFH"
	"yhl94C+NwILQdzsUlSFovBZsyl/NX6yEbtw/xN9ZNcrbYvgjjZ/UVPZIySFNsgEYvh0z2542lzMKR4Dh8uZffQ==";

START_TEST(the_key_of_rfc4035_a_has_its_tag)
{
	read_key(zone_key);
	ck_assert_uint_eq(key.tag, 38519);
}
END_TEST

START_TEST(keys_of_the_examples_have_their_tags_and_ds)
{
	const struct example *example = &examples[_i];
	read_key(example->key);
	ck_assert_uint_eq(key.tag, example->tag);
	ck_assert(tarn__dnskey_is_zone_key(&key));
	if (!example->ds)
		return;
	read_ds(example->ds);
	ck_assert(tarn__ds_is_supported(&ds));
	ck_assert(is_of(example->zone));
}
END_TEST

START_TEST(the_owner_may_be_in_any_letter_case)
{
	read_key(dskey);
	read_ds(dskey_ds[1]);
	ck_assert(is_of("DSkey.Example.COM."));
	ck_assert(!is_of("dskez.example.com."));
	ck_assert(!is_of("example.com."));
	ck_assert(!is_of("."));
}
END_TEST

START_TEST(a_ds_that_differs_is_of_another_key)
{
	read_key(dskey);
	size_t len = copy_rdata(dskey_ds[1], ds_rdata);
	for (size_t i = 0; i < len; i++) {
		ds_rdata[i] ^= 1;
		ck_assert(tarn__ds_read(ds_rdata, len, &ds));
		ck_assert(!is_of("dskey.example.com."));
		ds_rdata[i] ^= 1;
	}
	ck_assert(tarn__ds_read(ds_rdata, len - 1, &ds));
	ck_assert(!is_of("dskey.example.com."));
	ck_assert(tarn__ds_read(ds_rdata, len + 1, &ds));
	ck_assert(!is_of("dskey.example.com."));
	ck_assert(tarn__ds_read(ds_rdata, len, &ds));
	ck_assert(is_of("dskey.example.com."));
}
END_TEST

START_TEST(a_key_that_differs_has_another_digest)
{
	read_key(dskey);
	read_ds(dskey_ds[1]);
	uint16_t tag = key.tag;
	for (size_t i = 0; i < key.rdata_len; i++) {
		key_rdata[i] ^= 1;
		ck_assert(tarn__dnskey_read(key_rdata, key.rdata_len, &key));
		ck_assert_uint_ne(key.tag, tag);
		/* Tags may collide. */
		key.tag = tag;
		ck_assert(!is_of("dskey.example.com."));
		key_rdata[i] ^= 1;
	}
}
END_TEST

static const struct {
	unsigned flags, protocol;
	bool may_sign;
} kinds[] = {
	{0x0100, 3, true},  {0x0101, 3, true},	{0xfe7f | 0x0100, 3, true},
	{0x0000, 3, false}, {0x0001, 3, false}, {0x0180, 3, false},
	{0x0181, 3, false}, {0x0100, 2, false}, {0x0100, 255, false},
};

START_TEST(zone_keys_are_not_revoked_and_of_protocol_3)
{
	uint8_t rdata[] = {0, 0, 0, 13, 1};
	tarn__put16(rdata, (uint16_t)kinds[_i].flags);
	rdata[2] = (uint8_t)kinds[_i].protocol;
	ck_assert(tarn__dnskey_read(rdata, sizeof(rdata), &key));
	ck_assert_int_eq(tarn__dnskey_is_zone_key(&key), kinds[_i].may_sign);
}
END_TEST

START_TEST(rdata_without_key_or_digest_is_malformed)
{
	static const uint8_t octets[5];
	for (size_t len = 0; len < sizeof(octets); len++) {
		ck_assert(!tarn__dnskey_read(octets, len, &key));
		ck_assert(!tarn__ds_read(octets, len, &ds));
	}
	ck_assert(tarn__dnskey_read(octets, sizeof(octets), &key));
	ck_assert_uint_eq(key.key_len, 1);
	ck_assert(tarn__ds_read(octets, sizeof(octets), &ds));
	ck_assert_uint_eq(ds.digest_len, 1);
}
END_TEST

START_TEST(the_longest_key_has_a_tag)
{
	static uint8_t octets[UINT16_MAX + 1];
	memset(octets, 0xff, sizeof(octets));
	/* 32768 times 0xff00 and 32767 times 0xff, and what exceeds 16 bits once more */
	ck_assert(tarn__dnskey_read(octets, UINT16_MAX, &key));
	ck_assert_uint_eq(key.tag, ((0x7f800000u + 0x7f7f01u) + ((0x7f800000u + 0x7f7f01u) >> 16)) %
					   0x10000);
	ck_assert(!tarn__dnskey_read(octets, UINT16_MAX + 1, &key));
	ck_assert(!tarn__ds_read(octets, UINT16_MAX + 1, &ds));
}
END_TEST

START_TEST(digests_of_types_1_2_and_4_are_known)
{
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const uint8_t rdata[] = {0, 1, TARN__ECDSAP256SHA256, (uint8_t)type, 1};
		ck_assert(tarn__ds_read(rdata, sizeof(rdata), &ds));
		bool is_known = type == 1 || type == 2 || type == 4;
		ck_assert_int_eq(tarn__ds_has_known_digest(&ds), is_known);
		ck_assert_int_eq(tarn__ds_is_supported(&ds), is_known);
	}
}
END_TEST

START_TEST(algorithms_that_the_library_has_are_supported)
{
	for (unsigned algorithm = 0; algorithm <= UINT8_MAX; algorithm++) {
		const uint8_t rdata[] = {0, 1, (uint8_t)algorithm, 2, 1};
		ck_assert(tarn__ds_read(rdata, sizeof(rdata), &ds));
		ck_assert_int_eq(tarn__ds_is_supported(&ds),
				 tarn__signature_is_supported((uint8_t)algorithm));
	}
}
END_TEST

int main(void)
{
	if (!tarn__hmac_is_built())
		return unit_skip("built without OpenSSL");
	Suite *suite = suite_create("dnskey");
	TCase *tcase = tcase_create("dnskey");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, the_example_of_rfc4034_5_4_has_its_tag_and_ds);
	tcase_add_test(tcase, the_key_of_rfc4035_a_has_its_tag);
	tcase_add_loop_test(tcase, keys_of_the_examples_have_their_tags_and_ds, 0, EXAMPLES);
	tcase_add_test(tcase, the_owner_may_be_in_any_letter_case);
	tcase_add_test(tcase, a_ds_that_differs_is_of_another_key);
	tcase_add_test(tcase, a_key_that_differs_has_another_digest);
	tcase_add_loop_test(tcase, zone_keys_are_not_revoked_and_of_protocol_3, 0,
			    sizeof(kinds) / sizeof(kinds[0]));
	tcase_add_test(tcase, rdata_without_key_or_digest_is_malformed);
	tcase_add_test(tcase, the_longest_key_has_a_tag);
	tcase_add_test(tcase, digests_of_types_1_2_and_4_are_known);
	tcase_add_test(tcase, algorithms_that_the_library_has_are_supported);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
