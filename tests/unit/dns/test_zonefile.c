/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_zonefile.c: records and faults of zone files, which come in pieces of any length. */
#include "dns/zonefile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rdata_text.h"
#include "dns/text.h"
#include "support/churn.h"
#include "support/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static const uint8_t origin[] = "\7example";

static struct tarn__zonefile reader;

/* What is called back, one line each. Check's assertions are system calls even if they hold. */
static char log_text[1 << 20];
static size_t log_len;

static void add(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	log_len += (size_t)vsnprintf(log_text + log_len, sizeof(log_text) - log_len, format,
				     arguments);
	va_end(arguments);
	must(log_len < sizeof(log_text));
}

static void log_record(void *arg, const struct tarn__zone_record *record)
{
	static char rdata[TARN__RDATA_TEXT_MAX];
	char owner[TARN__NAME_TEXT_MAX], class[TARN__WORD_MAX], type[TARN__WORD_MAX];
	must(arg == log_text);
	must(tarn__name_span(record->owner, record->owner_len) == record->owner_len);
	tarn__rdata_format(record->rdata, 0, record->rdata_len, record->type, rdata);
	add("%u: %s %u %s %s %s\n", record->line, tarn__name_format(record->owner, owner),
	    record->ttl, tarn__class_format(record->class, class),
	    tarn__type_format(record->type, type), rdata);
}

static void log_fault(void *arg, unsigned line, const char *text)
{
	must(arg == log_text);
	must(strlen(text) < TARN__ZONE_FAULT_MAX);
	add("%u! %s\n", line, text);
}

static const struct tarn__zonefile_callbacks callbacks = {log_record, log_fault};

/* Reads a file in pieces of step octets, each with an end of its own. */
static const char *read_in(size_t step, const char *text, size_t len)
{
	log_len = 0;
	log_text[0] = '\0';
	memset(&reader, 0xaa, sizeof(reader));
	tarn__zonefile_init(&reader, origin, sizeof(origin), 3600, &callbacks, log_text);
	for (size_t at = 0; at < len; at += step) {
		size_t piece_len = len - at < step ? len - at : step;
		char *piece = malloc(piece_len);
		must(piece);
		memcpy(piece, text + at, piece_len);
		tarn__zonefile_feed(&reader, piece, piece_len);
		free(piece);
	}
	tarn__zonefile_end(&reader);
	return log_text;
}

static const char *read_whole(const char *text)
{
	return read_in(SIZE_MAX / 2, text, strlen(text));
}

#define FILE_OF(literal, log)                                                                      \
	{                                                                                          \
		literal, sizeof(literal) - 1, log                                                  \
	}

