/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/tls/test_pairs.c: which certificates and keys a server takes, and what a certificate says. */
#include "support/tls_world.h"
#include "support/unit.h"
#include "tls/words.h"

enum { DAY = 86400 };

static void expect_refused(const struct tarn__tls_pair *pairs, size_t count, size_t faulty,
			   const char *fault)
{
	char text[TARN__TLS_FAULT_MAX] = "";
	size_t index = SIZE_MAX;
	ck_assert_ptr_null(
		tarn__tls_server_new(pairs, count, world.keys, (uint64_t)time(NULL), &index, text));
	ck_assert_str_eq(text, fault);
	ck_assert_uint_eq(index, faulty);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(key_of_another_certificate_is_refused)
{
	static const enum key_kind kinds[] = {KEY_P256, KEY_RSA_2048, KEY_ED25519, KEY_P384};
	struct certificate *other = certificate_new(&(struct certificate_plan){.key = kinds[_i]});
	struct tarn__tls_pair pairs[] = {pair_of(world.own), pair_of(world.own)};
	pairs[0].key = certificate_key_pem(other);
	pairs[0].key_len = strlen(pairs[0].key);
	expect_refused(pairs, 1, 0, "key does not belong to the certificate");
	certificate_free(other);
}
END_TEST

START_TEST(expired_certificate_is_refused)
{
	char date[TARN__DATE_TEXT_MAX], fault[TARN__TLS_FAULT_MAX];
	time_t until = time(NULL) - 2 * DAY;
	struct certificate *old = certificate_new(
		&(struct certificate_plan){.from_sec = until - DAY, .until_sec = until});
	struct tarn__tls_pair pair = pair_of(old);
	snprintf(fault, sizeof(fault), "certificate expired on %s", tarn__words_date(until, date));
	expect_refused(&pair, 1, 0, fault);
	/* The time is the caller's to say. */
	size_t faulty;
	struct tarn__tls_server *server =
		tarn__tls_server_new(&pair, 1, world.keys, (uint64_t)until, &faulty, fault);
	ck_assert_ptr_nonnull(server);
	tarn__tls_server_put(server);
	certificate_free(old);
}
END_TEST

/* It may be that the clock is wrong. */
START_TEST(certificate_of_tomorrow_is_taken)
{
	struct certificate *made = certificate_new(&(struct certificate_plan){
		.from_sec = time(NULL) + DAY, .until_sec = time(NULL) + 2 * DAY});
	tarn__tls_server_put(make_server(made, world.keys));
	certificate_free(made);
}
END_TEST

static const char sealed_key[] =
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n"
	"-----END ENCRYPTED PRIVATE KEY-----\n";

START_TEST(text_that_cannot_be_read_is_refused)
{
	const char *chain = certificate_pem(world.own), *key = certificate_key_pem(world.own);
	char half[4096], two[8192];
	snprintf(half, sizeof(half), "%.*s", (int)strlen(chain) / 2, chain);
	snprintf(two, sizeof(two), "%s%s", chain, half);
	const struct {
		const char *chain, *key, *fault;
	} rows[] = {
		{"", key, "no certificate in it"},
		{"certificate", key, "no certificate in it"},
		{key, key, "no certificate in it"},
		{half, key, "certificate cannot be read"},
		{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key,
		 "certificate cannot be read"},
		{two, key, "a certificate of its chain cannot be read"},
		{chain, "", "no key in it"},
		{chain, chain, "no key in it"},
		{chain, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		 "key cannot be read"},
		{chain, sealed_key, "key is encrypted with a passphrase"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tarn__tls_pair pair = {rows[i].chain, strlen(rows[i].chain), rows[i].key,
					      strlen(rows[i].key)};
		expect_refused(&pair, 1, 0, rows[i].fault);
	}
	expect_refused(NULL, 0, 0, "no certificate");
}
END_TEST

START_TEST(weak_certificates_are_refused)
{
	struct certificate *small =
		certificate_new(&(struct certificate_plan){.key = KEY_RSA_1024});
	struct certificate *old_hash =
		certificate_new(&(struct certificate_plan){.is_sha1 = true, .issuer = world.ca});
	struct tarn__tls_pair pair = pair_of(small);
	expect_refused(&pair, 1, 0, "key is too small");
	pair = pair_of(old_hash);
	expect_refused(&pair, 1, 0, "certificate is signed with a hash that is too weak");
	certificate_free(small);
	certificate_free(old_hash);
}
END_TEST

START_TEST(faulty_pair_is_named)
{
	struct certificate *rsa = certificate_new(
		&(struct certificate_plan){.key = KEY_RSA_2048, .issuer = world.ca});
	struct tarn__tls_pair pairs[] = {pair_of(rsa), pair_of(world.own), pair_of(rsa)};
	expect_refused(pairs, 3, 2, "another certificate has the same kind of key");
	pairs[1].key = "";
	pairs[1].key_len = 0;
	expect_refused(pairs, 2, 1, "no key in it");
	certificate_free(rsa);
}
END_TEST

/* The kind of key that a client gets which takes signatures of these kinds only. */
static int kind_for(struct tarn__tls_server *server, const char *signatures, int version)
{
	struct memory_pipe below[2];
	struct raw raw;
	SSL_CTX *context = make_raw_context(false, NULL);
	SSL_CTX_set_max_proto_version(context, version);
	if (signatures)
		ck_assert_int_eq(SSL_CTX_set1_sigalgs_list(context, signatures), 1);
	memory_pipes_init(below);
	open_raw(&raw, context, &below[0]);
	struct tarn__tls *tls = tarn__tls_accept(server, "dot", &below[1].pipe);
	secure_with_raw(tls, &raw);
	ck_assert_str_eq(tarn__tls_fault(tls), "");
	X509 *seen = SSL_get1_peer_certificate(raw.ssl);
	ck_assert_ptr_nonnull(seen);
	int kind = EVP_PKEY_get_base_id(X509_get0_pubkey(seen));
	X509_free(seen);
	tarn__tls_free(tls);
	close_raw(&raw);
	memory_pipes_fini(below);
	return kind;
}

START_TEST(client_gets_the_certificate_that_it_can_use)
{
	int version = _i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	char fault[TARN__TLS_FAULT_MAX] = "";
	size_t faulty;
	struct certificate *rsa = certificate_new(&(struct certificate_plan){
		.names = "DNS:dns.example", .key = KEY_RSA_2048, .issuer = world.ca});
	for (int i = 0; i < 2; i++) {
		struct tarn__tls_pair pairs[2];
		pairs[i] = pair_of(world.own);
		pairs[1 - i] = pair_of(rsa);
		struct tarn__tls_server *server = tarn__tls_server_new(
			pairs, 2, world.keys, (uint64_t)time(NULL), &faulty, fault);
		ck_assert_msg(server, "%s", fault);
		ck_assert_int_eq(kind_for(server, "ECDSA+SHA256", version), EVP_PKEY_EC);
		ck_assert_int_eq(kind_for(server, "RSA-PSS+SHA256", version), EVP_PKEY_RSA);
		/* One that can use both gets the cheaper one. */
		ck_assert_int_eq(kind_for(server, NULL, version), EVP_PKEY_EC);
		tarn__tls_server_put(server);
	}
	certificate_free(rsa);
}
END_TEST

/* A reload makes another server; connections keep theirs. */
START_TEST(connection_keeps_the_certificate_that_it_began_with)
{
	struct tarn__tls_server *server = make_server(world.own, world.keys);
	struct ends ends;
	open_ends_of(&ends, world.client, server, &dns_example, NULL);
	tarn__tls_server_put(server);
	secure_ends(&ends);
	expect_open(&ends);
	close_ends(&ends);
}
END_TEST

START_TEST(certificate_says_when_for_whom_and_by_whom)
{
	struct tarn__tls_certificate said;
	time_t from = time(NULL) - 3 * DAY, until = from + 90 * DAY;
	struct certificate *made = certificate_new(
		&(struct certificate_plan){.names = "DNS:dns.example,DNS:*.b.example,"
						    "email:a@example,IP:192.0.2.1,IP:2001:db8::1",
					   .from_sec = from,
					   .until_sec = until,
					   .issuer = world.ca});
	const char *pem = certificate_pem(made);
	ck_assert(tarn__tls_certificate_read(pem, strlen(pem), &said));
	ck_assert_uint_eq(said.from_sec, (uint64_t)from);
	ck_assert_uint_eq(said.until_sec, (uint64_t)until);
	ck_assert_str_eq(said.names, "dns.example, *.b.example, 192.0.2.1, 2001:db8::1");
	ck_assert_str_eq(said.issuer, "Test CA");
	ck_assert(!tarn__tls_certificate_read("", 0, &said));
	ck_assert(!tarn__tls_certificate_read(pem, strlen(pem) / 2, &said));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	certificate_free(made);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pairs");
	TCase *pairs = tcase_create("pairs");
	tcase_add_unchecked_fixture(pairs, make_world, end_world);
	tcase_add_loop_test(pairs, key_of_another_certificate_is_refused, 0, 4);
	tcase_add_test(pairs, expired_certificate_is_refused);
	tcase_add_test(pairs, certificate_of_tomorrow_is_taken);
	tcase_add_test(pairs, text_that_cannot_be_read_is_refused);
	tcase_add_test(pairs, weak_certificates_are_refused);
	tcase_add_test(pairs, faulty_pair_is_named);
	tcase_add_loop_test(pairs, client_gets_the_certificate_that_it_can_use, 0, 2);
	tcase_add_test(pairs, connection_keeps_the_certificate_that_it_began_with);
	tcase_add_test(pairs, certificate_says_when_for_whom_and_by_whom);
	suite_add_tcase(suite, pairs);
	return unit_run(suite);
}
