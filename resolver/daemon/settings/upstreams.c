/* SPDX-License-Identifier: BSD-2-Clause */
/* The text form of an upstream server. */
#include "daemon/settings/upstreams.h"

#include <stdio.h>
#include <string.h>

#include "base/transport.h"
#include "daemon/settings/addresses.h"

static const struct {
	const char *name;
	enum tarn_transport transport;
	const char *fault; /* NULL: there is none */
} schemes[] = {
	{"udp", TARN_UDP, NULL},
	{"tcp", TARN_TCP, NULL},
	{"tls", TARN_TCP, "DNS over TLS is not built in (udp:// or tcp://)"},
	{"https", TARN_TCP, "DNS over HTTPS is not built in (udp:// or tcp://)"},
	{"quic", TARN_TCP, "DNS over QUIC is not built in (udp:// or tcp://)"},
};

static const struct {
	const char *name;
	size_t offset;
} words[] = {
	{"no-mixed-case", offsetof(struct tarn_traits, no_mixed_case)},
	{"no-cookies", offsetof(struct tarn_traits, no_cookies)},
	{"no-edns", offsetof(struct tarn_traits, no_edns)},
};

static const char blanks[] = " \t";

static const char *parse_scheme(const char **text, struct tarn_traits *traits)
{
	const char *end = strstr(*text, "://");
	if (!end)
		return NULL;
	size_t len = (size_t)(end - *text);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strlen(schemes[i].name) != len || strncmp(schemes[i].name, *text, len) != 0)
			continue;
		traits->transport = schemes[i].transport;
		*text = end + 3;
		return schemes[i].fault;
	}
	return "unknown scheme (udp:// or tcp://)";
}

static const char *parse_address(const char *text, size_t len, struct tarn_address *out)
{
	char copy[TARN_ADDRESS_TEXT_MAX];
	int error = TARN_EADDRESS;
	if (len < sizeof(copy)) {
		memcpy(copy, text, len);
		copy[len] = '\0';
		error = tarn_address_parse(copy, TARN__DNS_PORT, out);
	}
	if (error == 0 && tarn_address_port(out) == 0)
		error = TARN_EPORT;
	return error < 0 ? tarn_error_text(error) : NULL;
}

static bool *find_word(struct tarn_traits *traits, const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].name) == len && strncmp(words[i].name, text, len) == 0)
			return (bool *)((char *)traits + words[i].offset);
	}
	return NULL;
}

const char *tarn__upstream_parse(const char *text, struct tarn_address *address,
				 struct tarn_traits *traits)
{
	struct tarn_address found;
	struct tarn_traits taken = {.transport = TARN_UDP};
	const char *fault = parse_scheme(&text, &taken);
	size_t len = strcspn(text, blanks);
	if (!fault)
		fault = parse_address(text, len, &found);
	if (fault)
		return fault;
	for (text += len; *(text += strspn(text, blanks)); text += len) {
		len = strcspn(text, blanks);
		bool *trait = find_word(&taken, text, len);
		if (!trait)
			return "after the address come no-mixed-case, no-cookies, no-edns alone";
		*trait = true;
	}
	*address = found;
	*traits = taken;
	return NULL;
}

char *tarn__upstream_format(const struct tarn_address *address, const struct tarn_traits *traits,
			    char out[TARN__UPSTREAM_TEXT_MAX])
{
	struct tarn_traits all = traits ? *traits : (struct tarn_traits){.transport = TARN_UDP};
	char text[TARN_ADDRESS_TEXT_MAX];
	const char *scheme = all.transport == TARN_UDP ? "" : tarn__transports[all.transport].name;
	int len = sprintf(out, "%s%s%s", scheme, *scheme ? "://" : "",
			  tarn_address_format(address, text));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (*(bool *)((char *)&all + words[i].offset))
			len += sprintf(out + len, " %s", words[i].name);
	}
	return out;
}
