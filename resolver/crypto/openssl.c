/* SPDX-License-Identifier: BSD-2-Clause */
/* crypto/openssl.c: codes, hashes and verifications by libcrypto 3.0 and later, and a build without it. */
#include "config.h"

#include "crypto/openssl.h"

#include "crypto/digest.h"
#include "crypto/hmac.h"

#ifdef HAVE_OPENSSL
#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"
#include "crypto/signature.h"

#define COMMON_FUNCTIONS(FUNCTION)                                                                 \
	FUNCTION(OPENSSL_init_crypto)                                                              \
	FUNCTION(CRYPTO_malloc)                                                                    \
	FUNCTION(CRYPTO_free)                                                                      \
	FUNCTION(ERR_get_error)

#define MAC_FUNCTIONS(FUNCTION)                                                                    \
	FUNCTION(EVP_MAC_fetch)                                                                    \
	FUNCTION(EVP_MAC_free)                                                                     \
	FUNCTION(EVP_MAC_CTX_new)                                                                  \
	FUNCTION(EVP_MAC_CTX_dup)                                                                  \
	FUNCTION(EVP_MAC_CTX_free)                                                                 \
	FUNCTION(EVP_MAC_CTX_set_params)                                                           \
	FUNCTION(EVP_MAC_init)                                                                     \
	FUNCTION(EVP_MAC_update)                                                                   \
	FUNCTION(EVP_MAC_final)

#define SIGNATURE_FUNCTIONS(FUNCTION)                                                              \
	FUNCTION(EVP_MD_fetch)                                                                     \
	FUNCTION(EVP_MD_CTX_new)                                                                   \
	FUNCTION(EVP_MD_CTX_free)                                                                  \
	FUNCTION(EVP_DigestInit_ex2)                                                               \
	FUNCTION(EVP_DigestUpdate)                                                                 \
	FUNCTION(EVP_DigestFinal_ex)                                                               \
	FUNCTION(EVP_PKEY_CTX_new_from_name)                                                       \
	FUNCTION(EVP_PKEY_CTX_free)                                                                \
	FUNCTION(EVP_PKEY_fromdata_init)                                                           \
	FUNCTION(EVP_PKEY_fromdata)                                                                \
	FUNCTION(EVP_PKEY_new_raw_public_key_ex)                                                   \
	FUNCTION(EVP_PKEY_dup)                                                                     \
	FUNCTION(EVP_PKEY_set1_encoded_public_key)                                                 \
	FUNCTION(EVP_PKEY_free)                                                                    \
	FUNCTION(EVP_DigestVerifyInit_ex)                                                          \
	FUNCTION(EVP_DigestVerify)

#define POINTER(name) __typeof__(name) *name;
#define ROW(name) {#name, &library.name},

enum { DIGESTS = TARN__SHA384 + 1 };

static struct {
	void *handle; /* NULL: not loaded */
	bool is_started;
	COMMON_FUNCTIONS(POINTER)
	MAC_FUNCTIONS(POINTER)
	SIGNATURE_FUNCTIONS(POINTER)
	EVP_MAC_CTX *blank; /* without a key: others are copies of it */
	EVP_MD *digests[DIGESTS]; /* NULL: not loaded, or the library does not have it */
	EVP_PKEY *p256, *p384; /* curves without a point, likewise: keys are copies of them */
} library;

static const char *report_missing(const char *function)
{
	static char text[128];
	snprintf(text, sizeof(text), "%s has no %s", OPENSSL_SONAME, function);
	return text;
}

/*
 * The library's configuration file is not read: what it may load is not needed, nor are tables of names and
 * of error texts, which take a millisecond to make. At the end of the program nothing is freed, since other
 * threads may be using it.
 */
static const char *start(void)
{
	const struct tarn__library_function functions[] = {COMMON_FUNCTIONS(ROW)};
	const uint64_t how = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
			     OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
			     OPENSSL_INIT_NO_ADD_ALL_DIGESTS;
	if (!library.handle)
		library.handle = dlopen(OPENSSL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library.handle)
		return dlerror();
	const char *missing = tarn__library_find(library.handle, functions,
						 sizeof(functions) / sizeof(functions[0]));
	if (missing)
		return report_missing(missing);
	library.is_started = library.OPENSSL_init_crypto(how, NULL) == 1;
	return library.is_started ? NULL : OPENSSL_SONAME " does not start";
}

