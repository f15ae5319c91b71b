# SPDX-License-Identifier: BSD-2-Clause
# tls/: encrypted pipes, and the door to OpenSSL's libssl, which the program loads when it needs it.

tls_sources = \
	resolver/tls/openssl.c \
	resolver/tls/tls.h
