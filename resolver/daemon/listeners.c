/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses that tarn answers on: opened, closed, and told of in the log. */
#include "daemon/listeners.h"

#include <errno.h>
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

static void log_failure(struct tarn__log *log, enum tarn_log_level level,
			const struct tarn_address *address, int error, int cause)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	tarn__log(log, level, "cannot listen on %s: %s%s", tarn_address_format(address, text),
		  error == TARN_ESYSTEM ? strerror(cause) : tarn_error_text(error),
		  error == TARN_ESYSTEM ? hint(cause) : "");
}

/* Nobody asked for [::1]: a machine without IPv6 does without. */
static bool is_dispensable(const struct tarn__settings *settings,
			   const struct tarn_address *address, int error)
{
	return settings->has_default_listens && address->sa.sa_family == AF_INET6 &&
	       (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
}

int tarn__listeners_open(struct tarn__workers *workers, struct tarn__settings *settings,
			 struct tarn__addresses *opened, struct tarn__log *log)
{
	struct tarn__addresses bound = settings->bound, new = {0};
	for (size_t i = 0; i < settings->listens.count; i++) {
		const struct tarn_address *said = &settings->listens.items[i];
		struct tarn_address address = *said;
		int error = tarn__workers_listen(workers, &address);
		int cause = errno;
		if (error >= 0) {
			if (error == 0)
				tarn__addresses_add(&new, said);
			error = tarn__addresses_add(&bound, &address);
		}
		if (error == 0)
			continue;
		bool is_missed = !is_dispensable(settings, said, cause);
		log_failure(log, is_missed ? TARN_LOG_ERR : TARN_LOG_INFO, said, error, cause);
		if (!is_missed)
			continue;
		for (size_t j = 0; j < new.count; j++)
			tarn__workers_unlisten(workers, &new.items[j]);
		return error;
	}
	settings->bound = bound;
	*opened = new;
	return 0;
}

void tarn__listeners_announce(const struct tarn__addresses *bound,
			      const struct tarn__addresses *before, struct tarn__log *log)
{
	for (size_t i = 0; i < bound->count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		if (!tarn__addresses_has(before, &bound->items[i]))
			tarn__log(log, TARN_LOG_INFO, "listening on %s (UDP and TCP)",
				  tarn_address_format(&bound->items[i], text));
	}
}

void tarn__listeners_close(struct tarn__workers *workers, const struct tarn__addresses *which,
			   const struct tarn__addresses *kept, struct tarn__log *log)
{
	for (size_t i = 0; i < which->count; i++) {
		const struct tarn_address *address = &which->items[i];
		if (kept && tarn__addresses_has(kept, address))
			continue;
		tarn__workers_unlisten(workers, address);
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn__log(log, TARN_LOG_INFO, "no longer listening on %s",
			  tarn_address_format(address, text));
	}
}

int tarn__listeners_take(struct tarn__workers *workers, struct tarn__service *service,
			 struct tarn__log *log)
{
	for (size_t i = 0; i < service->given_count; i++) {
		struct tarn__given *given = &service->given[i];
		int error = tarn__workers_serve(workers, given->fd);
		if (error < 0) {
			log_failure(log, TARN_LOG_ERR, &given->address, error, errno);
			return error;
		}
		given->fd = -1;
		char text[TARN_ADDRESS_TEXT_MAX];
		tarn__log(log, TARN_LOG_INFO,
			  "listening on %s (%s, socket %s of the service manager)",
			  tarn_address_format(&given->address, text),
			  given->type == SOCK_DGRAM ? "UDP" : "TCP", given->name);
	}
	return 0;
}
