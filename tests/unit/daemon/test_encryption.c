/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/config/encryption.c: what listeners over TLS and HTTPS need, and what is said if it is missing. */
#include "config.h"

#include "daemon/config/encryption.h"

#include <string.h>

#include "http2/http2.h"
#include "support/unit.h"
#include "tls/tls.h"

/* As this build should be. */
static bool has_tls, has_http2;

bool __wrap_tarn__tls_is_built(void);
bool __wrap_tarn__tls_is_built(void)
{
	return has_tls;
}

bool __wrap_tarn__http2_is_built(void);
bool __wrap_tarn__http2_is_built(void)
{
	return has_http2;
}

static struct tarn__settings settings;
static struct tarn__diagnostics diagnostics;

static void set_up(void)
{
	memset(&settings, 0, sizeof(settings));
	memset(&diagnostics, 0, sizeof(diagnostics));
	has_tls = has_http2 = true;
}

static void tear_down(void)
{
	tarn__diagnostics_fini(&diagnostics);
}

static void add(struct tarn__addresses *list, const char *text, enum tarn_transport transport)
{
	struct tarn_address address;
	ck_assert_int_eq(tarn_address_parse(text, 53, &address), 0);
	ck_assert_int_eq(tarn__addresses_add_over(list, &address, transport), 0);
}

static void add_pairs(size_t certificates, size_t keys)
{
	for (size_t i = 0; i < certificates; i++)
		settings.certificates.items[settings.certificates.count++] = "/c";
	for (size_t i = 0; i < keys; i++)
		settings.keys.items[settings.keys.count++] = "/k";
}

/* Checks the settings; the only fault is this one, NULL: there is none. */
static void check(const char *fault)
{
	tarn__encryption_check(&settings, &diagnostics);
	if (!fault) {
		ck_assert_msg(diagnostics.count == 0, "%s", diagnostics.items[0].text);
		return;
	}
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.items[0].text, fault);
}

START_TEST(nothing_encrypted_needs_nothing)
{
	has_tls = has_http2 = false;
	add(&settings.listens, "127.0.0.1", TARN_UDP);
	check(NULL);
}
END_TEST

START_TEST(listener_with_a_pair_is_complete)
{
	add(&settings.tls_listens, "127.0.0.1:853", TARN_UDP);
	add(&settings.https_listens, "127.0.0.1:443", TARN_UDP);
	settings.listen_name = "dns.home.example";
	add_pairs(2, 2);
	check(NULL);
}
END_TEST

START_TEST(tls_without_a_certificate_is_refused)
{
	add(&settings.tls_listens, "127.0.0.1:853", TARN_UDP);
	check("--listen-tls 127.0.0.1:853: without a certificate and a key");
}
END_TEST

START_TEST(fault_has_the_line_of_the_file)
{
	add(&settings.https_listens, "127.0.0.1:443", TARN_UDP);
	const struct tarn__origin *origin =
		tarn__settings_origin(&settings, &settings.https_listens);
	*(struct tarn__origin *)origin =
		(struct tarn__origin){.by = TARN__BY_FILE, .line = 7, .file = "tarn.conf"};
	check("tarn.conf:7: https 127.0.0.1:443: without a certificate and a key");
}
END_TEST

static const struct {
	size_t certificates, keys;
	const char *fault;
} pairs[] = {
	{1, 0, "--certificate \"/c\": without a key"},
	{0, 1, "--key \"/k\": without a certificate"},
	{1, 2, "--key \"/k\", \"/k\": 2 for 1 certificates: each has its own, in the same order"},
	{5, 5,
	 "--certificate \"/c\", \"/c\", \"/c\", \"/c\", \"/c\": more than 4: one for each kind of "
	 "key"},
	{4, 4, NULL},
};

START_TEST(certificates_have_as_many_keys)
{
	add_pairs(pairs[_i].certificates, pairs[_i].keys);
	check(pairs[_i].fault);
}
END_TEST

START_TEST(build_without_the_library_is_said)
{
	add(&settings.tls_listens, "127.0.0.1:853", TARN_UDP);
	add_pairs(1, 1);
	has_tls = false;
	check("--listen-tls 127.0.0.1:853: tarn was built without DNS over TLS (--with-openssl)");
}
END_TEST

START_TEST(build_without_http2_is_said_of_https_alone)
{
	add(&settings.tls_listens, "127.0.0.1:853", TARN_UDP);
	add(&settings.https_listens, "127.0.0.1:443", TARN_UDP);
	add_pairs(1, 1);
	has_http2 = false;
	check("--listen-https 127.0.0.1:443: tarn was built without DNS over HTTPS "
	      "(--with-nghttp2)");
}
END_TEST

START_TEST(socket_of_the_service_manager_needs_a_certificate)
{
	add(&settings.bound, "127.0.0.1:853", TARN_TLS);
	check("socket \"tls\" of the service manager: without a certificate and a key");
}
END_TEST

START_TEST(what_would_have_no_effect_is_refused)
{
	settings.listen_name = "dns.home.example";
	check("name \"dns.home.example\": without tls or https");
}
END_TEST

START_TEST(address_has_one_transport)
{
	add(&settings.listens, "127.0.0.1:853", TARN_UDP);
	add(&settings.tls_listens, "127.0.0.1:0", TARN_UDP);
	add(&settings.https_listens, "127.0.0.1:0", TARN_UDP);
	add(&settings.https_listens, "127.0.0.1:853", TARN_UDP);
	add_pairs(1, 1);
	check("--listen-https 127.0.0.1:853: address has it, too");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encryption");
	TCase *tcase = tcase_create("encryption");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_encrypted_needs_nothing);
	tcase_add_test(tcase, listener_with_a_pair_is_complete);
	tcase_add_test(tcase, tls_without_a_certificate_is_refused);
	tcase_add_test(tcase, fault_has_the_line_of_the_file);
	tcase_add_loop_test(tcase, certificates_have_as_many_keys, 0,
			    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tcase, build_without_the_library_is_said);
	tcase_add_test(tcase, build_without_http2_is_said_of_https_alone);
	tcase_add_test(tcase, socket_of_the_service_manager_needs_a_certificate);
	tcase_add_test(tcase, what_would_have_no_effect_is_refused);
	tcase_add_test(tcase, address_has_one_transport);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