/* Loads the library once, and looks up functions. Returns NULL, or the reason why it cannot be done. */
static const char *load(const struct tarn__library_function *functions, size_t count)
{
	const char *fault = library.is_started ? NULL : start();
	if (fault)
		return fault;
	const char *missing = tarn__library_find(library.handle, functions, count);
	return missing ? report_missing(missing) : NULL;
}

/* Returns true if the library cannot allocate now. Not each of its errors that comes from this says so. */
static bool is_memory_short(void)
{
	enum {
		PROBE_LEN = 16384 /* octets: more than any of its allocations for a verification */
	};
	void *probe = library.CRYPTO_malloc(PROBE_LEN, NULL, 0);
	library.CRYPTO_free(probe, NULL, 0);
	return !probe;
}

/* Empties the library's queue of errors, which is the thread's. Returns the reason of a failure. */
static enum tarn__openssl_result take_errors(void)
{
	bool is_short = false;
	for (unsigned long error; (error = library.ERR_get_error()) != 0;)
		is_short |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is_short ? TARN__OPENSSL_NO_MEMORY : TARN__OPENSSL_BAD;
}

/* The library returns 0 or less at a failure. */
static bool is_done(int result)
{
	if (result > 0)
		return true;
	(void)take_errors();
	return false;
}

bool tarn__hmac_is_built(void)
{
	return true;
}

/* Returns a context without a key; NULL: the library does not have the algorithm. */
static EVP_MAC_CTX *make_blank(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", digest, sizeof(digest) - 1),
				     OSSL_PARAM_END};
	EVP_MAC *mac = library.EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac ? library.EVP_MAC_CTX_new(mac) : NULL;
	if (mac)
		library.EVP_MAC_free(mac);
	if (context && is_done(library.EVP_MAC_CTX_set_params(context, params)))
		return context;
	library.EVP_MAC_CTX_free(context);
	(void)take_errors();
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
	const struct tarn__library_function functions[] = {MAC_FUNCTIONS(ROW)};
	if (library.blank)
		return NULL;
	const char *fault = load(functions, sizeof(functions) / sizeof(functions[0]));
	if (fault)
		return fault;
	library.blank = make_blank();
	if (library.blank && can_compute())
		return NULL;
	library.EVP_MAC_CTX_free(library.blank);
	library.blank = NULL;
	return OPENSSL_SONAME " has no HMAC with SHA-256";
}

static EVP_MAC_CTX *context_of(struct tarn__hmac *hmac)
{
	return (EVP_MAC_CTX *)hmac;
}

struct tarn__hmac *tarn__hmac_new(const uint8_t *key, size_t key_len)
{
	if (!library.blank)
		return NULL;
	EVP_MAC_CTX *context = library.EVP_MAC_CTX_dup(library.blank);
	if (context && is_done(library.EVP_MAC_init(context, key, key_len, NULL)))
		return (struct tarn__hmac *)context;
	library.EVP_MAC_CTX_free(context);
	(void)take_errors();
	return NULL;
}

bool tarn__hmac_add(struct tarn__hmac *hmac, const void *octets, size_t len)
{
	return is_done(library.EVP_MAC_update(context_of(hmac), octets, len));
}

bool tarn__hmac_end(struct tarn__hmac *hmac, uint8_t out[TARN__HMAC_LEN])
{
	size_t len;
	return is_done(library.EVP_MAC_final(context_of(hmac), out, &len, TARN__HMAC_LEN)) &&
	       len == TARN__HMAC_LEN;
}

void tarn__hmac_free(struct tarn__hmac *hmac)
{
	if (hmac)
		library.EVP_MAC_CTX_free(context_of(hmac));
}

