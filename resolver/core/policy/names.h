/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/names.h: a list of names of the configuration, each of which stands for itself and all names below it.
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_NAMES_H
#define TARN_CORE_POLICY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__names;

/* Copies the names, which are text. Returns 0 and *out; TARN_ENOMEM; TARN_EINVAL if one of them is no name. */
int tarn__names_new(const char *const *texts, size_t count, struct tarn__names **out);
void tarn__names_free(struct tarn__names *);

/* Returns true if a name, in wire form and any spelling, is one of them or below one. */
bool tarn__names_cover(const struct tarn__names *, const uint8_t *name, size_t len);

#endif