static const struct file {
	const char *text;
	size_t len;
	const char *log;
} files[] = {
	FILE_OF("", ""),
	FILE_OF("\n\r\n \n\t; nothing\n;\n()\n ( ) ;\n", ""),
	FILE_OF("a 300 IN A 192.0.2.1\n", "1: a.example. 300 IN A 192.0.2.1\n"),
	/* no line end, CR LF, a byte order mark */
	FILE_OF("a 300 IN A 192.0.2.1", "1: a.example. 300 IN A 192.0.2.1\n"),
	FILE_OF("a A 192.0.2.1 ; x", "1: a.example. 3600 IN A 192.0.2.1\n"),
	FILE_OF("a A 192.0.2.1\r\n A 192.0.2.2\r\n\r\nb A 192.0.2.3\r",
		"1: a.example. 3600 IN A 192.0.2.1\n2: a.example. 3600 IN A 192.0.2.2\n"
		"4: b.example. 3600 IN A 192.0.2.3\n"),
	FILE_OF("a TXT \"x\"\r\nb TXT \"y\r\nc TXT z\\\r\n",
		"1: a.example. 3600 IN TXT \"x\"\n2! TXT: a quote is not closed\n"
		"3: c.example. 3600 IN TXT \"z\\013\"\n"),
	FILE_OF("\xef\xbb\xbf$TTL 5\n\xef\xbb\xbf"
		"a A 192.0.2.1\n",
		"2: \\239\\187\\191a.example. 5 IN A 192.0.2.1\n"),
	FILE_OF("\xef\xbb\xbf; x\na A 192.0.2.1\n", "2: a.example. 3600 IN A 192.0.2.1\n"),
	FILE_OF("\xef\xbb\xbf"
		"a A 192.0.2.1\n",
		"1: a.example. 3600 IN A 192.0.2.1\n"),
	FILE_OF("\xef\xbb", "1! a type is missing\n"),
	/* class and TTL in either order, or not at all */
	FILE_OF("a 1 IN A 192.0.2.1\na IN 2 A 192.0.2.1\na IN A 192.0.2.1\na 3 A 192.0.2.1\na A "
		"192.0.2.1\n",
		"1: a.example. 1 IN A 192.0.2.1\n2: a.example. 2 IN A 192.0.2.1\n"
		"3: a.example. 2 IN A 192.0.2.1\n4: a.example. 3 IN A 192.0.2.1\n"
		"5: a.example. 3 IN A 192.0.2.1\n"),
	FILE_OF("a in a 192.0.2.1\na cH tXt x\na CLASS7 Type1 \\# 4 01020304\n",
		"1: a.example. 3600 IN A 192.0.2.1\n2: a.example. 3600 CH TXT \"x\"\n"
		"3: a.example. 3600 CLASS7 A 1.2.3.4\n"),
	FILE_OF("a 1 2 A 192.0.2.1\na IN IN A 192.0.2.1\na 1 IN 2 A 192.0.2.1\n",
		"1! not a type: \"2\"\n2! not a type: \"IN\"\n3! not a type: \"2\"\n"),
	FILE_OF("a ANY A 192.0.2.1\na NONE A 192.0.2.1\na CLASS0 A 192.0.2.1\n",
		"1! not a class of data\n2! not a class of data\n3! not a class of data\n"),
	/* owners */
	FILE_OF("@ NS a\n NS b\n\tNS c\n",
		"1: example. 3600 IN NS a.example.\n"
		"2: example. 3600 IN NS b.example.\n3: example. 3600 IN NS c.example.\n"),
	FILE_OF("a.b. NS c.\n. NS .\n*.a NS *.b.\n300 NS IN\n\\@ NS \\$a\n",
		"1: a.b. 3600 IN NS c.\n2: . 3600 IN NS .\n3: *.a.example. 3600 IN NS *.b.\n"
		"4: 300.example. 3600 IN NS IN.example.\n5: \\@.example. 3600 IN NS "
		"\\$a.example.\n"),
	FILE_OF("a\\.b\\032c NS \\097\\;\n", "1: a\\.b\\032c.example. 3600 IN NS a\\;.example.\n"),
	FILE_OF(" A 192.0.2.1\n", "1! no name, and none before it\n"),
	FILE_OF("a..b A 192.0.2.1\n A 192.0.2.2\nc A 192.0.2.3\n A 192.0.2.4\n",
		"1! not a name: \"a..b\"\n2! no name, and none before it\n"
		"3: c.example. 3600 IN A 192.0.2.3\n4: c.example. 3600 IN A 192.0.2.4\n"),
	/* The owner of a record is an owner even if the rest cannot be read. */
	FILE_OF("a A 192.0.2.1\nb A x\n A 192.0.2.2\nc\n A 192.0.2.3\nd A 192.0.2.1 )\n A "
		"192.0.2.4\n",
		"1: a.example. 3600 IN A 192.0.2.1\n2! A: not an IPv4 address\n"
		"3: b.example. 3600 IN A 192.0.2.2\n4! a type is missing\n"
		"5: c.example. 3600 IN A 192.0.2.3\n6! a parenthesis is closed that is not open\n"
		"7: d.example. 3600 IN A 192.0.2.4\n"),
	FILE_OF("a A 192.0.2.1\n\"b A 192.0.2.1\n A 192.0.2.2\n",
		"1: a.example. 3600 IN A 192.0.2.1\n2! a quote is not closed\n"
		"3! no name, and none before it\n"),
	/* directives */
	FILE_OF("$TTL 1h30m\na A 192.0.2.1\na 1 A 192.0.2.1\na A 192.0.2.1\n$ttl 0\na A "
		"192.0.2.1\n",
		"2: a.example. 5400 IN A 192.0.2.1\n3: a.example. 1 IN A 192.0.2.1\n"
		"4: a.example. 5400 IN A 192.0.2.1\n6: a.example. 0 IN A 192.0.2.1\n"),
	FILE_OF("$TTL 5\n$TTL x\n$TTL\n$TTL 1 2\n$TTL 2147483648\n$TTL 2147483647 ; y\n$TTL "
		"\"1\"\na A 192.0.2.1\n",
		"2! $TTL: not a TTL\n3! $TTL: not a TTL\n4! $TTL: not a TTL\n5! $TTL: not a TTL\n"
		"7! $TTL: not a TTL\n8: a.example. 2147483647 IN A 192.0.2.1\n"),
	FILE_OF("a 2147483648 A 192.0.2.1\na 1h1 A 192.0.2.1\na 1W2D A 192.0.2.1\n",
		"1! not a type: \"2147483648\"\n2! not a type: \"1h1\"\n"
		"3: a.example. 777600 IN A 192.0.2.1\n"),
	FILE_OF("$ORIGIN b.c.\na NS @\n$origin d\n@ NS e\n$ORIGIN .\n@ NS f\n$ORIGIN @\ng NS .\n",
		"2: a.b.c. 3600 IN NS b.c.\n4: d.b.c. 3600 IN NS e.d.b.c.\n6: . 3600 IN NS f.\n"
		"8: g. 3600 IN NS .\n"),
	/* Names under an origin that could not be read would be other names. */
	FILE_OF("$ORIGIN a..b\nc A 192.0.2.1\nc. A 192.0.2.1\n NS d\n$ORIGIN e\n$ORIGIN e.\nc NS "
		"d\n",
		"1! $ORIGIN: not a name\n2! not a name: \"c\"\n3: c. 3600 IN A 192.0.2.1\n"
		"4! NS: not a name\n5! $ORIGIN: not a name\n7: c.e. 3600 IN NS d.e.\n"),
	FILE_OF("$ORIGIN\na NS b\n$ORIGIN a. b.\na NS b\n$ORIGIN a. )\na NS b\n",
		"1! $ORIGIN: not a name\n2! not a name: \"a\"\n3! $ORIGIN: not a name\n"
		"4! not a name: \"a\"\n5! a parenthesis is closed that is not open\n6! not a name: "
		"\"a\"\n"),
	FILE_OF("$INCLUDE \"/etc/passwd\" a.\n$GENERATE 1-9 a$ A 192.0.2.$\n$\na A 192.0.2.1\n "
		"$TTL 5\n",
		"1! $INCLUDE: other files are not read\n2! not a directive: \"$GENERATE\"\n"
		"3! not a directive: \"$\"\n4: a.example. 3600 IN A 192.0.2.1\n5! not a type: "
		"\"$TTL\"\n"),
	FILE_OF("$ORIGIN b.\n$ORIGIN a. )\na NS .\n$ORIGIN b.\n$ORIGIN a. (\na NS .\n",
		"2! a parenthesis is closed that is not open\n3! not a name: \"a\"\n"
		"5! a parenthesis is not closed\n"),
	FILE_OF("$ORIGIN ( a.\n) ; x\nb NS c\n", "3: b.a. 3600 IN NS c.a.\n"),
	FILE_OF("\\$TTL A 192.0.2.1\n\"$TTL\" A 192.0.2.1\n",
		"1: \\$TTL.example. 3600 IN A 192.0.2.1\n2: \\$TTL.example. 3600 IN A 192.0.2.1\n"),
	/* parentheses */
	FILE_OF("@ SOA a b ( 1 ; serial\n\t2\n\n3 4 ; )\n5 )\n NS c\n",
		"1: example. 3600 IN SOA a.example. b.example. 1 2 3 4 5\n6: example. 3600 IN NS "
		"c.example.\n"),
	FILE_OF("( a\n300\nIN ) A ( 192.0.2.1\n)\n(b) A(192.0.2.2)\n A 192.0.2.3\n",
		"1: a.example. 300 IN A 192.0.2.1\n5: b.example. 300 IN A 192.0.2.2\n"
		"6: b.example. 300 IN A 192.0.2.3\n"),
	FILE_OF("a TXT \"(\" \"; x\" \\( \\) \\; x;y\na TXT x\\\"(\n\"y)\" )\n",
		"1: a.example. 3600 IN TXT \"(\" \"; x\" \"(\" \")\" \";\" \"x\"\n"
		"2: a.example. 3600 IN TXT \"x\\\"\" \"y)\"\n"),
	FILE_OF("a TXT ( x\r\n y )\r\nb TXT z\r\n",
		"1: a.example. 3600 IN TXT \"x\" \"y\"\n3: b.example. 3600 IN TXT \"z\"\n"),
	FILE_OF("a TXT x ( y\nb A z\n) w\nc TXT x\n",
		"1: a.example. 3600 IN TXT \"x\" \"y\" \"b\" \"A\" \"z\" \"w\"\n"
		"4: c.example. 3600 IN TXT \"x\"\n"),
	FILE_OF("a A ( x\n y\n )\nb A 192.0.2.1\n",
		"1! A: not an IPv4 address\n4: b.example. 3600 IN A 192.0.2.1\n"),
	FILE_OF("a A 192.0.2.1 )\n) b A 192.0.2.1\nb A 192.0.2.1\n",
		"1! a parenthesis is closed that is not open\n2! a parenthesis is closed that is "
		"not open\n"
		"3: b.example. 3600 IN A 192.0.2.1\n"),
	FILE_OF("a TXT ( x ( y ) )\nb A 192.0.2.1\n",
		"1! a parenthesis within others\n2: b.example. 3600 IN A 192.0.2.1\n"),
	/* Parentheses that are not closed: the lines after the first are lost only if they cannot be read. */
	FILE_OF("a TXT ( x", "1! a parenthesis is not closed\n"),
	FILE_OF("a CNAME . (\nb CNAME .\n\nc CNAME .",
		"1! a parenthesis is not closed\n2: b.example. 3600 IN CNAME .\n4: c.example. 3600 "
		"IN CNAME .\n"),
	FILE_OF("a CNAME . (\n NS b ; x\n@ SOA a b (\n 1 2\n 3 4 5 )\nc FOO\n",
		"1! a parenthesis is not closed\n2: a.example. 3600 IN NS b.example.\n"
		"3: example. 3600 IN SOA a.example. b.example. 1 2 3 4 5\n6! not a type: "
		"\"FOO\"\n"),
	FILE_OF("a CNAME . (\nb CNAME . (\nc CNAME .\n$TTL 5\nd CNAME .\n",
		"1! a parenthesis is not closed\n3: c.example. 3600 IN CNAME .\n5: d.example. 5 IN "
		"CNAME .\n"),
	FILE_OF("a SOA a b (\n 1 ; x\n ( 2 3 4 5 )\n ) ; y\nc FOO\n",
		"1! a parenthesis is not closed\n5! not a type: \"FOO\"\n"),
	FILE_OF("a TXT ( \"x\n y\" )\nb CNAME .\n c\n",
		"1! a parenthesis is not closed\n3: b.example. 3600 IN CNAME .\n4! not a type: "
		"\"c\"\n"),
	FILE_OF("a TXT ( \"x\n )\nb CNAME .\n",
		"1! TXT: a quote is not closed\n3: b.example. 3600 IN CNAME .\n"),
	FILE_OF("a TXT ( x\n) y (\nb CNAME .\nc FOO\n",
		"1! a parenthesis is not closed\n3: b.example. 3600 IN CNAME .\n4! not a type: "
		"\"FOO\"\n"),
	FILE_OF("a TXT ( x\n) ( y\nz ) z\nb FOO\n",
		"1: a.example. 3600 IN TXT \"x\" \"y\" \"z\" \"z\"\n4! not a type: \"FOO\"\n"),
	/* A word of a line that may be the rest of a record is no owner of records after it. */
	FILE_OF("a TXT (\nx y\n CNAME .\nb CNAME .\n",
		"1! a parenthesis is not closed\n4: b.example. 3600 IN CNAME .\n"),
	/* RDATA that is not of its type */
	FILE_OF("a A \\# 4 c0000201\na A \\# 3 c00002\na NS \\# 2 c000\na TYPE65280 \\# 2 c000\n",
		"1: a.example. 3600 IN A 192.0.2.1\n2! A: not RDATA of this type\n"
		"3! NS: not RDATA of this type\n4: a.example. 3600 IN TYPE65280 \\# 2 c000\n"),
	FILE_OF("a SOA \\# 37 0b6161616161616161616161 016200 c00c "
		"0000000000000000000000000000000000000000\n",
		"1! SOA: not RDATA of this type\n"),
	FILE_OF("a HTTPS \\# 7 000100 00030000\na HTTPS \\# 9 000100 0003000201bb\n",
		"1! HTTPS: not RDATA of this type\n2: a.example. 3600 IN HTTPS 1 . port=443\n"),
	FILE_OF("a SIG \\# 18 000000000000000000000000000000000000\na SIG \\# 19 "
		"00000000000000000000000000000000000000\n",
		"1! SIG: not RDATA of this type\n"
		"2: a.example. 3600 IN SIG \\# 19 00000000000000000000000000000000000000\n"),
	FILE_OF("a OPT \\# 0\na ANY \\# 0\na TYPE0 \\# 0\na AXFR\na TYPE128 \\# 0\na FOO \\# 0\n",
		"1! not a type of data: \"OPT\"\n2! not a type: \"\\\\#\"\n3! not a type of data: "
		"\"TYPE0\"\n"
		"4! not a type of data: \"AXFR\"\n5! not a type of data: \"TYPE128\"\n6! not a "
		"type: \"FOO\"\n"),
	FILE_OF("a LOC 51 N 0 E 1m\n", "1! LOC: to be written as \\# LENGTH OCTETS\n"),
	/* any octets */
	FILE_OF("a\0b A 192.0.2.1\na A\0 192.0.2.1\na A 192.0.2.1\0\n\0\na TXT \0 \"\0\"\n",
		"1: a\\000b.example. 3600 IN A 192.0.2.1\n2! not a type: \"A\\000\"\n"
		"3! A: not an IPv4 address\n4! a type is missing\n5: a.example. 3600 IN TXT "
		"\"\\000\" \"\\000\"\n"),
	FILE_OF("a \x01\x02\x7f\x80\xff\"\"\nb \x1b[31mRED-AND-MUCH-MORE-THAN-SHOWN\n",
		"1! not a type: \"\\001\\002\\127\\128\\255\"\n2! not a type: "
		"\"\\027[31mRED-AND-MUC\"...\n"),
	FILE_OF("\xc3\xa4 TXT \xc3\xb6\n", "1: \\195\\164.example. 3600 IN TXT \"\\195\\182\"\n"),
	FILE_OF("a TXT x\\\nb TXT x\\", "1! TXT: a backslash at the end of the line\n"
					"2! TXT: a backslash at the end of the line\n"),
	/* response policy zones */
	FILE_OF("$TTL 60\n@ IN SOA localhost. root.localhost. (1 1h 15m 30d 2h)\n  IN NS "
		"localhost.\n"
		"ads.example.com CNAME .\n*.ads.example.com CNAME *.\n24.0.2.0.192.rpz-ip CNAME "
		"rpz-drop.\n",
		"2: example. 60 IN SOA localhost. root.localhost. 1 3600 900 2592000 7200\n"
		"3: example. 60 IN NS localhost.\n4: ads.example.com.example. 60 IN CNAME .\n"
		"5: *.ads.example.com.example. 60 IN CNAME *.\n"
		"6: 24.0.2.0.192.rpz-ip.example. 60 IN CNAME rpz-drop.\n"),
};

