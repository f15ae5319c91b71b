/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_rdata_parse.c: RDATA from presentation format. */
#include "dns/rdata_parse.h"

#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "dns/rdata.h"
#include "dns/rdata_field.h"
#include "dns/rdata_text.h"
#include "dns/type_bitmap.h"
#include "support/churn.h"
#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct tarn__name origin = {9, "\7example"};

/* Reads a copy of the text that ends where its block does. */
static const char *parse(uint16_t type, const char *text, size_t text_len, uint8_t *out,
			 size_t *len)
{
	char *copy = malloc(text_len + 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy + 1, text, text_len);
	struct tarn__words words = tarn__words_open(copy + 1, text_len);
	const char *fault = tarn__rdata_parse(&words, type, &origin, out, len);
	free(copy);
	return fault;
}

/* The octets in base 16, or the fault. */
static const char *parsed(uint16_t type, const char *text)
{
	static uint8_t out[TARN__RDATA_MAX];
	static char shown[2 * TARN__RDATA_MAX + 1];
	size_t len = 4711;
	const char *fault = parse(type, text, strlen(text), out, &len);
	if (fault) {
		ck_assert_uint_eq(len, 4711);
		return fault;
	}
	*tarn__base16_write(out, len, shown) = '\0';
	return shown;
}

#define EXAMPLE "076578616d706c6500"

/* ---- what can be read ------------------------------------------------------------------- */

