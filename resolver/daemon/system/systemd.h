/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/systemd.h: what tarn and its service manager tell each other, where it is one that speaks
 * the protocols of sd_notify(3) and sd_listen_fds(3). Without one nothing here does anything.
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
	/* More than anybody lists; a bound so that the list needs no memory of its own. */
	TARN__GIVEN_MAX = 16,
	TARN__GIVEN_NAME_MAX = 32, /* of a name, for the log; longer ones are cut */
};

/* A socket that was opened by the service manager. */
struct tarn__given {
	int fd; /* -1: taken */
	int type; /* SOCK_DGRAM or SOCK_STREAM, then it listens */
	struct tarn_address address;
	char name[TARN__GIVEN_NAME_MAX];
};

struct tarn__systemd {
	int fd; /* -1: nobody wants to hear of us */
	uint64_t watchdog_us; /* 0: nobody watches */
	struct ev_loop *loop; /* NULL: no timer runs */
	ev_timer timer;
	bool (*is_well)(void *data);
	void *data;
	size_t given_count;
	struct tarn__given given[TARN__GIVEN_MAX];
};

/*
 * Reads the environment, and clears it of what is ours alone. TARN_EINVAL, logged: a socket that was
 * given is of no use; all of them are closed.
 */
int tarn__systemd_init(struct tarn__systemd *, struct tarn__log *);
/* Closes what was not taken. */
void tarn__systemd_fini(struct tarn__systemd *);

/* Adds the addresses of the sockets that were given. */
void tarn__systemd_addresses(const struct tarn__systemd *, struct tarn__addresses *);

/* Each with a line for people, cut to some hundred octets. */
void tarn__systemd_ready(const struct tarn__systemd *, const char *status);
void tarn__systemd_reloading(const struct tarn__systemd *, const char *status);
/* The watch ends, too. */
void tarn__systemd_stopping(struct tarn__systemd *, const char *status);

/*
 * Says that we live, twice in the time that the service manager waits for it, as long as is_well
 * says so. Until stopping() or fini(); the loop outlives that.
 */
void tarn__systemd_watch(struct tarn__systemd *, struct ev_loop *, bool (*is_well)(void *data),
			 void *data);

#endif
