# SPDX-License-Identifier: BSD-2-Clause
# tls/: encrypted pipes, and the door to OpenSSL's libssl, which the program loads when it needs it.

tls_sources = \
	resolver/tls/below.c \
	resolver/tls/ca_files.c resolver/tls/ca_files.h \
	resolver/tls/certificate.c \
	resolver/tls/client.c \
	resolver/tls/connection.c \
	resolver/tls/context.c \
	resolver/tls/fault.c \
	resolver/tls/none.c \
	resolver/tls/openssl.c resolver/tls/openssl.h \
	resolver/tls/parts.h \
	resolver/tls/server.c \
	resolver/tls/sessions.c \
	resolver/tls/ticket_keys.c resolver/tls/ticket_keys.h \
	resolver/tls/tls.h \
	resolver/tls/verify.c \
	resolver/tls/words.c resolver/tls/words.h
