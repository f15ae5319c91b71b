/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/openssl.c: loads libssl 3.0 or later, and libcrypto with it. */
#include "config.h"

#include "tls/openssl.h"

#ifdef HAVE_OPENSSL
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "base/library.h"

#define ROW(name) {#name, &tarn__ssl.name},

struct tarn__ssl tarn__ssl;

static struct {
	pthread_mutex_t mutex; /* of loading */
	void *handle; /* NULL: not loaded */
	bool is_started; /* tarn__ssl does not change afterwards */
} loading = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Returns NULL, or the name of a function that the library lacks. Those of libcrypto are found by libssl. */
static const char *find_functions(void)
{
	const struct tarn__library_function functions[] = {TARN__OPENSSL_FUNCTIONS(ROW)};
	return tarn__library_find(loading.handle, functions,
				  sizeof(functions) / sizeof(functions[0]));
}

/*
 * The library's configuration file is not read, so that the machine does not weaken what is set here. Tables
 * of error texts are not made, and of names only those that certificates need; crypto/openssl.c, which may
 * have come first, has none made either. At the end of the program nothing is freed, since other threads may
 * be using it.
 */
static bool start(void)
{
	const uint64_t how = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
			     OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	return tarn__ssl.OPENSSL_init_ssl(how, NULL) == 1 &&
	       tarn__ssl.EVP_add_digest(tarn__ssl.EVP_sha256()) == 1 &&
	       tarn__ssl.EVP_add_digest(tarn__ssl.EVP_sha384()) == 1 &&
	       tarn__ssl.EVP_add_digest(tarn__ssl.EVP_sha512()) == 1;
}

static bool load_locked(char fault[TARN__TLS_FAULT_MAX])
{
	if (!loading.handle)
		loading.handle = dlopen(LIBSSL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!loading.handle) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s", dlerror());
		return false;
	}
	const char *missing = find_functions();
	if (missing) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s has no %s", LIBSSL_SONAME, missing);
		return false;
	}
	loading.is_started = start();
	if (!loading.is_started)
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	return loading.is_started;
}

bool tarn__ssl_load(char fault[TARN__TLS_FAULT_MAX])
{
	pthread_mutex_lock(&loading.mutex);
	bool is_loaded = loading.is_started || load_locked(fault);
	pthread_mutex_unlock(&loading.mutex);
	return is_loaded;
}

bool tarn__tls_is_built(void)
{
	return true;
}

#endif
