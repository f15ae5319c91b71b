/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata.c: the parts of an RDATA. */
#include "dns/rdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base16.h"
#include "dns/name.h"
#include "dns/text.h"
#include "support/unit.h"

/* "example." stands at 12; \300\014 points to it. */
static const uint8_t head[] = "\0\0\0\0\0\0\0\0\0\0\0\0\7example";

/* The parts of an RDATA that ends where its block does: octets in base 16, names, "bad" if malformed. */
static const char *parts(uint16_t type, const char *octets, size_t len)
{
	static char text[1024];
	uint8_t *wire = malloc(sizeof(head) + len);
	ck_assert_ptr_nonnull(wire);
	memcpy(wire, head, sizeof(head));
	memcpy(wire + sizeof(head), octets, len);
	struct tarn__reader reader = {.wire = wire, .at = sizeof(head), .end = sizeof(head) + len};
	struct tarn__rdata rdata = tarn__rdata_open(&reader, type);
	struct tarn__rdata_part part;
	char *end = text;
	while (tarn__rdata_next(&rdata, &part)) {
		ck_assert_uint_gt(part.len, 0);
		if (part.is_name)
			end += strlen(tarn__name_format(part.octets, end));
		else
			end = tarn__base16_write(part.octets, part.len, end);
		*end++ = part.can_compress ? '*' : ' ';
	}
	strcpy(end, rdata.reader.failed ? "bad" : "");
	ck_assert(!tarn__rdata_next(&rdata, &part));
	ck_assert_int_eq(rdata.reader.failed, *end != '\0');
	free(wire);
	return text;
}

#define FORM(type, literal, text)                                                                  \
	{                                                                                          \
		type, literal, sizeof(literal) - 1, text                                           \
	}

static const struct form {
	uint16_t type;
	const char *octets;
	size_t len;
	const char *text;
} forms[] = {
	FORM(TARN__TYPE_A, "\300\0\2\1", "c0000201 "),
	FORM(TARN__TYPE_A, "\300\0\2", "bad"),
	FORM(TARN__TYPE_A, "\300\0\2\1\1", "bad"),
	FORM(TARN__TYPE_NS, "\2ns\300\014", "ns.example.*"),
	FORM(TARN__TYPE_NS, "\300\014x", "example.*bad"),
	FORM(TARN__TYPE_NS, "", "bad"),
	FORM(TARN__TYPE_DNAME, "\300\014", "example. "),
	FORM(TARN__TYPE_MX, "\0\12\300\014", "000a example.*"),
	FORM(TARN__TYPE_MX, "\0", "bad"),
	FORM(TARN__TYPE_SOA,
	     "\300\014\1a\0"
	     "12345678901234567890",
	     "example.*a.*3132333435363738393031323334353637383930 "),
	FORM(TARN__TYPE_SOA,
	     "\300\014\1a\0"
	     "1234567890",
	     "example.*a.*bad"),
	FORM(TARN__TYPE_NAPTR, "\0\1\0\2\1U\0\1x\300\014",
	     "00010002015500"
	     "0178 example. "),
	FORM(TARN__TYPE_NAPTR, "\0\1\0\2\1U\0\11x", "bad"),
	FORM(TARN__TYPE_SIG, "123456789012345678\1a\0sig",
	     "313233343536373839303132333435363738 a. 736967 "),
	FORM(TARN__TYPE_NXT, "\1a\0", "a. "),
	/* The fields of these are not checked, nor a name that is never compressed. */
	FORM(TARN__TYPE_TXT, "\3a", "0361 "),
	FORM(TARN__TYPE_DS, "\1", "01 "),
	FORM(TARN__TYPE_NSEC, "\300\014", "c00c "),
	FORM(65280, "\300\014", "c00c "),
	FORM(65280, "", ""),
};

START_TEST(parts_are_names_and_the_octets_between_them)
{
	const struct form *form = &forms[_i];
	ck_assert_str_eq(parts(form->type, form->octets, form->len), form->text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rdata");
	TCase *tcase = tcase_create("rdata");
	tcase_add_loop_test(tcase, parts_are_names_and_the_octets_between_them, 0,
			    sizeof(forms) / sizeof(forms[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
