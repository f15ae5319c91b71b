/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.c: from entries of the cache to the blocks of a file, and back. */
#include "core/admin/snapshot.h"
