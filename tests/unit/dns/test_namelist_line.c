/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/dns/test_namelist_line.c: lines of lists in each format. */
#include "dns/namelist_line.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dns/text.h"
#include "support/unit.h"

/* What a line is read as: one word a rule, then what was not taken. */
static char result[4096];

static void put(const char *text)
{
	ck_assert_uint_lt(strlen(result) + strlen(text) + 2, sizeof result);
	if (*result)
		strcat(result, " ");
	strcat(result, text);
}

static void put_number(const char *what, unsigned number)
{
	char text[64];
	if (number == 0)
		return;
	snprintf(text, sizeof text, "%s:%u", what, number);
	put(text);
}

static void put_more(const struct tarn__namelist_more *more, char *out, size_t room)
{
	char word[TARN__WORD_MAX], text[INET6_ADDRSTRLEN], name[TARN__NAME_TEXT_MAX];
	for (unsigned i = 0; i < more->type_count; i++)
		snprintf(out + strlen(out), room - strlen(out), "%c%s",
			 more->is_types_negated ? '~' : '=',
			 tarn__type_format(more->types[i], word));
	for (size_t at = 0; at < more->denied_len;
	     at += strlen((const char *)more->denied + at) + 1)
		snprintf(out + strlen(out), room - strlen(out), "-%s",
			 tarn__name_format(more->denied + at, name));
	if (!more->has_record)
		return;
	snprintf(out + strlen(out), room - strlen(out), ",%s,",
		 tarn__type_format(more->type, word));
	if (more->rdata_len == 4 || more->rdata_len == 16)
		inet_ntop(more->rdata_len == 4 ? AF_INET : AF_INET6, more->rdata, text,
			  sizeof text);
	else
		snprintf(text, sizeof text, "%u", more->rdata_len);
	strcat(out, text);
}

/* @ allows, ! is important, % is removed; = alone, < below, nothing: both; the action. */
static void emit(void *data, const struct tarn__namelist_rule *rule)
{
	static const char *const actions[TARN__NAMELIST_ACTIONS] = {
		[TARN__NAMELIST_DEFAULT] = "",	     [TARN__NAMELIST_NXDOMAIN] = "/nxdomain",
		[TARN__NAMELIST_NODATA] = "/nodata", [TARN__NAMELIST_REFUSED] = "/refused",
		[TARN__NAMELIST_DATA] = "/data",     [TARN__NAMELIST_UNREWRITE] = "/unrewrite"};
	char text[2048], name[TARN__NAME_TEXT_MAX];
	(void)data;
	snprintf(text, sizeof text, "%s%s%s%s%s%s", rule->kind == TARN__NAMELIST_ALLOW ? "@" : "",
		 rule->is_important ? "!" : "", rule->is_removal ? "%" : "",
		 rule->reach == TARN__NAMELIST_SELF    ? "="
		 : rule->reach == TARN__NAMELIST_BELOW ? "<"
						       : "",
		 tarn__name_format(rule->name, name), actions[rule->action]);
	if (rule->more)
		put_more(rule->more, text, sizeof text);
	ck_assert_uint_eq(rule->name_len, tarn__name_parse(name, (uint8_t[TARN__NAME_MAX]){0}));
	put(text);
}

static const char *read_with(struct tarn__namelist_line_options options, const char *line,
			     size_t len)
{
	*result = '\0';
	struct tarn__namelist_line_counts counts =
		tarn__namelist_line_read(&options, line, len, emit, NULL);
	put_number("invalid", counts.invalid);
	put_number("not_dns", counts.not_dns);
	put_number("unsupported", counts.unsupported);
	return result;
}

static const char *read_line(enum tarn__namelist_format format, const char *line)
{
	return read_with((struct tarn__namelist_line_options){.format = format}, line,
			 strlen(line));
}

struct sample {
	const char *line, *result;
};

static void check_samples(enum tarn__namelist_format format, const struct sample *samples,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *is = read_line(format, samples[i].line);
		ck_assert_msg(strcmp(is, samples[i].result) == 0, "'%s' is '%s', not '%s'",
			      samples[i].line, is, samples[i].result);
	}
}

