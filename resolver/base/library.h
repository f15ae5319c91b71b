/* SPDX-License-Identifier: BSD-2-Clause */
/* base/library.h: functions of a library that is loaded while the program runs, and only where it is needed. */
#ifndef TARN_BASE_LIBRARY_H
#define TARN_BASE_LIBRARY_H

#include <stddef.h>

struct tarn__library_function {
	const char *name;
	void *pointer; /* where its address goes: that of a pointer to a function */
};

/*
 * Finds functions of a library, and of those that it depends on; handle is that of dlopen(). Returns NULL, or the
 * name of the first one that is not there: those before it have been found.
 */
const char *tarn__library_find(void *handle, const struct tarn__library_function *, size_t count);

#endif
