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
	{TARN__TYPE_NXT, "\1a\0\x40", 4, "\\# 4 01610040"},
	{65280, "", 0, "\\# 0"},
	/* malformed */
	{TARN__TYPE_A, "\300\0\2", 3, "\\# 3 c00002"},
	{TARN__TYPE_A, "\300\0\2\1\1", 5, "\\# 5 c000020101"},
	{TARN__TYPE_NS, "\300\020", 2, "\\# 2 c010"},
	{TARN__TYPE_TXT, "", 0, "\\# 0"},
	{TARN__TYPE_TXT, "\3a", 2, "\\# 2 0361"},
	{257, "\0", 1, "\\# 1 00"},
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

int main(void)
{
	Suite *suite = suite_create("rdata_text");
	TCase *tcase = tcase_create("rdata_text");
	tcase_add_loop_test(tcase, rdata_is_as_in_a_master_file, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(tcase, longest_rdata_has_room, 0, 6);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