#define CHECK(format, samples) check_samples(format, samples, sizeof samples / sizeof samples[0])

START_TEST(hosts)
{
	static const struct sample samples[] = {
		{"0.0.0.0 a.example", "=a.example."},
		{"127.0.0.1\tA.Example b.example # c.example", "=a.example. =b.example."},
		{":: a.example", "=a.example."},
		{"::1 a.example#b", "=a.example."},
		{"0 a.example", "=a.example."},
		{"192.0.2.9 a.example", "=a.example."},
		{"0.0.0.0 a.example.\r", "=a.example."},
		{"127.0.0.1 localhost", ""},
		{"127.0.0.1 localhost.localdomain local", ""},
		{"::1 ip6-localhost ip6-loopback", ""},
		{"255.255.255.255 broadcasthost", ""},
		{"0.0.0.0 0.0.0.0", ""},
		{"0.0.0.0 192.0.2.1", "not_dns:1"},
		{"0.0.0.0 single", "invalid:1"},
		{"0.0.0.0 a..b good.example", "=good.example. invalid:1"},
		{"0.0.0.0", "not_dns:1"},
		{"# 0.0.0.0 a.example", ""},
		{"######", ""},
		{"", ""},
		{" \t\r", ""},
		{"b.example", "=b.example."},
		{"||b.example^", "b.example."},
	};
	CHECK(TARN__NAMELIST_HOSTS, samples);
}
END_TEST

START_TEST(domains)
{
	static const struct sample samples[] = {
		{"a.example", "=a.example."},
		{"  a.example. ", "=a.example."},
		{"a.example # comment", "=a.example."},
		{"a.example#comment", "invalid:1"},
		{"! comment", ""},
		{"; comment", ""},
		{"[Adblock Plus 2.0]", ""},
		{"-x.x-.example", "=-x.x-.example."},
		{"_dmarc.a_b.example", "=_dmarc.a_b.example."},
		{"xn--bcher-kva.example", "=xn--bcher-kva.example."},
		{"b\303\274cher.example", "invalid:1"},
		{"single", "invalid:1"},
		{"localhost", ""},
		{"a..b", "invalid:1"},
		{".a.example", "invalid:1"},
		{"a b", "invalid:1"},
		{"a,b.example", "invalid:1"},
		{"192.0.2.1", "not_dns:1"},
		{"2001:db8::1", "not_dns:1"},
		{"1.2.3.4.example", "=1.2.3.4.example."},
		{"http://a.example/", "not_dns:1"},
		{"a.example/path", "not_dns:1"},
		{"a*.example", "unsupported:1"},
		{"*.a.example", "a.example."},
		{"=a.example", "=a.example."},
		{"0.0.0.0 a.example", "=a.example."},
		{"address=/a.example/", "a.example."},
	};
	CHECK(TARN__NAMELIST_DOMAINS, samples);
}
END_TEST

START_TEST(wildcard)
{
	static const struct sample samples[] = {
		{"*.a.example", "a.example."}, {"*.loan", "loan."},
		{"a.example", "=a.example."},  {"*.a.example # x", "a.example."},
		{"*.", "invalid:1"},	       {"*.*.example", "unsupported:1"},
		{"*", "unsupported:1"},	       {"*.a..example", "invalid:1"},
		{"*.192.0.2.1", "not_dns:1"},
	};
	CHECK(TARN__NAMELIST_WILDCARD, samples);
}
END_TEST

START_TEST(adblock)
{
	static const struct sample samples[] = {
		{"||A.example^", "a.example."},
		{"||a.example", "a.example."},
		{"||a.example^|", "a.example."},
		{"||zip^", "zip."},
		{"||*.a.example^", "<a.example."},
		{"|a.example^", "=a.example."},
		{"|a.example|", "=a.example."},
		{"|a.example", "unsupported:1"},
		{"a.example", "=a.example."},
		{"a.example^", "unsupported:1"},
		{"@@||a.example^", "@a.example."},
		{"@@|a.example|", "@=a.example."},
		{"@@a.example", "@=a.example."},
		{"||a.example^$important", "!a.example."},
		{"@@||a.example^$important", "@!a.example."},
		{"a.example$important", "!=a.example."},
		{"||a.example^$badfilter", "%a.example."},
		{"||a.example^$important,badfilter", "!%a.example."},
		{"! comment", ""},
		{"# comment", ""},
		{"[Adblock Plus 2.0]", ""},
		{"0.0.0.0 b.example c.example", "=b.example. =c.example."},
		{"*.b.example", "b.example."},
	};
	CHECK(TARN__NAMELIST_ADBLOCK, samples);
}
END_TEST