static const struct form {
	uint16_t type;
	const char *text, *octets;
} forms[] = {
	{TARN__TYPE_A, "192.0.2.1", "c0000201"},
	{TARN__TYPE_A, "\t192.0.2.1 ", "c0000201"},
	{TARN__TYPE_AAAA, "2001:DB8::1", "20010db8000000000000000000000001"},
	{TARN__TYPE_AAAA, "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
	/* names */
	{TARN__TYPE_NS, "ns", "026e73" EXAMPLE},
	{TARN__TYPE_NS, "ns.example.", "026e73" EXAMPLE},
	{TARN__TYPE_NS, "@", EXAMPLE},
	{TARN__TYPE_NS, "\\@", "0140" EXAMPLE},
	{TARN__TYPE_NS, ".", "00"},
	{TARN__TYPE_NS, "\"ns\"", "026e73" EXAMPLE},
	{TARN__TYPE_CNAME, "*.garden.", "012a0667617264656e00"},
	{TARN__TYPE_PTR, "a\\.b.c\\032.",
	 "03612e62026320"
	 "00"},
	{TARN__TYPE_MX, "10 mail", "000a046d61696c" EXAMPLE},
	{TARN__TYPE_SRV, "1 2 53 .", "00010002003500"},
	{TARN__TYPE_RP, "a b.", "0161" EXAMPLE "016200"},
	{TARN__TYPE_DNAME, "@", EXAMPLE},
	/* RFC 2308 and the units that SOAs are written with */
	{TARN__TYPE_SOA, "@ a 1 2 3 4 4294967295",
	 EXAMPLE "0161" EXAMPLE "00000001000000020000000300000004ffffffff"},
	{TARN__TYPE_SOA, ". . 4294967295 1h 1H30m 1w2d 10s",
	 "0000ffffffff00000e1000001518000bdd800000000a"},
	/* strings */
	{TARN__TYPE_TXT, "abc", "03616263"},
	{TARN__TYPE_TXT, "\"a b\" c \"\"",
	 "0361206201"
	 "6300"},
	{TARN__TYPE_TXT, "\"a\"\"b\"c", "016101620163"},
	{TARN__TYPE_TXT, "\"\\\"\\\\\\000\\255\\x;()\"", "08225c00ff783b2829"},
	{TARN__TYPE_TXT, "a\\ b \\\"",
	 "0361206201"
	 "22"},
	{TARN__TYPE_TXT, "\xc3\xa4\x01", "03c3a401"},
	{TARN__TYPE_TXT, "\"\\#\" 1", "01230131"},
	{TARN__TYPE_SPF, "a", "0161"},
	{TARN__TYPE_HINFO, "PC \"Linux 6\"", "025043074c696e75782036"},
	{TARN__TYPE_NAPTR, "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:a@b!\" .",
	 "0064000a01750745325"
	 "52b7369700e215e2e2a24217369703a61406221"
	 "00"},
	{TARN__TYPE_NAPTR, "1 2 S SIP+D2U \"\" _sip",
	 "000100020153075349502b4432550004"
	 "5f736970" EXAMPLE},
	{TARN__TYPE_CAA, "0 issue \"ca.example; a=b\"",
	 "0005697373756563612e6578616d706c653b20613d62"},
	{TARN__TYPE_CAA, "128 iodef mailto:a@b", "8005696f6465666d61696c746f3a614062"},
	{TARN__TYPE_CAA, "0 issue \"\"", "00056973737565"},
	{TARN__TYPE_URI, "10 1 \"ftp://a.example/b\"",
	 "000a00016674703a2f2f612e6578616d706c652f62"},
	/* base 16: in any case, in several words */
	{TARN__TYPE_DS, "1 8 2 aaBB", "00010802aabb"},
	{TARN__TYPE_DS, "60485 5 1 2BB 183A\tF5 9", "ec4505012bb183af59"},
	{TARN__TYPE_CDS, "0 0 0 00", "0000000000"},
	{TARN__TYPE_SSHFP, "4 2 0123456789abcdef", "04020123456789abcdef"},
	{TARN__TYPE_TLSA, "3 1 1 aa\nbb", "030101aabb"},
	{TARN__TYPE_SMIMEA, "3 0 0 ff", "030000ff"},
	{TARN__TYPE_ZONEMD, "2018031900 1 1 c6", "7848b91c0101c6"},
	/* base 64, which may be in several words too */
	{TARN__TYPE_DNSKEY, "257 3 13 AQID", "0101030d010203"},
	{TARN__TYPE_DNSKEY, "256 3 8 AQ ID BA=\t=", "0100030801020304"},
	{TARN__TYPE_CDNSKEY, "0 3 0 AA==", "0000030000"},
	{TARN__TYPE_OPENPGPKEY, "AQID", "010203"},
	{TARN__TYPE_CERT, "1 0 0 AQID", "0001000000010203"},
	/* RFC 4034 sections 3.3 and 4.3, RFC 5155 section 3.3 */
	{TARN__TYPE_RRSIG, "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1",
	 "0001050300015180"
	 "3e7c9dd73e5510d7"
	 "0a52"
	 "076578616d706c6503636f6d00"
	 "a09075"},
	{TARN__TYPE_RRSIG,
	 "TYPE1234 5 3 1d 4294967295 0 1 . AA==", "04d2050300015180ffffffff0000000000010000"},
	{TARN__TYPE_NSEC, "host A MX RRSIG NSEC TYPE1234",
	 "04686f7374" EXAMPLE "000640010000000304"
	 "1b000000000000000000000000000000000000000000000000000020"},
	{TARN__TYPE_NSEC, ". nsec a A", "000006400000000001"},
	{TARN__TYPE_NSEC, ".", "00"},
	{TARN__TYPE_NSEC3, "1 1 12 aabbCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX DNSKEY",
	 "0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b"
	 "00070001000000"
	 "0080"},
	{TARN__TYPE_NSEC3, "1 0 0 - 00", "01000000000100"},
	{TARN__TYPE_NSEC3PARAM, "1 0 12 aabb", "0100000c02aabb"},
	{TARN__TYPE_CSYNC, "66 3 A NS AAAA", "000000420003000460000008"},
	/* RFC 9460 appendix D */
	{TARN__TYPE_HTTPS, "0 foo.example.com.", "000003666f6f076578616d706c6503636f6d00"},
	{TARN__TYPE_SVCB, "1 .", "000100"},
	{TARN__TYPE_SVCB, "16 foo.example.com. port=53",
	 "001003666f6f076578616d706c6503636f6d00000300020035"},
	{TARN__TYPE_SVCB, "1 foo.example.com. key667=hello",
	 "000103666f6f076578616d706c6503636f6d00029b000568656c6c6f"},
	{TARN__TYPE_SVCB, "1 foo.example.com. key667=\"hello\\210qoo\"",
	 "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f"},
	{TARN__TYPE_SVCB, "1 . ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
	 "000100"
	 "00060020"
	 "20010db8000000000000000000000001"
	 "20010db8000000000000000000530001"},
	{TARN__TYPE_SVCB, "16 . alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
	 "001000"
	 "0000000400010004"
	 "00010009"
	 "02683205"
	 "68332d3139"
	 "00040004c0000201"},
	{TARN__TYPE_SVCB, "16 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
	 "001000"
	 "0001000c08665c6f6f2c626172026832"},
	{TARN__TYPE_SVCB, "16 . alpn=f\\\\\\092oo\\092,bar,h2",
	 "001000"
	 "0001000c08665c6f6f2c626172026832"},
	/* the rest of it */
	{TARN__TYPE_HTTPS, "1 . no-default-alpn alpn=h2",
	 "000100"
	 "00010003026832"
	 "00020000"},
	{TARN__TYPE_HTTPS, "1 . ech=AQID dohpath=/q{?dns} ohttp=",
	 "000100"
	 "00050003010203"
	 "000700082f717b3f646e737d"
	 "00080000"},
	{TARN__TYPE_HTTPS, "1 . key65534 key9=\"\" key10=a",
	 "000100"
	 "00090000"
	 "000a000161"
	 "fffe0000"},
	{TARN__TYPE_HTTPS, "1 . key3=\\001\\187 key1=\\002h2",
	 "000100"
	 "00010003026832"
	 "0003000201bb"},
	{TARN__TYPE_HTTPS, "1 . port=0",
	 "000100"
	 "000300020000"},
	/* RFC 3597 section 5 */
	{TARN__TYPE_A, "\\# 4 c0000201", "c0000201"},
	{TARN__TYPE_A, "\\# 3 C0 00 0 2", "c00002"},
	{TARN__TYPE_TXT, "\\# 0", ""},
	{TARN__TYPE_LOC, "\\# 2 0001", "0001"},
	{65280, "\\# 0", ""},
	{65280, "\\# 1 ff", "ff"},
	{0, "\\# 1 ff", "ff"},
};

START_TEST(rdata_is_read)
{
	const struct form *form = &forms[_i];
	ck_assert_str_eq(parsed(form->type, form->text), form->octets);
}
END_TEST

START_TEST(string_of_255_octets_is_the_longest)
{
	char text[4 * 300 + 1] = "";
	for (unsigned i = 0; i < 255; i++)
		strcat(text, "\\255");
	ck_assert_uint_eq(strlen(parsed(TARN__TYPE_TXT, text)), 2 * 256);
	strcat(text, "a");
	ck_assert_str_eq(parsed(TARN__TYPE_TXT, text), "not a string of 255 octets at most");
}
END_TEST

START_TEST(text_without_a_length_may_be_longer)
{
	char text[400] = "0 issue \"";
	memset(text + strlen(text), 'a', 300);
	strcat(text, "\"");
	ck_assert_uint_eq(strlen(parsed(TARN__TYPE_CAA, text)), 2 * (7 + 300));
}
END_TEST

/* Loop: octets more than RDATA can have. */
START_TEST(rdata_of_65535_octets_is_the_longest)
{
	static const struct {
		uint16_t type;
		const char *head;
		size_t head_len;
		const char *octet;
	} longest[] = {
		{TARN__TYPE_DS, "1 8 2 ", 4, "ff"},	 {TARN__TYPE_URI, "1 1 ", 4, "a"},
		{TARN__TYPE_HTTPS, "1 . key9=", 7, "a"}, {TARN__TYPE_TXT, "", 0, " \"\""},
		{TARN__TYPE_A, "\\# 65535 ", 0, "aa "},
	};
	static char text[3 * 65536 + 64];
	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		char *end = text + sprintf(text, "%s", longest[i].head);
		size_t len = 65535 - longest[i].head_len + (size_t)_i;
		for (; len > 0; len--)
			end = stpcpy(end, longest[i].octet);
		size_t expected = _i > 0 ? 65 : 2 * 65535;
		size_t shown = strlen(parsed(longest[i].type, text));
		ck_assert(_i > 0 ? shown < expected : shown == expected);
	}
}
END_TEST

