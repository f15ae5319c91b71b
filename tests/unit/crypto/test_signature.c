/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/crypto/test_signature.c: the signatures of RFC 5702, 6605 and 8080, and keys and signatures
 * that are malformed.
 */
#include "crypto/signature.h"

#include <string.h>

#include "crypto/hmac.h"
#include "support/signatures.h"
#include "support/unit.h"

/* The text "tarn", signed by the openssl program. */
static const char text[] = "7461726e";

static const char pair_key[] =
	"62e54217c5c9da9b724ee34f410943011023f93c010e8fbba8fd473b55296ffd6f2ce81ed36807ee3d"
	"390aee8380358b3f3c1f9ece0f43caead6ba2cc5b428e2";

/* Pairs that differ in how DER writes them. */
static const char *const pairs[] = {
	/* no number has its highest bit set */
	"1c8f4d7990a44eae8503788a3bc15b4ef9e1fb8cd94ee31c9a08b5f7dca10d292445e4e48f85614e89"
	"f2cfec03d237b6b53de34e8c30143e86a2900783c348f1",
	/* both have */
	"831f477edce7e65cc303ac50a9711e46478d3f5cc6bfc001af9f868b9f2ed9f396e18d693d6ebc47ae"
	"d7e6deb155f6193703132971ec42d3b953c429ae05f380",
	/* r begins with a zero octet */
	"002009744268acbeafcf0fcf25712c96c8a32b9d39604af48de47c4850aa4cccdb4dc8d32e0eb3468d"
	"e4e7b5037cef41870f14fdf93427d9bae5181a90b39c33",
	/* with a zero octet that is its sign, too */
	"008f1b5e105ffbd70d3e0bf42c77b9fcbb0f8e5797213041be9e5e28a06e8bf8cc53e748bac0ce228a"
	"e36e84d5449b94730528921332a58e25d44492876bc8ac",
	/* s begins with a zero octet */
	"6b89e154525a6ae77094234c387c7e899ba6a512b31f3bab7e0169642e82259c00074bdc9c4843fc02"
	"d1fa733617e3f20d7a5ef940f390bea277176936b687d0",
};

/* Exponents of 33 and 34 bits. */
static const struct {
	const char *key, *signature;
} wide[] = {
	{"050100000001c8b29cd1b27bdf497c0cdf9cdd70599781f2577f14701ffce95f93c78fe7e29ef5d9d2"
	 "e777af666020a4b1956c7e0fd5b48deec348e85dba097a8a42355483fadaf3dd92a1fb3d9fd0dde94a"
	 "e4ce62e8d081e9a3de73e7c66e02cf7383265a448a7a7ffef1355525c9761026d3abe1850693301490"
	 "2b99d4a126fd019d34820d",
	 "6df4e371720aa7dc66344bbb46b0b7437a722fba45e9d4b42ca82d10cbcfa0760adc4309bba25816b0"
	 "1826426964a9f4cfb58b98fa0f6ca1e3ed7a6fc64ad04c067e2718201cd62916cc493a1da703f3ea0b"
	 "d4690bbcfd13b64d520b6e902e33c4be2d35277cab9e527d6a1c04847b80751d5037118ae65587f453"
	 "8a7ae54950"},
	{"050200000005c6921702e5a73fc83b8823ab3149b8a6f69061984f0a955e69cb5c1a6fc3bebe2d6d61"
	 "ea829cf93455d809c2e9570a4e77218c638d529d6289888abc6c02d9a9d8bed959e56f5c14eeb3a18b"
	 "d5a24cf96e7fb30362518ca60049b1e15f043429a7609bf4cb71b21866650734737cd4608f9d7da777"
	 "ad27792c49c10d13fb277d",
	 "4edf6122a0548b45d5a9e58ad8ffb84ddbbcfc76fa1d4b121761e5c1985faaed5494b627d6045bb3e5"
	 "a7d66b196b3e24a9d79b105f3a471e1def5c53e32b1098c9037bce7b7a2d5c0c543f1a13a7fb359baa"
	 "9444a789af31799efa729c608a61ef9eb2894167d9be055b991653534f3eb11113e34eada3331eb293"
	 "751201cfcf"},
};

