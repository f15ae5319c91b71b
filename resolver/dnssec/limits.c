/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/limits.c: the work of a message is charged. */
#include "dnssec/limits.h"

#include <stddef.h>

struct tarn__budget tarn__budget_new(void)
{
	return (struct tarn__budget){
		.tries = TARN__TRIES_PER_MESSAGE,
		.failed_tries = TARN__FAILED_TRIES_PER_MESSAGE,
		.work = TARN__WORK_PER_MESSAGE,
		.nsec3_blocks = TARN__NSEC3_BLOCKS_MAX,
	};
}

static bool exceed(struct tarn__budget *budget, const char *limit)
{
	budget->exceeded = limit;
	return false;
}

bool tarn__budget_charge_try(struct tarn__budget *budget, unsigned tenths)
{
	if (budget->tries == 0)
		return exceed(budget, "signatures in one message");
	if (budget->failed_tries == 0)
		return exceed(budget, "invalid signatures in one message");
	if (budget->work < tenths)
		return exceed(budget, "work for the signatures of one message");
	budget->tries--;
	budget->work -= tenths;
	if (budget->turn)
		*budget->turn -= *budget->turn < tenths ? *budget->turn : tenths;
	return true;
}

void tarn__budget_charge_failure(struct tarn__budget *budget)
{
	if (budget->failed_tries > 0)
		budget->failed_tries--;
}

bool tarn__budget_charge_blocks(struct tarn__budget *budget, unsigned blocks)
{
	if (budget->nsec3_blocks < blocks)
		return exceed(budget, "hashes for the NSEC3 records of one message");
	budget->nsec3_blocks -= blocks;
	return true;
}
