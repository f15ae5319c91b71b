/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_name.c: names on the wire, to their limits and one past them. */
#include "dns/name.h"

#include <string.h>

#include "support/unit.h"

enum { AT = TARN__HEADER_LEN }; /* where the octets of a test begin in the message */

static uint8_t wire[1024];
static uint8_t name[TARN__NAME_MAX];

/* A message of a header and the octets of a string literal. */
#define MESSAGE(literal) message_of(literal, sizeof(literal) - 1)

static struct tarn__reader message_of(const char *octets, size_t len)
{
	memset(wire, 0, AT);
	memcpy(wire + AT, octets, len);
	return (struct tarn__reader){.wire = wire, .at = AT, .end = AT + len};
}

/* count labels of 'a', each of label_len octets, without the root. Returns the octets written. */
static size_t put_labels(uint8_t *out, size_t count, size_t label_len)
{
	for (size_t i = 0; i < count; i++) {
		*out++ = (uint8_t)label_len;
		memset(out, 'a', label_len);
		out += label_len;
	}
	return count * (1 + label_len);
}

START_TEST(plain_name_is_read)
{
	struct tarn__reader reader = MESSAGE("\3WwW\7example\0!");
	ck_assert_uint_eq(tarn__name_read(&reader, name), 13);
	ck_assert_mem_eq(name, "\3WwW\7example\0", 13);
	ck_assert_uint_eq(reader.at, AT + 13);
}
END_TEST

START_TEST(root_is_one_octet)
{
	struct tarn__reader reader = MESSAGE("\0");
	ck_assert_uint_eq(tarn__name_read(&reader, name), 1);
	ck_assert_uint_eq(name[0], 0);
}
END_TEST

START_TEST(pointer_backwards_is_followed_and_reading_goes_on_behind_it)
{
	struct tarn__reader reader = MESSAGE("\7example\0\3www\xc0\x0c!");
	reader.at += 9;
	ck_assert_uint_eq(tarn__name_read(&reader, name), 13);
	ck_assert_mem_eq(name, "\3www\7example\0", 13);
	ck_assert_uint_eq(reader.at, AT + 15);
}
END_TEST

START_TEST(pointer_to_a_pointer_is_followed)
{
	struct tarn__reader reader = MESSAGE("\1a\0\1b\xc0\x0c\xc0\x0f");
	reader.at += 7;
	ck_assert_uint_eq(tarn__name_read(&reader, name), 5);
	ck_assert_mem_eq(name, "\1b\1a\0", 5);
	ck_assert_uint_eq(reader.at, AT + 9);
}
END_TEST

static const struct {
	const char *what;
	const char *octets;
	size_t len, at;
} bad[] = {
#define BAD(what, at, literal)                                                                     \
	{                                                                                          \
		what, literal, sizeof(literal) - 1, at                                             \
	}
	BAD("nothing", 0, ""),
	BAD("no root", 0, "\1a"),
	BAD("label cut off", 0, "\4abc"),
	BAD("pointer to itself", 0, "\xc0\x0c"),
	BAD("pointer to the label before it, a loop", 0, "\1a\xc0\x0c"),
	BAD("pointer forward", 0, "\xc0\x0e\1a\0"),
	BAD("pointers at each other", 2, "\xc0\x0e\xc0\x0c"),
	BAD("pointer to the header's first octet", 0, "\xc0\x00"),
	BAD("pointer to the header's last octet", 0, "\xc0\x0b"),
	BAD("pointer into its own labels", 0, "\1\0\xc0\x0d"),
	BAD("pointer cut off", 1, "\0\xc0"),
	BAD("label type 01", 0, "\x40\0"),
	BAD("label type 10", 0, "\x80\0"),
#undef BAD
};

START_TEST(malformed_name_fails_the_reader)
{
	struct tarn__reader reader = message_of(bad[_i].octets, bad[_i].len);
	reader.at += bad[_i].at;
	ck_assert_msg(tarn__name_read(&reader, name) == 0, "%s", bad[_i].what);
	ck_assert(reader.failed);
}
END_TEST

