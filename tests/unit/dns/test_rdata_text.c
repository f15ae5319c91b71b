/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata_text.c: RDATA in presentation format. */
#include "dns/rdata_text.h"

#include <stdlib.h>
#include <string.h>

#include "support/message.h"
#include "support/unit.h"

static struct message message;

/* The RDATA's text, read from octets that end where the message does. */
static const char *format_at(uint16_t type, size_t at)
{
	static char text[TARN__RDATA_TEXT_MAX];
	uint8_t *copy = malloc(message.len + 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, message.wire, message.len);
	tarn__rdata_format(copy, at, message.len - at, type, text);
	free(copy);
	return text;
}

static const char *format(uint16_t type, const void *octets, size_t len)
{
	put_header(&message, 0, 0);
	put_name(&message, "example.");
	size_t at = message.len;
	put_octets(&message, octets, len);
	return format_at(type, at);
}

/* \300\014 is example. */
static const struct form {
	uint16_t type;
	const char *octets;
	size_t len;
	const char *text;
} forms[] = {
	{TARN__TYPE_A, "\300\000\002\001", 4, "192.0.2.1"},
	{TARN__TYPE_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, "2001:db8::1"},
	{TARN__TYPE_NS, "\2ns\300\014", 5, "ns.example."},
	{TARN__TYPE_MX, "\0\012\300\014", 4, "10 example."},
	{TARN__TYPE_SRV, "\0\1\0\2\0\065\300\014", 8, "1 2 53 example."},
	{TARN__TYPE_SOA, "\300\014\1a\300\014\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\377\377\377\377", 26,
	 "example. a.example. 1 2 3 4 4294967295"},
	{TARN__TYPE_TXT, "\3a b\0\2\"\\", 8, "\"a b\" \"\" \"\\\"\\\\\""},
	{TARN__TYPE_TXT, "\2\033\377", 3, "\"\\027\\255\""},
	{TARN__TYPE_DS, "\0\1\010\2\252\273", 6, "1 8 2 aabb"},
	{257, "\0\5issueca.example", 17, "0 issue \"ca.example\""},
	{TARN__TYPE_MB, "\1a\300\014", 4, "a.example."},
	{TARN__TYPE_PX, "\0\5\300\014\1a\0", 7, "5 example. a."},
	{TARN__TYPE_RRSIG, "\0\1", 2, "\\# 2 0001"},
	{TARN__TYPE_RRSIG,
	 "\0\1\15\2\0\0\16\020\177\377\377\377\0\0\0\0\060\071\1a\0"
	 "\1\2\3",
	 24, "A 13 2 3600 20380119031407 19700101000000 12345 a. AQID"},
	{TARN__TYPE_RRSIG,
	 "\0\1\15\2\0\0\16\020\177\377\377\377\0\0\0\0\060\071\300\014"
	 "\1\2\3",
	 23, "\\# 23 00010d0200000e107fffffff000000003039c00c010203"},
	{TARN__TYPE_DNSKEY, "\1\1\3\15\1\2", 6, "257 3 13 AQI="},
	{TARN__TYPE_NSEC, "\1b\0\0\1\x62", 6, "b. A NS SOA"},
	{TARN__TYPE_NSEC, "\1b\0", 3, "b."},
	{TARN__TYPE_NSEC3, "\1\0\0\12\0\3foo\0\1\x40", 12, "1 0 10 - cpnmu A"},
	{TARN__TYPE_NSEC3PARAM, "\1\0\0\1\2\252\273", 7, "1 0 1 aabb"},
	{TARN__TYPE_HTTPS, "\0\1\0\0\1\0\3\2h2\0\3\0\2\1\273", 16, "1 . alpn=\"h2\" port=443"},
	{TARN__TYPE_HTTPS, "\0\0\1a\0", 5, "0 a."},
	{TARN__TYPE_SVCB, "\0\1\0\0\1\0\7\6,\\\"x\0y", 14, "1 . alpn=\"\\\\,\\\\\\\\\\\"x\\000y\""},
	{TARN__TYPE_SVCB, "\0\1\0\0\2\0\0", 7, "\\# 7 00010000020000"},
	{TARN__TYPE_SVCB, "\0\1\0\0\3\0\2\0\1\0\1\0\3\2h2", 16,
	 "\\# 16 00010000030002000100010003026832"},
	{TARN__TYPE_NXT, "\1a\0\x40", 4, "\\# 4 01610040"},
	{65280, "", 0, "\\# 0"},
	/* malformed */
	{TARN__TYPE_A, "\300\0\2", 3, "\\# 3 c00002"},
	{TARN__TYPE_A, "\300\0\2\1\1", 5, "\\# 5 c000020101"},
	{TARN__TYPE_NS, "\300\020", 2, "\\# 2 c010"},
	{TARN__TYPE_TXT, "", 0, "\\# 0"},
	{TARN__TYPE_TXT, "\3a", 2, "\\# 2 0361"},
	{257, "\0", 1, "\\# 1 00"},
	{TARN__TYPE_SVCB, "\0\1\0\0\0\0\4\0\3\0\3\0\3\0\2\0\1", 17,
	 "\\# 17 0001000000000400030003000300020001"},
	{257, "\0\0x", 3, "\\# 3 000078"},
	{257, "\0\3a bx", 6, "\\# 6 000361206278"},
	{TARN__TYPE_DS, "\0\1\010\2", 4, "\\# 4 00010802"},
	{TARN__TYPE_NSEC, "\1b\0\0\2\x40\0", 7, "\\# 7 01620000024000"},
	{TARN__TYPE_NSEC, "\1b\0\1\1\x40\0\1\x40", 9, "\\# 9 016200010140000140"},
	{TARN__TYPE_NSEC, "\1b\0\0\0", 5, "\\# 5 0162000000"},
};

