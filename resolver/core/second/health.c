/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/health.c: a worker's breaker, its pauses and the PINGs at their ends. */
#include "core/second/health.h"

#include "core/second/second_state.h"

static uint32_t draw(const struct tarn__second *second)
{
	uint32_t random;
	second->io->random(second->io->data, &random, sizeof random);
	return random;
}

static void tell(const struct tarn__second *second, enum tarn__breaker_event event)
{
	if (second->hooks.switched)
		second->hooks.switched(second->hooks.arg, event);
}

static void on_opened(struct tarn__second *second)
{
	second->counts.open_now = 1;
	second->counts.opened++;
	tarn__timer_start(second->timers, &second->pause, second->breaker.until_ms);
	tell(second, TARN__BREAKER_OPENED);
}

static void on_closed(struct tarn__second *second, enum tarn__breaker_event event)
{
	second->counts.open_now = 0;
	tarn__timer_stop(second->timers, &second->pause);
	tell(second, event);
}

void tarn__health_answered(struct tarn__second *second, bool is_late)
{
	if (tarn__breaker_answered(&second->breaker, is_late))
		on_closed(second, TARN__BREAKER_CLOSED);
}

void tarn__health_failed(struct tarn__second *second)
{
	if (tarn__breaker_failed(&second->breaker, tarn__second_now_ms(second), draw(second)))
		on_opened(second);
}

static void on_ping(struct tarn_second_get *ping, enum tarn__second_result result,
		    const uint8_t *value, size_t len)
{
	struct tarn__second *second = TARN__CONTAINER(ping, struct tarn__second, ping);
	(void)value;
	(void)len;
	second->is_pinging = false;
	uint64_t wait_ms = tarn__second_store(second)->wait_ms;
	if (!tarn__second_is_failure(result))
		tarn__health_answered(second,
				      tarn__second_now_ms(second) > second->pinged_ms + wait_ms);
}

/* A PING that is outstanding is answered before another one would be: the connection keeps the order. */
static void send_ping(struct tarn__second *second)
{
	if (second->is_pinging || !second->is_connected)
		return;
	second->ping = (struct tarn_second_get){.done = on_ping};
	second->pinged_ms = tarn__second_now_ms(second);
	second->is_pinging = second->io->second_get(second->io->data, &second->ping) == 0;
}

void tarn__health_on_pause_end(struct tarn__timer *timer)
{
	struct tarn__second *second = TARN__CONTAINER(timer, struct tarn__second, pause);
	tarn__breaker_pause(&second->breaker, tarn__second_now_ms(second), draw(second));
	tarn__timer_start(second->timers, &second->pause, second->breaker.until_ms);
	send_ping(second);
	tell(second, TARN__BREAKER_OPEN_STILL);
}

void tarn__health_forget(struct tarn__second *second)
{
	if (second->is_pinging)
		second->io->second_cancel(second->io->data, &second->ping);
	second->is_pinging = false;
	if (second->breaker.is_open)
		on_closed(second, TARN__BREAKER_DROPPED);
	tarn__breaker_init(&second->breaker);
}
