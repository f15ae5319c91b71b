/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/epoch.c: the epoch is read, and put where there is none. */
#include "core/second/epoch.h"

#include <string.h>

#include "core/second/health.h"
#include "core/second/second_state.h"
#include "core/second/value.h"
#include "tarn.h"

static void read_later(struct tarn__second *second, uint64_t ms)
{
	tarn__timer_start(second->timers, &second->epoch_timer, tarn__second_now_ms(second) + ms);
}

/* ---- putting ------------------------------------------------------------------------------ */

static uint64_t draw_epoch(const struct tarn__second *second)
{
	uint64_t epoch = 0;
	while (epoch == 0)
		second->io->random(second->io->data, &epoch, sizeof epoch);
	return epoch;
}

/* What is there now is read. */
static void on_put(void *arg, enum tarn__second_result result)
{
	struct tarn__second *second = arg;
	if (tarn__second_is_failure(result))
		read_later(second, TARN__EPOCH_RETRY_MS);
	else
		tarn__epoch_read(second);
}

static int put_epoch(struct tarn__second *second, uint64_t epoch, bool if_absent,
		     void (*done)(void *arg, enum tarn__second_result), void *arg)
{
	uint8_t value[TARN__SECOND_EPOCH_LEN];
	tarn__second_epoch_write(tarn__second_store(second), second->epoch_key, epoch, value);
	const struct tarn_second_put put = {.done = done,
					    .arg = arg,
					    .key = second->epoch_key,
					    .value = value,
					    .len = sizeof value,
					    .if_absent = if_absent};
	return second->io->second_put(second->io->data, &put);
}

/* There is none; or, unless is_absent, one that is damaged. Another machine may be putting one as well. */
static void provide(struct tarn__second *second, bool is_absent)
{
	uint64_t known =
		atomic_load_explicit(&tarn__second_store(second)->epoch, memory_order_relaxed);
	if (tarn__second_store(second)->is_read_only ||
	    put_epoch(second, known > 0 ? known : draw_epoch(second), is_absent, on_put, second) !=
		    0)
		read_later(second, TARN__EPOCH_RETRY_MS);
}

/* ---- reading ------------------------------------------------------------------------------ */

static void take(struct tarn__second *second, uint64_t epoch)
{
	uint64_t before = atomic_exchange_explicit(&tarn__second_store(second)->epoch, epoch,
						   memory_order_relaxed);
	second->has_epoch = true;
	second->counts.ready_now = 1;
	read_later(second, TARN__EPOCH_READ_MS);
	if (before == 0 || before == epoch)
		return;
	second->counts.flushes++;
	if (second->hooks.forget_all)
		second->hooks.forget_all(second->hooks.arg);
}

static void on_epoch(struct tarn_second_get *get, enum tarn__second_result result,
		     const uint8_t *value, size_t len)
{
	struct tarn__second *second = TARN__CONTAINER(get, struct tarn__second, epoch_get);
	uint64_t epoch;
	second->is_reading = false;
	if (!tarn__second_is_failure(result))
		tarn__health_answered(second, false);
	if (second->reads_again) {
		second->reads_again = false;
		tarn__epoch_read(second);
	} else if (result == TARN__SECOND_ABSENT) {
		provide(second, true);
	} else if (result != TARN__SECOND_THERE) {
		read_later(second, TARN__EPOCH_RETRY_MS);
	} else if (tarn__second_epoch_read(tarn__second_store(second), second->epoch_key, value,
					   len, &epoch)) {
		take(second, epoch);
	} else {
		second->counts.rejected[TARN__SECOND_TAG]++;
		provide(second, false);
	}
}

void tarn__epoch_read(struct tarn__second *second)
{
	if (!second->is_connected)
		return;
	second->reads_again = second->is_reading;
	if (second->is_reading)
		return;
	tarn__timer_stop(second->timers, &second->epoch_timer);
	second->epoch_get = (struct tarn_second_get){
		.done = on_epoch, .key = second->epoch_key, .from_primary = true};
	second->is_reading = second->io->second_get(second->io->data, &second->epoch_get) == 0;
	if (!second->is_reading)
		read_later(second, TARN__EPOCH_RETRY_MS);
}

void tarn__epoch_set(struct tarn__second *second, uint64_t epoch)
{
	if (epoch != 0 && tarn__second_is_up(second))
		atomic_store_explicit(&tarn__second_store(second)->epoch, epoch,
				      memory_order_relaxed);
}

void tarn__epoch_on_timer(struct tarn__timer *timer)
{
	tarn__epoch_read(TARN__CONTAINER(timer, struct tarn__second, epoch_timer));
}

/* ---- another one -------------------------------------------------------------------------- */

static void end_renewal(struct tarn__second *second, enum tarn__second_result result)
{
	void (*renewed)(void *, enum tarn__second_result) = second->renewed;
	bool was_renewing = second->is_renewing;
	second->is_renewing = false;
	second->renewed = NULL;
	if (was_renewing && renewed)
		renewed(second->renewed_arg, result);
}

static void on_renewed(void *arg, enum tarn__second_result result)
{
	struct tarn__second *second = arg;
	on_put(second, result);
	end_renewal(second, result);
}

int tarn__epoch_renew(struct tarn__second *second, uint64_t *epoch,
		      void (*done)(void *arg, enum tarn__second_result), void *arg)
{
	const struct tarn__second_config *store = tarn__second_store(second);
	if (!store || !second->is_connected)
		return TARN_EUNREACHABLE;
	if (store->is_read_only)
		return TARN_EINVAL;
	if (second->is_renewing)
		return TARN_EBUSY;
	uint64_t next = draw_epoch(second);
	int error = put_epoch(second, next, false, on_renewed, second);
	if (error != 0)
		return error;
	*epoch = next;
	second->is_renewing = true;
	second->renewed = done;
	second->renewed_arg = arg;
	return 0;
}

/* ---- the file of the cache ---------------------------------------------------------------- */

void tarn__epoch_save(const struct tarn__second_config *store, uint8_t out[TARN__SECOND_EPOCH_LEN])
{
	char key[TARN__SECOND_KEY_MAX];
	uint64_t epoch = store ? atomic_load_explicit(&store->epoch, memory_order_relaxed) : 0;
	memset(out, 0, TARN__SECOND_EPOCH_LEN);
	if (epoch == 0)
		return;
	tarn__second_epoch_key_write(store, key);
	tarn__second_epoch_write(store, key, epoch, out);
}

bool tarn__epoch_resume(struct tarn__second_config *store,
			const uint8_t octets[TARN__SECOND_EPOCH_LEN])
{
	char key[TARN__SECOND_KEY_MAX];
	uint64_t epoch, known = 0;
	if (!store)
		return true;
	tarn__second_epoch_key_write(store, key);
	if (!tarn__second_epoch_read(store, key, octets, TARN__SECOND_EPOCH_LEN, &epoch))
		return true;
	return atomic_compare_exchange_strong(&store->epoch, &known, epoch) || known == epoch;
}

/* ---- the end of a connection -------------------------------------------------------------- */

void tarn__epoch_stop(struct tarn__second *second)
{
	if (second->is_reading)
		second->io->second_cancel(second->io->data, &second->epoch_get);
	second->is_reading = second->reads_again = second->has_epoch = false;
	second->counts.ready_now = 0;
	tarn__timer_stop(second->timers, &second->epoch_timer);
	end_renewal(second, TARN__SECOND_CLOSED);
}
