/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/bootstrap/designation.c: which encrypted service is taken of SVCB records. */

#include "config.h"

#include "daemon/bootstrap/designation.h"

#include "dns/rdata_parse.h"
#include "support/message.h"
#include "support/unit.h"

static struct message message;
static struct tarn__designation found;
static uint32_t ttl;
static bool has_https;

static void set_up(void)
{
	has_https = true;
	memset(&found, 0, sizeof(found));
	ttl = 0;
}

/* Adds a record with the RDATA of a zone file. */
static void put_service(unsigned seconds, const char *text)
{
	static uint8_t rdata[TARN__RDATA_MAX];
	char record[2048];
	size_t len;
	struct tarn__words words = tarn__words_open(text, strlen(text));
	const char *fault =
		tarn__rdata_parse(&words, TARN__TYPE_SVCB, &(struct tarn__name){0}, rdata, &len);
	ck_assert_msg(!fault, "%s: %s", text, fault);
	int at = snprintf(record, sizeof(record), "_dns.resolver.arpa. %u SVCB ", seconds);
	for (size_t i = 0; i < len; i++)
		at += snprintf(record + at, sizeof(record) - (size_t)at, "%02x", rdata[i]);
	snprintf(record + at, sizeof(record) - (size_t)at, "\n");
	put_records(&message, record);
}

static void begin(unsigned rcode)
{
	put_header(&message, 1, TARN__FLAG_QR | rcode);
	put_question(&message, "_dns.resolver.arpa.", TARN__TYPE_SVCB);
}

static enum tarn__designation_result read_of(const char *server)
{
	struct tarn__ip ip = {0};
	ck_assert(tarn__ip_parse(server, strlen(server), &ip));
	return tarn__designation_read(message.wire, message.len, &ip, has_https, &found, &ttl);
}

static enum tarn__designation_result read_one(const char *text)
{
	begin(TARN__NOERROR);
	put_service(300, text);
	return read_of("192.0.2.1");
}

static const struct {
	const char *record;
	enum tarn_transport transport;
	uint16_t port;
	const char *path;
} services[] = {
	{"1 dns.example. alpn=dot", TARN_TLS, 853, ""},
	{"1 dns.example. alpn=dot port=8853", TARN_TLS, 8853, ""},
	{"1 dns.example. alpn=dot ipv4hint=192.0.2.1", TARN_TLS, 853, ""},
	{"1 dns.example. alpn=dot ipv4hint=192.0.2.9,192.0.2.1 ipv6hint=2001:db8::1", TARN_TLS, 853,
	 ""},
	{"1 dns.example. alpn=doq,dot", TARN_TLS, 853, ""},
	{"1 dns.example. alpn=h2 dohpath=/dns-query{?dns}", TARN_HTTPS, 443, "/dns-query"},
	{"1 dns.example. alpn=h3,h2 port=8443 dohpath=/q{?dns}", TARN_HTTPS, 8443, "/q"},
	/* What costs less. */
	{"1 dns.example. alpn=h2,dot dohpath=/dns-query{?dns}", TARN_TLS, 853, ""},
	{"1 dns.example. mandatory=alpn,port alpn=dot port=853", TARN_TLS, 853, ""},
};

START_TEST(service_at_the_address_is_taken)
{
	ck_assert_int_eq(read_one(services[_i].record), TARN__DESIGNATION_FOUND);
	ck_assert_int_eq(found.transport, services[_i].transport);
	ck_assert_uint_eq(found.port, services[_i].port);
	ck_assert_str_eq(found.path, services[_i].path);
	ck_assert_uint_eq(ttl, 300);
}
END_TEST

static const char *const others[] = {
	"0 other.example.", /* AliasMode */
	"1 dns.example. alpn=doq",
	"1 dns.example. alpn=h3 dohpath=/dns-query{?dns}",
	"1 dns.example. port=853",
	"1 dns.example. alpn=h2",
	"1 dns.example. alpn=h2 dohpath=/dns-query",
	"1 dns.example. alpn=h2 dohpath=/{x}/dns-query{?dns}",
	"1 dns.example. alpn=h2 dohpath=dns-query{?dns}",
	"1 dns.example. alpn=dot ipv4hint=192.0.2.9",
	"1 dns.example. alpn=dot ipv6hint=2001:db8::1",
	"1 dns.example. mandatory=key65 alpn=dot key65=x",
};