static struct signed_data read_text(uint8_t algorithm, const char *key, const char *signature)
{
	return (struct signed_data){
		.algorithm = algorithm,
		.key = from_base16(key),
		.signature = from_base16(signature),
		.data = from_base16(text),
	};
}

static bool key_is_valid(uint8_t algorithm, const struct octets *key)
{
	return tarn__signature_key_is_valid(algorithm, key->at, key->len);
}

/* A key of RSA: exponent and its length, and a modulus that begins with that octet. */
static struct octets make_rsa_key(const char *exponent, uint8_t first, size_t modulus_len)
{
	struct octets key = from_base16(exponent);
	memset(key.at + key.len, 0xff, modulus_len);
	key.at[key.len] = first;
	key.len += modulus_len;
	return key;
}

/* The first vector, with a key that begins with these octets instead of its length and exponent. */
static struct signed_data change_exponent(const char *exponent)
{
	const size_t exponent_len = 4; /* and the octet with the length */
	struct signed_data it = read_vector(RSA_512);
	struct octets key = from_base16(exponent);
	memcpy(key.at + key.len, it.key.at + exponent_len, it.key.len - exponent_len);
	key.len += it.key.len - exponent_len;
	it.key = key;
	return it;
}

START_TEST(names_are_those_of_the_registry)
{
	ck_assert_str_eq(tarn__algorithm_name(5), "RSASHA1");
	ck_assert_str_eq(tarn__algorithm_name(7), "RSASHA1-NSEC3-SHA1");
	ck_assert_str_eq(tarn__algorithm_name(8), "RSASHA256");
	ck_assert_str_eq(tarn__algorithm_name(10), "RSASHA512");
	ck_assert_str_eq(tarn__algorithm_name(13), "ECDSAP256SHA256");
	ck_assert_str_eq(tarn__algorithm_name(14), "ECDSAP384SHA384");
	ck_assert_str_eq(tarn__algorithm_name(15), "ED25519");
	ck_assert_str_eq(tarn__algorithm_name(16), "ED448");
	ck_assert_ptr_null(tarn__algorithm_name(0));
	ck_assert_ptr_null(tarn__algorithm_name(17));
	ck_assert_ptr_null(tarn__algorithm_name(255));
}
END_TEST

static const struct {
	uint8_t algorithm, first;
	uint16_t modulus_len;
	bool is_valid;
} moduli[] = {
	/* RFC 5702 section 2.1 */
	{TARN__RSASHA256, 0x7f, 64, false}, /* 511 bits */
	{TARN__RSASHA256, 0x80, 64, true}, /* 512 */
	{TARN__RSASHA256, 0xff, 512, true}, /* 4096 */
	{TARN__RSASHA256, 0x01, 513, false}, /* 4097 */
	/* RFC 5702 section 2.2 */
	{TARN__RSASHA512, 0x7f, 128, false}, /* 1023 */
	{TARN__RSASHA512, 0x80, 128, true}, /* 1024 */
	{TARN__RSASHA512, 0xff, 512, true}, /* 4096 */
	{TARN__RSASHA512, 0x01, 513, false}, /* 4097 */
	/* RFC 9905 */
	{TARN__RSASHA1, 0xff, 128, false}, /* 1024 */
	{TARN__RSASHA1_NSEC3, 0xff, 128, false}, /* 1024 */
};

START_TEST(a_modulus_has_so_many_bits)
{
	struct octets key = make_rsa_key("03010001", moduli[_i].first, moduli[_i].modulus_len);
	ck_assert_int_eq(key_is_valid(moduli[_i].algorithm, &key), moduli[_i].is_valid);
}
END_TEST

