/* SPDX-License-Identifier: BSD-2-Clause */
/* base/upstream.c: an upstream server as people write it. */
#include "config.h"

#include "base/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define PIN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_PIN "HxAeDx0OHA0bDBoLGQoYCRcIFgcVBhQFEwQSAxECEAE="

static const uint8_t pin[1][TARN_PIN_LEN] = {{0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
					      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
					      22, 23, 24, 25, 26, 27, 28, 29, 30, 31}};

static const struct good {
	const char *text;
	const char *written; /* of each address; NULL: the same */
	struct tarn_traits traits;
	size_t address_count; /* 0: one */
} good[] = {
	{"192.0.2.1", "192.0.2.1:53", {.transport = TARN_UDP}, 0},
	{"[2001:db8::1]:5300", NULL, {.transport = TARN_UDP}, 0},
	{"udp://192.0.2.1", "192.0.2.1:53", {.transport = TARN_UDP}, 0},
	{"tcp://2001:db8::1@5300", "tcp://[2001:db8::1]:5300", {.transport = TARN_TCP}, 0},
	{"192.0.2.1:53 no-mixed-case", NULL, {.no_mixed_case = true}, 0},
	{"192.0.2.1:53 no-cookies", NULL, {.no_cookies = true}, 0},
	{"192.0.2.1:53 no-edns", NULL, {.no_edns = true}, 0},
	{"tcp://192.0.2.1 \t no-edns  no-mixed-case no-edns ",
	 "tcp://192.0.2.1:53 no-mixed-case no-edns",
	 {.transport = TARN_TCP, .no_mixed_case = true, .no_edns = true},
	 0},
	{"tcp://[2001:db8:1111:2222:3333:4444:5555:6666]:65535 no-mixed-case no-cookies no-edns",
	 NULL,
	 {.transport = TARN_TCP, .no_mixed_case = true, .no_cookies = true, .no_edns = true},
	 0},
#ifdef HAVE_OPENSSL
	{"tls://192.0.2.1", "tls://192.0.2.1:853", {.transport = TARN_TLS}, 0},
	{"tls://192.0.2.1#dns.example",
	 "tls://192.0.2.1:853#dns.example",
	 {.transport = TARN_TLS, .name = "dns.example"},
	 0},
	{"192.0.2.1@853#dns.example",
	 "tls://192.0.2.1:853#dns.example",
	 {.transport = TARN_TLS, .name = "dns.example"},
	 0},
	{"192.0.2.1:8853#dns.example.",
	 "tls://192.0.2.1:8853#dns.example",
	 {.transport = TARN_TLS, .name = "dns.example"},
	 0},
	{"192.0.2.1#dns.example no-edns",
	 "tls://192.0.2.1:853#dns.example no-edns",
	 {.transport = TARN_TLS, .name = "dns.example", .no_edns = true},
	 0},
	{"[2001:db8::1]:853#dns.example",
	 "tls://[2001:db8::1]:853#dns.example",
	 {.transport = TARN_TLS, .name = "dns.example"},
	 0},
	{"2001:db8::1#dns.example",
	 "tls://[2001:db8::1]:853#dns.example",
	 {.transport = TARN_TLS, .name = "dns.example"},
	 0},
	{"tls://192.0.2.1?pin=sha256:" PIN,
	 "tls://192.0.2.1:853?pin=sha256:" PIN,
	 {.transport = TARN_TLS, .pins = pin, .pin_count = 1},
	 0},
	{"tls://192.0.2.1:853?pin=sha256:" PIN "#dns.example",
	 NULL,
	 {.transport = TARN_TLS, .pins = pin, .pin_count = 1, .name = "dns.example"},
	 0},
	{"tls://dns.example", NULL, {.transport = TARN_TLS, .name = "dns.example"}, 0},
	{"tls://dns.example:8853", NULL, {.transport = TARN_TLS, .name = "dns.example"}, 0},
	{"tls://dns.example#192.0.2.1,2001:db8::1",
	 NULL,
	 {.transport = TARN_TLS, .name = "dns.example"},
	 2},
#endif
#ifdef HAVE_NGHTTP2
	{"https://192.0.2.1",
	 "https://192.0.2.1:443/dns-query",
	 {.transport = TARN_HTTPS, .path = "/dns-query"},
	 0},
	{"https://dns.example/dns-query#192.0.2.1",
	 "https://dns.example/dns-query#192.0.2.1:443",
	 {.transport = TARN_HTTPS, .name = "dns.example", .path = "/dns-query"},
	 0},
	{"https://dns.example:8443/a/b?c=d&pin=sha256:" PIN "&e#192.0.2.1",
	 "https://dns.example:8443/a/b?c=d&e&pin=sha256:" PIN "#192.0.2.1:8443",
	 {.transport = TARN_HTTPS,
	  .name = "dns.example",
	  .path = "/a/b?c=d&e",
	  .pins = pin,
	  .pin_count = 1},
	 0},
	{"https://192.0.2.1/q#dns.example",
	 "https://dns.example/q#192.0.2.1:443",
	 {.transport = TARN_HTTPS, .name = "dns.example", .path = "/q"},
	 0},
	{"https://dns.example",
	 "https://dns.example/dns-query",
	 {.transport = TARN_HTTPS, .name = "dns.example", .path = "/dns-query"},
	 0},
#endif
};