START_TEST(service_that_cannot_be_used_is_left_alone)
{
	ck_assert_int_eq(read_one(others[_i]), TARN__DESIGNATION_NONE);
	ck_assert_uint_eq(ttl, 0);
}
END_TEST

START_TEST(lowest_priority_that_can_be_used_counts)
{
	begin(TARN__NOERROR);
	put_service(300, "3 dns.example. alpn=dot port=3");
	put_service(300, "1 dns.example. alpn=doq");
	put_service(300, "2 dns.example. alpn=dot port=2");
	ck_assert_int_eq(read_of("192.0.2.1"), TARN__DESIGNATION_FOUND);
	ck_assert_uint_eq(found.port, 2);
}
END_TEST

START_TEST(without_the_library_https_is_left_alone)
{
	has_https = false;
	ck_assert_int_eq(read_one("1 dns.example. alpn=h2 dohpath=/dns-query{?dns}"),
			 TARN__DESIGNATION_NONE);
	ck_assert_int_eq(read_one("1 dns.example. alpn=h2,dot dohpath=/dns-query{?dns}"),
			 TARN__DESIGNATION_FOUND);
}
END_TEST

START_TEST(server_with_ipv6_has_hints_of_its_own)
{
	begin(TARN__NOERROR);
	put_service(300, "1 dns.example. alpn=dot ipv4hint=192.0.2.1 ipv6hint=2001:db8::1");
	ck_assert_int_eq(read_of("2001:db8::1"), TARN__DESIGNATION_FOUND);
	ck_assert_int_eq(read_of("2001:db8::2"), TARN__DESIGNATION_NONE);
}
END_TEST

static const struct {
	unsigned ttl;
	uint32_t expected;
} ttls[] = {{0, 60}, {60, 60}, {3600, 3600}, {86401, 86400}};

START_TEST(ttl_is_within_bounds)
{
	begin(TARN__NOERROR);
	put_service(ttls[_i].ttl, "1 dns.example. alpn=dot");
	ck_assert_int_eq(read_of("192.0.2.1"), TARN__DESIGNATION_FOUND);
	ck_assert_uint_eq(ttl, ttls[_i].expected);
}
END_TEST

static const struct {
	unsigned rcode;
	enum tarn__designation_result result;
} rcodes[] = {
	{TARN__NOERROR, TARN__DESIGNATION_NONE},
	{TARN__NXDOMAIN, TARN__DESIGNATION_NONE},
	{TARN__SERVFAIL, TARN__DESIGNATION_FAILED},
	{TARN__REFUSED, TARN__DESIGNATION_FAILED},
};

START_TEST(no_records_are_none_and_errors_say_nothing)
{
	begin(rcodes[_i].rcode);
	ck_assert_int_eq(read_of("192.0.2.1"), rcodes[_i].result);
}
END_TEST

START_TEST(message_that_is_cut_is_none)
{
	begin(TARN__NOERROR);
	put_service(300, "1 dns.example. alpn=dot ipv4hint=192.0.2.1");
	size_t len = message.len;
	struct tarn__ip ip = {.len = TARN__IPV4_LEN, .octets = {192, 0, 2, 1}};
	for (size_t i = 0; i < len; i++)
		ck_assert_int_ne(tarn__designation_read(message.wire, i, &ip, true, &found, &ttl),
				 TARN__DESIGNATION_FOUND);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("designation");
	TCase *tcase = tcase_create("designation");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, service_at_the_address_is_taken, 0,
			    sizeof(services) / sizeof(services[0]));
	tcase_add_loop_test(tcase, service_that_cannot_be_used_is_left_alone, 0,
			    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tcase, lowest_priority_that_can_be_used_counts);
	tcase_add_test(tcase, without_the_library_https_is_left_alone);
	tcase_add_test(tcase, server_with_ipv6_has_hints_of_its_own);
	tcase_add_loop_test(tcase, ttl_is_within_bounds, 0, sizeof(ttls) / sizeof(ttls[0]));
	tcase_add_loop_test(tcase, no_records_are_none_and_errors_say_nothing, 0,
			    sizeof(rcodes) / sizeof(rcodes[0]));
	tcase_add_test(tcase, message_that_is_cut_is_none);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
