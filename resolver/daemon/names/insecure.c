/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that are insecure for a time, and the end of it. */
#include "config.h"

#include "daemon/names/insecure.h"

#include "dns/text.h"
#include "net/clock.h"
#include "net/shared.h"

/* Times pass while the machine is suspended, which the loop's timers do not know. */
enum { LOOK_MS = 60000 };

/* Has the workers know the first count names. */
static int apply(struct tarn__insecure *insecure, size_t count)
{
	struct tarn__name names[TARN__INSECURE_MAX];
	for (size_t i = 0; i < count; i++)
		names[i] = insecure->names[i].name;
	return tarn__set_insecure(insecure->tarn, names, count);
}

static void set_timer(struct tarn__insecure *insecure)
{
	uint64_t now_ms = tarn__clock_ms(), after_ms = LOOK_MS;
	ev_timer_stop(insecure->loop, &insecure->timer);
	for (size_t i = 0; i < insecure->count; i++) {
		uint64_t until_ms = insecure->names[i].until_ms;
		uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
		if (left_ms < after_ms)
			after_ms = left_ms;
	}
	if (insecure->count == 0)
		return;
	ev_now_update(insecure->loop);
	ev_timer_set(&insecure->timer, (double)after_ms / 1000, 0);
	ev_timer_start(insecure->loop, &insecure->timer);
}

static void tell_end(const struct tarn__insecure *insecure, const struct tarn__name *name)
{
	char text[TARN__NAME_TEXT_MAX];
	tarn__log(insecure->log, TARN_LOG_INFO, "%s is validated again",
		  tarn__name_format(name->octets, text));
}

/* Moves a name to the end of the list, which the workers may have without it. */
static void move_to_end(struct tarn__insecure *insecure, size_t index)
{
	struct tarn__insecure_name item = insecure->names[index];
	insecure->names[index] = insecure->names[insecure->count - 1];
	insecure->names[insecure->count - 1] = item;
}

/* Takes a name out. TARN_ENOMEM: it stays. */
static int drop(struct tarn__insecure *insecure, size_t index)
{
	move_to_end(insecure, index);
	int error = apply(insecure, insecure->count - 1);
	if (error < 0)
		return error;
	tell_end(insecure, &insecure->names[--insecure->count].name);
	return 0;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	struct tarn__insecure *insecure = timer->data;
	uint64_t now_ms = tarn__clock_ms();
	for (size_t i = insecure->count; i-- > 0;) {
		/* Without memory it is tried again. */
		if (insecure->names[i].until_ms <= now_ms && drop(insecure, i) < 0)
			insecure->names[insecure->count - 1].until_ms = now_ms + LOOK_MS;
	}
	set_timer(insecure);
}

void tarn__insecure_init(struct tarn__insecure *insecure, struct tarn *tarn, struct ev_loop *loop,
			 struct tarn__log *log)
{
	*insecure = (struct tarn__insecure){.tarn = tarn, .loop = loop, .log = log};
	ev_timer_init(&insecure->timer, on_timer, 0, 0);
	insecure->timer.data = insecure;
}

/* Returns the index of the name; the count: it is not there. */
static size_t find(const struct tarn__insecure *insecure, const uint8_t *name, size_t len)
{
	size_t i = 0;
	for (; i < insecure->count; i++) {
		const struct tarn__name *item = &insecure->names[i].name;
		if (item->len == len && tarn__name_is_equal(item->octets, name, len))
			break;
	}
	return i;
}

int tarn__insecure_say(struct tarn__insecure *insecure, const struct tarn__name *name, uint64_t sec)
{
	size_t i = find(insecure, name->octets, name->len);
	if (name->len <= 1)
		return TARN_EINVAL;
	if (i == TARN__INSECURE_MAX)
		return TARN_EBUSY;
	if (i == insecure->count) {
		insecure->names[i].name = *name;
		int error = apply(insecure, insecure->count + 1);
		if (error < 0)
			return error;
		insecure->count++;
	}
	insecure->names[i].until_ms = tarn__clock_ms() + sec * 1000;
	set_timer(insecure);
	char text[TARN__NAME_TEXT_MAX];
	tarn__log(insecure->log, TARN_LOG_INFO, "%s is not validated for %llu s (tarnctl)",
		  tarn__name_format(name->octets, text), (unsigned long long)sec);
	return 0;
}

int tarn__insecure_take_back(struct tarn__insecure *insecure, const struct tarn__name *name)
{
	size_t i = find(insecure, name->octets, name->len);
	if (i == insecure->count)
		return TARN_EINVAL;
	int error = drop(insecure, i);
	set_timer(insecure);
	return error;
}

bool tarn__insecure_has(const struct tarn__insecure *insecure, const uint8_t *name, size_t len)
{
	return find(insecure, name, len) < insecure->count;
}

void tarn__insecure_stop(struct tarn__insecure *insecure)
{
	if (!insecure->tarn)
		return;
	ev_timer_stop(insecure->loop, &insecure->timer);
	insecure->count = 0;
	insecure->tarn = NULL;
}
