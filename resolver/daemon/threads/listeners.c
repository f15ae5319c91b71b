/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens, closes and announces the addresses that tarn listens on. */
#include "daemon/threads/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *hint(int error)
{
	switch (error) {
	case EACCES:
		return " (ports below 1024 need root or CAP_NET_BIND_SERVICE)";
	case EADDRINUSE:
		return " (is another resolver running?)";
	case EADDRNOTAVAIL:
		return " (no interface has this address)";
	default:
		return "";
	}
}

/* Returns a text for the error of opening an address. */
static const char *reason(int error, int cause)
{
	return error == TARN_ESYSTEM ? strerror(cause) : tarn_error_text(error);
}

/* What is listened over, in words. */
static const char *const transport_names[] = {
	[TARN_UDP] = "UDP and TCP",
	[TARN_TLS] = "TLS",
	[TARN_HTTPS] = "HTTPS",
};

/* Behind an address that is listened on, or not. */
static const char *suffix(enum tarn_transport transport)
{
	static const char *const suffixes[] = {
		[TARN_UDP] = "", [TARN_TLS] = " (TLS)", [TARN_HTTPS] = " (HTTPS)"};
	return suffixes[transport];
}

static const char *type_name(const struct tarn__given *given)
{
	if (given->transport != TARN_UDP)
		return transport_names[given->transport];
	return given->type == SOCK_DGRAM ? "UDP" : "TCP";
}

/*
 * Returns true if sockets of the service manager serve the address: over both UDP and TCP, or over the
 * encrypted transport.
 */
static bool is_given(const struct tarn__systemd *systemd, const struct tarn_address *address,
		     enum tarn_transport transport)
{
	bool has_udp = false, has_tcp = false;
	for (size_t i = 0; i < systemd->given_count; i++) {
		const struct tarn__given *given = &systemd->given[i];
		if (!tarn_address_is_equal(&given->address, address) ||
		    given->transport != transport)
			continue;
		has_udp |= given->type == SOCK_DGRAM;
		has_tcp |= given->type == SOCK_STREAM;
	}
	return has_tcp && (has_udp || transport != TARN_UDP);
}

/*
 * Returns true if the socket conflicts with the address. A socket for all IPv6 addresses may serve IPv4,
 * too.
 */
static bool is_in_the_way(const struct tarn__given *given, const struct tarn_address *address)
{
	const struct tarn_address *other = &given->address;
	bool is_for_all = other->sa.sa_family == AF_INET6 &&
			  IN6_IS_ADDR_UNSPECIFIED(&other->in6.sin6_addr) &&
			  tarn_address_port(other) == tarn_address_port(address);
	return is_for_all || tarn__addresses_overlap(other, address);
}

enum { WHY_MAX = 256 };

/* Returns the reason why an address cannot be opened, with a hint. */
static const char *explain(const struct tarn__systemd *systemd, const struct tarn_address *address,
			   int error, int cause, char out[WHY_MAX])
{
	const char *help = error == TARN_ESYSTEM ? hint(cause) : "";
	snprintf(out, WHY_MAX, "%s%s",
		 error == TARN_EBUSY ? "it is open over another transport until a restart"
				     : reason(error, cause),
		 help);
	for (size_t i = 0; i < systemd->given_count; i++) {
		const struct tarn__given *given = &systemd->given[i];
		char text[TARN_ADDRESS_TEXT_MAX];
		if (error != TARN_ESYSTEM || cause != EADDRINUSE || !is_in_the_way(given, address))
			continue;
		snprintf(out, WHY_MAX, "%s (by %s for %s, socket %s of the service manager)",
			 reason(error, cause), tarn_address_format(&given->address, text),
			 type_name(given), given->name);
		break;
	}
	return out;
}