static const char *const broken_rsa_keys[] = {
	/* the length of the exponent is cut */
	"00",
	"0000",
	/* the exponent is cut */
	"000003",
	"01",
	"0301",
	"030100",
	/* there is no modulus */
	"03010001",
	"000003010001",
};

START_TEST(a_broken_rsa_key_is_not_valid)
{
	struct octets key = from_base16(broken_rsa_keys[_i]);
	ck_assert(!key_is_valid(TARN__RSASHA256, &key));
	ck_assert_uint_eq(tarn__signature_work(TARN__RSASHA256, key.at, key.len, 100000), 1);
	ck_assert(!tarn__signature_key_is_valid(TARN__RSASHA256, key.at, 0));
}
END_TEST

static const struct {
	const char *octets;
	bool is_valid;
} exponents[] = {
	{"0103", true},
	{"0501ffffffff", true}, /* 33 bits */
	{"00000501ffffffff", true},
	{"0700000100000001", true},
	{"050200000000", false}, /* 34 bits */
	{"06010000000001", false},
	{"0100", false},
	{"020000", false},
	{"000000", false},
	{"0000020000", false},
	{"ff03", false}, /* longer than the key */
	{"00ffff03", false},
};

START_TEST(an_exponent_has_so_many_bits)
{
	struct octets key = make_rsa_key(exponents[_i].octets, 0xff, 128);
	ck_assert_int_eq(key_is_valid(TARN__RSASHA256, &key), exponents[_i].is_valid);
	ck_assert_int_eq(key_is_valid(TARN__RSASHA512, &key), exponents[_i].is_valid);
}
END_TEST

static const struct {
	uint8_t algorithm;
	uint8_t len;
} lengths[] = {
	{TARN__ECDSAP256SHA256, 64},
	{TARN__ECDSAP384SHA384, 96},
	{TARN__ED25519, 32},
	{TARN__ED448, 57},
};

START_TEST(a_key_on_a_curve_has_one_length)
{
	const uint8_t key[256] = {0};
	for (size_t len = 0; len < sizeof(key); len++)
		ck_assert_int_eq(tarn__signature_key_is_valid(lengths[_i].algorithm, key, len),
				 len == lengths[_i].len);
}
END_TEST

START_TEST(signatures_of_the_rfcs_are_good)
{
	struct signed_data it = read_vector((size_t)_i);
	ck_assert(tarn__signature_is_supported(it.algorithm));
	ck_assert(key_is_valid(it.algorithm, &it.key));
	ck_assert(is_good(&it));
	ck_assert(is_good(&it));
	ck_assert(!has_queued_errors());
}
END_TEST

static void flip(const struct signed_data *it, struct octets *of, size_t at)
{
	for (unsigned bit = 0; bit < 8; bit++) {
		of->at[at] ^= (uint8_t)(1 << bit);
		ck_assert_msg(!is_good(it), "octet %zu, bit %u", at, bit);
		ck_assert(!has_queued_errors());
		of->at[at] ^= (uint8_t)(1 << bit);
	}
}

START_TEST(no_bit_may_be_another)
{
	struct signed_data it = read_vector((size_t)_i);
	struct octets *const all[] = {&it.key, &it.signature, &it.data};
	for (size_t i = 0; i < 3; i++) {
		flip(&it, all[i], 0);
		flip(&it, all[i], all[i]->len - 1);
	}
	ck_assert(is_good(&it));
}
END_TEST

START_TEST(nothing_may_have_another_length)
{
	const struct signed_data whole = read_vector((size_t)_i);
	struct signed_data it = whole;
	for (it.key.len = 0; it.key.len < whole.key.len + 3; it.key.len++)
		ck_assert_int_eq(is_good(&it), it.key.len == whole.key.len);
	it = whole;
	for (it.signature.len = 0; it.signature.len < whole.signature.len + 3; it.signature.len++)
		ck_assert_int_eq(is_good(&it), it.signature.len == whole.signature.len);
	it = whole;
	for (it.data.len = 0; it.data.len < whole.data.len; it.data.len += whole.data.len / 3)
		ck_assert(!is_good(&it));
	ck_assert(!has_queued_errors());
}
END_TEST