START_TEST(adblock_for_browsers)
{
	static const struct sample samples[] = {
		{"##.ad", "not_dns:1"},
		{"###ad", "not_dns:1"},
		{"a.example##.ad", "not_dns:1"},
		{"a.example,b.example#@#.ad", "not_dns:1"},
		{"a.example#?#.ad:has(b)", "not_dns:1"},
		{"||a.example^$third-party", "not_dns:1"},
		{"||a.example^$script,important", "not_dns:1"},
		{"||a.example/ads/*", "not_dns:1"},
		{"||a.example:8080^", "not_dns:1"},
		{"|https://a.example^", "not_dns:1"},
		{"://a.example^", "not_dns:1"},
		{"-banner-", "not_dns:1"},
		{"&ad_box_", "not_dns:1"},
		{".com/ads/", "not_dns:1"},
		{"/ads/banner.$image", "not_dns:1"},
		{"||192.0.2.1^", "not_dns:1"},
		{"a b c", "not_dns:1"},
		{"/^ads[0-9]+\\.example$/", "unsupported:1"},
		{"/ads$/", "unsupported:1"},
		{"||ads*.example^", "unsupported:1"},
		{"ads*.example", "unsupported:1"},
		{"||a..b^", "invalid:1"},
		{"||^", "invalid:1"},
		{"||a.example^$", "invalid:1"},
		{"||a.example^$client=192.0.2.1", "unsupported:1"},
		{"||a.example^$ctag=pc", "unsupported:1"},
	};
	CHECK(TARN__NAMELIST_ADBLOCK, samples);
}
END_TEST

START_TEST(adblock_modifiers)
{
	static const struct sample samples[] = {
		{"||a.example^$dnstype=A|aaaa", "a.example.=A=AAAA"},
		{"||a.example^$dnstype=~TXT", "a.example.~TXT"},
		{"||a.example^$dnstype=TYPE65280", "a.example.=TYPE65280"},
		{"||a.example^$dnstype=~A|AAAA", "invalid:1"},
		{"||a.example^$dnstype=WHAT", "invalid:1"},
		{"||a.example^$dnstype=", "invalid:1"},
		{"||a.example^$denyallow=b.a.example|c.a.example",
		 "a.example.-b.a.example.-c.a.example."},
		{"||a.example^$denyallow=a..b", "invalid:1"},
		{"||a.example^$dnsrewrite=NXDOMAIN", "a.example./nxdomain"},
		{"||a.example^$dnsrewrite=noerror", "a.example./nodata"},
		{"||a.example^$dnsrewrite=REFUSED;;", "a.example./refused"},
		{"||a.example^$dnsrewrite=NOERROR;;", "a.example./nodata"},
		{"||a.example^$dnsrewrite=SERVFAIL", "unsupported:1"},
		{"||a.example^$dnsrewrite=192.0.2.1", "a.example./data,A,192.0.2.1"},
		{"||a.example^$dnsrewrite=2001:db8::1", "a.example./data,AAAA,2001:db8::1"},
		{"|a.example^$dnsrewrite=b.example", "=a.example./data,CNAME,11"},
		{"||a.example^$dnsrewrite=NOERROR;A;192.0.2.1", "a.example./data,A,192.0.2.1"},
		{"||a.example^$dnsrewrite=NOERROR;CNAME;b.example", "a.example./data,CNAME,11"},
		{"||a.example^$dnsrewrite=NOERROR;TXT;hello", "a.example./data,TXT,6"},
		{"||a.example^$dnsrewrite=NOERROR;MX;10 b.example", "a.example./data,MX,13"},
		{"||a.example^$dnsrewrite=NOERROR;MX;65536 b.example", "invalid:1"},
		{"||a.example^$dnsrewrite=NOERROR;A;b.example", "invalid:1"},
		{"||a.example^$dnsrewrite=NOERROR;HTTPS;1 .", "unsupported:1"},
		{"||a.example^$dnstype=A,dnsrewrite=192.0.2.1", "a.example./data=A,A,192.0.2.1"},
		{"@@||a.example^$dnsrewrite", "@a.example./unrewrite"},
		{"@@||a.example^$dnsrewrite=192.0.2.1", "unsupported:1"},
		{"||a.example^$dnsrewrite", "invalid:1"},
	};
	CHECK(TARN__NAMELIST_ADBLOCK, samples);
}
END_TEST