/* A context of its own per hash costs 0.04 of 0.14 us: keeping one per thread is not worth it. */
size_t tarn__digest_write(enum tarn__digest digest, const struct tarn__digest_part *parts,
			  size_t count, uint8_t out[TARN__DIGEST_MAX])
{
	unsigned len = 0;
	const EVP_MD *type = library.digests[digest];
	if (!type)
		return 0;
	EVP_MD_CTX *context = library.EVP_MD_CTX_new();
	bool is_written = context && library.EVP_DigestInit_ex2(context, type, NULL) == 1;
	for (size_t i = 0; i < count && is_written; i++)
		is_written = library.EVP_DigestUpdate(context, parts[i].octets, parts[i].len) == 1;
	is_written = is_written && library.EVP_DigestFinal_ex(context, out, &len) == 1;
	library.EVP_MD_CTX_free(context);
	if (is_written)
		return len;
	(void)take_errors();
	return 0;
}

/* selection: what of a key the parameters have. Returns NULL if the library fails. */
static EVP_PKEY *import_key(const char *type, int selection, OSSL_PARAM params[])
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = library.EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	/* It leaves NULL at a failure. */
	if (context && library.EVP_PKEY_fromdata_init(context) == 1)
		(void)library.EVP_PKEY_fromdata(context, &key, selection, params);
	library.EVP_PKEY_CTX_free(context);
	return key;
}

/* Writes a number in the machine's order of octets. */
static void write_native(const uint8_t *octets, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = octets[__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? i : len - 1 - i];
}

static EVP_PKEY *make_rsa_key(const struct tarn__public_key *key)
{
	uint8_t modulus[TARN__MODULUS_MAX], exponent[TARN__EXPONENT_MAX];
	if (key->len > sizeof(modulus) || key->exponent_len > sizeof(exponent))
		return NULL;
	write_native(key->octets, key->len, modulus);
	write_native(key->exponent, key->exponent_len, exponent);
	OSSL_PARAM params[] = {OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, modulus, key->len),
			       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, exponent, key->exponent_len),
			       OSSL_PARAM_END};
	return import_key("RSA", EVP_PKEY_PUBLIC_KEY, params);
}

static EVP_PKEY *make_curve(char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, strlen(name)),
		OSSL_PARAM_END};
	return import_key("EC", EVP_PKEY_KEY_PARAMETERS, params);
}

/*
 * A copy of a curve takes 4 us, another curve would take 17. The library fails if the point is not on it.
 */
static EVP_PKEY *make_point(EVP_PKEY *curve, const struct tarn__public_key *point)
{
	enum { UNCOMPRESSED = 4 }; /* RFC 6605 section 4 leaves it out */
	uint8_t octets[1 + 2 * TARN__POINT_HALF_MAX] = {UNCOMPRESSED};
	if (!curve || point->len >= sizeof(octets))
		return NULL;
	memcpy(octets + 1, point->octets, point->len);
	EVP_PKEY *key = library.EVP_PKEY_dup(curve);
	if (key && library.EVP_PKEY_set1_encoded_public_key(key, octets, 1 + point->len) == 1)
		return key;
	library.EVP_PKEY_free(key);
	return NULL;
}

/* Returns NULL if the library does not have the algorithm, the key is not valid, or memory is short. */
static EVP_PKEY *make_key(uint8_t algorithm, const struct tarn__public_key *key)
{
	switch (algorithm) {
	case TARN__RSASHA256:
	case TARN__RSASHA512:
		return make_rsa_key(key);
	case TARN__ECDSAP256SHA256:
		return make_point(library.p256, key);
	case TARN__ECDSAP384SHA384:
		return make_point(library.p384, key);
	case TARN__ED25519:
		return library.EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->octets,
							      key->len);
	case TARN__ED448:
		return library.EVP_PKEY_new_raw_public_key_ex(NULL, "ED448", NULL, key->octets,
							      key->len);
	}
	return NULL;
}

/* The hash that is signed; NULL: the data themselves are. */
static const char *digest_of(uint8_t algorithm)
{
	switch (algorithm) {
	case TARN__RSASHA256:
	case TARN__ECDSAP256SHA256:
		return "SHA256";
	case TARN__ECDSAP384SHA384:
		return "SHA384";
	case TARN__RSASHA512:
		return "SHA512";
	}
	return NULL;
}

enum {
	DER_INTEGER = 0x02,
	DER_SEQUENCE = 0x30,
	DER_MAX = 2 + 2 * (3 + TARN__POINT_HALF_MAX), /* below 128: lengths are one octet */
};