/* [::1] as a default is optional: a machine may have no IPv6. */
static bool is_dispensable(const struct tarn__settings *settings,
			   const struct tarn_address *address, enum tarn_transport transport,
			   int error)
{
	return settings->has_default_listens && transport == TARN_UDP &&
	       address->sa.sa_family == AF_INET6 &&
	       (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
}

/* What is being opened. */
struct opening {
	struct tarn__workers *workers;
	const struct tarn__systemd *systemd;
	const struct tarn__settings *settings;
	struct tarn__addresses bound; /* all that is open then */
	struct tarn__addresses new; /* those of them that were not */
	struct tarn__diagnostics *diagnostics;
	struct tarn__log *log;
};

static int open_one(struct opening *opening, const struct tarn_address *said,
		    enum tarn_transport over)
{
	if (is_given(opening->systemd, said, over))
		return 0;
	struct tarn_address address = *said;
	int error = tarn__workers_listen(opening->workers, &address, over);
	int cause = errno;
	if (error >= 0) {
		if (error == 0)
			tarn__addresses_add_over(&opening->new, &address, over);
		error = tarn__addresses_add_over(&opening->bound, &address, over);
	}
	if (error == 0)
		return 0;
	char text[TARN_ADDRESS_TEXT_MAX], why[WHY_MAX];
	tarn_address_format(said, text);
	explain(opening->systemd, said, error, cause, why);
	bool is_optional = is_dispensable(opening->settings, said, over, cause);
	if (is_optional)
		tarn__log(opening->log, TARN_LOG_INFO, "cannot listen on %s: %s", text, why);
	else
		tarn__diagnostics_add(opening->diagnostics, NULL, 0, "cannot listen on %s%s: %s",
				      text, suffix(over), why);
	return is_optional ? 0 : error;
}

static int open_all(struct opening *opening, const struct tarn__addresses *listens,
		    enum tarn_transport transport)
{
	int error = 0;
	for (size_t i = 0; i < listens->count && error == 0; i++)
		error = open_one(opening, &listens->items[i], transport);
	return error;
}

int tarn__listeners_open(struct tarn__workers *workers, const struct tarn__systemd *systemd,
			 struct tarn__settings *settings, struct tarn__addresses *opened,
			 struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	struct opening opening = {
		.workers = workers,
		.systemd = systemd,
		.settings = settings,
		.bound = settings->bound,
		.diagnostics = diagnostics,
		.log = log,
	};
	int error = open_all(&opening, &settings->listens, TARN_UDP);
	if (error == 0)
		error = open_all(&opening, &settings->tls_listens, TARN_TLS);
	if (error == 0)
		error = open_all(&opening, &settings->https_listens, TARN_HTTPS);
	if (error < 0) {
		tarn__listeners_close(workers, &opening.new, NULL);
		return error;
	}
	settings->bound = opening.bound;
	*opened = opening.new;
	return 0;
}

void tarn__listeners_close(struct tarn__workers *workers, const struct tarn__addresses *which,
			   const struct tarn__addresses *kept)
{
	for (size_t i = 0; i < which->count; i++) {
		if (!kept || !tarn__addresses_has(kept, &which->items[i]))
			tarn__workers_unlisten(workers, &which->items[i]);
	}
}

void tarn__listeners_announce(const struct tarn__addresses *before,
			      const struct tarn__addresses *now, struct tarn__log *log)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	for (size_t i = 0; i < before->count; i++) {
		if (!tarn__addresses_has(now, &before->items[i]))
			tarn__log(log, TARN_LOG_INFO, "no longer listening on %s%s",
				  tarn_address_format(&before->items[i], text),
				  suffix(before->over[i]));
	}
	for (size_t i = 0; i < now->count; i++) {
		if (!tarn__addresses_has(before, &now->items[i]))
			tarn__log(log, TARN_LOG_INFO, "listening on %s (%s)",
				  tarn_address_format(&now->items[i], text),
				  transport_names[now->over[i]]);
	}
}

int tarn__listeners_take(struct tarn__workers *workers, struct tarn__systemd *systemd,
			 struct tarn__log *log)
{
	for (size_t i = 0; i < systemd->given_count; i++) {
		struct tarn__given *given = &systemd->given[i];
		char text[TARN_ADDRESS_TEXT_MAX];
		int error = tarn__workers_serve(workers, given->fd, given->transport);
		if (error < 0) {
			tarn__log(log, TARN_LOG_ERR, "cannot listen on %s: %s",
				  tarn_address_format(&given->address, text), reason(error, errno));
			return error;
		}
		given->fd = -1;
		tarn__log(log, TARN_LOG_INFO,
			  "listening on %s (%s, socket %s of the service manager)",
			  tarn_address_format(&given->address, text), type_name(given),
			  given->name);
	}
	return 0;
}
