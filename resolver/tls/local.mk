# SPDX-License-Identifier: BSD-2-Clause
# tls/: encrypted pipes, and the door to OpenSSL's libssl, which the program loads when it needs it.

tls_sources = \
	resolver/tls/ca_files.c resolver/tls/ca_files.h \
	resolver/tls/none.c \
	resolver/tls/openssl.c \
	resolver/tls/ticket_keys.c resolver/tls/ticket_keys.h \
	resolver/tls/words.c resolver/tls/words.h \
	resolver/tls/tls.h