START_TEST(base_64_of_65535_octets_is_the_longest)
{
	static char text[100000];
	memset(text, 'A', sizeof(text));
	text[65535 / 3 * 4] = '\0';
	ck_assert_uint_eq(strlen(parsed(TARN__TYPE_DHCID, text)), 2 * 65535);
	strcpy(text + 65535 / 3 * 4, "AA==");
	ck_assert_str_eq(parsed(TARN__TYPE_DHCID, text), "not in base 64, or too long");
}
END_TEST

/* Few characters make many octets. */
START_TEST(addresses_are_as_many_as_rdata_has_room_for)
{
	static char text[20000];
	char *end = text + sprintf(text, "1 . ipv6hint=::");
	for (unsigned i = 1; i < 4095; i++)
		end = stpcpy(end, ",::");
	ck_assert_uint_eq(strlen(parsed(TARN__TYPE_HTTPS, text)), 2 * (7 + 4095 * 16));
	strcpy(end, ",::");
	ck_assert_str_eq(parsed(TARN__TYPE_HTTPS, text), "longer than RDATA can be");
}
END_TEST

START_TEST(parameters_are_64_at_most)
{
	char text[1000] = "1 .";
	for (unsigned key = 163; key >= 100; key--)
		sprintf(text + strlen(text), " key%u", key);
	ck_assert_uint_eq(strlen(parsed(TARN__TYPE_HTTPS, text)), 2 * (3 + 64 * 4));
	strcat(text, " key99");
	ck_assert_str_eq(parsed(TARN__TYPE_HTTPS, text), "too many parameters");
}
END_TEST

