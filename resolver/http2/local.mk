# SPDX-License-Identifier: BSD-2-Clause
# http2/: DNS over HTTP/2, and the door to libnghttp2, which the program loads when it needs it.

http2_sources = \
	resolver/http2/body.c resolver/http2/body.h \
	resolver/http2/field.c resolver/http2/field.h \
	resolver/http2/h2_client.c resolver/http2/h2_client.h \
	resolver/http2/h2_server.c resolver/http2/h2_server.h \
	resolver/http2/http2.h \
	resolver/http2/nghttp2.c \
	resolver/http2/none.c \
	resolver/http2/session.h