enum { GOOD = sizeof(good) / sizeof(good[0]) };

START_TEST(what_is_read_is_written_again)
{
	const struct good *row = &good[_i];
	struct tarn_upstream upstream, again;
	const char *fault;
	ck_assert_msg(tarn_upstream_parse(row->text, &upstream, &fault) == 0, "%s", fault);
	ck_assert_ptr_null(fault);
	ck_assert(tarn__traits_is_equal(&upstream.traits, &row->traits));
	ck_assert_uint_eq(upstream.address_count, row->address_count ? row->address_count : 1);
	for (size_t i = 0; i < upstream.address_count; i++) {
		char text[TARN__UPSTREAM_TEXT_MAX];
		tarn__upstream_format(&upstream.addresses[i], &upstream.traits, text);
		if (upstream.address_count == 1)
			ck_assert_str_eq(text, row->written ? row->written : row->text);
		ck_assert_msg(tarn_upstream_parse(text, &again, &fault) == 0, "%s: %s", text,
			      fault);
		ck_assert(tarn_address_port(&upstream.addresses[i]) ==
			  tarn_address_port(&again.addresses[0]));
		ck_assert(upstream.addresses[i].sa.sa_family == AF_UNSPEC ||
			  tarn_address_is_equal(&upstream.addresses[i], &again.addresses[0]));
		ck_assert(tarn__traits_is_equal(&upstream.traits, &again.traits));
		tarn_upstream_fini(&again);
	}
	tarn_upstream_fini(&upstream);
}
END_TEST

#define WORDS "after the address come no-mixed-case, no-cookies, no-edns alone"
#define UNKNOWN "unknown scheme (udp://, tcp://, tls:// or https://)"
#define BAD_PIN "a pin is sha256: and 32 octets in base64"
#define NEITHER "neither an IP address nor a name"

