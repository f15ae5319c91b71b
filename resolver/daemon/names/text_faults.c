/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/text_faults.c: the faults of one text file. */
#include "daemon/names/text_faults.h"

#include <stdio.h>

void tarn__text_faults_add(struct tarn__text_faults *faults, uint32_t line, const char *text)
{
	if (faults->count < TARN__TEXT_FAULT_EXAMPLES) {
		faults->examples[faults->count].line = line;
		snprintf(faults->examples[faults->count].text, TARN__TEXT_FAULT_MAX, "%s", text);
	}
	if (faults->count < UINT32_MAX)
		faults->count++;
}

void tarn__text_faults_log(const struct tarn__text_faults *faults, const char *path,
			   struct tarn__log *log)
{
	for (uint32_t i = 0; i < faults->count && i < TARN__TEXT_FAULT_EXAMPLES; i++)
		tarn__log(log, TARN_LOG_WARNING, "%s:%u: %s", path,
			  (unsigned)faults->examples[i].line, faults->examples[i].text);
	if (faults->count > TARN__TEXT_FAULT_EXAMPLES)
		tarn__log(log, TARN_LOG_WARNING, "%s: %u faults more", path,
			  (unsigned)(faults->count - TARN__TEXT_FAULT_EXAMPLES));
}
