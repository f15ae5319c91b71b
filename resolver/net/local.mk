# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/net.

net_sources = \
	resolver/net/address.c \
	resolver/net/ask.c \
	resolver/net/carrier.c resolver/net/carrier.h \
	resolver/net/channel.c resolver/net/channel.h \
	resolver/net/clock.c resolver/net/clock.h \
	resolver/net/connection.c resolver/net/connection.h \
	resolver/net/error.c \
	resolver/net/peers.c resolver/net/peers.h \
	resolver/net/random.c resolver/net/random.h \
	resolver/net/shared.c resolver/net/shared.h \
	resolver/net/socket.c resolver/net/socket.h \
	resolver/net/stream.c resolver/net/stream.h \
	resolver/net/tcp.c resolver/net/tcp.h \
	resolver/net/totals.c resolver/net/totals.h \
	resolver/net/udp.c resolver/net/udp.h \
	resolver/net/worker.c resolver/net/worker.h
