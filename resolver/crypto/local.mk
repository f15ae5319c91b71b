# SPDX-License-Identifier: BSD-2-Clause
# crypto/: the door to OpenSSL, which the program loads when it needs it.

crypto_sources = \
	resolver/crypto/digest.h \
	resolver/crypto/hmac.h \
	resolver/crypto/openssl.c resolver/crypto/openssl.h \
	resolver/crypto/signature.c resolver/crypto/signature.h