/* ---- what cannot ------------------------------------------------------------------------ */

static const struct form faults[] = {
	{TARN__TYPE_A, "", "a field is missing"},
	{TARN__TYPE_A, "192.0.2", "not an IPv4 address"},
	{TARN__TYPE_A, "192.0.2.256", "not an IPv4 address"},
	{TARN__TYPE_A, "\"192.0.2.1\"", "not an IPv4 address"},
	{TARN__TYPE_A, "2001:db8::1", "not an IPv4 address"},
	{TARN__TYPE_A, "192.0.2.1 x", "more than the type has"},
	{TARN__TYPE_A, "192.0.2.1 \"", "a quote is not closed"},
	{TARN__TYPE_AAAA, "192.0.2.1", "not an IPv6 address"},
	{TARN__TYPE_AAAA, "fe80::1%eth0", "not an IPv6 address"},
	{TARN__TYPE_NS, "a..b", "not a name"},
	{TARN__TYPE_NS, "a\\256", "not a name"},
	{TARN__TYPE_NS, "a\\", "a backslash at the end of the line"},
	{TARN__TYPE_NS, "a\\\n b", "a backslash at the end of the line"},
	{TARN__TYPE_NS, "\"\"", "not a name"},
	{TARN__TYPE_NS, "\"a\\\n\"", "a backslash at the end of the line"},
	{TARN__TYPE_MX, "mail", "not a number, or one too large"},
	{TARN__TYPE_MX, "65536 mail", "not a number, or one too large"},
	{TARN__TYPE_MX, "-1 mail", "not a number, or one too large"},
	{TARN__TYPE_MX, "1x mail", "not a number, or one too large"},
	{TARN__TYPE_MX, "\"1\" mail", "not a number, or one too large"},
	{TARN__TYPE_MX, "10", "a field is missing"},
	{TARN__TYPE_TLSA, "256 1 1 aa", "not a number, or one too large"},
	{TARN__TYPE_SOA, "@ a 4294967296 2 3 4 5", "not a number, or one too large"},
	{TARN__TYPE_SOA, "@ a 1h 2 3 4 5", "not a number, or one too large"},
	{TARN__TYPE_SOA, "@ a 1 1x 3 4 5", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 1h30 3 4 5", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 2 3 4 1h30", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 hm 3 4 5", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 7102w 3 4 5", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 \"1h\" 3 4 5", "not a number of seconds"},
	{TARN__TYPE_SOA, "@ a 1 2 3 4", "a field is missing"},
	{TARN__TYPE_SOA, "@ a 1 2 3 4 5 6", "more than the type has"},
	{TARN__TYPE_TXT, "", "a field is missing"},
	{TARN__TYPE_TXT, "\"a", "a quote is not closed"},
	{TARN__TYPE_TXT, "\"a\nb\"", "a quote is not closed"},
	{TARN__TYPE_TXT, "a \"b", "a quote is not closed"},
	{TARN__TYPE_TXT, "a\\1", "not a string of 255 octets at most"},
	{TARN__TYPE_TXT, "a\\256", "not a string of 255 octets at most"},
	{TARN__TYPE_CAA, "0 issue", "a field is missing"},
	{TARN__TYPE_CAA, "0 issue a b", "more than the type has"},
	{TARN__TYPE_CAA, "0 is-sue a", "not a word of letters and digits"},
	{TARN__TYPE_CAA, "0 \"\" a", "not a word of letters and digits"},
	{TARN__TYPE_URI, "1 1 \\300", "not a string, or one too long"},
	{TARN__TYPE_DS, "1 8 2", "a field is missing"},
	{TARN__TYPE_DS, "1 8 2 aab", "half an octet in base 16"},
	{TARN__TYPE_DS, "1 8 2 a b c", "half an octet in base 16"},
	{TARN__TYPE_DS, "1 8 2 ag", "not in base 16"},
	{TARN__TYPE_DS, "1 8 2 \"aa\"", "not in base 16"},
	{TARN__TYPE_DS, "1 RSASHA256 2 aa", "not a number, or one too large"},
	{TARN__TYPE_DNSKEY, "257 3 13", "a field is missing"},
	{TARN__TYPE_DNSKEY, "257 3 13 AQI", "not in base 64"},
	{TARN__TYPE_DNSKEY, "257 3 13 AQ= ID", "not in base 64, or too long"},
	{TARN__TYPE_DNSKEY, "257 3 13 \"AQID\"", "not in base 64, or too long"},
	{TARN__TYPE_RRSIG, "FOO 5 3 1 2 1 1 . AA==", "not a type"},
	{TARN__TYPE_RRSIG, "A 5 3 1 20030231000000 1 1 . AA==", "not a time"},
	{TARN__TYPE_NSEC, "@ A B", "not a type"},
	{TARN__TYPE_NSEC, "@ \"A\"", "not a type"},
	{TARN__TYPE_NSEC3, "1 0 0 a 00 A", "not in base 16"},
	{TARN__TYPE_NSEC3, "1 0 0 \"\" 00 A", "not in base 16"},
	{TARN__TYPE_NSEC3, "1 0 0 - 0 A", "not in base 32"},
	{TARN__TYPE_NSEC3, "1 0 0 - w0 A", "not in base 32"},
	{TARN__TYPE_LOC, "51 N 0 E 1m", "to be written as \\# LENGTH OCTETS"},
	{65280, "", "to be written as \\# LENGTH OCTETS"},
	{65280, "\\#", "a field is missing"},
	{65280, "\\# x", "not a length"},
	{65280, "\\# 65536 00", "not a length"},
	{65280, "\\# 1", "not as many octets as the length says"},
	{65280, "\\# 1 0000", "not as many octets as the length says"},
	{65280, "\\# 1 0", "half an octet in base 16"},
	{65280, "\\# 1 0g", "not in base 16"},
	{65280, "\\#1 00", "to be written as \\# LENGTH OCTETS"},
	/* RFC 9460 appendix D.3, and more */
	{TARN__TYPE_SVCB, "1 . key123=abc key123=def", "a key is there twice"},
	{TARN__TYPE_SVCB, "1 . port=1 key3=\\000\\001", "a key is there twice"},
	{TARN__TYPE_SVCB, "1 . mandatory", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . mandatory=\"\"", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . alpn", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . port=", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . ipv4hint", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . ipv6hint", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . ech", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . dohpath", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . alpn=h2 no-default-alpn=abc", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . ohttp=1", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . no-default-alpn", "no-default-alpn without alpn"},
	{TARN__TYPE_SVCB, "1 . mandatory=key123", "a mandatory key is missing"},
	{TARN__TYPE_SVCB, "1 . mandatory=mandatory", "not a mandatory key"},
	{TARN__TYPE_SVCB, "1 . mandatory=alpn, alpn=h2", "not a mandatory key"},
	{TARN__TYPE_SVCB, "1 . mandatory=key123,key123 key123=abc",
	 "a mandatory key is there twice"},
	{TARN__TYPE_SVCB, "1 . foo=bar", "not a key"},
	{TARN__TYPE_SVCB, "1 . ALPN=h2", "not a key"},
	{TARN__TYPE_SVCB, "1 . key=a", "not a key"},
	{TARN__TYPE_SVCB, "1 . key09=a", "not a key"},
	{TARN__TYPE_SVCB, "1 . key65535=a", "not a key"},
	{TARN__TYPE_SVCB, "1 . =a", "not a key"},
	{TARN__TYPE_SVCB, "1 . \"alpn=h2\"", "not a parameter"},
	{TARN__TYPE_SVCB, "1 . alpn=h2\"h3\"", "not a parameter"},
	{TARN__TYPE_SVCB, "1 . alpn=\"h2\"port=1", "not a parameter"},
	{TARN__TYPE_SVCB, "1 . alpn= \"h2\"", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . alpn=\"h2", "a quote is not closed"},
	{TARN__TYPE_SVCB, "1 . alpn=h2,,h3", "not a list of protocols"},
	{TARN__TYPE_SVCB, "1 . alpn=h2,", "not a list of protocols"},
	{TARN__TYPE_SVCB, "1 . alpn=,h2", "not a list of protocols"},
	{TARN__TYPE_SVCB, "1 . alpn=h2\\\\x", "not a list of protocols"},
	{TARN__TYPE_SVCB, "1 . alpn=h2\\\\", "not a list of protocols"},
	{TARN__TYPE_SVCB, "1 . alpn=h2\\300", "not a valid string"},
	{TARN__TYPE_SVCB, "1 . port=65536", "not a port"},
	{TARN__TYPE_SVCB, "1 . port=5\\051", "not a port"},
	{TARN__TYPE_SVCB, "1 . ipv4hint=192.0.2.1,", "not a list of addresses"},
	{TARN__TYPE_SVCB, "1 . ipv4hint=::1", "not a list of addresses"},
	{TARN__TYPE_SVCB, "1 . ipv6hint=::1,192.0.2.1", "not a list of addresses"},
	{TARN__TYPE_SVCB, "1 . ech=AQI", "not in base 64"},
	{TARN__TYPE_SVCB, "1 . ech=A:ID", "not in base 64"},
	{TARN__TYPE_SVCB, "1 . key4=\\001", "not a value of this key"},
	{TARN__TYPE_SVCB, "1 . key3=443", "not a value of this key"},
	{TARN__TYPE_SVCB, "1", "a field is missing"},
};

START_TEST(what_is_no_rdata_is_refused)
{
	const struct form *form = &faults[_i];
	ck_assert_str_eq(parsed(form->type, form->text), form->octets);
}
END_TEST

START_TEST(nul_is_a_character_of_strings_only)
{
	uint8_t out[TARN__RDATA_MAX];
	size_t len;
	ck_assert_ptr_null(parse(TARN__TYPE_TXT, "a\0b", 3, out, &len));
	ck_assert_uint_eq(len, 4);
	ck_assert_mem_eq(out, "\3a\0b", 4);
	ck_assert_ptr_nonnull(parse(TARN__TYPE_A, "192.0.2.1\0", 10, out, &len));
	ck_assert_ptr_nonnull(parse(TARN__TYPE_MX, "1\0 a", 4, out, &len));
	ck_assert_ptr_nonnull(parse(TARN__TYPE_NSEC, ". A\0", 4, out, &len));
	ck_assert_ptr_nonnull(parse(TARN__TYPE_DS, "1 1 1 aa\0", 9, out, &len));
}
END_TEST

START_TEST(relative_name_needs_an_origin)
{
	static const struct tarn__name none = {0, ""};
	static const char *const names[] = {"a", "@", "\"a\"", "a.b"};
	uint8_t out[TARN__RDATA_MAX];
	size_t len;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tarn__words words = tarn__words_open(names[i], strlen(names[i]));
		ck_assert_str_eq(tarn__rdata_parse(&words, TARN__TYPE_NS, &none, out, &len),
				 "not a name");
	}
	struct tarn__words words = tarn__words_open("a.", 2);
	ck_assert_ptr_null(tarn__rdata_parse(&words, TARN__TYPE_NS, &none, out, &len));
}
END_TEST

