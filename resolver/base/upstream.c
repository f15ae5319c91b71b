/* SPDX-License-Identifier: BSD-2-Clause */
/* base/upstream.c: the text form of an upstream server. */
#include "config.h"

#include "base/upstream.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/transport.h"

#ifdef HAVE_OPENSSL
#define TLS_FAULT NULL
#else
#define TLS_FAULT "DNS over TLS is not built in (configure --with-openssl)"
#endif

#ifdef HAVE_NGHTTP2
#define HTTPS_FAULT NULL
#else
#define HTTPS_FAULT "DNS over HTTPS is not built in (configure --with-nghttp2)"
#endif

static const struct scheme {
	const char *name;
	enum tarn_transport transport;
	const char *fault; /* NULL: there is none */
} schemes[] = {
	{"udp", TARN_UDP, NULL},
	{"tcp", TARN_TCP, NULL},
	{"tls", TARN_TLS, TLS_FAULT},
	{"https", TARN_HTTPS, HTTPS_FAULT},
	{"quic", TARN_UDP, "DNS over QUIC is not supported (tls:// or https://)"},
	{"h3", TARN_UDP, "HTTP/3 is not supported (https:// or tls://)"},
	{"sdns", TARN_UDP,
	 "DNS stamps are not supported: write what is in it (tls:// or https://)"},
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
static const char pin_start[] = "pin=sha256:";
static const char bad_pin[] = "a pin is sha256: and 32 octets in base64";
static const char default_path[] = "/dns-query";

/* What is read, and the memory of what the result points at: struct tarn_upstream.private_. */
struct reading {
	struct tarn_address addresses[TARN__UPSTREAM_ADDRESSES_MAX];
	size_t address_count;
	uint8_t pins[TARN__PINS_MAX][TARN_PIN_LEN];
	char name[TARN__HOST_NAME_MAX + 1]; /* empty: none */
	char path[TARN__PATH_MAX + 1];
	struct tarn_traits traits;
	uint16_t port; /* of addresses that have none of their own */
};

/* A part of the text. */
struct part {
	const char *start;
	size_t len;
};

/* Takes what is before any of these characters, or all, off the front. */
static struct part take(struct part *text, const char *ends)
{
	struct part out = {text->start, 0};
	while (out.len < text->len && !strchr(ends, text->start[out.len]))
		out.len++;
	text->start += out.len;
	text->len -= out.len;
	return out;
}

/* Takes one character off the front if it is that. */
static bool take_mark(struct part *text, char mark)
{
	if (text->len == 0 || *text->start != mark)
		return false;
	text->start++;
	text->len--;
	return true;
}

/* ---- addresses and names -------------------------------------------------------------------- */

/* Returns TARN_EADDRESS for a text that is no address. */
static int read_address(struct part text, uint16_t port, struct tarn_address *out)
{
	char copy[TARN_ADDRESS_TEXT_MAX];
	if (text.len >= sizeof(copy))
		return TARN_EADDRESS;
	memcpy(copy, text.start, text.len);
	copy[text.len] = '\0';
	int error = tarn_address_parse(copy, port, out);
	return error == 0 && tarn_address_port(out) == 0 ? TARN_EPORT : error;
}

static bool is_label_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/*
 * Reads the name of a host: labels of letters, digits, '-' within and '_', the last of which is no number (RFC 1123
 * section 2.1).
 */
static bool read_name(struct part text, char out[TARN__HOST_NAME_MAX + 1])
{
	enum { LABEL_MAX = 63 };
	if (text.len > 0 && text.start[text.len - 1] == '.')
		text.len--;
	if (text.len == 0 || text.len > TARN__HOST_NAME_MAX)
		return false;
	size_t label_len = 0, digits = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.start[i];
		bool is_end = c == '.';
		bool is_edge = label_len == 0 || i + 1 == text.len || text.start[i + 1] == '.';
		if (is_end ? label_len == 0 : !is_label_octet(c) || label_len == LABEL_MAX)
			return false;
		if (c == '-' && is_edge)
			return false;
		label_len = is_end ? 0 : label_len + 1;
		digits = is_end ? 0 : digits + (c >= '0' && c <= '9');
	}
	if (label_len == 0 || digits == label_len)
		return false;
	memcpy(out, text.start, text.len);
	out[text.len] = '\0';
	return true;
}

static bool read_port(struct part text, uint16_t *out)
{
	unsigned port = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.start[i];
		if (c < '0' || c > '9' || (port = port * 10 + (unsigned)(c - '0')) > UINT16_MAX)
			return false;
	}
	*out = (uint16_t)port;
	return port > 0;
}

/* Adds one address. */
static const char *add_address(struct reading *reading, struct part text)
{
	if (reading->address_count == TARN__UPSTREAM_ADDRESSES_MAX)
		return "too many addresses of one server";
	int error = read_address(text, reading->port, &reading->addresses[reading->address_count]);
	if (error != 0)
		return tarn_error_text(error);
	reading->address_count++;
	return NULL;
}

