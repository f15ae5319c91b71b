/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/request.c: the names of results. */
#include "core/second/request.h"

const char *tarn__second_result_name(enum tarn__second_result result)
{
	static const char *const names[TARN__SECOND_RESULTS] = {
		[TARN__SECOND_THERE] = "there",	  [TARN__SECOND_ABSENT] = "absent",
		[TARN__SECOND_LEASED] = "leased", [TARN__SECOND_HELD] = "held",
		[TARN__SECOND_CLOSED] = "closed", [TARN__SECOND_TYPE] = "type",
		[TARN__SECOND_MEMORY] = "memory", [TARN__SECOND_READ_ONLY] = "read_only",
		[TARN__SECOND_ACCESS] = "access", [TARN__SECOND_LOADING] = "loading",
		[TARN__SECOND_MOVED] = "moved",	  [TARN__SECOND_OTHER] = "other",
	};
	return names[result];
}
