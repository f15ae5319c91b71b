/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/store.h: a fake store of the second level for one or both workers of a struct outside. It
 * answers when time passes, in order, unless it is told not to.
 */
#ifndef TESTS_SUPPORT_STORE_H
#define TESTS_SUPPORT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/second/request.h"
#include "support/outside.h"

enum store_mode {
	STORE_UP,
	STORE_SILENT, /* it has the connection, and answers nothing */
	STORE_DOWN, /* there is no connection */
};

struct store_entry {
	struct store_entry *next;
	char key[TARN__SECOND_KEY_MAX];
	uint64_t end_ms; /* UINT64_MAX: none */
	size_t len;
	uint8_t value[];
};

/* A request, in the order in which they were made; kept until the end. */
struct store_request {
	struct store_request *next;
	struct outside *worker;
	struct tarn_second_get *get; /* NULL: of a put; or once it was answered or canceled */
	bool is_get, is_ping, is_removal, is_epoch, is_message;
	bool is_ended; /* answered, canceled or lost */
	bool is_expected; /* a script has taken it */
	char key[TARN__SECOND_KEY_MAX], lease[TARN__SECOND_KEY_MAX];
	char holder[TARN__SECOND_LEASE_LEN + 1];
	uint32_t lease_ms;
	bool from_primary, if_absent;
	uint64_t due_ms;
	uint64_t ttl_ms;
	void (*done)(void *, enum tarn__second_result);
	void *arg;
	size_t len;
	uint8_t value[];
};

struct store {
	struct outside *first;
	enum store_mode mode;
	uint64_t delay_ms;
	enum tarn__second_result error; /* instead of every answer; THERE: none */
	bool is_full; /* puts are answered by TARN__SECOND_MEMORY */
	bool is_busy; /* everything is refused with TARN_EBUSY */
	bool is_connected[2]; /* the workers */
	struct store_entry *entries;
	struct store_request *requests, **requests_end;
	size_t publishes;
	enum tarn__second_result publish_error; /* instead of an answer to each; THERE: none */
};

/* The store of that outside, with a connection of each worker that is made when time passes next. */
void store_init(struct store *, struct outside *first);
/* To be called for a second worker. */
void store_join(struct store *, struct outside *second);
/* After both workers have ended. */
void store_fini(struct store *);

/* Another mode; the connections are lost, or made when time passes. What is there stays. */
void store_set_mode(struct store *, enum store_mode);
/* Forgets all that is there. */
void store_clear(struct store *);

struct store_entry *store_find(struct store *, const char *key);
void store_put(struct store *, const char *key, const void *value, size_t len, uint64_t ttl_ms);

/* Takes the oldest get of an answer, or its put, that was not taken; NULL: there is none. */
struct store_request *store_take(struct store *, bool is_get);
/* The number of those that were not taken. */
size_t store_surprises(const struct store *);

#endif