START_TEST(an_algorithm_is_not_another)
{
	struct signed_data it = read_vector((size_t)_i);
	for (unsigned algorithm = 0; algorithm < 256; algorithm++) {
		it.algorithm = (uint8_t)algorithm;
		ck_assert_int_eq(is_good(&it), it.algorithm == signature_vectors[_i].algorithm);
	}
	ck_assert(!has_queued_errors());
}
END_TEST

static const uint8_t unsupported[] = {0, 1, 3, 5, 6, 7, 9, 12, 17, 252, 255};

/* RFC 9905: 5 and 7 are RSA with SHA-1. */
START_TEST(other_algorithms_are_not_supported)
{
	struct signed_data it = read_vector(RSA_1024);
	it.algorithm = unsupported[_i];
	ck_assert(!tarn__signature_is_supported(it.algorithm));
	ck_assert(!key_is_valid(it.algorithm, &it.key));
	ck_assert(!is_good(&it));
	ck_assert_uint_eq(tarn__signature_work(it.algorithm, it.key.at, it.key.len, 65535), 1);
}
END_TEST

static const char *const forms[] = {
	/* one octet of length, or three */
	"03010001",
	"000003010001",
	/* zero octets before the exponent */
	"0400010001",
	"0000050000010001",
	/* zero octets before the modulus */
	"0301000100",
	"030100010000",
};

/* RFC 3110 section 2 */
START_TEST(an_rsa_key_has_several_forms)
{
	struct signed_data it = change_exponent(forms[_i]);
	ck_assert(key_is_valid(it.algorithm, &it.key));
	ck_assert(is_good(&it));
	ck_assert_uint_eq(tarn__signature_work(it.algorithm, it.key.at, it.key.len, 0), 2);
}
END_TEST

START_TEST(an_exponent_of_33_bits_is_the_widest)
{
	struct signed_data it = read_text(TARN__RSASHA256, wide[_i].key, wide[_i].signature);
	ck_assert_int_eq(key_is_valid(it.algorithm, &it.key), _i == 0);
	ck_assert_int_eq(is_good(&it), _i == 0);
}
END_TEST

START_TEST(a_pair_of_numbers_is_of_any_size)
{
	struct signed_data it = read_text(TARN__ECDSAP256SHA256, pair_key, pairs[_i]);
	ck_assert(is_good(&it));
	flip(&it, &it.signature, 0);
	flip(&it, &it.signature, 32);
}
END_TEST

START_TEST(neither_zeros_nor_ones_are_good)
{
	struct signed_data it = read_vector((size_t)_i);
	memset(it.signature.at, 0, it.signature.len);
	ck_assert(!is_good(&it));
	memset(it.signature.at, 0xff, it.signature.len);
	ck_assert(!is_good(&it));
	memset(it.key.at, 0, it.key.len);
	ck_assert(!is_good(&it));
	memset(it.key.at, 0xff, it.key.len);
	ck_assert(!is_good(&it));
	ck_assert(!has_queued_errors());
}
END_TEST

