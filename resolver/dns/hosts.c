/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/hosts.c: hosts(5), line by line. */
#include "dns/hosts.h"

#include <string.h>

#include "dns/name.h"

/* What is left of a line. */
struct words {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* Returns the next word and sets *len; NULL: there is none. */
static const char *next_word(struct words *words, size_t *len)
{
	while (words->at < words->end && is_blank(*words->at))
		words->at++;
	const char *word = words->at;
	while (words->at < words->end && !is_blank(*words->at))
		words->at++;
	*len = (size_t)(words->at - word);
	return *len > 0 ? word : NULL;
}

/* Returns the octet in lower case if a host's name may have it, else 0. */
static uint8_t host_octet(char c)
{
	uint8_t octet = tarn__fold((uint8_t)c);
	bool is_part = (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') ||
		       octet == '-' || octet == '_';
	return is_part ? octet : 0;
}

size_t tarn__host_name_parse(const char *text, size_t len, uint8_t out[TARN__NAME_MAX])
{
	if (len > 0 && text[len - 1] == '.')
		len--;
	/* A length octet before the first label, and the root behind the last one. */
	if (len == 0 || len + 2 > TARN__NAME_MAX)
		return 0;
	size_t label = 0; /* where its length goes */
	for (size_t i = 0; i <= len; i++) {
		bool is_end = i == len || text[i] == '.';
		if (!is_end) {
			out[i + 1] = host_octet(text[i]);
			if (out[i + 1] == 0)
				return 0;
			continue;
		}
		size_t label_len = i - label;
		if (label_len == 0 || label_len > TARN__LABEL_MAX)
			return 0;
		out[label] = (uint8_t)label_len;
		label = i + 1;
	}
	out[len + 1] = 0;
	return len + 2;
}

static bool has_letter(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = tarn__fold((uint8_t)text[i]);
		if (octet >= 'a' && octet <= 'z')
			return true;
	}
	return false;
}

static void fault(const struct tarn__hosts *hosts, uint32_t line, const char *text)
{
	if (hosts->on_fault)
		hosts->on_fault(hosts->arg, line, text);
}

/* Returns true for addresses that are no host's. */
static bool is_passed_over(const struct tarn__ip *ip)
{
	static const uint8_t broadcast[TARN__IPV4_LEN] = {255, 255, 255, 255};
	if (ip->len == TARN__IPV4_LEN)
		return memcmp(ip->octets, broadcast, sizeof broadcast) == 0;
	return ip->octets[0] == 0xff;
}

/* Only IPv6 addresses have a scope, which has at least one character (RFC 4007 section 11). */
static bool read_address(const char *text, size_t len, struct tarn__hosts_entry *entry)
{
	const char *scope = memchr(text, '%', len);
	size_t address_len = scope ? (size_t)(scope - text) : len;
	entry->has_scope = scope;
	return tarn__ip_parse(text, address_len, &entry->address) &&
	       (!scope || (entry->address.len == TARN__IPV6_LEN && address_len + 1 < len));
}

static void read_names(const struct tarn__hosts *hosts, struct words *words,
		       struct tarn__hosts_entry *entry)
{
	size_t len;
	const char *word;
	entry->is_canonical = true;
	while ((word = next_word(words, &len))) {
		size_t name_len = tarn__host_name_parse(word, len, entry->name);
		if (name_len == 0) {
			fault(hosts, entry->line, "not a host's name");
			continue;
		}
		if (!has_letter(word, len))
			continue;
		entry->name_len = (uint16_t)name_len;
		hosts->on_entry(hosts->arg, entry);
		entry->is_canonical = false;
	}
}

static void read_line(void *arg, const struct tarn__line *line)
{
	const struct tarn__hosts *hosts = arg;
	const char *comment = memchr(line->text, '#', line->len);
	struct words words = {line->text, comment ? comment : line->text + line->len};
	size_t len;
	if (line->is_cut && !comment) {
		fault(hosts, line->number, "too long a line");
		return;
	}
	const char *word = next_word(&words, &len);
	if (!word)
		return;
	struct tarn__hosts_entry entry = {.line = line->number};
	if (!read_address(word, len, &entry)) {
		fault(hosts, line->number, "not an address");
		return;
	}
	if (!is_passed_over(&entry.address))
		read_names(hosts, &words, &entry);
}

void tarn__hosts_start(struct tarn__hosts *hosts, tarn__hosts_entry_fn *on_entry,
		       tarn__hosts_fault_fn *on_fault, void *arg)
{
	*hosts = (struct tarn__hosts){.on_entry = on_entry, .on_fault = on_fault, .arg = arg};
	hosts->lines.on_line = read_line;
}

void tarn__hosts_feed(struct tarn__hosts *hosts, const void *octets, size_t len)
{
	hosts->lines.arg = hosts;
	tarn__lines_feed(&hosts->lines, octets, len);
}

void tarn__hosts_end(struct tarn__hosts *hosts)
{
	hosts->lines.arg = hosts;
	tarn__lines_end(&hosts->lines);
}
