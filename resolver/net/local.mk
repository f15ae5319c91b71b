# SPDX-License-Identifier: BSD-2-Clause
# The sources of resolver/net.

net_sources = \
	resolver/net/alarm.c resolver/net/alarm.h \
	resolver/net/ask.c resolver/net/ask.h \
	resolver/net/clock.c resolver/net/clock.h \
	resolver/net/fault_log.c resolver/net/fault_log.h \
	resolver/net/framed.c resolver/net/framed.h \
	resolver/net/listen/client_http.c resolver/net/listen/client_protocol.h \
	resolver/net/listen/client_stream.c \
	resolver/net/listen/connection.c resolver/net/listen/connection.h \
	resolver/net/listen/handshake_rate.c resolver/net/listen/handshake_rate.h \
	resolver/net/listen/peers.c resolver/net/listen/peers.h \
	resolver/net/listen/places.c resolver/net/listen/places.h \
	resolver/net/listen/proxy_header.c resolver/net/listen/proxy_header.h \
	resolver/net/listen/securing.c resolver/net/listen/securing.h \
	resolver/net/listen/tcp.c resolver/net/listen/tcp.h \
	resolver/net/listen/udp.c resolver/net/listen/udp.h \
	resolver/net/mailbox.c resolver/net/mailbox.h \
	resolver/net/socket_pipe.c resolver/net/socket_pipe.h \
	resolver/net/random.c resolver/net/random.h \
	resolver/net/second/backoff.h \
	resolver/net/second/commands.c resolver/net/second/commands.h \
	resolver/net/second/connection.h \
	resolver/net/second/expect.c resolver/net/second/expect.h \
	resolver/net/second/hiredis.c resolver/net/second/none.c \
	resolver/net/second/link.c resolver/net/second/link.h \
	resolver/net/second/place.c resolver/net/second/place.h \
	resolver/net/second/replies.c resolver/net/second/replies.h \
	resolver/net/second/report.c resolver/net/second/report.h \
	resolver/net/second/requests.c resolver/net/second/requests.h \
	resolver/net/second/secure.c resolver/net/second/secure.h \
	resolver/net/second/sentinel.c resolver/net/second/sentinel.h \
	resolver/net/second/session.c resolver/net/second/session.h \
	resolver/net/shared.c resolver/net/shared.h \
	resolver/net/socket.c resolver/net/socket.h \
	resolver/net/stats_collector.c resolver/net/stats_collector.h \
	resolver/net/stream.c resolver/net/stream.h \
	resolver/net/tarn.c \
	resolver/net/totals.c resolver/net/totals.h \
	resolver/net/upstream/cares.c resolver/net/upstream/cares.h \
	resolver/net/upstream/carrier.c resolver/net/upstream/carrier.h \
	resolver/net/upstream/channel.h \
	resolver/net/upstream/choice.c resolver/net/upstream/choice.h \
	resolver/net/upstream/connection.h \
	resolver/net/upstream/connection_channel.c \
	resolver/net/upstream/connection_messages.c \
	resolver/net/upstream/lines.c resolver/net/upstream/lines.h \
	resolver/net/upstream/secure_server.c resolver/net/upstream/secure_server.h \
	resolver/net/upstream/socket_channel.c resolver/net/upstream/socket_channel.h \
	resolver/net/upstream/stats.h \
	resolver/net/upstream/tls_link.c resolver/net/upstream/tls_link.h \
	resolver/net/upstream/transactions.c resolver/net/upstream/transactions.h \
	resolver/net/upstream/udp_channel.c \
	resolver/net/worker.c resolver/net/worker.h
