/* SPDX-License-Identifier: BSD-2-Clause */
/* base/address.c: IP addresses with ports, and networks: parsing, formatting, octets. */
#include "config.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts of an address in text form, as views into it. */
struct parts {
	const char *host, *scope, *port;
	size_t host_len, scope_len, port_len; /* scope, port: meaningful where not NULL */
};

/* A port is digits only: strtoul's blanks, signs and wrap-around are not ports. */
static int parse_port(const char *text, size_t len, uint16_t *out)
{
	if (len == 0 || len > 5)
		return TARN_EPORT;
	uint32_t port = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return TARN_EPORT;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port > UINT16_MAX)
		return TARN_EPORT;
	*out = (uint16_t)port;
	return 0;
}

_Static_assert(sizeof(((struct tarn_address *)NULL)->interface) == IF_NAMESIZE,
	       "room for any interface's name");

/* The rule of the kernel's dev_valid_name(). */
static bool is_interface_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' || *c == ':')
			return false;
	}
	return *name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/*
 * An interface by name or by number (RFC 4007 section 11.2). A number is a name where there is such an
 * interface.
 */
static int parse_scope(const char *text, size_t len, struct tarn_address *out)
{
	char name[IF_NAMESIZE] = "";
	if (len >= sizeof(name))
		return TARN_ESCOPE;
	memcpy(name, text, len);
	if (!is_interface_name(name))
		return TARN_ESCOPE;
	if (strspn(name, "0123456789") == len && if_nametoindex(name) == 0) {
		out->in6.sin6_scope_id = (uint32_t)strtoul(name, NULL, 10);
		return out->in6.sin6_scope_id != 0 ? 0 : TARN_ESCOPE;
	}
	memcpy(out->interface, name, sizeof(name));
	return 0;
}

static void cut_scope(struct parts *parts)
{
	const char *percent = memchr(parts->host, '%', parts->host_len);
	if (!percent)
		return;
	parts->scope = percent + 1;
	parts->scope_len = parts->host_len - (size_t)(parts->scope - parts->host);
	parts->host_len = (size_t)(percent - parts->host);
}

/* Splits the text. Only the separator between brackets and port is checked. */
static int split(const char *text, struct parts *parts)
{
	const char *end = text + strlen(text);
	*parts = (struct parts){.host = text};
	if (*text == '[') {
		const char *close = strchr(text, ']');
		if (!close)
			return TARN_EADDRESS;
		parts->host = text + 1;
		parts->host_len = (size_t)(close - parts->host);
		if (close[1] != '\0') {
			if (close[1] != ':' && close[1] != '@')
				return TARN_EADDRESS;
			parts->port = close + 2;
		}
	} else {
		const char *at = strchr(text, '@');
		const char *colon = strchr(text, ':');
		/* One colon separates host and port; two or more make an IPv6 address. */
		if (!at && colon && !strchr(colon + 1, ':'))
			at = colon;
		parts->host_len = (size_t)((at ? at : end) - text);
		if (at)
			parts->port = at + 1;
	}
	if (parts->port)
		parts->port_len = (size_t)(end - parts->port);
	cut_scope(parts);
	return 0;
}

int tarn_address_parse(const char *text, uint16_t default_port, struct tarn_address *out)
{
	struct parts parts;
	int error = split(text, &parts);
	if (error != 0)
		return error;

	char host[INET6_ADDRSTRLEN];
	if (parts.host_len == 0 || parts.host_len >= sizeof(host))
		return TARN_EADDRESS;
	memcpy(host, parts.host, parts.host_len);
	host[parts.host_len] = '\0';

	struct tarn_address address = {0};
	bool is_bracketed = *text == '[';
	if (inet_pton(AF_INET6, host, &address.in6.sin6_addr) == 1) {
		address.in6.sin6_family = AF_INET6;
		if (parts.scope) {
			error = parse_scope(parts.scope, parts.scope_len, &address);
			if (error != 0)
				return error;
		}
	} else if (!is_bracketed && !parts.scope) {
		address = (struct tarn_address){0};
		if (inet_pton(AF_INET, host, &address.in4.sin_addr) != 1)
			return TARN_EADDRESS;
		address.in4.sin_family = AF_INET;
	} else {
		return TARN_EADDRESS;
	}

	uint16_t port = default_port;
	if (parts.port) {
		error = parse_port(parts.port, parts.port_len, &port);
		if (error != 0)
			return error;
	}
	tarn_address_set_port(&address, port);
	*out = address;
	return 0;
}

