/* SPDX-License-Identifier: BSD-2-Clause */
/* Enters both halves of the sandbox, or neither in a build in which they cannot work. */
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

/* valgrind generates code at run time; it preloads its libraries into the program. */
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
 * No library can be loaded in the sandbox. The C library loads those that find users and groups when they
 * are first needed: a look-up of a name that cannot exist makes it load all of them. It would also load one
 * for pthread_exit(), which neither tarn nor its libraries call: that one, of 124 KB, is not loaded.
 */
static void load_late_libraries(void)
{
	(void)getpwnam(":");
	(void)getgrnam(":");
}

int tarn__sandbox_enter(const struct tarn__sandbox_file *files, size_t count, struct tarn__log *log)
{
	if (!tarn__sandbox_is_possible()) {
		tarn__log(log, TARN_LOG_DEBUG,
			  "no sandbox: sanitizers and valgrind need more than it allows");
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
