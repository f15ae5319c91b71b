/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/plan.h: what daemon/bootstrap/bootstrap.c works on: the zones of the settings that have a server
 * with a name alone, the names, and the servers that are asked for their addresses.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_PLAN_H
#define TARN_DAEMON_BOOTSTRAP_PLAN_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bootstrap/host.h"
#include "daemon/bootstrap/inquirer.h"
#include "daemon/bootstrap/zone_servers.h"
#include "daemon/settings/settings.h"
#include "dns/name.h"
#include "tarn.h"

struct tarn__bootstrap;

/* Of addresses. */
enum tarn__family { TARN__FAMILY_4, TARN__FAMILY_6, TARN__FAMILIES };

/* Servers that are asked for addresses. */
struct tarn__asker {
	struct tarn__zone_servers
		*zone; /* whose servers in the clear they are; NULL: "bootstrap" */
	struct tarn__servers servers;
	enum tarn_selection selection;
	struct tarn__inquirer inquirer;
	unsigned under_way; /* names that are asked for */
	ev_timer close;
};

/* A name, of one or more servers, and the questions for its addresses. */
struct tarn__host {
	struct tarn__bootstrap *bootstrap;
	struct tarn__asker *asker;
	char *text;
	struct tarn__name name;
	struct tarn__host_addresses addresses;
	struct tarn__inquiry inquiries[TARN__FAMILIES];
	struct tarn__host_answer answers[TARN__FAMILIES];
	unsigned failures; /* in a row */
	uint64_t due_ms; /* tarn__clock_ms() when it is asked for again; 0: never asked */
	ev_timer timer;
	char fault[64];
};

struct tarn__bootstrap_plan {
	size_t zone_count, asker_count, host_count;
	struct tarn__zone_servers *zones; /* those that have a server with a name alone */
	struct tarn__expansion *expansions; /* one for each, as tarn__bootstrap_fill() has them */
	struct tarn__asker *askers; /* one for each zone, or one for all */
	struct tarn__host **hosts;
	struct tarn__port_ranges avoid_ports;
	struct tarn_source source; /* of the root */
	char interface[TARN__INTERFACE_MAX];
	size_t server_count; /* of all zones, as configured */
};

/*
 * Makes the plan of the settings, with what is known of its names from the one before, which may be NULL. *out is
 * NULL if no server has a name alone. TARN_ENOMEM.
 */
int tarn__plan_new(struct tarn__bootstrap *, const struct tarn__settings *,
		   const struct tarn__bootstrap_plan *before, struct tarn__bootstrap_plan **out);
/* Ends what is under way on the loop. NULL is allowed. */
void tarn__plan_free(struct tarn__bootstrap_plan *, struct ev_loop *);

/* Returns the servers that are asked for the names of a zone. */
struct tarn__asker *tarn__plan_asker(struct tarn__bootstrap_plan *, size_t zone);

/* Makes the servers of a zone as far as their addresses are known. TARN_ENOMEM. */
int tarn__plan_expand(struct tarn__bootstrap_plan *, size_t zone, struct tarn__expansion *out);

#endif