char *tarn_address_format(const struct tarn_address *address, char out[TARN_ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "?";
	unsigned port = tarn_address_port(address);
	if (address->sa.sa_family != AF_INET6) {
		inet_ntop(AF_INET, &address->in4.sin_addr, host, sizeof(host));
		snprintf(out, TARN_ADDRESS_TEXT_MAX, "%s:%u", host, port);
		return out;
	}
	char scope[1 + IF_NAMESIZE] = "";
	if (address->interface[0] != '\0') {
		snprintf(scope, sizeof(scope), "%%%s", address->interface);
	} else if (address->in6.sin6_scope_id != 0) {
		scope[0] = '%';
		if (!if_indextoname(address->in6.sin6_scope_id, scope + 1))
			snprintf(scope + 1, IF_NAMESIZE, "%u", address->in6.sin6_scope_id);
	}
	inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
	snprintf(out, TARN_ADDRESS_TEXT_MAX, "[%s%s]:%u", host, scope, port);
	return out;
}

/* Four numbers without leading zeros, as inet_pton() takes them: nearly all lines of long files have one. */
static bool parse_ipv4(const char *text, size_t len, uint8_t out[TARN__IPV4_LEN])
{
	const char *end = text + len;
	for (unsigned i = 0; i < TARN__IPV4_LEN; i++) {
		if (i > 0 && (text == end || *text++ != '.'))
			return false;
		const char *start = text;
		unsigned octet = 0;
		for (; text < end && *text >= '0' && *text <= '9' && octet <= UINT8_MAX; text++)
			octet = 10 * octet + (unsigned)(*text - '0');
		if (text == start || octet > UINT8_MAX || (*start == '0' && text - start > 1))
			return false;
		out[i] = (uint8_t)octet;
	}
	return text == end;
}

bool tarn__ip_parse(const char *text, size_t len, struct tarn__ip *out)
{
	struct tarn__ip ip = {.len = TARN__IPV4_LEN};
	if (!parse_ipv4(text, len, ip.octets)) {
		char copy[INET6_ADDRSTRLEN];
		if (len >= sizeof copy || memchr(text, '\0', len))
			return false;
		memcpy(copy, text, len);
		copy[len] = '\0';
		ip.len = TARN__IPV6_LEN;
		if (inet_pton(AF_INET6, copy, ip.octets) != 1)
			return false;
	}
	*out = ip;
	return true;
}

socklen_t tarn_address_len(const struct tarn_address *address)
{
	return address->sa.sa_family == AF_INET6 ? sizeof(address->in6) : sizeof(address->in4);
}

uint16_t tarn_address_port(const struct tarn_address *address)
{
	return ntohs(address->sa.sa_family == AF_INET6 ? address->in6.sin6_port
						       : address->in4.sin_port);
}

void tarn_address_set_port(struct tarn_address *address, uint16_t port)
{
	if (address->sa.sa_family == AF_INET6)
		address->in6.sin6_port = htons(port);
	else
		address->in4.sin_port = htons(port);
}

uint64_t tarn__address_client(const struct tarn_address *address)
{
	uint64_t client = 0;
	size_t len;
	const uint8_t *octets = tarn__address_octets(address, &len);
	memcpy(&client, octets, len < sizeof client ? len : sizeof client);
	return client;
}

static uint32_t scope_of(const struct tarn_address *address)
{
	if (address->in6.sin6_scope_id == 0 && address->interface[0] != '\0')
		return if_nametoindex(address->interface);
	return address->in6.sin6_scope_id;
}

static bool is_scope_equal(const struct tarn_address *a, const struct tarn_address *b)
{
	bool has_name_a = a->interface[0] != '\0', has_name_b = b->interface[0] != '\0';
	if (has_name_a && has_name_b)
		return strcmp(a->interface, b->interface) == 0;
	/* An interface that does not exist has no index, and is not the absence of an interface. */
	uint32_t scope = scope_of(a);
	return scope == scope_of(b) && (scope != 0 || has_name_a == has_name_b);
}

bool tarn_address_is_equal(const struct tarn_address *a, const struct tarn_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family || tarn_address_port(a) != tarn_address_port(b))
		return false;
	if (a->sa.sa_family != AF_INET6)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0 &&
	       is_scope_equal(a, b);
}

char *tarn_network_format(const struct tarn_network *network, char out[TARN_NETWORK_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "?";
	const struct tarn_address *address = &network->address;
	if (address->sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET, &address->in4.sin_addr, host, sizeof(host));
	snprintf(out, TARN_NETWORK_TEXT_MAX, "%s/%u", host, network->prefix_len);
	return out;
}

/* Digits only, as for ports. */
static int parse_prefix_len(const char *text, unsigned max, unsigned *out)
{
	size_t len = strlen(text);
	if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
		return TARN_EPREFIX;
	unsigned prefix_len = (unsigned)strtoul(text, NULL, 10);
	if (prefix_len > max)
		return TARN_EPREFIX;
	*out = prefix_len;
	return 0;
}

/* Returns true if all bits after the prefix are zero. */
static bool is_prefix(const uint8_t *octets, size_t len, unsigned prefix_len)
{
	for (size_t i = prefix_len / 8; i < len; i++) {
		unsigned fixed = i == prefix_len / 8 ? prefix_len % 8 : 0;
		if (octets[i] & 0xff >> fixed)
			return false;
	}
	return true;
}

int tarn_network_parse(const char *text, struct tarn_network *out)
{
	char host[INET6_ADDRSTRLEN];
	size_t host_len = strcspn(text, "/");
	if (host_len >= sizeof(host))
		return TARN_EADDRESS;
	memcpy(host, text, host_len);
	host[host_len] = '\0';

	struct tarn_network network = {0};
	const uint8_t *octets;
	unsigned max;
	if (inet_pton(AF_INET6, host, &network.address.in6.sin6_addr) == 1) {
		network.address.in6.sin6_family = AF_INET6;
		octets = network.address.in6.sin6_addr.s6_addr;
		max = 128;
	} else {
		network = (struct tarn_network){0};
		if (inet_pton(AF_INET, host, &network.address.in4.sin_addr) != 1)
			return TARN_EADDRESS;
		network.address.in4.sin_family = AF_INET;
		octets = (const uint8_t *)&network.address.in4.sin_addr;
		max = 32;
	}

	network.prefix_len = max;
	if (text[host_len] == '/') {
		int error = parse_prefix_len(text + host_len + 1, max, &network.prefix_len);
		if (error != 0)
			return error;
	}
	if (!is_prefix(octets, max / 8, network.prefix_len))
		return TARN_EPREFIX;
	*out = network;
	return 0;
}
