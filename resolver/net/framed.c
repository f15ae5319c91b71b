/* SPDX-License-Identifier: BSD-2-Clause */
/* net/framed.c: the framing of messages behind their lengths. */
#include "net/framed.h"

#include <stdlib.h>

#include "net/stream.h"
#include "tarn.h"

enum {
	/* Octets that may wait for a slow server; then the connection takes no more questions. */
	OUTPUT_MAX = 1 << 16,
};

struct framed {
	struct tarn__framing framing;
	struct tarn__stream stream;
};

static struct framed *framed_of(struct tarn__framing *framing)
{
	return (struct framed *)framing;
}

static const struct framed *const_framed_of(const struct tarn__framing *framing)
{
	return (const struct framed *)framing;
}

static int put(struct tarn__framing *framing, const uint8_t *message, size_t len, uint8_t tag)
{
	(void)tag;
	struct tarn__stream *stream = &framed_of(framing)->stream;
	if (tarn__stream_pending(stream) > OUTPUT_MAX)
		return TARN_EBUSY;
	return tarn__stream_put(stream, message, len);
}

static void forget(struct tarn__framing *framing, uint8_t tag)
{
	(void)framing;
	(void)tag;
}

static size_t room(const struct tarn__framing *framing)
{
	return tarn__stream_pending(&const_framed_of(framing)->stream) > OUTPUT_MAX ? 0 : SIZE_MAX;
}

static int read_some(struct tarn__framing *framing)
{
	return tarn__stream_read(&framed_of(framing)->stream);
}

static bool next(struct tarn__framing *framing, struct tarn__framed *out)
{
	*out = (struct tarn__framed){0};
	return tarn__stream_next(&framed_of(framing)->stream, &out->message, &out->len);
}

static void done(struct tarn__framing *framing)
{
	tarn__stream_done(&framed_of(framing)->stream);
}

static int flush(struct tarn__framing *framing)
{
	return tarn__stream_flush(&framed_of(framing)->stream);
}

static size_t pending(const struct tarn__framing *framing)
{
	return tarn__stream_pending(&const_framed_of(framing)->stream);
}

/* There is no word for it. */
static void end(struct tarn__framing *framing)
{
	(void)framing;
}

static void free_framed(struct tarn__framing *framing)
{
	struct framed *framed = framed_of(framing);
	tarn__stream_fini(&framed->stream);
	free(framed);
}

struct tarn__framing *tarn__framed_new(struct tarn__pipe *pipe)
{
	static const struct tarn__framing_ops ops = {
		.put = put,
		.forget = forget,
		.room = room,
		.read = read_some,
		.next = next,
		.done = done,
		.flush = flush,
		.pending = pending,
		.end = end,
		.free = free_framed,
	};
	struct framed *framed = malloc(sizeof(*framed));
	if (!framed)
		return NULL;
	framed->framing.ops = &ops;
	tarn__stream_init(&framed->stream, pipe);
	return &framed->framing;
}
