/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/framing.h: how DNS messages lie in the octets of a connection to a server: behind their lengths (RFC 1035
 * section 4.2.2; net/framed.h) or in streams of HTTP/2 (RFC 8484; http2/h2_client.h). What is above sees whole
 * messages in and out.
 *
 * Thread: the connection's.
 */
#ifndef TARN_BASE_FRAMING_H
#define TARN_BASE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__framing;

/* Results of a read. */
enum { TARN__STREAM_AGAIN = 0, TARN__STREAM_READ = 1, TARN__STREAM_END = 2 };

/* What has come: an answer, or the end of a question without one. */
struct tarn__framed {
	/* Valid until the next call of read() or done(). NULL: the question has failed. */
	const uint8_t *message;
	size_t len;
	/* Of a question that has failed, and of a message if has_tag: that of the question. */
	uint8_t tag;
	bool has_tag; /* the framing knows to which question a message belongs */
	/* Of a question that has failed: */
	/*
	 * TARN_EANSWER: the server has answered with what is no DNS message; TARN_EUNREACHABLE: it has not
	 * processed the question, which can be asked again on another connection.
	 */
	int error;
	uint32_t
		hold_ms; /* for which the server asks to be left alone (Retry-After); 0: it does not */
	const char *
		reason; /* for a log: "HTTP status 404"; valid as long as the message; NULL: none */
};

struct tarn__framing_ops {
	/*
	 * Queues a question. tag is given back with a failure; no other question under way has it. 0;
	 * TARN_EBUSY: the connection takes none now; TARN_EUNREACHABLE: nor ever again; TARN_ENOMEM.
	 */
	int (*put)(struct tarn__framing *, const uint8_t *message, size_t len, uint8_t tag);
	/* The tag is free for another question: its answer is not waited for any more. */
	void (*forget)(struct tarn__framing *, uint8_t tag);
	/* Number of questions that put() takes now. */
	size_t (*room)(const struct tarn__framing *);
	/*
	 * Reads once. TARN__STREAM_READ: octets came, see next(). _AGAIN: none now. _END: the server writes no
	 * more. TARN_ESYSTEM with errno: broken, or no memory.
	 */
	int (*read)(struct tarn__framing *);
	/* The next thing that has been read whole. */
	bool (*next)(struct tarn__framing *, struct tarn__framed *out);
	/* After the last next(): frees memory that holds nothing half received. */
	void (*done)(struct tarn__framing *);
	/* Writes what is queued, as far as the pipe takes it. TARN_ESYSTEM with errno: broken. */
	int (*flush)(struct tarn__framing *);
	/* Octets that wait to be written. */
	size_t (*pending)(const struct tarn__framing *);
	/* Says to the server that this is the end, as far as the framing has a word for it. */
	void (*end)(struct tarn__framing *);
	void (*free)(struct tarn__framing *);
};

/* The first member of what a kind needs. */
struct tarn__framing {
	const struct tarn__framing_ops *ops;
};

#endif
