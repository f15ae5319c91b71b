/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel lets tarn do from now on: both halves, or neither where they cannot work. */
#include "daemon/system/sandbox.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/system/landlock.h"
#include "daemon/system/seccomp.h"

#ifdef __has_feature /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* gcc */
#define IS_SANITIZED true
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* valgrind writes code while the program runs; it preloads its libraries into what it runs. */
static bool is_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");
	return preload && strstr(preload, "/vgpreload_");
}

bool tarn__sandbox_is_possible(void)
{
	return !IS_SANITIZED && !is_under_valgrind();
}

/*
 * No library can be loaded inside. The C library puts off those that find users and groups: all of them
 * are asked for a name that neither can have. It would also load one for pthread_exit(), which neither
 * tarn nor any library of its calls: 124 KB that are left out.
 */
static void load_late_libraries(void)
{
	(void)getpwnam(":");
	(void)getgrnam(":");
}

int tarn__sandbox_enter(const struct tarn__sandbox_file *files, size_t count, struct tarn__log *log)
{
	if (!tarn__sandbox_is_possible()) {
		tarn__log(log, TARN_LOG_DEBUG, "no sandbox: the tool that watches tarn needs more");
		return 0;
	}
	load_late_libraries();
	int halves = 0;
	if (tarn__landlock_enter(files, count, log) == 0)
		halves |= TARN__SANDBOX_FILES;
	if (tarn__seccomp_enter(log) == 0)
		halves |= TARN__SANDBOX_CALLS;
	return halves;
}
