/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/support/tsig.h: keys and codes for tests of signed messages. The library is loaded by load_tsig(). */
#ifndef TESTS_SUPPORT_TSIG_H
#define TESTS_SUPPORT_TSIG_H

#include <check.h>
#include <string.h>

#include "crypto/hmac.h"
#include "dns/tsig.h"
#include "dns/tsig_key.h"

static inline void *begin_code(const uint8_t *secret, size_t len)
{
	return tarn__hmac_new(secret, len);
}

static inline bool add_to_code(void *code, const void *octets, size_t len)
{
	return tarn__hmac_add(code, octets, len);
}

static inline bool end_code(void *code, uint8_t mac[TARN__TSIG_MAC_LEN])
{
	return tarn__hmac_end(code, mac);
}

static inline void free_code(void *code)
{
	tarn__hmac_free(code);
}

static const struct tarn__tsig_hmac test_hmac = {begin_code, add_to_code, end_code, free_code};

static inline void load_tsig(void)
{
	ck_assert_ptr_null(tarn__hmac_load());
}

static inline struct tarn__tsig_key make_key(const char *text)
{
	struct tarn__tsig_key key;
	const char *fault = tarn__tsig_key_parse(text, strlen(text), &key);
	ck_assert_msg(!fault, "%s: %s", text, fault);
	return key;
}

#endif