START_TEST(file_is_read_in_pieces_of_any_length)
{
	const struct file *file = &files[_i];
	ck_assert_str_eq(read_in(file->len + 1, file->text, file->len), file->log);
	for (size_t step = 1; step <= file->len && step < 40; step++)
		ck_assert_str_eq(read_in(step, file->text, file->len), file->log);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------- */

static char long_text[400000];

/* A TXT whose entry has so many octets, between the head and the tail. */
static void put_txt(const char *head, size_t len, const char *tail)
{
	char *end = stpcpy(long_text, head);
	for (size_t at = strlen(head); at < len; at++)
		*end++ = at % 100 > 0 ? 'x' : ' ';
	strcpy(end, tail);
}

static const char *read_long(size_t step)
{
	return read_in(step, long_text, strlen(long_text));
}

static const size_t steps[] = {1, 2, 4093, 65535, 65536, 65537, 1000000};

/* Loop: how it is fed. */
START_TEST(entry_of_65536_octets_is_the_longest)
{
	put_txt("a TXT ", TARN__ZONE_TEXT_MAX, "\n CNAME .\n");
	const char *log = read_long(steps[_i]);
	ck_assert(strncmp(log, "1: a.example. 3600 IN TXT \"xxx", 30) == 0);
	ck_assert_str_eq(strchr(log, '\n'), "\n2: a.example. 3600 IN CNAME .\n");
	put_txt("a TXT ", TARN__ZONE_TEXT_MAX + 1, "\n CNAME .\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n2: a.example. 3600 IN CNAME .\n");
	put_txt("a TXT ", 4 * TARN__ZONE_TEXT_MAX, "");
	ck_assert_str_eq(read_long(steps[_i]), "1! longer than a record can be\n");
}
END_TEST

START_TEST(comment_may_be_longer)
{
	put_txt("a CNAME . ; ", 4 * TARN__ZONE_TEXT_MAX, "\nb CNAME .\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1: a.example. 3600 IN CNAME .\n2: b.example. 3600 IN CNAME .\n");
}
END_TEST

START_TEST(name_that_fills_the_entry_is_none)
{
	memset(long_text, 'x', TARN__ZONE_TEXT_MAX + 9);
	strcpy(long_text + TARN__ZONE_TEXT_MAX + 9, " A 192.0.2.1\n A 192.0.2.1\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n2! no name, and none before it\n");
}
END_TEST

START_TEST(parentheses_that_are_too_long_are_one_fault)
{
	put_txt("a TXT (", 2 * TARN__ZONE_TEXT_MAX, ")\nb CNAME .\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n2: b.example. 3600 IN CNAME .\n");
	put_txt("a TXT (\n", 2 * TARN__ZONE_TEXT_MAX, "\n x ) y\n\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! a parenthesis is not closed\n5! not a type: \"FOO\"\n");
	put_txt("a TXT ( ", 2 * TARN__ZONE_TEXT_MAX, "\n x\n y )\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n4! not a type: \"FOO\"\n");
	put_txt("a TXT ", 2 * TARN__ZONE_TEXT_MAX, "( x\n y )\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n3! not a type: \"FOO\"\n");
	/* The parenthesis itself is too much. */
	put_txt("a TXT (", TARN__ZONE_TEXT_MAX, ")\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n2! not a type: \"FOO\"\n");
	put_txt("a TXT (\n", TARN__ZONE_TEXT_MAX + 1, ")\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! a parenthesis is not closed\n3! not a type: \"FOO\"\n");
	put_txt("a TXT ", TARN__ZONE_TEXT_MAX, "(\n x )\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n3! not a type: \"FOO\"\n");
	put_txt("a TXT ((", 2 * TARN__ZONE_TEXT_MAX, "(\n x )\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! a parenthesis within others\n3! not a type: \"FOO\"\n");
	/* The text is as long as it may be when the last line, which is closed, is too long. */
	put_txt("a TXT (\n ) ", TARN__ZONE_TEXT_MAX + 9, "\nb FOO\n");
	ck_assert_str_eq(read_long(steps[_i]),
			 "1! longer than a record can be\n3! not a type: \"FOO\"\n");
	/* Many lines. */
	char *end = stpcpy(long_text, "a TXT (\n");
	while (end < long_text + 3 * TARN__ZONE_TEXT_MAX)
		end = stpcpy(end, "\tx y z ; w\n");
	strcpy(end, " )\nb FOO\n");
	const char *log = read_long(steps[_i]);
	ck_assert(strncmp(log, "1! a parenthesis is not closed\n", 31) == 0);
	ck_assert_ptr_nonnull(strstr(log + 31, "! not a type: \"FOO\"\n"));
	ck_assert_ptr_eq(strchr(log + 31, '\n')[1] ? NULL : log, log);
}
END_TEST

/* A list with one parenthesis too many. */
START_TEST(lines_behind_an_open_parenthesis_are_read)
{
	enum { LINES = 20000 };
	char *end = stpcpy(long_text, "a CNAME . (\n");
	for (unsigned i = 0; i < LINES; i++)
		end += sprintf(end, "b%u CNAME .\n", i);
	const char *log = read_long(steps[_i]);
	const char *start =
		"1! a parenthesis is not closed\n2: b0.example. 3600 IN CNAME .\n3: b1.e";
	ck_assert(strncmp(log, start, strlen(start)) == 0);
	unsigned lines = 0;
	for (; *log; log++)
		lines += *log == '\n';
	ck_assert_uint_eq(lines, 1 + LINES);
	ck_assert_ptr_nonnull(strstr(log_text, "\n20001: b19999.example. 3600 IN CNAME .\n"));
}
END_TEST

START_TEST(reader_may_be_used_again)
{
	read_whole("$TTL 5\n$ORIGIN a.\nb A 192.0.2.1\nc TXT ( \"x");
	tarn__zonefile_init(&reader, NULL, 0, 7, &callbacks, log_text);
	log_len = 0;
	static const char text[] = " A 192.0.2.1\nd A 192.0.2.1\nd. A 192.0.2.1";
	tarn__zonefile_feed(&reader, text, strlen(text));
	tarn__zonefile_end(&reader);
	ck_assert_str_eq(log_text, "1! no name, and none before it\n2! not a name: \"d\"\n"
				   "3: d. 7 IN A 192.0.2.1\n");
}
END_TEST

static void count_record(void *arg, const struct tarn__zone_record *record)
{
	(void)record;
	++*(unsigned *)arg;
}

static void count_fault(void *arg, unsigned line, const char *text)
{
	(void)line;
	(void)text;
	++*(unsigned *)arg;
}

static const struct tarn__zonefile_callbacks counters = {count_record, count_fault};

/* If each line were looked at again for each before it, Check's limit of 4 s would be exceeded. */
START_TEST(each_octet_is_looked_at_twice_at_most)
{
	static const char *const lines[] = {"(\n", "a (\n",	    "( (\n",
					    ")\n", "a ( b ) ) (\n", "( \" (\n"};
	unsigned count = 0;
	char *end = long_text;
	while (end < long_text + sizeof(long_text) - 20)
		end = stpcpy(end, lines[_i]);
	for (unsigned i = 0; i < 5; i++) {
		tarn__zonefile_init(&reader, origin, sizeof(origin), 0, &counters, &count);
		tarn__zonefile_feed(&reader, long_text, (size_t)(end - long_text));
		tarn__zonefile_end(&reader);
	}
	ck_assert_uint_gt(count, 0);
}
END_TEST

/* ---- one record ------------------------------------------------------------------------- */

static const struct {
	const char *text, *log;
} sole[] = {
	{"printer.lan 300 IN A 192.168.1.7", "1: printer.lan.example. 300 IN A 192.168.1.7\n"},
	{"*.apps.lan. A 10.0.0.5", "1: *.apps.lan. 60 IN A 10.0.0.5\n"},
	{" \t@ TXT \"a;b\" ; c\n", "1: example. 60 IN TXT \"a;b\"\n"},
	{"a TXT ( b\nc )", "1: a.example. 60 IN TXT \"b\" \"c\"\n"},
	{"; a\n\nb A 192.0.2.1", "3: b.example. 60 IN A 192.0.2.1\n"},
	{"", "not a record"},
	{"  ; a", "not a record"},
	{"$TTL 5", "not a record"},
	{"a A 192.0.2.1\nb A 192.0.2.2", "more than one record"},
	{"a A 192.0.2.1\nb A x\nc FOO", "A: not an IPv4 address"},
	{"a A 192.0.2", "A: not an IPv4 address"},
	{"a TXT ( b", "a parenthesis is not closed"},
	{"a TXT \"b", "TXT: a quote is not closed"},
	{"a", "a type is missing"},
};

START_TEST(record_is_read_from_one_line)
{
	struct tarn__zone_record record = {.line = 4711};
	char fault[TARN__ZONE_FAULT_MAX] = "";
	log_len = 0;
	if (tarn__zone_record_parse(&reader, sole[_i].text, origin, sizeof(origin), 60, &record,
				    fault)) {
		ck_assert_str_eq(fault, "");
		log_record(log_text, &record);
		ck_assert_str_eq(log_text, sole[_i].log);
	} else {
		ck_assert_uint_eq(record.line, 4711);
		ck_assert_str_eq(fault, sole[_i].log);
	}
}
END_TEST

START_TEST(record_without_an_origin_has_absolute_names)
{
	struct tarn__zone_record record;
	char fault[TARN__ZONE_FAULT_MAX];
	ck_assert(!tarn__zone_record_parse(&reader, "a A 192.0.2.1", NULL, 0, 60, &record, fault));
	ck_assert_str_eq(fault, "not a name: \"a\"");
	ck_assert(tarn__zone_record_parse(&reader, "a. A 192.0.2.1", NULL, 0, 60, &record, fault));
	ck_assert_uint_eq(record.owner_len, 3);
	ck_assert_mem_eq(record.owner, "\1a", 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zonefile");
	TCase *tcase = tcase_create("files");
	tcase_add_loop_test(tcase, file_is_read_in_pieces_of_any_length, 0, COUNT(files));
	tcase_add_test(tcase, reader_may_be_used_again);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("limits");
	tcase_add_loop_test(tcase, entry_of_65536_octets_is_the_longest, 0, COUNT(steps));
	tcase_add_loop_test(tcase, comment_may_be_longer, 0, COUNT(steps));
	tcase_add_loop_test(tcase, name_that_fills_the_entry_is_none, 0, COUNT(steps));
	tcase_add_loop_test(tcase, parentheses_that_are_too_long_are_one_fault, 0, COUNT(steps));
	tcase_add_loop_test(tcase, lines_behind_an_open_parenthesis_are_read, 0, COUNT(steps));
	tcase_add_loop_test(tcase, each_octet_is_looked_at_twice_at_most, 0, 6);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("sole");
	tcase_add_loop_test(tcase, record_is_read_from_one_line, 0, COUNT(sole));
	tcase_add_test(tcase, record_without_an_origin_has_absolute_names);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