START_TEST(label_of_63_octets_is_the_longest)
{
	size_t len = AT + put_labels(wire + AT, 1, TARN__LABEL_MAX);
	wire[len++] = 0;
	struct tarn__reader reader = {.wire = wire, .at = AT, .end = len};
	ck_assert_uint_eq(tarn__name_read(&reader, name), 65);
	len = AT + put_labels(wire + AT, 1, TARN__LABEL_MAX + 1);
	wire[len++] = 0;
	reader = (struct tarn__reader){.wire = wire, .at = AT, .end = len};
	ck_assert_uint_eq(tarn__name_read(&reader, name), 0);
}
END_TEST

/* RFC 1035 section 2.3.4. Loop: octets of the last label; 61 make 255. */
START_TEST(name_of_255_octets_is_the_longest)
{
	size_t len = AT + put_labels(wire + AT, 3, 63);
	len += put_labels(wire + len, 1, (size_t)_i);
	wire[len++] = 0;
	struct tarn__reader reader = {.wire = wire, .at = AT, .end = len};
	size_t expected = _i <= 61 ? len - AT : 0;
	ck_assert_uint_eq(tarn__name_span(wire + AT, len - AT), expected);
	ck_assert_uint_eq(tarn__name_read(&reader, name), expected);
}
END_TEST

START_TEST(name_of_127_labels_is_read)
{
	size_t len = AT + put_labels(wire + AT, TARN__LABELS_MAX, 1);
	wire[len++] = 0;
	struct tarn__reader reader = {.wire = wire, .at = AT, .end = len};
	ck_assert_uint_eq(tarn__name_read(&reader, name), TARN__NAME_MAX);
	ck_assert_uint_eq(tarn__name_span(wire + AT, len - AT), TARN__NAME_MAX);
}
END_TEST

START_TEST(name_that_grows_too_long_over_a_pointer_fails)
{
	size_t len = AT + put_labels(wire + AT, 3, 63);
	wire[len++] = 0;
	size_t second = len;
	len += put_labels(wire + len, 1, (size_t)_i);
	tarn__put16(wire + len, TARN__POINTER | AT);
	struct tarn__reader reader = {.wire = wire, .at = second, .end = len + 2};
	ck_assert_uint_eq(tarn__name_read(&reader, name), _i <= 61 ? 255 - 61 + _i : 0);
}
END_TEST

/* A legal name needs no more pointers than it has labels. */
START_TEST(chain_of_pointers_is_bounded)
{
	wire[AT] = 0;
	size_t len = AT + 1;
	for (unsigned i = 1; i <= TARN__LABELS_MAX + 1; i++) {
		tarn__put16(wire + len, (uint16_t)(TARN__POINTER | (i == 1 ? AT : len - 2)));
		len += 2;
		struct tarn__reader reader = {.wire = wire, .at = len - 2, .end = len};
		ck_assert_uint_eq(tarn__name_read(&reader, name), i <= TARN__LABELS_MAX);
	}
}
END_TEST

START_TEST(span_is_the_length_of_a_plain_name)
{
	ck_assert_uint_eq(tarn__name_span((const uint8_t *)"\3www\0!", 6), 5);
	ck_assert_uint_eq(tarn__name_span((const uint8_t *)"\3www\0", 5), 5);
	ck_assert_uint_eq(tarn__name_span((const uint8_t *)"\3www\0", 4), 0);
	ck_assert_uint_eq(tarn__name_span((const uint8_t *)"", 0), 0);
	ck_assert_uint_eq(tarn__name_span((const uint8_t *)"\1a\xc0\x0c", 4), 0);
}
END_TEST