/* The host of a URL: an address, or a name, perhaps with a port. */
static const char *read_host(struct reading *reading, struct part text)
{
	struct tarn_address address;
	int error = read_address(text, reading->port, &address);
	if (error != TARN_EADDRESS)
		return error == 0 ? add_address(reading, text) : tarn_error_text(error);
	struct part name = take(&text, ":@");
	if (text.len > 0) {
		text.start++;
		text.len--;
		if (!read_port(text, &reading->port))
			return tarn_error_text(TARN_EPORT);
	}
	return read_name(name, reading->name) ? NULL : "neither an IP address nor a name";
}

/* ---- what follows the host of an encrypted server ------------------------------------------- */

static const char *add_pin(struct reading *reading, struct part text)
{
	if (reading->traits.pin_count == TARN__PINS_MAX)
		return "too many pins of one server";
	struct tarn__base64 base64 = {0};
	uint8_t *pin = reading->pins[reading->traits.pin_count++];
	size_t skip = strlen(pin_start), len = 0;
	bool is_read = tarn__base64_read(&base64, text.start + skip, text.len - skip, pin,
					 TARN_PIN_LEN, &len);
	return is_read && len == TARN_PIN_LEN && tarn__base64_is_whole(&base64) ? NULL : bad_pin;
}

/* Parameters of a URL: pins are tarn's own, all else belongs to the path. */
static const char *read_parameters(struct reading *reading, struct part text)
{
	char mark = '?';
	const char *fault = NULL;
	while (text.len > 0 && !fault) {
		struct part parameter = take(&text, "&");
		take_mark(&text, '&');
		if (parameter.len >= 4 && strncmp(parameter.start, pin_start, 4) == 0) {
			bool is_sha256 =
				parameter.len > strlen(pin_start) &&
				strncmp(parameter.start, pin_start, strlen(pin_start)) == 0;
			fault = is_sha256 ? add_pin(reading, parameter) : bad_pin;
			continue;
		}
		size_t len = strlen(reading->path);
		if (reading->traits.transport != TARN_HTTPS)
			return "only pin=sha256: may follow ?";
		if (len + 1 + parameter.len > TARN__PATH_MAX)
			return "the path is too long";
		snprintf(reading->path + len, sizeof(reading->path) - len, "%c%.*s", mark,
			 (int)parameter.len, parameter.start);
		mark = '&';
	}
	return fault;
}

/* Behind #: the name of a server that is given by address, else its addresses. */
static const char *read_fragment(struct reading *reading, struct part text)
{
	if (reading->name[0] == '\0')
		return read_name(text, reading->name) ? NULL : "after # comes the server's name";
	do {
		const char *fault = add_address(reading, take(&text, ","));
		if (fault)
			return fault;
	} while (take_mark(&text, ','));
	return NULL;
}

static const char *read_path(struct reading *reading, struct part text)
{
	if (text.len > 0 && reading->traits.transport != TARN_HTTPS)
		return "only https:// has a path";
	if (text.len > TARN__PATH_MAX)
		return "the path is too long";
	for (size_t i = 0; i < text.len; i++) {
		if (text.start[i] < '!' || text.start[i] > '~')
			return "a path is of printable ASCII";
		/* RFC 8484 section 3 has URI templates, whose variable is for GET. */
		if (text.start[i] == '{')
			return "the path is written without {?dns}";
	}
	if (text.len > 1)
		memcpy(reading->path, text.start, text.len);
	else if (reading->traits.transport == TARN_HTTPS)
		strcpy(reading->path, default_path);
	return NULL;
}

static const char *read_encrypted(struct reading *reading, struct part text)
{
	const char *fault = read_host(reading, take(&text, "/?#"));
	if (!fault)
		fault = read_path(reading, take(&text, "?#"));
	if (!fault && take_mark(&text, '?'))
		fault = read_parameters(reading, take(&text, "#"));
	if (!fault && take_mark(&text, '#'))
		fault = read_fragment(reading, text);
	if (fault || reading->address_count > 0)
		return fault;
	/* Its address is to be found out. */
	reading->address_count = 1;
	tarn_address_set_port(&reading->addresses[0], reading->port);
	return NULL;
}

/* ---- the whole text ------------------------------------------------------------------------- */

static const char *read_scheme(struct part *text, enum tarn_transport *out)
{
	size_t len = 0;
	while (len + 3 <= text->len && strncmp(text->start + len, "://", 3) != 0)
		len++;
	if (len + 3 > text->len) {
		/* A name to authenticate means nothing without. */
		bool has_name = memchr(text->start, '#', text->len);
		*out = has_name ? TARN_TLS : TARN_UDP;
		return has_name ? TLS_FAULT : NULL;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strlen(schemes[i].name) != len ||
		    strncmp(schemes[i].name, text->start, len) != 0)
			continue;
		*out = schemes[i].transport;
		text->start += len + 3;
		text->len -= len + 3;
		return schemes[i].fault;
	}
	return "unknown scheme (udp://, tcp://, tls:// or https://)";
}

