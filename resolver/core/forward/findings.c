/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/findings.c: what is wrong now, and whether it was told. */
#include "core/forward/findings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/forward/endpoint.h"
#include "dns/name.h"

struct tarn__findings {
	tarn__finding_function *tell;
	void *arg;
	pthread_mutex_t
		lock; /* of all that follows, and of the endpoints' struct tarn__stripping */
	atomic_bool is_clock_wrong; /* read without the lock, too */
	atomic_size_t count; /* likewise */
	struct tarn__name anchors[TARN__ANCHORS_FOUND_MAX]; /* that fit nothing */
	size_t open_count; /* workers whose breaker is open */
	bool is_second_told;
	uint64_t second_next_ms; /* the time before which it is not told again */
};

static void tell_nobody(void *arg, const struct tarn__finding *finding)
{
	(void)arg;
	(void)finding;
}

struct tarn__findings *tarn__findings_new(tarn__finding_function *tell, void *arg)
{
	struct tarn__findings *findings = calloc(1, sizeof *findings);
	if (!findings)
		return NULL;
	pthread_mutex_init(&findings->lock, NULL);
	findings->tell = tell ? tell : tell_nobody;
	findings->arg = arg;
	return findings;
}

void tarn__findings_free(struct tarn__findings *findings)
{
	if (!findings)
		return;
	pthread_mutex_destroy(&findings->lock);
	free(findings);
}

static void tell(struct tarn__findings *findings, const struct tarn__finding *finding)
{
	findings->tell(findings->arg, finding);
}

/* ---- servers ---------------------------------------------------------------------------- */

void tarn__findings_server(struct tarn__findings *findings, struct tarn__endpoint *endpoint,
			   int error, uint64_t now_ms)
{
	struct tarn__stripping *stripping = &endpoint->stripping;
	bool strips = error != 0;
	if (atomic_load_explicit(&stripping->is_told, memory_order_relaxed) == strips)
		return;
	pthread_mutex_lock(&findings->lock);
	if (stripping->is_told != strips && now_ms >= stripping->next_ms) {
		stripping->is_told = strips;
		stripping->next_ms = now_ms + TARN__FINDING_MS;
		tell(findings, &(struct tarn__finding){.kind = TARN__FINDING_SERVER,
						       .is_over = !strips,
						       .server = &endpoint->address,
						       .error = error});
	}
	pthread_mutex_unlock(&findings->lock);
}

/* ---- anchors ---------------------------------------------------------------------------- */

static struct tarn__name *find_anchor(struct tarn__findings *findings, const uint8_t *zone,
				      size_t len)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct tarn__name *name = &findings->anchors[i];
		if (name->len == len && tarn__name_is_equal(name->octets, zone, len))
			return name;
	}
	return NULL;
}

static void add_anchor(struct tarn__findings *findings, const uint8_t *zone, size_t len,
		       const struct tarn__reason *reason)
{
	if (findings->count == TARN__ANCHORS_FOUND_MAX || find_anchor(findings, zone, len))
		return;
	struct tarn__name *name = &findings->anchors[findings->count++];
	name->len = len;
	memcpy(name->octets, zone, len);
	tell(findings,
	     &(struct tarn__finding){.kind = TARN__FINDING_ANCHOR, .zone = zone, .reason = reason});
}

static void remove_anchor(struct tarn__findings *findings, const uint8_t *zone, size_t len)
{
	struct tarn__name *name = find_anchor(findings, zone, len);
	if (!name)
		return;
	*name = findings->anchors[--findings->count];
	tell(findings,
	     &(struct tarn__finding){.kind = TARN__FINDING_ANCHOR, .is_over = true, .zone = zone});
}

void tarn__findings_anchor(struct tarn__findings *findings, const uint8_t *zone, size_t len,
			   const struct tarn__reason *reason)
{
	if (!reason && atomic_load_explicit(&findings->count, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&findings->lock);
	if (reason)
		add_anchor(findings, zone, len, reason);
	else
		remove_anchor(findings, zone, len);
	pthread_mutex_unlock(&findings->lock);
}

/* ---- the clock -------------------------------------------------------------------------- */

void tarn__findings_clock(struct tarn__findings *findings, uint32_t now_sec, uint32_t floor_sec)
{
	bool is_wrong = now_sec < floor_sec;
	if (atomic_load_explicit(&findings->is_clock_wrong, memory_order_relaxed) == is_wrong)
		return;
	pthread_mutex_lock(&findings->lock);
	if (findings->is_clock_wrong != is_wrong) {
		findings->is_clock_wrong = is_wrong;
		tell(findings, &(struct tarn__finding){.kind = TARN__FINDING_CLOCK,
						       .is_over = !is_wrong,
						       .now_sec = now_sec,
						       .floor_sec = floor_sec});
	}
	pthread_mutex_unlock(&findings->lock);
}

/* ---- the second level ------------------------------------------------------------------- */

static void count_open(struct tarn__findings *findings, enum tarn__breaker_event event)
{
	if (event == TARN__BREAKER_OPENED)
		findings->open_count++;
	else if (event != TARN__BREAKER_OPEN_STILL)
		findings->open_count--;
}

void tarn__findings_second(struct tarn__findings *findings, enum tarn__breaker_event event,
			   uint64_t now_ms)
{
	pthread_mutex_lock(&findings->lock);
	count_open(findings, event);
	bool is_open = findings->open_count > 0;
	bool was_told = findings->is_second_told;
	if (is_open && !was_told && now_ms >= findings->second_next_ms) {
		findings->is_second_told = true;
		findings->second_next_ms = now_ms + TARN__FINDING_SECOND_MS;
		tell(findings, &(struct tarn__finding){.kind = TARN__FINDING_SECOND});
	} else if (!is_open && was_told) {
		findings->is_second_told = false;
		/* The end of the connection is told by itself. */
		if (event == TARN__BREAKER_CLOSED)
			tell(findings, &(struct tarn__finding){.kind = TARN__FINDING_SECOND,
							       .is_over = true});
	}
	pthread_mutex_unlock(&findings->lock);
}
