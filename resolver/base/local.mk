# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/base.

base_sources = \
	resolver/base/address.c resolver/base/address.h \
	resolver/base/base16.c resolver/base/base16.h \
	resolver/base/base32.c resolver/base/base32.h \
	resolver/base/base64.c resolver/base/base64.h \
	resolver/base/error.c \
	resolver/base/framing.h \
	resolver/base/library.c resolver/base/library.h \
	resolver/base/list.h \
	resolver/base/octets.h \
	resolver/base/pipe.h \
	resolver/base/ports.c resolver/base/ports.h \
	resolver/base/read.h \
	resolver/base/siphash.c resolver/base/siphash.h \
	resolver/base/timer.c resolver/base/timer.h \
	resolver/base/traits.c resolver/base/traits.h \
	resolver/base/transport.c resolver/base/transport.h \
	resolver/base/upstream.c resolver/base/upstream.h
