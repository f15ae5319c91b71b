/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/store.c: the fake store. */
#include "support/store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *store_of(const struct outside *worker)
{
	return worker->first->store;
}

static bool *connection_of(struct store *store, const struct outside *worker)
{
	return &store->is_connected[worker != store->first];
}

/* ---- what is there ------------------------------------------------------------------------ */

static void remove_entry(struct store *store, const char *key)
{
	for (struct store_entry **it = &store->entries; *it; it = &(*it)->next) {
		if (strcmp((*it)->key, key) != 0)
			continue;
		struct store_entry *gone = *it;
		*it = gone->next;
		free(gone);
		return;
	}
}

struct store_entry *store_find(struct store *store, const char *key)
{
	for (struct store_entry *it = store->entries; it; it = it->next)
		if (strcmp(it->key, key) == 0 && it->end_ms > store->first->now_ms)
			return it;
	return NULL;
}

void store_put(struct store *store, const char *key, const void *value, size_t len, uint64_t ttl_ms)
{
	remove_entry(store, key);
	struct store_entry *entry = calloc(1, sizeof *entry + len);
	snprintf(entry->key, sizeof entry->key, "%s", key);
	entry->end_ms = ttl_ms > 0 ? store->first->now_ms + ttl_ms : UINT64_MAX;
	entry->len = len;
	memcpy(entry->value, value, len);
	entry->next = store->entries;
	store->entries = entry;
}

void store_clear(struct store *store)
{
	while (store->entries)
		remove_entry(store, store->entries->key);
}

/* ---- requests ----------------------------------------------------------------------------- */

static struct store_request *add_request(struct outside *worker, const char *key, size_t len)
{
	struct store *store = store_of(worker);
	struct store_request *request = calloc(1, sizeof *request + len);
	request->worker = worker;
	request->due_ms = store->first->now_ms + store->delay_ms;
	request->len = len;
	if (key)
		snprintf(request->key, sizeof request->key, "%s", key);
	request->is_epoch = key && strstr(key, ":epoch");
	*store->requests_end = request;
	store->requests_end = &request->next;
	return request;
}

static int refusal(struct outside *worker)
{
	struct store *store = store_of(worker);
	if (!*connection_of(store, worker))
		return TARN_EUNREACHABLE;
	return store->is_busy ? TARN_EBUSY : 0;
}

static int second_get(void *data, struct tarn_second_get *get)
{
	struct outside *worker = data;
	int error = refusal(worker);
	if (error != 0)
		return error;
	for (const struct store_request *it = store_of(worker)->requests; it; it = it->next)
		ck_assert_msg(it->get != get, "a get is made that is outstanding");
	struct store_request *request = add_request(worker, get->key, 0);
	request->is_get = true;
	request->is_ping = !get->key;
	request->get = get;
	request->from_primary = get->from_primary;
	request->lease_ms = get->lease_ms;
	if (get->lease) {
		snprintf(request->lease, sizeof request->lease, "%s", get->lease);
		snprintf(request->holder, sizeof request->holder, "%s", get->holder);
		ck_assert_uint_eq(strlen(get->holder), TARN__SECOND_LEASE_LEN);
	}
	get->carrier = request;
	return 0;
}

static void second_cancel(void *data, struct tarn_second_get *get)
{
	(void)data;
	struct store_request *request = get->carrier;
	ck_assert_ptr_eq(request->get, get);
	request->get = NULL;
	request->is_ended = true;
}

static int second_put(void *data, const struct tarn_second_put *put)
{
	struct outside *worker = data;
	int error = refusal(worker);
	if (error != 0)
		return error;
	struct store_request *request = add_request(worker, put->key, put->len);
	request->is_removal = !put->value;
	request->ttl_ms = put->ttl_ms;
	request->if_absent = put->if_absent;
	request->done = put->done;
	request->arg = put->arg;
	if (put->value)
		memcpy(request->value, put->value, put->len);
	return 0;
}

