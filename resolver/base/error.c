/* SPDX-License-Identifier: BSD-2-Clause */
/* base/error.c: the library's version, and the texts of its errors. */
#include "config.h"

#include "tarn.h"

const char *tarn_error_text(int error)
{
	/* A lookup's error has the number of its reason (core/forward/reasons.h). */
	if (error < -0x10000000)
		error = TARN_EBOGUS;
	switch (error) {
#define ERROR_CASE(name, code, text)                                                               \
	case name:                                                                                 \
		return text;
		TARN_ERRORS(ERROR_CASE)
#undef ERROR_CASE
	default:
		return "unknown error";
	}
}

const char *tarn_version(void)
{
	return PACKAGE_VERSION;
}