START_TEST(dnsmasq)
{
	static const struct sample samples[] = {
		{"address=/a.example/", "a.example."},
		{"address=/a.example/#", "a.example."},
		{"address=/a.example/0.0.0.0", "a.example."},
		{"address=/a.example/::", "a.example."},
		{"address=/a.example/127.0.0.1", "a.example."},
		{"address=/a.example/192.0.2.1", "a.example./data,A,192.0.2.1"},
		{"address=/a.example/2001:db8::1", "a.example./data,AAAA,2001:db8::1"},
		{"address=/a.example/b.example/", "a.example. b.example."},
		{"address=/.a.example/", "a.example."},
		{"local=/a.example/", "a.example."},
		{"server=/a.example/", "a.example."},
		{"server=/a.example/ # x", "a.example."},
		{"server=/zip/", "zip."},
		{"server=/a.example/192.0.2.53", "unsupported:1"},
		{"server=/a.example/#", "unsupported:1"},
		{"address=/#/0.0.0.0", "unsupported:1"},
		{"ipset=/a.example/set", "unsupported:1"},
		{"address=/a..b/c.example/", "c.example. invalid:1"},
		{"address=/a.example", "invalid:1"},
		{"address=//", "invalid:1"},
	};
	CHECK(TARN__NAMELIST_DNSMASQ, samples);
}
END_TEST

START_TEST(unbound)
{
	static const struct sample samples[] = {
		{"server:", ""},
		{"local-zone: \"a.example\" always_nxdomain", "a.example."},
		{"  local-zone: \"a.example.\" always_null # x", "a.example."},
		{"local-zone: a.example refuse", "a.example."},
		{"local-zone: \"a.example\" static", "a.example."},
		{"local-zone: \"a.example\" redirect", "a.example."},
		{"local-zone: \"a.example\" always_nodata", "a.example."},
		{"local-zone: \"a.example\" transparent", "unsupported:1"},
		{"local-zone: \"a.example\"", "invalid:1"},
		{"local-zone: \"a..b\" static", "invalid:1"},
		{"local-data: \"a.example A 0.0.0.0\"", "=a.example."},
		{"local-data: \"a.example. 60 IN A 192.0.2.1\"", "=a.example./data,A,192.0.2.1"},
		{"local-data: 'a.example AAAA 2001:db8::1'", "=a.example./data,AAAA,2001:db8::1"},
		{"local-data: \"a.example A b\"", "invalid:1"},
		{"local-data: \"a.example TXT b\"", "unsupported:1"},
		{"local-data: \"\"", "unsupported:1"},
		{"local-data-ptr: \"192.0.2.1 a.example\"", "unsupported:1"},
	};
	CHECK(TARN__NAMELIST_UNBOUND, samples);
}
END_TEST

START_TEST(subdomains_are_an_option)
{
	static const struct {
		const char *line, *with, *without;
	} samples[] = {
		{"a.example", "a.example.", "=a.example."},
		{"0.0.0.0 a.example", "a.example.", "=a.example."},
		{"||a.example^", "a.example.", "=a.example."},
		{"|a.example^", "=a.example.", "=a.example."},
		{"=a.example", "=a.example.", "=a.example."},
		{"*.a.example", "a.example.", "=a.example."},
		{"local=/a.example/", "a.example.", "=a.example."},
	};
	struct tarn__namelist_line_options options = {.format = TARN__NAMELIST_DOMAINS};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const char *line = samples[i].line;
		options.subdomains = TARN__NAMELIST_WITH;
		ck_assert_str_eq(read_with(options, line, strlen(line)), samples[i].with);
		options.subdomains = TARN__NAMELIST_WITHOUT;
		ck_assert_str_eq(read_with(options, line, strlen(line)), samples[i].without);
	}
}
END_TEST

