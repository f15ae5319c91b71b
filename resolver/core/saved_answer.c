/* SPDX-License-Identifier: BSD-2-Clause */
/* core/saved_answer.c: from a stored form to a message that outlives the process, and back. */
#include "core/saved_answer.h"
