/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/ending.h: the ends of a lookup. It is filled by rtcache_fill(); failed by rtcache_fail(), which the
 * cache remembers, where the upstream is at fault; or refused by rtcache_refuse(), where this resolver is.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_ENDING_H
#define TARN_CORE_FORWARD_ENDING_H

struct tarn__answer;
struct tarn__fetched;
struct tarn__lookup;

/* Ends it with that answer, whose stored form is in the scratch. */
void tarn__lookup_fill(struct tarn__lookup *, const struct tarn__answer *);

/* Ends it with an answer of the second level. */
void tarn__lookup_fill_shared(struct tarn__lookup *, const struct tarn__fetched *);

/* Ends it with that error, which is remembered for its key where the upstream is at fault. */
void tarn__lookup_fail(struct tarn__lookup *, int error);

/* Cancels all that it has outstanding and drops its chain: it waits for its deadline, or to be restarted. */
void tarn__lookup_recall(struct tarn__lookup *);

#endif
