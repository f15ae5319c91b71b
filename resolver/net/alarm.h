/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/alarm.h: wakes a loop at a time of tarn__clock_ms(), which goes on while the machine is suspended;
 * the loop's own clock does not.
 *
 * Thread: the loop's.
 */
#ifndef TARN_NET_ALARM_H
#define TARN_NET_ALARM_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct tarn__alarm {
	struct ev_loop *loop;
	uint64_t at_ms; /* UINT64_MAX: not set */
	ev_timer timer;
	ev_io resume; /* readable after a suspend; not active: the system has no such descriptor */
};

void tarn__alarm_init(struct tarn__alarm *, struct ev_loop *);
void tarn__alarm_fini(struct tarn__alarm *);

/*
 * The loop wakes up at at_ms or shortly after, UINT64_MAX: not for this; nothing is called. A
 * wake-up clears the alarm, and so does the end of a suspend, which wakes the loop as well.
 */
void tarn__alarm_set(struct tarn__alarm *, uint64_t at_ms, uint64_t now_ms);
void tarn__alarm_clear(struct tarn__alarm *);

/*
 * Returns true if the time was missed by so much that the machine has been suspended, or the
 * process stopped.
 */
bool tarn__alarm_is_overslept(const struct tarn__alarm *);

#endif
