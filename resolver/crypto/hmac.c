/* SPDX-License-Identifier: BSD-2-Clause */
/* crypto/hmac.c: codes by libcrypto, and a build without it. */
#include "config.h"

#include "crypto/hmac.h"

#ifdef HAVE_OPENSSL
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

static struct {
	void *handle; /* NULL: not loaded */
	__typeof__(OPENSSL_init_crypto) *init_crypto;
	__typeof__(EVP_MAC_fetch) *fetch;
	__typeof__(EVP_MAC_free) *free_mac;
	__typeof__(EVP_MAC_CTX_new) *new_context;
	__typeof__(EVP_MAC_CTX_dup) *dup_context;
	__typeof__(EVP_MAC_CTX_free) *free_context;
	__typeof__(EVP_MAC_CTX_set_params) *set_params;
	__typeof__(EVP_MAC_init) *init;
	__typeof__(EVP_MAC_update) *update;
	__typeof__(EVP_MAC_final) *final;
	EVP_MAC_CTX *blank; /* without a key: others are copies of it */
} library;

bool tarn__hmac_is_built(void)
{
	return true;
}

/* Returns NULL, or the name of a function that the library lacks. */
static const char *find_functions(void *handle)
{
	/* POSIX allows the conversion of an object pointer to a function pointer. */
	const struct {
		const char *name;
		void *function;
	} names[] = {
		{"OPENSSL_init_crypto", &library.init_crypto},
		{"EVP_MAC_fetch", &library.fetch},
		{"EVP_MAC_free", &library.free_mac},
		{"EVP_MAC_CTX_new", &library.new_context},
		{"EVP_MAC_CTX_dup", &library.dup_context},
		{"EVP_MAC_CTX_free", &library.free_context},
		{"EVP_MAC_CTX_set_params", &library.set_params},
		{"EVP_MAC_init", &library.init},
		{"EVP_MAC_update", &library.update},
		{"EVP_MAC_final", &library.final},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *found = dlsym(handle, names[i].name);
		if (!found)
			return names[i].name;
		memcpy(names[i].function, &found, sizeof(found));
	}
	return NULL;
}

/*
 * The library's configuration file is not read: what it may load is not needed. Returns a context without a
 * key; NULL: the library does not have the algorithm.
 */
static EVP_MAC_CTX *make_blank(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", digest, sizeof(digest) - 1),
				     OSSL_PARAM_END};
	library.init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	EVP_MAC *mac = library.fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac ? library.new_context(mac) : NULL;
	if (mac)
		library.free_mac(mac);
	if (!context || library.set_params(context, params))
		return context;
	library.free_context(context);
	return NULL;
}

/* What the library finds when a code is first computed, it finds here. */
static bool can_compute(void)
{
	uint8_t code[TARN__HMAC_LEN];
	struct tarn__hmac *hmac = tarn__hmac_new((const uint8_t *)"key", 3);
	bool can = hmac && tarn__hmac_add(hmac, "text", 4) && tarn__hmac_end(hmac, code);
	tarn__hmac_free(hmac);
	return can;
}

const char *tarn__hmac_load(void)
{
	if (library.blank)
		return NULL;
	if (!library.handle)
		library.handle = dlopen(OPENSSL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library.handle)
		return dlerror();
	const char *missing = find_functions(library.handle);
	if (missing)
		return missing;
	library.blank = make_blank();
	return library.blank && can_compute() ? NULL : OPENSSL_SONAME " has no HMAC with SHA-256";
}

static EVP_MAC_CTX *context_of(struct tarn__hmac *hmac)
{
	return (EVP_MAC_CTX *)hmac;
}

struct tarn__hmac *tarn__hmac_new(const uint8_t *key, size_t key_len)
{
	EVP_MAC_CTX *context = library.blank ? library.dup_context(library.blank) : NULL;
	if (!context || library.init(context, key, key_len, NULL))
		return (struct tarn__hmac *)context;
	library.free_context(context);
	return NULL;
}

bool tarn__hmac_add(struct tarn__hmac *hmac, const void *octets, size_t len)
{
	return library.update(context_of(hmac), octets, len);
}

bool tarn__hmac_end(struct tarn__hmac *hmac, uint8_t out[TARN__HMAC_LEN])
{
	size_t len;
	return library.final(context_of(hmac), out, &len, TARN__HMAC_LEN) && len == TARN__HMAC_LEN;
}

void tarn__hmac_free(struct tarn__hmac *hmac)
{
	if (hmac)
		library.free_context(context_of(hmac));
}

#else

bool tarn__hmac_is_built(void)
{
	return false;
}

const char *tarn__hmac_load(void)
{
	return "tarn was built without OpenSSL";
}

struct tarn__hmac *tarn__hmac_new(const uint8_t *key, size_t key_len)
{
	(void)key;
	(void)key_len;
	return NULL;
}

bool tarn__hmac_add(struct tarn__hmac *hmac, const void *octets, size_t len)
{
	(void)hmac;
	(void)octets;
	(void)len;
	return false;
}

bool tarn__hmac_end(struct tarn__hmac *hmac, uint8_t out[TARN__HMAC_LEN])
{
	(void)hmac;
	(void)out;
	return false;
}

void tarn__hmac_free(struct tarn__hmac *hmac)
{
	(void)hmac;
}

#endif
