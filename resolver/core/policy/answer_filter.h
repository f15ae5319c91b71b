/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/answer_filter.h: addresses that are taken out of the answers of upstream servers: those that
 * are not global, which an attacker's name has to reach hosts behind a firewall (DNS rebinding), and hints
 * of types that are not served (core/policy/type_filter.h).
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_ANSWER_FILTER_H
#define TARN_CORE_POLICY_ANSWER_FILTER_H

#include <stdbool.h>

#include "core/policy/answer.h"

struct tarn__answer_filter;

extern const struct tarn__stage tarn__stage_answer_filter;

/* An answer stage (core/policy/answer.h). */
enum tarn__policy_action tarn__stage_answer_filter_apply(const struct tarn__policy *,
							 struct tarn__answer_view *,
							 struct tarn__decision *);

#endif
