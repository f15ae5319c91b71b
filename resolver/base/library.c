/* SPDX-License-Identifier: BSD-2-Clause */
/* base/library.c: names of functions, and their addresses. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

const char *tarn__library_find(void *handle, const struct tarn__library_function *functions,
			       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *found = dlsym(handle, functions[i].name);
		if (!found)
			return functions[i].name;
		/* POSIX allows the conversion of an object pointer to a function pointer. */
		memcpy(functions[i].pointer, &found, sizeof(found));
	}
	return NULL;
}
