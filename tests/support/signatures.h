/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/signatures.h: keys, signatures and what they sign, and a look into the library's errors. */
#ifndef TESTS_SUPPORT_SIGNATURES_H
#define TESTS_SUPPORT_SIGNATURES_H

#include "config.h"

#include <check.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/base16.h"
#include "base/base64.h"
#include "crypto/signature.h"

/*
 * Keys and signatures are those of the RFCs (of RFC 8080 with erratum 4935), the data are made of their
 * records as RFC 4034 section 3.1.8.1 has it.
 */
static const struct {
	uint8_t algorithm;
	const char *key, *signature, *data;
} signature_vectors[] = {
	/* RFC 5702 section 6.1 */
	{TARN__RSASHA256,
	 "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p"
	 "/DlUmObdk=",
	 "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP"
	 "4bwg==",
	 "0001080300000e1070dbd880386d43802349076578616d706c65036e65740003777777076578616d70"
	 "6c65036e6574000001000100000e100004c000025b"},
	/* RFC 5702 section 6.2 */
	{TARN__RSASHA512,
	 "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tO"
	 "nD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTS"
	 "ncorffcGmhOL",
	 "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWz"
	 "r0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fth"
	 "PgxdDLw=",
	 "00010a0300000e1070dbd880386d43800e9c076578616d706c65036e65740003777777076578616d70"
	 "6c65036e6574000001000100000e100004c000025b"},
	/* RFC 6605 section 6.1 */
	{TARN__ECDSAP256SHA256,
	 "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc"
	 "8NAA==",
	 "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep66"
	 "6VCw==",
	 "00010d0300000e104c88b1374c63c737d960076578616d706c65036e65740003777777076578616d70"
	 "6c65036e6574000001000100000e100004c0000201"},
	/* RFC 6605 section 6.2 */
	{TARN__ECDSAP384SHA384,
	 "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ"
	 "+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
	 "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJN"
	 "uydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm",
	 "00010e0300000e104c88b4e94c63cae92a13076578616d706c65036e65740003777777076578616d70"
	 "6c65036e6574000001000100000e100004c0000201"},
	/* RFC 8080 section 6.1, first */
	{TARN__ED25519, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
	 "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcr"
	 "qNAg==",
	 "000f0f0200000e1055d4fc6055b94ce00e1d076578616d706c6503636f6d00076578616d706c650363"
	 "6f6d00000f000100000e100014000a046d61696c076578616d706c6503636f6d00"},
	/* RFC 8080 section 6.1, second */
	{TARN__ED25519, "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
	 "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2"
	 "pcBg==",
	 "000f0f0200000e1055d4fc6055b94ce08991076578616d706c6503636f6d00076578616d706c650363"
	 "6f6d00000f000100000e100014000a046d61696c076578616d706c6503636f6d00"},
	/* RFC 8080 section 6.2, first */
	{TARN__ED448,
	 "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
	 "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/"
	 "NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA",
	 "000f100200000e1055d4fc6055b94ce025f1076578616d706c6503636f6d00076578616d706c650363"
	 "6f6d00000f000100000e100014000a046d61696c076578616d706c6503636f6d00"},
	/* RFC 8080 section 6.2, second */
	{TARN__ED448,
	 "kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA",
	 "E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f7q"
	 "I1gVnML8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA",
	 "000f100200000e1055d4fc6055b94ce095d1076578616d706c6503636f6d00076578616d706c650363"
	 "6f6d00000f000100000e100014000a046d61696c076578616d706c6503636f6d00"},
};

enum {
	SIGNATURE_VECTORS = sizeof(signature_vectors) / sizeof(signature_vectors[0]),
	RSA_512 = 0, /* where it is */
	RSA_1024 = 1,
	P256 = 2,
	P384 = 3,
	ED25519 = 4,
	ED448 = 6,
};

enum { OCTETS_MAX = 1024 };

struct octets {
	uint8_t at[OCTETS_MAX];
	size_t len;
};

struct signed_data {
	uint8_t algorithm;
	struct octets key, signature, data;
};

static inline struct octets from_base64(const char *encoded)
{
	struct octets octets = {.len = 0};
	struct tarn__base64 base64 = {0};
	ck_assert(tarn__base64_read(&base64, encoded, strlen(encoded), octets.at, OCTETS_MAX,
				    &octets.len));
	return octets;
}

static inline struct octets from_base16(const char *digits)
{
	struct octets octets = {.len = 0};
	octets.len = tarn__base16_read(digits, octets.at, OCTETS_MAX);
	ck_assert_uint_gt(octets.len, 0);
	return octets;
}

static inline struct signed_data read_vector(size_t i)
{
	return (struct signed_data){
		.algorithm = signature_vectors[i].algorithm,
		.key = from_base64(signature_vectors[i].key),
		.signature = from_base64(signature_vectors[i].signature),
		.data = from_base16(signature_vectors[i].data),
	};
}

static inline bool is_good(const struct signed_data *it)
{
	return tarn__signature_verify(it->algorithm, it->key.at, it->key.len, it->signature.at,
				      it->signature.len, it->data.at, it->data.len);
}

static inline void load_signatures(void)
{
	ck_assert_ptr_null(tarn__signature_load());
}

/* Finds a function of the library that is loaded. Its headers are included in one file of crypto/ only. */
static inline void find_function(const char *name, void *pointer)
{
#ifdef HAVE_OPENSSL
	void *handle = dlopen(OPENSSL_SONAME, RTLD_NOW);
	void *function = handle ? dlsym(handle, name) : NULL;
#else
	void *function = NULL;
#endif
	ck_assert_msg(function != NULL, "%s", name);
	memcpy(pointer, &function, sizeof(function));
}

/* Returns true if a call of this thread has left an error in the library's queue. */
static inline bool has_queued_errors(void)
{
	unsigned long (*peek)(void);
	find_function("ERR_peek_error", &peek);
	return peek() != 0;
}

#endif