static const struct {
	const char *text, *fault;
} bad[] = {
	{"", "not an IP address"},
	{"no-edns", "not an IP address"},
	{"dns.example", "not an IP address"},
	{"tcp://", "not an IP address"},
	{"tcp://dns.example", "not an IP address"},
	{"tcp:192.0.2.1", "not an IP address"},
	{"tcp://tcp://192.0.2.1", "not an IP address"},
	{"tcp://192.0.2.1#dns.example", "not an IP address"},
	{"192.0.2.1:0", "not a port (1 to 65535)"},
	{"TCP://192.0.2.1", UNKNOWN},
	{"://192.0.2.1", UNKNOWN},
	{"sctp://192.0.2.1", UNKNOWN},
	{"quic://192.0.2.1", "DNS over QUIC is not supported (tls:// or https://)"},
	{"h3://192.0.2.1", "HTTP/3 is not supported (https:// or tls://)"},
	{"sdns://AgcAAAAAAAAA",
	 "DNS stamps are not supported: write what is in it (tls:// or https://)"},
	{"192.0.2.1 no-cookie", WORDS},
	{"192.0.2.1 no-edns,no-cookies", WORDS},
	{"192.0.2.1 192.0.2.2", WORDS},
#ifdef HAVE_OPENSSL
	{"tls://", NEITHER},
	{"tls://192.0.2", NEITHER},
	{"tls://-.1", NEITHER},
	{"tls://dns..example", NEITHER},
	{"tls://-", NEITHER},
	{"tls://-dns.example", NEITHER},
	{"tls://dns-.example", NEITHER},
	{"tls://dns.example-", NEITHER},
	{"tls://.example", NEITHER},
	{"tls://d\xc3\xb6s.example", NEITHER},
	{"tls://a2345678901234567890123456789012345678901234567890123456789012345.example",
	 NEITHER},
	{"tls://192.0.2.1:0#dns.example", "not a port (1 to 65535)"},
	{"tls://dns.example:", "not a port (1 to 65535)"},
	{"tls://dns.example:65536", "not a port (1 to 65535)"},
	{"tls://dns.example:85x", "not a port (1 to 65535)"},
	{"tls://192.0.2.1#", "after # comes the server's name"},
	{"192.0.2.1#192.0.2.2", "after # comes the server's name"},
	{"tls://192.0.2.1#dns example", WORDS},
	{"tls://dns.example#dns.example", "not an IP address"},
	{"tls://dns.example#192.0.2.1,", "not an IP address"},
	{"tls://dns.example#192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5,192.0.2.6,192.0.2.7,"
	 "192.0.2.8,192.0.2.9",
	 "too many addresses of one server"},
	{"tls://192.0.2.1/dns-query", "only https:// has a path"},
	{"tls://192.0.2.1?a=b", "only pin=sha256: may follow ?"},
	{"tls://192.0.2.1?pin=sha256:", BAD_PIN},
	{"tls://192.0.2.1?pin=sha1:" PIN, BAD_PIN},
	{"tls://192.0.2.1?pin=sha256:AAEC", BAD_PIN},
	{"tls://192.0.2.1?pin=sha256:" PIN "AA==", BAD_PIN},
	{"tls://192.0.2.1?pin=sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", BAD_PIN},
#else
	{"tls://192.0.2.1", "DNS over TLS is not built in (configure --with-openssl)"},
	{"192.0.2.1#dns.example", "DNS over TLS is not built in (configure --with-openssl)"},
#endif
#ifdef HAVE_NGHTTP2
	{"https:///dns-query", NEITHER},
	{"https://192.0.2.1/d\x7f", "a path is of printable ASCII"},
	{"https://dns.example/d{?dns}#192.0.2.1", "the path is written without {?dns}"},
#else
	{"https://192.0.2.1/dns-query",
	 "DNS over HTTPS is not built in (configure --with-nghttp2)"},
#endif
};

enum { BAD = sizeof(bad) / sizeof(bad[0]) };

START_TEST(fault_is_named_and_nothing_is_taken)
{
	struct tarn_upstream upstream = {.address_count = 7};
	const char *fault = NULL;
	ck_assert_int_eq(tarn_upstream_parse(bad[_i].text, &upstream, &fault), TARN_EINVAL);
	ck_assert_str_eq(fault, bad[_i].fault);
	ck_assert_uint_eq(upstream.address_count, 7);
}
END_TEST

/* Of any length. */
START_TEST(long_text_is_no_address)
{
	char text[4096];
	struct tarn_upstream upstream;
	const char *fault;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(tarn_upstream_parse(text, &upstream, &fault), TARN_EINVAL);
	ck_assert_str_eq(fault, "not an IP address");
}
END_TEST

#ifdef HAVE_OPENSSL

