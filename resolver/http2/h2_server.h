/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/h2_server.h: DNS questions of clients over HTTP/2 (RFC 8484 over RFC 9113), on a pipe, encrypted or not.
 * It has the limits of one connection; what is within them comes as questions, all else is answered or ended
 * here, with the status of RFC 9110 that fits:
 *
 *	POST, GET with "dns=" in base64url      a question
 *	another path                            404
 *	another method                          405
 *	POST of another type                    415
 *	no message, one that is shorter than
 *	a header, or that is an answer (QR)     400
 *	a body above 65,535 octets              413
 *	headers above TARN__H2_HEADERS_MAX      431
 *
 * Thread: one at a time.
 */
#ifndef TARN_HTTP2_H2_SERVER_H
#define TARN_HTTP2_H2_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__h2_server;
struct tarn__pipe;

enum {
	TARN__H2_STREAMS = 100, /* SETTINGS_MAX_CONCURRENT_STREAMS */
	TARN__H2_HEADERS_MAX =
		8192, /* octets of a request's, as RFC 9113 section 6.5.2 counts them */
	/*
	 * Octets of a body that is not wanted any more, once its request is refused; beyond them the stream is
	 * reset. It may say that it is longer, or turn out to be.
	 */
	TARN__H2_SWALLOWED_MAX = 65535,
	TARN__H2_NOISE_MAX =
		1000, /* frames that are no request within TARN__H2_NOISE_MS; then the end */
	TARN__H2_NOISE_MS = 10000,
	TARN__H2_STALLED_MS = 10000, /* for which a client's window may be closed to an answer */
	/*
	 * Octets of answers that a client does not take; beyond them no question is given by next(), but the
	 * connection is read all the same: what opens the client's window comes that way.
	 */
	TARN__H2_OUTPUT_PAUSE = 1 << 16,
	TARN__H2_OUTPUT_MAX = 1 << 18,
};

/* A request, by which its answer finds it. */
struct tarn__h2_question {
	int32_t stream;
	const uint8_t *message; /* at least a header, without QR; valid until the next call */
	size_t len;
	/*
	 * The address that a proxy says the client has, in the text of X-Forwarded-For: the last one; NULL: it
	 * says none. Whether the proxy is believed is the caller's to decide.
	 */
	const char *forwarded_for;
};

/* path: "/dns-query". Both are borrowed. Returns NULL if out of memory. tarn__http2_load() has been called. */
struct tarn__h2_server *tarn__h2_server_new(struct tarn__pipe *, const char *path);
void tarn__h2_server_free(struct tarn__h2_server *); /* NULL is allowed */

/*
 * As of base/framing.h. _END, too, if the client breaks the protocol or a limit: what is queued says so, and is to
 * be flushed before the end.
 */
int tarn__h2_server_read(struct tarn__h2_server *, uint64_t now_ms);
/* Returns true if something has come in part: a frame, a header, a body. */
bool tarn__h2_server_is_partial(const struct tarn__h2_server *);

/* The next question that is whole. */
bool tarn__h2_server_next(struct tarn__h2_server *, struct tarn__h2_question *out);

/*
 * Answers a request: 200 and the message, with cache-control: max-age of the least TTL in it (RFC 8484
 * section 5.1). len 0: no answer is due; the stream is reset. A stream that the client has ended by now is
 * none of an error. TARN_ENOMEM.
 */
int tarn__h2_server_answer(struct tarn__h2_server *, int32_t stream, const uint8_t *message,
			   size_t len);

/* Writes what is queued, as far as the pipe takes it. TARN_ESYSTEM with errno: broken. */
int tarn__h2_server_flush(struct tarn__h2_server *);
/*
 * Octets of answers that have not been written, also those that wait for the client's window, and the number of
 * requests that have come and are not answered yet. 0: nothing is under way.
 */
size_t tarn__h2_server_pending(const struct tarn__h2_server *);
/* Returns true if a flush could write something, if the pipe took it. */
bool tarn__h2_server_wants_write(const struct tarn__h2_server *);

/* Takes no more requests: GOAWAY. Those taken are answered. */
void tarn__h2_server_end(struct tarn__h2_server *);
/*
 * Returns true once all is answered and written after an end(), of either side, or after a fault of the client's.
 * To be looked at after each flush().
 */
bool tarn__h2_server_has_ended(const struct tarn__h2_server *);
/* Ends answers that the client has not taken for TARN__H2_STALLED_MS. Returns true if any was. */
bool tarn__h2_server_expire(struct tarn__h2_server *, uint64_t now_ms);

#endif
