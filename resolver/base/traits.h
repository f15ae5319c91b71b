/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/traits.h: struct tarn_traits, which points at texts: copies and comparison.
 *
 * Thread: any.
 */
#ifndef TARN_BASE_TRAITS_H
#define TARN_BASE_TRAITS_H

#include <stdbool.h>

#include "tarn.h"

enum { TARN__PINS_MAX = 16 }; /* of one server: a few keys and as many that follow them */

/*
 * Makes a copy, with the name in lower case; *texts is the memory that its pointers are into, to be freed
 * after it; NULL: there are none. TARN_ENOMEM.
 */
int tarn__traits_copy(const struct tarn_traits *, struct tarn_traits *out, void **texts);

/* Returns true if a server with one is asked as a server with the other. Names are equal in any case. */
bool tarn__traits_is_equal(const struct tarn_traits *, const struct tarn_traits *);

#endif
