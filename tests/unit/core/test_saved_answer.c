/* SPDX-License-Identifier: BSD-2-Clause */
/* core/saved_answer.c: answers as messages with times, and back. */
#include "core/saved_answer.h"

#include "support/unit.h"

int main(void)
{
	Suite *suite = suite_create("saved_answer");
	return unit_run(suite);
}