START_TEST(limits)
{
	struct tarn__namelist_line_options options = {.format = TARN__NAMELIST_DOMAINS};
	char line[TARN__NAMELIST_LINE_MAX + 2];
	memset(line, 'a', sizeof line);
	ck_assert_str_eq(read_with(options, line, TARN__NAMELIST_LINE_MAX + 1), "invalid:1");
	memcpy(line, "a.example #", 11);
	ck_assert_str_eq(read_with(options, line, TARN__NAMELIST_LINE_MAX), "=a.example.");
	ck_assert_str_eq(read_with(options, "a\0b.example", 11), "invalid:1");

	/* Labels of 63 octets, names of 253. */
	memset(line, 'a', sizeof line);
	line[63] = line[127] = line[191] = '.';
	read_with(options, line, 253);
	ck_assert_uint_eq(strlen(result), 1 + 254);
	ck_assert_str_eq(read_with(options, line, 254), "invalid:1");
	line[63] = 'a';
	ck_assert_str_eq(read_with(options, line, 100), "invalid:1");
	line[63] = '.';
	line[253] = '.';
	read_with(options, line, 254);
	ck_assert_uint_eq(strlen(result), 1 + 254);
}
END_TEST

/* ---- guessing --------------------------------------------------------------------------- */

START_TEST(format_is_guessed)
{
	static const struct {
		const char *text;
		enum tarn__namelist_format format;
	} samples[] = {
		{"", TARN__NAMELIST_DOMAINS},
		{"# only\n# comments\n", TARN__NAMELIST_DOMAINS},
		{"# x\n127.0.0.1 localhost\n0.0.0.0 a.example\n", TARN__NAMELIST_HOSTS},
		{"a.example\nb.example\n*.c.example\n", TARN__NAMELIST_DOMAINS},
		{"*.a.example\na.example\n", TARN__NAMELIST_WILDCARD},
		{"[Adblock Plus]\n! x\n||a.example^\n||b.example^\nc.example\n",
		 TARN__NAMELIST_ADBLOCK},
		{"a.example##.ad\n/banner/*\nb.example\n", TARN__NAMELIST_ADBLOCK},
		{"address=/a.example/\nserver=/b.example/\n", TARN__NAMELIST_DNSMASQ},
		{"server:\nlocal-zone: \"a.example\" static\n", TARN__NAMELIST_UNBOUND},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		ck_assert_msg(tarn__namelist_guess(samples[i].text, strlen(samples[i].text)) ==
				      samples[i].format,
			      "%s", samples[i].text);
}
END_TEST

START_TEST(first_thousand_lines_decide)
{
	struct tarn__namelist_guess guess = {0};
	for (unsigned i = 1; i < TARN__NAMELIST_GUESS_LINES; i++) {
		ck_assert(!tarn__namelist_guess_line(&guess, "# x", 3));
		ck_assert(!tarn__namelist_guess_line(&guess, "0.0.0.0 a.b", 11));
	}
	ck_assert(tarn__namelist_guess_line(&guess, "a.b", 3));
	ck_assert_int_eq(tarn__namelist_guess_format(&guess), TARN__NAMELIST_HOSTS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("namelist_line");
	TCase *tcase = tcase_create("namelist_line");
	tcase_add_test(tcase, hosts);
	tcase_add_test(tcase, domains);
	tcase_add_test(tcase, wildcard);
	tcase_add_test(tcase, adblock);
	tcase_add_test(tcase, adblock_for_browsers);
	tcase_add_test(tcase, adblock_modifiers);
	tcase_add_test(tcase, dnsmasq);
	tcase_add_test(tcase, unbound);
	tcase_add_test(tcase, subdomains_are_an_option);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, format_is_guessed);
	tcase_add_test(tcase, first_thousand_lines_decide);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