/* ---- what is printed reads back --------------------------------------------------------- */

struct rdata {
	uint8_t octets[4096];
	size_t len;
};

static void add(struct rdata *rdata, unsigned octet)
{
	rdata->octets[rdata->len++] = (uint8_t)octet;
}

/* Mostly characters, of which some have a meaning. */
static void add_random(struct rdata *rdata, uint64_t *random, size_t len)
{
	static const char special[] = "\\\"(); @$,.=#-_ \n\t";
	for (; len > 0; len--) {
		switch (pick(random, 4)) {
		case 0:
			add(rdata, pick(random, 256));
			break;
		case 1:
			add(rdata, (uint8_t)special[pick(random, sizeof(special))]);
			break;
		default:
			add(rdata, 'a' + pick(random, 26));
		}
	}
}

static void add_string(struct rdata *rdata, uint64_t *random, unsigned least)
{
	unsigned len = pick(random, 16) == 0 ? 255 : least + pick(random, 12);
	add(rdata, len);
	add_random(rdata, random, len);
}

static void add_tag(struct rdata *rdata, uint64_t *random)
{
	unsigned len = 1 + pick(random, 9);
	add(rdata, len);
	for (; len > 0; len--)
		add(rdata, (uint8_t) "aZ09"[pick(random, 4)]);
}

