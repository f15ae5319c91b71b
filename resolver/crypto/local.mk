# SPDX-License-Identifier: BSD-2-Clause
# crypto/: the door to OpenSSL, which the program loads when it needs it.

crypto_sources = \
	resolver/crypto/digest.h \
	resolver/crypto/hmac.c resolver/crypto/hmac.h \
	resolver/crypto/signature.h
