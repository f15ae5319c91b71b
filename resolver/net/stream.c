/* SPDX-License-Identifier: BSD-2-Clause */
/* net/stream.c: DNS messages on a pipe. */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "base/pipe.h"
#include "tarn.h"

enum {
	LENGTH_LEN = 2,
	/* Octets that one read takes at most of further messages: some fifty questions. */
	READ_SIZE = 4096,
};

void tarn__stream_init(struct tarn__stream *stream, struct tarn__pipe *pipe)
{
	*stream = (struct tarn__stream){.pipe = pipe};
}

void tarn__stream_fini(struct tarn__stream *stream)
{
	free(stream->in.data);
	free(stream->out.data);
	tarn__stream_init(stream, NULL);
}

static size_t waiting(const struct tarn__octets *octets)
{
	return octets->end - octets->start;
}

static void release(struct tarn__octets *octets)
{
	free(octets->data);
	*octets = (struct tarn__octets){0};
}

/* Makes room for len more octets behind those that wait. */
static int reserve(struct tarn__octets *octets, size_t len)
{
	if (octets->size - octets->end >= len)
		return 0;
	if (octets->start > 0) {
		memmove(octets->data, octets->data + octets->start, waiting(octets));
		octets->end -= octets->start;
		octets->start = 0;
	}
	if (octets->size - octets->end >= len)
		return 0;
	size_t size = octets->size * 2;
	if (size < octets->end + len)
		size = octets->end + len;
	uint8_t *data = realloc(octets->data, size);
	if (!data)
		return TARN_ENOMEM;
	octets->data = data;
	octets->size = size;
	return 0;
}

static int append(struct tarn__octets *octets, const uint8_t *data, size_t len)
{
	if (reserve(octets, len) != 0)
		return TARN_ENOMEM;
	memcpy(octets->data + octets->end, data, len);
	octets->end += len;
	return 0;
}

/* Octets missing of the message at the front, READ_SIZE at least. */
static size_t want(const struct tarn__octets *in)
{
	size_t have = waiting(in);
	if (have < LENGTH_LEN)
		return READ_SIZE;
	size_t need = LENGTH_LEN + tarn__get16(in->data + in->start);
	return need > have + READ_SIZE ? need - have : READ_SIZE;
}

/* The result of a read. */
static int judge_read(ssize_t got)
{
	if (got > 0)
		return TARN__STREAM_READ;
	if (got == 0)
		return TARN__STREAM_END;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return TARN__STREAM_AGAIN;
	return TARN_ESYSTEM;
}

int tarn__stream_read(struct tarn__stream *stream)
{
	struct tarn__octets *in = &stream->in;
	if (reserve(in, want(in)) != 0) {
		errno = ENOMEM;
		return TARN_ESYSTEM;
	}
	/* TLS gives a record at a time: those that are there are taken, so that all is answered at once. */
	bool has_some = false;
	do {
		ssize_t got = tarn__pipe_recv(stream->pipe, in->data + in->end, in->size - in->end);
		if (got <= 0) {
			int result = judge_read(got);
			return has_some && result == TARN__STREAM_AGAIN ? TARN__STREAM_READ
									: result;
		}
		has_some = true;
		in->end += (size_t)got;
	} while (in->end < in->size && tarn__pipe_has_more(stream->pipe));
	return TARN__STREAM_READ;
}

int tarn__stream_discard(struct tarn__stream *stream)
{
	uint8_t octets[READ_SIZE];
	release(&stream->in);
	return judge_read(tarn__pipe_recv(stream->pipe, octets, sizeof(octets)));
}

bool tarn__stream_next(struct tarn__stream *stream, const uint8_t **message, size_t *len)
{
	struct tarn__octets *in = &stream->in;
	size_t have = waiting(in);
	if (have < LENGTH_LEN)
		return false;
	const uint8_t *front = in->data + in->start;
	size_t message_len = tarn__get16(front);
	if (have - LENGTH_LEN < message_len)
		return false;
	in->start += LENGTH_LEN + message_len;
	*message = front + LENGTH_LEN;
	*len = message_len;
	return true;
}

void tarn__stream_done(struct tarn__stream *stream)
{
	if (waiting(&stream->in) == 0)
		release(&stream->in);
}

bool tarn__stream_is_partial(const struct tarn__stream *stream)
{
	return waiting(&stream->in) > 0;
}

int tarn__stream_put(struct tarn__stream *stream, const uint8_t *message, size_t len)
{
	uint8_t length[LENGTH_LEN];
	tarn__put16(length, (uint16_t)len);
	if (reserve(&stream->out, LENGTH_LEN + len) != 0)
		return TARN_ENOMEM;
	append(&stream->out, length, LENGTH_LEN);
	return append(&stream->out, message, len);
}

static bool is_blocked(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS;
}

/*
 * Returns the number of octets that the pipe took. TARN_ESYSTEM with errno. TLS takes one record at a time, of
 * 16 KB at most.
 */
static ssize_t write_some(struct tarn__pipe *pipe, const uint8_t *octets, size_t len)
{
	ssize_t sent = tarn__pipe_send(pipe, octets, len);
	if (sent == (ssize_t)len)
		return sent;
	size_t taken = 0;
	while (sent > 0 && (taken += (size_t)sent) < len)
		sent = tarn__pipe_send(pipe, octets + taken, len - taken);
	return sent >= 0 || is_blocked(errno) ? (ssize_t)taken : TARN_ESYSTEM;
}

int tarn__stream_flush(struct tarn__stream *stream)
{
	struct tarn__octets *out = &stream->out;
	if (waiting(out) == 0)
		return 0;
	ssize_t sent = write_some(stream->pipe, out->data + out->start, waiting(out));
	if (sent < 0)
		return TARN_ESYSTEM;
	out->start += (size_t)sent;
	if (waiting(out) == 0)
		release(out);
	return 0;
}

int tarn__stream_write(struct tarn__stream *stream, const uint8_t *octets, size_t len)
{
	if (tarn__stream_flush(stream) != 0)
		return TARN_ESYSTEM;
	ssize_t sent = 0;
	if (tarn__stream_pending(stream) == 0)
		sent = write_some(stream->pipe, octets, len);
	if (sent < 0)
		return TARN_ESYSTEM;
	if ((size_t)sent == len)
		return 0;
	return append(&stream->out, octets + sent, len - (size_t)sent);
}

size_t tarn__stream_pending(const struct tarn__stream *stream)
{
	return waiting(&stream->out);
}