static void add_name(struct rdata *rdata, uint64_t *random)
{
	for (unsigned labels = pick(random, 4); labels > 0; labels--) {
		unsigned len = 1 + pick(random, pick(random, 8) == 0 ? 63 : 6);
		add(rdata, len);
		add_random(rdata, random, len);
	}
	add(rdata, 0);
}

static void add_types(struct rdata *rdata, uint64_t *random)
{
	struct tarn__type_set set = {0};
	for (unsigned count = pick(random, 20); count > 0; count--)
		tarn__type_set_add(&set, (uint16_t)pick(random, pick(random, 4) ? 300 : 65536));
	uint8_t bitmap[TARN__TYPE_BITMAP_MAX];
	size_t len = tarn__type_bitmap_write(&set, bitmap);
	if (len > 1000)
		len = 0;
	memcpy(rdata->octets + rdata->len, bitmap, len);
	rdata->len += len;
}

static void add_param(struct rdata *rdata, uint64_t *random, unsigned key)
{
	static const unsigned lens[] = {0, 0, 0, 2, 4, 5, 16, 7, 0};
	add(rdata, key >> 8);
	add(rdata, key & 0xff);
	size_t len_at = rdata->len;
	add(rdata, 0);
	add(rdata, 0);
	if (key == 1) {
		for (unsigned count = 1 + pick(random, 3); count > 0; count--)
			add_string(rdata, random, 1);
	} else {
		unsigned len = key < 9 ? lens[key] : pick(random, 20);
		if (key == 4 || key == 6)
			len *= 1 + pick(random, 3);
		add_random(rdata, random, len);
	}
	tarn__put16(rdata->octets + len_at, (uint16_t)(rdata->len - len_at - 2));
}

