/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_h2_server.c: any octets are what a client of HTTP/2 sends, in any segments: the server gives
 * questions that are messages, holds to its limits, and ends. Behind a path, any octets are the question of a GET.
 */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/base64.h"
#include "base/framing.h"
#include "dns/message.h"
#include "dns/ttl.h"
#include "http2/h2_server.h"
#include "http2/http2.h"
#include "support/memory_pipe.h"

enum {
	OCTETS_MAX = 1 << 17,
	PREFACE_LEN = 24,
	HELD_MAX = TARN__H2_OUTPUT_MAX + TARN__H2_STREAMS, /* by answers of 1,000 octets */
};

/* The first octet of the input. */
enum { HAS_PREFACE = 1, ANSWERS_LATE = 2, IS_NARROW = 4, IS_TEXT = 8 };

/* Whole octets of a text, which are written in it again. */
static void read_text(const uint8_t *text, size_t len)
{
	static uint8_t octets[OCTETS_MAX];
	static char again[2 * OCTETS_MAX];
	size_t octets_len = 0;
	if (!tarn__base64url_read((const char *)text, len, octets, sizeof(octets), &octets_len))
		return;
	char *end = tarn__base64_write(octets, octets_len, again);
	fuzz_check((size_t)(end - again) >= len && end - again - (ptrdiff_t)len <= 2);
	for (size_t i = 0; i < len; i++)
		fuzz_check(again[i] == text[i] || (again[i] == '+' && text[i] == '-') ||
			   (again[i] == '/' && text[i] == '_'));
}

static void answer(struct tarn__h2_server *server, const struct tarn__h2_question *question)
{
	uint8_t message[1000] = {0};
	size_t len = question->len < sizeof(message) ? question->len : sizeof(message);
	fuzz_check(question->len >= TARN__HEADER_LEN && question->len <= TARN__MESSAGE_MAX);
	fuzz_check(question->stream > 0 && question->stream % 2 == 1);
	memcpy(message, question->message, len);
	fuzz_check(tarn__ttl_least(message, len) <= INT32_MAX);
	len = question->stream % 8 == 1 ? 0 : sizeof(message);
	fuzz_check(tarn__h2_server_answer(server, question->stream, message, len) == 0);
}

/* Octets of segments are from 1 on; those that the client reads, too. */
static void play(struct memory_pipe pipes[2], const uint8_t *data, size_t len, uint8_t how)
{
	struct tarn__h2_server *server = tarn__h2_server_new(&pipes[0].pipe, "/dns-query");
	struct tarn__h2_question question;
	uint64_t now_ms = 0;
	size_t step = how / 16 == 0 ? len : (size_t)1 << (how / 16);
	fuzz_check(server);
	for (; len > 0; now_ms += 10) {
		step = step < len ? step : len;
		ssize_t sent = tarn__pipe_send(&pipes[1].pipe, data, step);
		fuzz_check(sent >= 0);
		data += sent;
		len -= (size_t)sent;
		int result;
		while ((result = tarn__h2_server_read(server, now_ms)) == TARN__STREAM_READ)
			;
		while (tarn__h2_server_next(server, &question))
			if (!(how & ANSWERS_LATE))
				answer(server, &question);
		if (how & IS_NARROW)
			pipes[0].send_left = 7;
		fuzz_check(tarn__h2_server_flush(server) == 0);
		pipes[1].begin = pipes[1].end;
		fuzz_check(tarn__h2_server_pending(server) <= HELD_MAX);
		if (result != TARN__STREAM_AGAIN || tarn__h2_server_has_ended(server))
			break;
	}
	(void)tarn__h2_server_is_partial(server);
	(void)tarn__h2_server_expire(server, now_ms);
	(void)tarn__h2_server_expire(server, now_ms + TARN__H2_STALLED_MS);
	tarn__h2_server_end(server);
	(void)tarn__h2_server_flush(server);
	tarn__h2_server_free(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				      "\0\0\0\4\0\0\0\0";
	struct memory_pipe pipes[2];
	if (len < 1 || len > OCTETS_MAX || tarn__http2_load())
		return 0;
	if (data[0] & IS_TEXT) {
		read_text(data + 1, len - 1);
		return 0;
	}
	memory_pipes_init(pipes);
	if (data[0] & HAS_PREFACE)
		fuzz_check(tarn__pipe_send(&pipes[1].pipe, preface, sizeof(preface)) ==
			   sizeof(preface));
	play(pipes, data + 1, len - 1, data[0]);
	memory_pipes_fini(pipes);
	return 0;
}
