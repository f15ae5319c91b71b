/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/systemd.h: the protocols of sd_notify(3) and sd_listen_fds(3). Without a service manager
 * that speaks them, no function here has an effect.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_SYSTEM_SYSTEMD_H
#define TARN_DAEMON_SYSTEM_SYSTEMD_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/addresses.h"
#include "daemon/log/log.h"

enum {
	/* more than real units have; a bound, so that the list has no memory of its own */
	TARN__GIVEN_MAX = 16,
	TARN__GIVEN_NAME_MAX = 32, /* octets of a name for the log; longer ones are cut */
};

/* A socket that the service manager has opened. */
struct tarn__given {
	int fd; /* -1: taken */
	int type; /* SOCK_DGRAM, or SOCK_STREAM for a listening socket */
	struct tarn_address address;
	/* TARN_TLS and TARN_HTTPS by the names "tls" and "https"; TARN_UDP: as its type says */
	enum tarn_transport transport;
	char name[TARN__GIVEN_NAME_MAX];
};

struct tarn__systemd {
	int fd; /* -1: no state is sent */
	uint64_t watchdog_us; /* 0: there is no watchdog */
	struct ev_loop *loop; /* NULL: no timer runs */
	ev_timer timer;
	bool (*is_well)(void *data);
	void *data;
	size_t given_count;
	struct tarn__given given[TARN__GIVEN_MAX];
};

/*
 * Reads the environment, and removes the variables that concern tarn only. TARN_EINVAL, logged: a passed
 * socket is not usable; all of them are closed.
 */
int tarn__systemd_init(struct tarn__systemd *, struct tarn__log *);
/* Closes the sockets that were not taken. */
void tarn__systemd_fini(struct tarn__systemd *);

/* Adds the addresses of the passed sockets, with their transports. */
void tarn__systemd_addresses(const struct tarn__systemd *, struct tarn__addresses *);

/* Each has a line for people, cut to some hundred octets. */
void tarn__systemd_ready(const struct tarn__systemd *, const char *status);
void tarn__systemd_reloading(const struct tarn__systemd *, const char *status);
/* Ends the watchdog's timer, too. */
void tarn__systemd_stopping(struct tarn__systemd *, const char *status);

/*
 * Reports to the watchdog twice in its period, as long as is_well returns true. Until stopping() or fini();
 * the loop must live longer.
 */
void tarn__systemd_watch(struct tarn__systemd *, struct ev_loop *, bool (*is_well)(void *data),
			 void *data);

#endif
