/* SPDX-License-Identifier: BSD-2-Clause */
/* net/alarm.c: a libev timer for times of a clock that libev does not have. */
#include "config.h"

#include "net/alarm.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "net/clock.h"

/*
 * A loop that wakes up this long after its timer was due has been suspended with its machine, or stopped:
 * clients' deadlines are missed by half, and a server that was asked before would be found silent twice
 * (TARN__SILENCE_MS).
 */
enum { OVERSLEPT_MS = 2000 };

/* The work is done by the turn that follows, which sets the alarm again. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	tarn__alarm_clear(timer->data);
}

/*
 * The machine was suspended, or its wall clock set. What the timer waits for may be due, or is nearer than
 * by libev's clock: the turn that follows sets it again.
 */
static void on_resume(struct ev_loop *loop, ev_io *resume, int events)
{
	(void)loop;
	(void)events;
	uint64_t count;
	(void)!read(resume->fd, &count, sizeof(count));
	tarn__alarm_clear(resume->data);
}

/*
 * A timer that ends decades from now and is canceled when the wall clock jumps, as it does at the end
 * of a suspend (see timerfd_create(2)). Without it libev's timer wakes the loop later.
 */
static void start_resume(struct tarn__alarm *alarm)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	ev_io_init(&alarm->resume, on_resume, fd, EV_READ);
	if (fd < 0)
		return;
	const struct itimerspec far = {.it_value.tv_sec = INT32_MAX};
	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
	alarm->resume.data = alarm;
	ev_io_start(alarm->loop, &alarm->resume);
}

static void stop_resume(struct tarn__alarm *alarm)
{
	if (!ev_is_active(&alarm->resume))
		return;
	ev_io_stop(alarm->loop, &alarm->resume);
	close(alarm->resume.fd);
}

void tarn__alarm_init(struct tarn__alarm *alarm, struct ev_loop *loop)
{
	alarm->loop = loop;
	alarm->at_ms = UINT64_MAX;
	ev_timer_init(&alarm->timer, on_timer, 0, 0);
	alarm->timer.data = alarm;
	start_resume(alarm);
}

void tarn__alarm_fini(struct tarn__alarm *alarm)
{
	tarn__alarm_clear(alarm);
	stop_resume(alarm);
}

/*
 * In a suspend libev's clock stands still and this one does not: what is due then waits for on_resume().
 * After an early wake-up the alarm is set again.
 */
void tarn__alarm_set(struct tarn__alarm *alarm, uint64_t at_ms, uint64_t now_ms)
{
	/* What is overdue is due now: it has not been overslept. */
	if (at_ms < now_ms)
		at_ms = now_ms;
	if (at_ms == alarm->at_ms && ev_is_active(&alarm->timer))
		return;
	if (at_ms == UINT64_MAX) {
		tarn__alarm_clear(alarm);
		return;
	}
	alarm->at_ms = at_ms;
	ev_now_update(alarm->loop);
	alarm->timer.repeat = (double)(at_ms - now_ms) / 1000 + 0.001;
	ev_timer_again(alarm->loop, &alarm->timer);
}

void tarn__alarm_clear(struct tarn__alarm *alarm)
{
	alarm->at_ms = UINT64_MAX;
	ev_timer_stop(alarm->loop, &alarm->timer);
}

bool tarn__alarm_is_overslept(const struct tarn__alarm *alarm)
{
	return alarm->at_ms != UINT64_MAX && tarn__clock_ms() >= alarm->at_ms + OVERSLEPT_MS;
}
