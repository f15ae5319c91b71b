/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_stream.c: a stream in any segments gives the same messages; and messages written in
 * any pieces give the same stream.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/message.h"
#include "net/socket_pipe.h"
#include "net/stream.h"

enum { SEGMENTS = 16, OCTETS_MAX = 1 << 16 };

/* The input, and the expected and actual output: each message behind its length. */
struct flow {
	struct tarn__socket_pipe pipe;
	struct tarn__stream stream;
	int peer;
	const uint8_t *octets;
	size_t len, checked;
};

static void open_flow(struct flow *flow, const uint8_t *octets, size_t len)
{
	int fds[2];
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	*flow = (struct flow){.peer = fds[1], .octets = octets, .len = len};
	tarn__socket_pipe_init(&flow->pipe, fds[0]);
	tarn__stream_init(&flow->stream, &flow->pipe.pipe);
}

static void close_flow(struct flow *flow)
{
	close(flow->pipe.fd);
	close(flow->peer);
	tarn__stream_fini(&flow->stream);
}

/* All messages that are there so far, and no other. */
static void check_messages(struct flow *flow, size_t sent)
{
	const uint8_t *message;
	size_t len;
	while (tarn__stream_next(&flow->stream, &message, &len)) {
		const uint8_t *expected = flow->octets + flow->checked;
		fuzz_check(sent - flow->checked >= 2 + len && tarn__get16(expected) == len);
		fuzz_check(memcmp(message, expected + 2, len) == 0);
		flow->checked += 2 + len;
	}
	tarn__stream_done(&flow->stream);
	size_t left = sent - flow->checked;
	fuzz_check(left < 2 || left - 2 < tarn__get16(flow->octets + flow->checked));
	fuzz_check(tarn__stream_is_partial(&flow->stream) == (left > 0));
	fuzz_check(left > 0 || !flow->stream.in.data);
}

/* A slow reader: it takes messages after some of the reads only. */
static void feed(struct flow *flow, const uint8_t sizes[SEGMENTS])
{
	size_t sent = 0;
	for (size_t i = 0; sent < flow->len; i++) {
		size_t size = 1 + (size_t)sizes[i % SEGMENTS] * sizes[(i + 1) % SEGMENTS];
		if (size > flow->len - sent)
			size = flow->len - sent;
		fuzz_check(send(flow->peer, flow->octets + sent, size, 0) == (ssize_t)size);
		sent += size;
		while (tarn__stream_read(&flow->stream) == TARN__STREAM_READ)
			;
		if (sizes[i % SEGMENTS] % 4 != 0)
			check_messages(flow, sent);
	}
	check_messages(flow, sent);
	shutdown(flow->peer, SHUT_WR);
	fuzz_check(tarn__stream_read(&flow->stream) == TARN__STREAM_END);
}

/* The messages are put, or written behind their lengths, and a narrow peer reads them in pieces. */
static void answer(struct flow *flow, size_t len, const uint8_t sizes[SEGMENTS])
{
	static uint8_t read[OCTETS_MAX];
	struct tarn__stream *stream = &flow->stream;
	size_t got = 0;
	for (size_t at = 0, i = 0; at < len || got < len; i++) {
		uint8_t size = sizes[i % SEGMENTS];
		if (at < len) {
			size_t message_len = tarn__get16(flow->octets + at);
			const uint8_t *frame = flow->octets + at;
			fuzz_check((size % 2 ? tarn__stream_put(stream, frame + 2, message_len)
					     : tarn__stream_write(stream, frame,
								  2 + message_len)) == 0);
			at += 2 + message_len;
		}
		fuzz_check(tarn__stream_flush(stream) == 0);
		size_t room = 1 + (size_t)size * size;
		ssize_t count = recv(flow->peer, read + got,
				     room < sizeof(read) - got ? room : sizeof(read) - got, 0);
		got += count > 0 ? (size_t)count : 0;
	}
	fuzz_check(tarn__stream_pending(stream) == 0 && !stream->out.data);
	fuzz_check(got == len && memcmp(read, flow->octets, len) == 0);
}

/* The sizes of the segments, and the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < SEGMENTS || len - SEGMENTS > OCTETS_MAX)
		return 0;
	struct flow in, out;
	open_flow(&in, data + SEGMENTS, len - SEGMENTS);
	feed(&in, data);
	open_flow(&out, data + SEGMENTS, in.checked);
	int narrow = 1;
	setsockopt(out.pipe.fd, SOL_SOCKET, SO_SNDBUF, &narrow, sizeof(narrow));
	answer(&out, in.checked, data);
	close_flow(&in);
	close_flow(&out);
	return 0;
}