static const struct {
	uint8_t algorithm;
	uint16_t modulus_len; /* 0: not RSA */
	uint8_t first;
	size_t data_len;
	unsigned work;
} works[] = {
	{TARN__RSASHA256, 64, 0xff, 300, 2},
	{TARN__RSASHA512, 128, 0xff, 300, 2},
	{TARN__RSASHA256, 129, 0x01, 300, 3},
	{TARN__RSASHA256, 192, 0xff, 300, 3},
	{TARN__RSASHA256, 256, 0xff, 300, 4},
	{TARN__RSASHA256, 257, 0x01, 300, 6},
	{TARN__RSASHA256, 384, 0xff, 300, 7},
	{TARN__RSASHA256, 448, 0xff, 300, 9},
	{TARN__RSASHA256, 449, 0x01, 300, 10},
	{TARN__RSASHA512, 512, 0xff, 6499, 10},
	{TARN__RSASHA512, 512, 0xff, 6500, 11},
	{TARN__RSASHA512, 513, 0x01, 65000, 1},
	{TARN__ECDSAP256SHA256, 0, 0, 300, 10},
	{TARN__ECDSAP256SHA256, 0, 0, 65535, 20},
	{TARN__ECDSAP384SHA384, 0, 0, 300, 100},
	{TARN__ED25519, 0, 0, 300, 17},
	{TARN__ED448, 0, 0, 300, 36},
};

START_TEST(work_is_in_tenths_of_p256)
{
	struct octets key = {.len = 0};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (lengths[i].algorithm == works[_i].algorithm)
			key.len = lengths[i].len;
	}
	if (works[_i].modulus_len > 0)
		key = make_rsa_key("03010001", works[_i].first, works[_i].modulus_len);
	ck_assert_uint_eq(
		tarn__signature_work(works[_i].algorithm, key.at, key.len, works[_i].data_len),
		works[_i].work);
	ck_assert_uint_eq(tarn__signature_work(works[_i].algorithm, key.at, 2, 65535), 1);
}
END_TEST

static void add_keys(TCase *keys)
{
	tcase_add_test(keys, names_are_those_of_the_registry);
	tcase_add_loop_test(keys, a_modulus_has_so_many_bits, 0,
			    sizeof(moduli) / sizeof(moduli[0]));
	tcase_add_loop_test(keys, a_broken_rsa_key_is_not_valid, 0,
			    sizeof(broken_rsa_keys) / sizeof(broken_rsa_keys[0]));
	tcase_add_loop_test(keys, an_exponent_has_so_many_bits, 0,
			    sizeof(exponents) / sizeof(exponents[0]));
	tcase_add_loop_test(keys, a_key_on_a_curve_has_one_length, 0,
			    sizeof(lengths) / sizeof(lengths[0]));
}

static void add_signatures(TCase *signatures)
{
	tcase_add_checked_fixture(signatures, load_signatures, NULL);
	tcase_add_loop_test(signatures, signatures_of_the_rfcs_are_good, 0, SIGNATURE_VECTORS);
	tcase_add_loop_test(signatures, no_bit_may_be_another, 0, SIGNATURE_VECTORS);
	tcase_add_loop_test(signatures, nothing_may_have_another_length, 0, SIGNATURE_VECTORS);
	tcase_add_loop_test(signatures, an_algorithm_is_not_another, 0, SIGNATURE_VECTORS);
	tcase_add_loop_test(signatures, neither_zeros_nor_ones_are_good, 0, SIGNATURE_VECTORS);
	tcase_add_loop_test(signatures, other_algorithms_are_not_supported, 0, sizeof(unsupported));
	tcase_add_loop_test(signatures, an_rsa_key_has_several_forms, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(signatures, an_exponent_of_33_bits_is_the_widest, 0, 2);
	tcase_add_loop_test(signatures, a_pair_of_numbers_is_of_any_size, 0,
			    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_loop_test(signatures, work_is_in_tenths_of_p256, 0,
			    sizeof(works) / sizeof(works[0]));
}

int main(void)
{
	Suite *suite = suite_create("signature");
	TCase *keys = tcase_create("keys");
	TCase *signatures = tcase_create("signatures");
	add_keys(keys);
	if (tarn__hmac_is_built())
		add_signatures(signatures);
	suite_add_tcase(suite, keys);
	suite_add_tcase(suite, signatures);
	return unit_run(suite);
}
