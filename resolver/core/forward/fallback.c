/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/fallback.c: what a query to a server contains that may drop queries. */
#include "core/forward/fallback.h"

static bool is_known(const struct tarn__drop *drop, uint64_t now_ms)
{
	return now_ms < drop->until_ms;
}

enum tarn__fullness tarn__fallback_begin(const struct tarn__fallback *fallback, uint64_t now_ms)
{
	if (is_known(&fallback->edns, now_ms))
		return TARN__FULLNESS_PLAIN;
	return is_known(&fallback->cookies, now_ms) ? TARN__FULLNESS_COOKIELESS
						    : TARN__FULLNESS_FULL;
}

/* Returns true if that form has been answered, or a fuller one. */
static bool is_heard(const struct tarn__fallback *fallback, enum tarn__fullness form)
{
	return fallback->heard & ((2U << form) - 1);
}

static bool is_heard_plain(const struct tarn__fallback *fallback)
{
	return fallback->heard >> TARN__FULLNESS_PLAIN & 1;
}

enum tarn__fullness tarn__fallback_choose(const struct tarn__fallback *fallback,
					  enum tarn__fullness begin, unsigned silences,
					  bool wants_dnssec)
{
	if (is_heard(fallback, begin))
		return begin;
	unsigned form = fallback->first;
	if (wants_dnssec && form > TARN__FULLNESS_COOKIELESS)
		form = TARN__FULLNESS_COOKIELESS;
	if (form < begin)
		form = begin;
	form += silences;
	/*
	 * A server that was found to drop cookies and EDNS, and answered without, is not tested for each
	 * again.
	 */
	if (silences > 0 && !fallback->has_heard_edns && is_heard_plain(fallback))
		form = TARN__FULLNESS_PLAIN;
	if (wants_dnssec && fallback->has_heard_edns && form > TARN__FULLNESS_COOKIELESS)
		form = begin > TARN__FULLNESS_COOKIELESS ? begin : TARN__FULLNESS_COOKIELESS;
	return form < TARN__FULLNESS_PLAIN ? (enum tarn__fullness)form : TARN__FULLNESS_PLAIN;
}

/* A fuller query, sent at sent_ms, was not answered, and a plainer one has been. */
static void suspect(struct tarn__drop *drop, uint64_t sent_ms, uint64_t now_ms)
{
	/* A burst of losses counts once. */
	if (sent_ms < drop->shown_ms)
		return;
	drop->shown_ms = now_ms;
	if (++drop->streak < TARN__DROP_STREAK)
		return;
	uint64_t span_ms = TARN__DROP_MIN_MS;
	for (unsigned i = TARN__DROP_STREAK; i < drop->streak && span_ms < TARN__DROP_MAX_MS; i++)
		span_ms *= 2;
	drop->until_ms = now_ms + (span_ms < TARN__DROP_MAX_MS ? span_ms : TARN__DROP_MAX_MS);
}

/*
 * A server that has to resolve a name may answer all outstanding queries at once, the latest first. So an
 * answer shows a drop only if it took no longer than the wait for the one before.
 */
static bool is_telling(uint64_t before_ms, uint64_t sent_ms, uint64_t now_ms)
{
	return before_ms == 0 || now_ms - sent_ms <= sent_ms - before_ms;
}

void tarn__fallback_heard(struct tarn__fallback *fallback, enum tarn__fullness form,
			  enum tarn__fullness begin, uint64_t before_ms, uint64_t sent_ms,
			  uint64_t now_ms)
{
	fallback->heard |= (uint8_t)(1U << form);
	fallback->first = TARN__FULLNESS_FULL;
	fallback->has_heard_edns |= form < TARN__FULLNESS_PLAIN;
	if (form == TARN__FULLNESS_FULL)
		fallback->cookies.streak = 0;
	if (form <= TARN__FULLNESS_COOKIELESS)
		fallback->edns.streak = 0;
	if (form == begin || !is_telling(before_ms, sent_ms, now_ms))
		return;
	suspect(form == TARN__FULLNESS_PLAIN ? &fallback->edns : &fallback->cookies,
		before_ms > 0 ? before_ms : sent_ms, now_ms);
}

void tarn__fallback_silent(struct tarn__fallback *fallback, enum tarn__fullness form)
{
	if (is_heard(fallback, form) || form < fallback->first)
		return;
	fallback->first = form < TARN__FULLNESS_PLAIN ? (uint8_t)(form + 1) : TARN__FULLNESS_PLAIN;
}

bool tarn__fallback_takes_edns(const struct tarn__fallback *fallback)
{
	return fallback->has_heard_edns;
}

void tarn__fallback_died(struct tarn__fallback *fallback)
{
	fallback->heard = 0;
	fallback->first = TARN__FULLNESS_FULL;
}