START_TEST(rdata_is_as_in_a_master_file)
{
	const struct form *form = &forms[_i];
	ck_assert_str_eq(format(form->type, form->octets, form->len), form->text);
}
END_TEST

START_TEST(longest_rdata_has_room)
{
	static uint8_t octets[TARN__MESSAGE_MAX];
	static const unsigned fills[] = {0x00, 0x01, 0x1b, 0x5c, 0xc0, 0xff};
	size_t len = sizeof(octets) - TARN__HEADER_LEN - 9;
	memset(octets, (int)fills[_i], sizeof(octets));
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *text = format(forms[i].type, octets, len);
		ck_assert_uint_lt(strlen(text), TARN__RDATA_TEXT_MAX);
		while (*text >= ' ' && *text <= '~')
			text++;
		ck_assert_int_eq(*text, '\0');
	}
}
END_TEST

/* Every key is mandatory, no key has a mnemonic, and each octet of the last value is escaped. */
START_TEST(longest_parameters_have_room)
{
	enum { KEYS = 63, FIRST_KEY = 65400 };
	static uint8_t octets[TARN__MESSAGE_MAX];
	size_t len = sizeof(octets) - TARN__HEADER_LEN - 9;
	uint8_t *at = octets + 7;
	memset(octets, 0xff, sizeof(octets));
	memcpy(octets, "\0\1\0\0\0\0", 6);
	octets[6] = 2 * KEYS;
	for (unsigned i = 0; i < KEYS; i++, at += 2)
		tarn__put16(at, (uint16_t)(FIRST_KEY + i));
	for (unsigned i = 0; i < KEYS; i++, at += 4) {
		tarn__put16(at, (uint16_t)(FIRST_KEY + i));
		tarn__put16(at + 2, 0);
	}
	tarn__put16(at - 2, (uint16_t)(octets + len - at));
	const char *text = format(TARN__TYPE_SVCB, octets, len);
	const char *start = "1 . mandatory=key65400,key65401,";
	ck_assert_int_eq(strncmp(text, start, strlen(start)), 0);
	ck_assert_str_eq(text + strlen(text) - 9, "\\255\\255\"");
	ck_assert_uint_lt(strlen(text), TARN__RDATA_TEXT_MAX);
	ck_assert_uint_le(strlen(text), 4 * len + 64);
}
END_TEST

/* Loop: how many there are. More could not be read back. */
START_TEST(parameters_are_64_at_most)
{
	uint8_t octets[3 + 4 * 70] = {0, 1};
	for (unsigned i = 0; i < (unsigned)_i; i++)
		tarn__put16(octets + 3 + 4 * i, (uint16_t)(100 + i));
	const char *text = format(TARN__TYPE_SVCB, octets, 3 + 4 * (size_t)_i);
	ck_assert_int_eq(strncmp(text, "1 . key100 key101 ", 18) == 0, _i <= 64);
	ck_assert_int_eq(strncmp(text, "\\# 263 0001", 11) == 0, _i > 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rdata_text");
	TCase *tcase = tcase_create("rdata_text");
	tcase_add_loop_test(tcase, rdata_is_as_in_a_master_file, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(tcase, longest_rdata_has_room, 0, 6);
	tcase_add_test(tcase, longest_parameters_have_room);
	tcase_add_loop_test(tcase, parameters_are_64_at_most, 64, 66);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