static bool *find_word(struct tarn_traits *traits, struct part text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].name) == text.len &&
		    strncmp(words[i].name, text.start, text.len) == 0)
			return (bool *)((char *)traits + words[i].offset);
	}
	return NULL;
}

static const char *read_words(struct reading *reading, struct part text)
{
	while (text.len > 0) {
		while (take_mark(&text, ' ') || take_mark(&text, '\t'))
			;
		struct part word = take(&text, blanks);
		bool *trait = word.len > 0 ? find_word(&reading->traits, word) : NULL;
		if (word.len > 0 && !trait)
			return "after the address come no-mixed-case, no-cookies, no-edns alone";
		if (trait)
			*trait = true;
	}
	return NULL;
}

static const char *read_upstream(struct reading *reading, const char *text)
{
	struct part left = {text, strlen(text)};
	struct part server = take(&left, blanks);
	const char *fault = read_scheme(&server, &reading->traits.transport);
	if (fault)
		return fault;
	reading->port = tarn__transports[reading->traits.transport].port;
	fault = tarn__transports[reading->traits.transport].is_encrypted
			? read_encrypted(reading, server)
			: add_address(reading, server);
	return fault ? fault : read_words(reading, left);
}

int tarn_upstream_parse(const char *text, struct tarn_upstream *out, const char **fault)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	*fault = reading ? read_upstream(reading, text) : tarn_error_text(TARN_ENOMEM);
	if (*fault) {
		int error = reading ? TARN_EINVAL : TARN_ENOMEM;
		free(reading);
		return error;
	}
	struct tarn_traits *traits = &reading->traits;
	traits->name = reading->name[0] ? reading->name : NULL;
	traits->path = reading->path[0] ? reading->path : NULL;
	traits->pins = traits->pin_count > 0 ? (const uint8_t(*)[TARN_PIN_LEN])reading->pins : NULL;
	*out = (struct tarn_upstream){.addresses = reading->addresses,
				      .address_count = reading->address_count,
				      .traits = *traits,
				      .private_ = reading};
	return 0;
}

void tarn_upstream_fini(struct tarn_upstream *upstream)
{
	free(upstream->private_);
	*upstream = (struct tarn_upstream){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Appends what fits, which is all of what is read. */
__attribute__((format(printf, 2, 3))) static void add(char out[TARN__UPSTREAM_TEXT_MAX],
						      const char *format, ...)
{
	size_t len = strlen(out);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(out + len, TARN__UPSTREAM_TEXT_MAX - len, format, arguments);
	va_end(arguments);
}

static void add_pins(char out[TARN__UPSTREAM_TEXT_MAX], const struct tarn_traits *traits)
{
	char mark = traits->path && strchr(traits->path, '?') ? '&' : '?';
	for (size_t i = 0; i < traits->pin_count; i++, mark = '&') {
		char text[TARN__PIN_TEXT_MAX];
		*tarn__base64_write(traits->pins[i], TARN_PIN_LEN, text) = '\0';
		add(out, "%c%s%s", mark, pin_start, text);
	}
}

static void add_port(char out[TARN__UPSTREAM_TEXT_MAX], const struct tarn_address *address,
		     const struct tarn_traits *traits)
{
	if (tarn_address_port(address) != tarn__transports[traits->transport].port)
		add(out, ":%u", tarn_address_port(address));
}

/* A URL has the name in front, with the address behind it. */
static void format_url(const struct tarn_address *address, const struct tarn_traits *traits,
		       char out[TARN__UPSTREAM_TEXT_MAX])
{
	char text[TARN_ADDRESS_TEXT_MAX];
	bool has_address = address->sa.sa_family != AF_UNSPEC;
	bool is_named = traits->name && (traits->transport == TARN_HTTPS || !has_address);
	if (is_named) {
		add(out, "%s", traits->name);
		add_port(out, address, traits);
	} else {
		add(out, "%s", tarn_address_format(address, text));
	}
	if (traits->transport == TARN_HTTPS)
		add(out, "%s", traits->path ? traits->path : default_path);
	add_pins(out, traits);
	if (is_named && has_address)
		add(out, "#%s", tarn_address_format(address, text));
	else if (traits->name && has_address)
		add(out, "#%s", traits->name);
}

char *tarn__upstream_format(const struct tarn_address *address, const struct tarn_traits *traits,
			    char out[TARN__UPSTREAM_TEXT_MAX])
{
	static const struct tarn_traits none = {.transport = TARN_UDP};
	char text[TARN_ADDRESS_TEXT_MAX];
	if (!traits)
		traits = &none;
	const struct tarn__transport_traits *transport = &tarn__transports[traits->transport];
	out[0] = '\0';
	if (traits->transport != TARN_UDP)
		add(out, "%s://", transport->name);
	if (transport->is_encrypted)
		format_url(address, traits, out);
	else
		add(out, "%s", tarn_address_format(address, text));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (*(const bool *)((const char *)traits + words[i].offset))
			add(out, " %s", words[i].name);
	}
	return out;
}