static int second_publish(void *data, const struct tarn_second_publication *publication)
{
	struct outside *worker = data;
	int error = refusal(worker);
	if (error != 0)
		return error;
	struct store_request *request = add_request(worker, NULL, 0);
	request->is_message = true;
	request->done = publication->done;
	request->arg = publication->arg;
	store_of(worker)->publishes++;
	return 0;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void end_get(struct store_request *request, enum tarn__second_result result,
		    const struct store_entry *entry)
{
	struct tarn_second_get *get = request->get;
	uint8_t *copy = entry ? malloc(entry->len + 1) : NULL;
	request->get = NULL;
	if (entry)
		memcpy(copy, entry->value, entry->len);
	get->done(get, result, copy, entry ? entry->len : 0);
	free(copy);
}

static void answer_get(struct store *store, struct store_request *request)
{
	const struct store_entry *entry = store_find(store, request->key);
	if (store->error != TARN__SECOND_THERE) {
		end_get(request, store->error, NULL);
	} else if (request->is_ping || entry) {
		end_get(request, request->is_ping ? TARN__SECOND_ABSENT : TARN__SECOND_THERE,
			request->is_ping ? NULL : entry);
	} else if (!request->lease[0]) {
		end_get(request, TARN__SECOND_ABSENT, NULL);
	} else if (store_find(store, request->lease)) {
		end_get(request, TARN__SECOND_HELD, NULL);
	} else {
		store_put(store, request->lease, request->holder, TARN__SECOND_LEASE_LEN,
			  request->lease_ms);
		end_get(request, TARN__SECOND_LEASED, NULL);
	}
}

static void answer_put(struct store *store, const struct store_request *request)
{
	enum tarn__second_result result = store->error;
	if (request->is_message)
		result = result == TARN__SECOND_THERE ? store->publish_error : result;
	else if (store->is_full)
		result = TARN__SECOND_MEMORY;
	else if (result == TARN__SECOND_THERE && request->is_removal)
		remove_entry(store, request->key);
	else if (result == TARN__SECOND_THERE &&
		 !(request->if_absent && store_find(store, request->key)))
		store_put(store, request->key, request->value, request->len, request->ttl_ms);
	if (result == TARN__SECOND_THERE)
		result = TARN__SECOND_ABSENT;
	if (request->done)
		request->done(request->arg, result);
}

static void end_request(struct store *store, struct store_request *request, bool is_lost)
{
	request->is_ended = true;
	if (is_lost && request->get)
		end_get(request, TARN__SECOND_CLOSED, NULL);
	else if (is_lost && request->done)
		request->done(request->arg, TARN__SECOND_CLOSED);
	else if (!is_lost && request->get)
		answer_get(store, request);
	else if (!is_lost)
		answer_put(store, request);
}

static void connect_worker(struct store *store, struct outside *worker)
{
	if (!worker || !worker->first->config->second || *connection_of(store, worker) ||
	    store->mode == STORE_DOWN)
		return;
	*connection_of(store, worker) = true;
	tarn__resolver_second_connected(worker->resolver);
	tarn__resolver_run(worker->resolver);
}

/* Answers all that is due, and what that leads to. */
static void run(struct store *store)
{
	connect_worker(store, store->first);
	connect_worker(store, store->first->second);
	for (struct store_request *it = store->requests; it; it = it->next) {
		if (it->is_ended || store->mode != STORE_UP || it->due_ms > store->first->now_ms)
			continue;
		end_request(store, it, false);
		tarn__resolver_run(it->worker->resolver);
	}
}

static uint64_t next_ms(const struct store *store)
{
	uint64_t next = UINT64_MAX;
	for (const struct store_request *it = store->requests; it; it = it->next)
		if (!it->is_ended && store->mode == STORE_UP && it->due_ms < next)
			next = it->due_ms;
	return next;
}

/* As a worker, which frees its link, and with it what is outstanding. */
static void reconfigured(struct store *store, struct outside *worker)
{
	for (struct store_request *it = store->requests; it; it = it->next) {
		if (it->worker != worker || it->is_ended)
			continue;
		ck_assert_msg(!it->get, "a get is outstanding over the link before");
		it->is_ended = true;
	}
	*connection_of(store, worker) = false;
}

/* ---- the store ---------------------------------------------------------------------------- */

void store_join(struct store *store, struct outside *worker)
{
	(void)store;
	worker->io.second_get = second_get;
	worker->io.second_cancel = second_cancel;
	worker->io.second_put = second_put;
	worker->io.second_publish = second_publish;
}

void store_init(struct store *store, struct outside *first)
{
	memset(store, 0, sizeof *store);
	store->first = first;
	store->requests_end = &store->requests;
	first->store = store;
	first->store_run = run;
	first->store_next_ms = next_ms;
	first->store_reconfigured = reconfigured;
	store_join(store, first);
}

void store_fini(struct store *store)
{
	store_clear(store);
	while (store->requests) {
		struct store_request *next = store->requests->next;
		ck_assert_msg(!store->requests->get, "a get was left behind");
		free(store->requests);
		store->requests = next;
	}
}

static void lose(struct store *store, struct outside *worker)
{
	if (!worker || !*connection_of(store, worker))
		return;
	*connection_of(store, worker) = false;
	for (struct store_request *it = store->requests; it; it = it->next)
		if (it->worker == worker && !it->is_ended)
			end_request(store, it, true);
	tarn__resolver_second_lost(worker->resolver);
	tarn__resolver_run(worker->resolver);
}

void store_set_mode(struct store *store, enum store_mode mode)
{
	store->mode = mode;
	if (mode != STORE_DOWN)
		return;
	lose(store, store->first);
	lose(store, store->first->second);
}

static bool is_of_answer(const struct store_request *request)
{
	return !request->is_ping && !request->is_epoch;
}

struct store_request *store_take(struct store *store, bool is_get)
{
	for (struct store_request *it = store->requests; it; it = it->next) {
		if (it->is_expected || it->is_get != is_get || !is_of_answer(it))
			continue;
		it->is_expected = true;
		return it;
	}
	return NULL;
}

size_t store_surprises(const struct store *store)
{
	size_t count = 0;
	for (const struct store_request *it = store->requests; it; it = it->next)
		count += !it->is_expected && is_of_answer(it);
	return count;
}
