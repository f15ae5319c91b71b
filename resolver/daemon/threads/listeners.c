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

static const char *type_name(const struct tarn__given *given)
{
	return given->type == SOCK_DGRAM ? "UDP" : "TCP";
}

/* Returns true if sockets of the service manager serve the address, over both UDP and TCP. */
static bool is_given(const struct tarn__systemd *systemd, const struct tarn_address *address)
{
	bool has_udp = false, has_tcp = false;
	for (size_t i = 0; i < systemd->given_count; i++) {
		const struct tarn__given *given = &systemd->given[i];
		if (!tarn_address_is_equal(&given->address, address))
			continue;
		has_udp |= given->type == SOCK_DGRAM;
		has_tcp |= given->type == SOCK_STREAM;
	}
	return has_udp && has_tcp;
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
	snprintf(out, WHY_MAX, "%s%s", reason(error, cause), help);
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
			   const struct tarn_address *address, int error)
{
	return settings->has_default_listens && address->sa.sa_family == AF_INET6 &&
	       (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
}

int tarn__listeners_open(struct tarn__workers *workers, const struct tarn__systemd *systemd,
			 struct tarn__settings *settings, struct tarn__addresses *opened,
			 struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	struct tarn__addresses bound = settings->bound, new = {0};
	for (size_t i = 0; i < settings->listens.count; i++) {
		const struct tarn_address *said = &settings->listens.items[i];
		struct tarn_address address = *said;
		if (is_given(systemd, said))
			continue;
		int error = tarn__workers_listen(workers, &address);
		int cause = errno;
		if (error >= 0) {
			if (error == 0)
				tarn__addresses_add(&new, &address);
			error = tarn__addresses_add(&bound, &address);
		}
		if (error == 0)
			continue;
		char text[TARN_ADDRESS_TEXT_MAX], why[WHY_MAX];
		tarn_address_format(said, text);
		explain(systemd, said, error, cause, why);
		if (is_dispensable(settings, said, cause)) {
			tarn__log(log, TARN_LOG_INFO, "cannot listen on %s: %s", text, why);
			continue;
		}
		tarn__diagnostics_add(diagnostics, NULL, 0, "cannot listen on %s: %s", text, why);
		tarn__listeners_close(workers, &new, NULL);
		return error;
	}
	settings->bound = bound;
	*opened = new;
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
			tarn__log(log, TARN_LOG_INFO, "no longer listening on %s",
				  tarn_address_format(&before->items[i], text));
	}
	for (size_t i = 0; i < now->count; i++) {
		if (!tarn__addresses_has(before, &now->items[i]))
			tarn__log(log, TARN_LOG_INFO, "listening on %s (UDP and TCP)",
				  tarn_address_format(&now->items[i], text));
	}
}

int tarn__listeners_take(struct tarn__workers *workers, struct tarn__systemd *systemd,
			 struct tarn__log *log)
{
	for (size_t i = 0; i < systemd->given_count; i++) {
		struct tarn__given *given = &systemd->given[i];
		char text[TARN_ADDRESS_TEXT_MAX];
		int error = tarn__workers_serve(workers, given->fd);
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