/* An octet at every place of names shorter and longer than what is folded at once. */
static void check_fold(uint8_t octet)
{
	uint8_t expected = octet >= 'A' && octet <= 'Z' ? octet + 'a' - 'A' : octet;
	ck_assert_uint_eq(tarn__fold(octet), expected);
	for (size_t len = 1; len <= 20; len++) {
		for (size_t at = 0; at < len; at++) {
			uint8_t in[20], out[20], wanted[20];
			memset(in, 'Q', len);
			memset(wanted, 'q', len);
			in[at] = octet;
			wanted[at] = expected;
			tarn__name_fold(out, in, len);
			ck_assert_mem_eq(out, wanted, len);
			ck_assert(tarn__name_is_equal(in, wanted, len));
			wanted[at] = expected ^ 1;
			ck_assert(!tarn__name_is_equal(in, wanted, len));
		}
	}
}

/* RFC 4343 */
START_TEST(only_ascii_letters_fold)
{
	for (unsigned octet = 0; octet <= UINT8_MAX; octet++)
		check_fold((uint8_t)octet);
}
END_TEST

START_TEST(name_can_be_folded_in_place)
{
	uint8_t text[] = "\7EXAMPLE\3cOm";
	tarn__name_fold(text, text, sizeof(text));
	ck_assert_mem_eq(text, "\7example\3com", sizeof(text));
}
END_TEST

static const struct {
	const char *name, *apex;
	bool is_within;
} within[] = {
	{"\3www\7example", "\7example", true},
	{"\3www\7example", "\7EXAMPLE", true},
	{"\7example", "\7example", true},
	{"\7example", "", true},
	{"", "", true},
	{"", "\7example", false},
	{"\7example", "\3www\7example", false},
	{"\10aexample", "\7example", false},
	{"\3www\7examplf", "\7example", false},
	/* Its last octets look like the apex, but are the middle of a label. */
	{"\11a\7example", "\7example", false},
};

START_TEST(name_is_within_itself_and_what_is_above_it)
{
	ck_assert(tarn__name_is_within((const uint8_t *)within[_i].name,
				       strlen(within[_i].name) + 1,
				       (const uint8_t *)within[_i].apex,
				       strlen(within[_i].apex) + 1) == within[_i].is_within);
}
END_TEST

START_TEST(hash_is_that_of_every_spelling)
{
	uint32_t hash = tarn__name_hash((const uint8_t *)"\3www\7example", 13);
	ck_assert_uint_eq(tarn__name_hash((const uint8_t *)"\3wWw\7EXAMPLE", 13), hash);
	ck_assert_uint_ne(tarn__name_hash((const uint8_t *)"\3wwx\7example", 13), hash);
	ck_assert_uint_ne(tarn__name_hash((const uint8_t *)"\7example", 9), hash);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("name");
	TCase *tcase = tcase_create("read");
	tcase_add_test(tcase, plain_name_is_read);
	tcase_add_test(tcase, root_is_one_octet);
	tcase_add_test(tcase, pointer_backwards_is_followed_and_reading_goes_on_behind_it);
	tcase_add_test(tcase, pointer_to_a_pointer_is_followed);
	tcase_add_loop_test(tcase, malformed_name_fails_the_reader, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, label_of_63_octets_is_the_longest);
	tcase_add_loop_test(tcase, name_of_255_octets_is_the_longest, 60, 64);
	tcase_add_test(tcase, name_of_127_labels_is_read);
	tcase_add_loop_test(tcase, name_that_grows_too_long_over_a_pointer_fails, 60, 64);
	tcase_add_test(tcase, chain_of_pointers_is_bounded);
	tcase_add_test(tcase, span_is_the_length_of_a_plain_name);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("compare");
	tcase_add_test(tcase, only_ascii_letters_fold);
	tcase_add_test(tcase, name_can_be_folded_in_place);
	tcase_add_loop_test(tcase, name_is_within_itself_and_what_is_above_it, 0,
			    sizeof(within) / sizeof(within[0]));
	tcase_add_test(tcase, hash_is_that_of_every_spelling);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