static void add_params(struct rdata *rdata, uint64_t *random)
{
	static const uint8_t mandatory[] = {0, 0, 0, 4, 0, 1, 0, 3};
	bool is_mandatory = pick(random, 4) == 0, has_alpn = is_mandatory || pick(random, 2) == 0;
	if (is_mandatory) {
		memcpy(rdata->octets + rdata->len, mandatory, sizeof(mandatory));
		rdata->len += sizeof(mandatory);
	}
	for (unsigned key = 1; key < 12; key++) {
		bool is_there = key == 1 ? has_alpn : pick(random, 2) == 0;
		if ((is_there && (key != 2 || has_alpn)) || (is_mandatory && key == 3))
			add_param(rdata, random, key);
	}
	if (pick(random, 2) == 0)
		add_param(rdata, random, 12 + pick(random, 65535 - 12));
}

static void add_field(struct rdata *rdata, uint64_t *random, char letter)
{
	size_t len = tarn__rdata_field_len(letter);
	switch (letter) {
	case 'n':
	case 'N':
	case 'm':
		add_name(rdata, random);
		break;
	case 'S':
		for (unsigned count = pick(random, 4); count > 0; count--)
			add_string(rdata, random, 0);
		add_string(rdata, random, 0);
		break;
	case 's':
	case 'l':
		add_string(rdata, random, 0);
		break;
	case 'v':
		add_string(rdata, random, 1);
		break;
	case 'c':
		add_tag(rdata, random);
		break;
	case 'Y':
		add_types(rdata, random);
		break;
	case 'p':
		add_params(rdata, random);
		break;
	default:
		add_random(rdata, random, len > 0 ? len : pick(random, 40));
	}
}