/*
 * Writes a number of at least one octet: without leading zeros, but one if it would be negative. Returns
 * its end.
 */
static uint8_t *write_integer(const uint8_t *octets, size_t len, uint8_t *out)
{
	for (; len > 1 && octets[0] == 0; len--)
		octets++;
	size_t sign = octets[0] >> 7;
	*out++ = DER_INTEGER;
	*out++ = (uint8_t)(sign + len);
	if (sign)
		*out++ = 0;
	memcpy(out, octets, len);
	return out + len;
}

/*
 * Writes r and s as the library wants them: Ecdsa-Sig-Value of RFC 3279 section 2.2.3. Returns the octets.
 */
static size_t write_pair(const uint8_t *pair, size_t len, uint8_t out[DER_MAX])
{
	uint8_t *end = write_integer(pair, len / 2, out + 2);
	end = write_integer(pair + len / 2, len / 2, end);
	out[0] = DER_SEQUENCE;
	out[1] = (uint8_t)(end - out - 2);
	return (size_t)(end - out);
}

enum tarn__openssl_result tarn__openssl_verify(uint8_t algorithm,
					       const struct tarn__public_key *public_key,
					       const uint8_t *signature, size_t signature_len,
					       const uint8_t *data, size_t data_len)
{
	uint8_t der[DER_MAX];
	if (algorithm == TARN__ECDSAP256SHA256 || algorithm == TARN__ECDSAP384SHA384) {
		signature_len = write_pair(signature, signature_len, der);
		signature = der;
	}
	EVP_PKEY *key = make_key(algorithm, public_key);
	EVP_MD_CTX *context = key ? library.EVP_MD_CTX_new() : NULL;
	bool is_good =
		context &&
		library.EVP_DigestVerifyInit_ex(context, NULL, digest_of(algorithm), NULL, NULL,
						key, NULL) == 1 &&
		library.EVP_DigestVerify(context, signature, signature_len, data, data_len) == 1;
	library.EVP_MD_CTX_free(context);
	library.EVP_PKEY_free(key);
	/* There may be errors that the library has got over. */
	enum tarn__openssl_result reason = take_errors();
	if (is_good)
		return TARN__OPENSSL_GOOD;
	return is_memory_short() ? TARN__OPENSSL_NO_MEMORY : reason;
}

const char *tarn__openssl_load(void)
{
	static const char *const names[DIGESTS] = {
		[TARN__SHA1] = "SHA1", [TARN__SHA256] = "SHA256", [TARN__SHA384] = "SHA384"};
	const struct tarn__library_function functions[] = {SIGNATURE_FUNCTIONS(ROW)};
	const char *fault = load(functions, sizeof(functions) / sizeof(functions[0]));
	if (fault)
		return fault;
	for (size_t i = 0; i < DIGESTS; i++) {
		if (!library.digests[i])
			library.digests[i] = library.EVP_MD_fetch(NULL, names[i], NULL);
	}
	if (!library.p256)
		library.p256 = make_curve((char[]){"P-256"});
	if (!library.p384)
		library.p384 = make_curve((char[]){"P-384"});
	return take_errors() == TARN__OPENSSL_NO_MEMORY ? "out of memory" : NULL;
}

#else

static const char not_built[] = "tarn was built without OpenSSL";

bool tarn__hmac_is_built(void)
{
	return false;
}

const char *tarn__hmac_load(void)
{
	return not_built;
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

size_t tarn__digest_write(enum tarn__digest digest, const struct tarn__digest_part *parts,
			  size_t count, uint8_t out[TARN__DIGEST_MAX])
{
	(void)digest;
	(void)parts;
	(void)count;
	(void)out;
	return 0;
}

const char *tarn__openssl_load(void)
{
	return not_built;
}

enum tarn__openssl_result tarn__openssl_verify(uint8_t algorithm,
					       const struct tarn__public_key *public_key,
					       const uint8_t *signature, size_t signature_len,
					       const uint8_t *data, size_t data_len)
{
	(void)algorithm;
	(void)public_key;
	(void)signature;
	(void)signature_len;
	(void)data;
	(void)data_len;
	return TARN__OPENSSL_BAD;
}

#endif
