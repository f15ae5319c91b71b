/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/name_list.h: a list of names of the configuration, each of which stands for itself and all
 * names below it.
 *
 * Thread: immutable once made.
 */
#ifndef TARN_CORE_POLICY_NAME_LIST_H
#define TARN_CORE_POLICY_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__name_list;

/* Copies the names, which are text. Returns 0 and *out; TARN_ENOMEM; TARN_EINVAL if one of them is no name. */
int tarn__name_list_new(const char *const *texts, size_t count, struct tarn__name_list **out);
void tarn__name_list_free(struct tarn__name_list *);

/* Returns true if a name, in wire form and any spelling, is one of them or below one. */
bool tarn__name_list_cover(const struct tarn__name_list *, const uint8_t *name, size_t len);

#endif