/* Makes mistakes in some. */
static void make(struct rdata *rdata, uint64_t *random, uint16_t type)
{
	rdata->len = 0;
	for (const char *letter = tarn__type_fields(type); *letter; letter++)
		add_field(rdata, random, *letter);
	if (pick(random, 4) > 0)
		return;
	if (rdata->len > 0 && pick(random, 2) == 0)
		rdata->octets[pick(random, (unsigned)rdata->len)] = (uint8_t)pick(random, 256);
	if (pick(random, 3) == 0)
		rdata->len = pick(random, (unsigned)rdata->len + 1);
	if (pick(random, 3) == 0)
		add_random(rdata, random, 1 + pick(random, 8));
}

/* Names that are compressed are written out. */
static void expand(const struct rdata *rdata, uint16_t type, struct rdata *out)
{
	const struct tarn__reader reader = {.wire = rdata->octets, .end = rdata->len};
	struct tarn__rdata parts = tarn__rdata_open(&reader, type);
	struct tarn__rdata_part part;
	out->len = 0;
	while (tarn__rdata_next(&parts, &part)) {
		memcpy(out->octets + out->len, part.octets, part.len);
		out->len += part.len;
	}
	ck_assert(!parts.reader.failed);
}

/* Returns true if the RDATA has a presentation format of its own. */
static bool reads_back(const struct rdata *rdata, uint16_t type)
{
	static char text[TARN__RDATA_TEXT_MAX], again[TARN__RDATA_TEXT_MAX];
	static uint8_t out[TARN__RDATA_MAX];
	struct rdata expanded = *rdata;
	size_t len = 0;
	tarn__rdata_format(rdata->octets, 0, rdata->len, type, text);
	bool is_generic = strncmp(text, "\\# ", 3) == 0;
	if (!is_generic)
		expand(rdata, type, &expanded);
	const char *fault = parse(type, text, strlen(text), out, &len);
	if (fault || len != expanded.len || memcmp(out, expanded.octets, len) != 0)
		ck_abort_msg("type %u: %s: %s", type, text, fault ? fault : "other octets");
	tarn__rdata_format(out, 0, len, type, again);
	if (strcmp(text, again) != 0)
		ck_abort_msg("type %u: %s is then %s", type, text, again);
	bool has_format = !strchr(tarn__type_fields(type), 'o');
	if (has_format && is_generic == tarn__rdata_is_valid(out, len, type))
		ck_abort_msg("type %u: %s", type, text);
	return !is_generic;
}

enum { TYPES = 301, RUNS = 200 };

/* Loop: the type; one for all without a row is the last. */
START_TEST(what_is_printed_reads_back)
{
	uint16_t type = _i == TYPES - 1 ? 65280 : (uint16_t)_i;
	uint64_t random = type;
	unsigned printed = 0;
	struct rdata rdata;
	for (unsigned run = 0; run < RUNS; run++) {
		make(&rdata, &random, type);
		printed += reads_back(&rdata, type);
	}
	bool has_format = !strchr(tarn__type_fields(type), 'o');
	ck_assert_msg(has_format ? printed > RUNS / 3 : printed == 0, "type %u: %u", type, printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rdata_parse");
	TCase *tcase = tcase_create("forms");
	tcase_add_loop_test(tcase, rdata_is_read, 0, COUNT(forms));
	tcase_add_test(tcase, string_of_255_octets_is_the_longest);
	tcase_add_test(tcase, text_without_a_length_may_be_longer);
	tcase_add_loop_test(tcase, rdata_of_65535_octets_is_the_longest, 0, 2);
	tcase_add_test(tcase, base_64_of_65535_octets_is_the_longest);
	tcase_add_test(tcase, addresses_are_as_many_as_rdata_has_room_for);
	tcase_add_test(tcase, parameters_are_64_at_most);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("faults");
	tcase_add_loop_test(tcase, what_is_no_rdata_is_refused, 0, COUNT(faults));
	tcase_add_test(tcase, nul_is_a_character_of_strings_only);
	tcase_add_test(tcase, relative_name_needs_an_origin);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("printing");
	tcase_add_loop_test(tcase, what_is_printed_reads_back, 0, TYPES);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