/* The longest of all parts fit the text that is written. */
START_TEST(longest_server_is_written_whole)
{
	char text[2 * TARN__UPSTREAM_TEXT_MAX] =
		"tls://[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
	struct tarn_upstream upstream, again;
	const char *fault;
	for (int i = 0; i < TARN__PINS_MAX; i++)
		sprintf(text + strlen(text), "%cpin=sha256:%s", i == 0 ? '?' : '&',
			i % 2 == 0 ? PIN : OTHER_PIN);
	strcat(text, "#");
	for (int i = 0; i < 63; i++)
		strcat(text, "abc.");
	strcat(text, "d no-mixed-case no-cookies no-edns");
	ck_assert_msg(tarn_upstream_parse(text, &upstream, &fault) == 0, "%s", fault);
	ck_assert_uint_eq(strlen(upstream.traits.name), TARN__HOST_NAME_MAX);
	char written[TARN__UPSTREAM_TEXT_MAX];
	ck_assert_str_eq(tarn__upstream_format(&upstream.addresses[0], &upstream.traits, written),
			 text);
	ck_assert_int_eq(tarn_upstream_parse(written, &again, &fault), 0);
	ck_assert(tarn__traits_is_equal(&upstream.traits, &again.traits));
	tarn_upstream_fini(&again);
	tarn_upstream_fini(&upstream);
}
END_TEST

/* A server that has a name alone has the port of the text. */
START_TEST(address_that_is_not_known_has_a_port)
{
	struct tarn_upstream upstream;
	const char *fault;
	ck_assert_int_eq(tarn_upstream_parse("tls://dns.example:8853", &upstream, &fault), 0);
	ck_assert_int_eq(upstream.addresses[0].sa.sa_family, AF_UNSPEC);
	ck_assert_uint_eq(tarn_address_port(&upstream.addresses[0]), 8853);
	tarn_upstream_fini(&upstream);
}
END_TEST

#endif

static bool are_equal(struct tarn_traits a, struct tarn_traits b)
{
	return tarn__traits_is_equal(&a, &b) && tarn__traits_is_equal(&b, &a);
}

START_TEST(each_trait_makes_a_difference)
{
	struct tarn_traits none = {.transport = TARN_UDP};
	ck_assert(are_equal(none, none));
	ck_assert(!are_equal(none, (struct tarn_traits){.transport = TARN_TCP}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_mixed_case = true}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_cookies = true}));
	ck_assert(!are_equal(none, (struct tarn_traits){.no_edns = true}));
	ck_assert(!are_equal(none, (struct tarn_traits){.name = "a"}));
	ck_assert(!are_equal(none, (struct tarn_traits){.path = "/a"}));
	ck_assert(!are_equal(none, (struct tarn_traits){.pins = pin, .pin_count = 1}));
	ck_assert(are_equal((struct tarn_traits){.name = "a.example"},
			    (struct tarn_traits){.name = "A.Example"}));
	ck_assert(
		!are_equal((struct tarn_traits){.path = "/a"}, (struct tarn_traits){.path = "/A"}));
}
END_TEST

/* A copy needs nothing of what it is a copy of. */
START_TEST(copy_of_traits_stands_alone)
{
	char name[] = "A.Example", path[] = "/a";
	uint8_t pins[2][TARN_PIN_LEN] = {{1}, {2}};
	struct tarn_traits traits = {.transport = TARN_HTTPS,
				     .name = name,
				     .path = path,
				     .pins = (const uint8_t(*)[TARN_PIN_LEN])pins,
				     .pin_count = 2},
			   copy;
	void *texts;
	ck_assert_int_eq(tarn__traits_copy(&traits, &copy, &texts), 0);
	ck_assert(are_equal(traits, copy));
	name[0] = path[1] = 'x';
	pins[1][0] = 3;
	ck_assert_str_eq(copy.name, "a.example");
	ck_assert_str_eq(copy.path, "/a");
	ck_assert_uint_eq(copy.pins[1][0], 2);
	free(texts);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("upstream");
	TCase *tcase = tcase_create("upstream");
	tcase_add_loop_test(tcase, what_is_read_is_written_again, 0, GOOD);
	tcase_add_loop_test(tcase, fault_is_named_and_nothing_is_taken, 0, BAD);
	tcase_add_test(tcase, long_text_is_no_address);
#ifdef HAVE_OPENSSL
	tcase_add_test(tcase, longest_server_is_written_whole);
	tcase_add_test(tcase, address_that_is_not_known_has_a_port);
#endif
	tcase_add_test(tcase, each_trait_makes_a_difference);
	tcase_add_test(tcase, copy_of_traits_stands_alone);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
