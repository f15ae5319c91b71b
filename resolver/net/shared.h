/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/shared.h: inside struct tarn: what all workers share, the updates that reach them while they run,
 * and the log.
 *
 * Thread: any, but for what is set before the first worker is made and not changed afterwards.
 */
#ifndef TARN_NET_SHARED_H
#define TARN_NET_SHARED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "core/config.h"
#include "net/fault_log.h"
#include "net/mailbox.h"
#include "net/second/report.h"
#include "tarn.h"
#include "tls/tls.h"

struct tarn__finding;
struct tarn__name;
struct tarn__policy_data;
struct tarn__ports;
struct tarn__shared;
struct tarn__stats_collector;

/* The updates so far: their number by kind, and the last of each. */
struct tarn__updates {
	unsigned count; /* of posts, those of the stats collector among them */
	unsigned networks; /* tarn_network_changed() */
	unsigned forward_loops; /* tarn__find_forward_loops() */
	struct tarn__config *config; /* the present one */
};

/* Earlier configurations, whose zones the cache has not been cleared of yet. */
struct tarn__stale_configs {
	size_t count;
	struct tarn__config **configs; /* a reference to each */
};

/* A worker's part in changes of the configuration. */
struct tarn__member {
	struct tarn__list node; /* of tarn->members */
	struct tarn__subscriber subscriber; /* woken for updates */
	struct tarn__config *config; /* that it has applied: a reference; guarded by tarn->mutex */
	bool is_serving; /* clients ask it; guarded by tarn->mutex */
	struct tarn__stale_configs stale_configs; /* what it is to drop from the cache */
};

struct tarn {
	void (*log)(void *arg, enum tarn_log_level level, const char *line);
	void *log_arg;
	struct tarn__shared *shared;
	struct tarn__stats_collector *stats_collector;
	/* Those that the kernel does not keep for others; NULL: all. */
	struct tarn__ports *usable_ports;
	struct tarn__mailbox mailbox;
	pthread_mutex_t mutex; /* guards what follows */
	struct tarn__updates updates;
	/* Names that are insecure for a time, of all configurations. */
	struct tarn__name *insecure;
	size_t insecure_count;
	/* What clients are shown over TLS and HTTPS; NULL: there are no certificates. */
	struct tarn__tls_server *tls_server;
	struct tarn__tls_ticket_keys *ticket_keys; /* NULL until there are */
	uint64_t rotation_ms; /* when the ticket keys are rotated next */
	struct tarn__fault_log fault_log;
	struct tarn__second_lines second_lines;
	bool is_taken; /* some worker has, or had, updates.config, or one with the same zones */
	struct tarn__stale_configs stale_configs;
	size_t dropping; /* members that have stale_configs */
	struct tarn__list members;
};

/*
 * As tarn_new(), for the program's own questions beside another one. The
 * ports that the kernel keeps for others are those that the other one has found, for the program may have
 * denied itself /proc since.
 */
struct tarn *tarn__new_beside(const struct tarn *other, const struct tarn_options *);

/*
 * With the mutex held: the configuration from now on. Takes the reference, even on failure; NULL with
 * errno is a failure, too. 0, TARN_EINVAL or TARN_ENOMEM.
 */
int tarn__set_config(struct tarn *, struct tarn__config *);

/*
 * Other data of the policy from now on, of which references are taken: local names, lists and overrides. It
 * stays over tarn_reconfigure(). Any thread: each worker changes over on its own, at once, and no question
 * under way is asked anew. 0 or TARN_ENOMEM.
 */
int tarn__set_policy_data(struct tarn *, const struct tarn__policy_data *);

/*
 * These names are insecure, with all names below them, beside those of the options, from now on; they stay
 * over tarn_reconfigure(). Any thread. 0 or TARN_ENOMEM.
 */
int tarn__set_insecure(struct tarn *, const struct tarn__name *names, size_t count);

