/* SPDX-License-Identifier: BSD-2-Clause */
/* What all types of options share: how a value is refused. */
#include "daemon/settings/option_types.h"

#include <stdarg.h>

int tarn__option_refuse(char fault[TARN__FAULT_MAX], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(fault, TARN__FAULT_MAX, format, arguments);
	va_end(arguments);
	return TARN_EINVAL;
}

int tarn__option_no_memory(char fault[TARN__FAULT_MAX])
{
	snprintf(fault, TARN__FAULT_MAX, "%s", tarn_error_text(TARN_ENOMEM));
	return TARN_ENOMEM;
}

void tarn__option_separate(bool *is_first, FILE *out)
{
	fputs(*is_first ? "" : ", ", out);
	*is_first = false;
}