/*
 * Other servers of the zone of that index from now on, until the next configuration
 * (tarn__config_with_zone()). Any thread. 0, TARN_EINVAL or TARN_ENOMEM.
 */
int tarn__set_zone(struct tarn *, size_t index, const struct tarn_forward *section);

/* With the mutex held: makes a copy of the configuration that has them. NULL with errno. */
struct tarn__config *tarn__with_insecure(const struct tarn *, struct tarn__config *);

/* Ends struct tarn_options.trust_ad, until tarn_reconfigure(). 0 or TARN_ENOMEM. */
int tarn__distrust(struct tarn *);

/* A copy; its configuration is a reference, the caller's. */
void tarn__get_updates(struct tarn *, struct tarn__updates *out);

/* The present configuration: a reference, the caller's. */
struct tarn__config *tarn__get_config(struct tarn *);

/* From join to leave a worker is woken for updates. member->config is set before. */
void tarn__join(struct tarn *, struct tarn__member *);
void tarn__leave(struct tarn *, struct tarn__member *);

/*
 * The worker uses this configuration from now on; its reference becomes member->config. If all workers do,
 * and member->stale_configs is empty, that becomes what this one is to drop from the cache
 * (tarn__resolver_drop()).
 */
void tarn__applied(struct tarn *, struct tarn__member *, struct tarn__config *);
/* The worker has dropped what member->stale_configs were for: there are none any more. */
void tarn__dropped(struct tarn *, struct tarn__member *);
void tarn__stale_configs_fini(struct tarn__stale_configs *);

/*
 * Returns true if the cache may have answers of servers, or of anchors, that are not those of their names any
 * more, or of a configuration that some worker has not applied yet. Any thread.
 */
bool tarn__has_stale_answers(struct tarn *);

/*
 * Sends every upstream a question that comes back if it forwards to tarn; such a server is logged and not
 * asked any more.
 */
void tarn__find_forward_loops(struct tarn *);
/*
 * Of several workers the first probes for all. Returns true if it is that one: then it does so now, and has
 * tarn__report_forward_loop() called for what it finds.
 */
bool tarn__takes_forward_loops(struct tarn *, const struct tarn__member *);
void tarn__report_forward_loop(void *tarn, const struct tarn__config *,
			       const struct tarn__zone_config *, const struct tarn__endpoint *);

/* The worker has a socket that clients ask at. */
void tarn__serves(struct tarn *, struct tarn__member *);
/*
 * One of the workers listens to the channel of the second level for all: one that serves, if there is one. Returns
 * true if it is that one; it changes with updates: another one does after that one has left.
 */
bool tarn__listens(struct tarn *, const struct tarn__member *);

/* Writes to the program's log what is wrong with an encrypted server, once per minute. */
void tarn__report_fault(struct tarn *, const struct tarn__endpoint *, const char *fault,
			bool is_clock);

/* Writes a line about the second level to the program's log, unless another worker has just said it. */
void tarn__report_second(struct tarn *, bool is_fault, const char *line);

/* A tarn__finding_function: writes it to the program's log. */
void tarn__report_finding(void *tarn, const struct tarn__finding *);

/*
 * As tarn_set_certificates(), without the log: on TARN_EINVAL fault has the reason and *faulty the index of the pair
 * that it is about.
 */
int tarn__set_certificates(struct tarn *, const struct tarn_certificate *, size_t count,
			   size_t *faulty, char fault[TARN__TLS_FAULT_MAX]);
/* What clients are shown now: a reference, the caller's; NULL: there are no certificates. Any thread. */
struct tarn__tls_server *tarn__get_tls_server(struct tarn *);
/* Rotates the ticket keys if it is time. Returns when it must be called again. Any thread. */
uint64_t tarn__rotate_ticket_keys(struct tarn *, uint64_t now_ms);

/* Writes one line to the program's log, cut to some hundred octets. */
__attribute__((format(printf, 3, 4))) void tarn__report(struct tarn *, enum tarn_log_level,
							const char *format, ...);

#endif
