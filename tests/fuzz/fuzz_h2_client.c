/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_h2_client.c: any octets are what a server of HTTP/2 sends to a client that asks, in any
 * segments: each question is answered or fails at most once, and what waits is bounded.
 */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/octets.h"
#include "dns/message.h"
#include "http2/h2_client.h"
#include "http2/http2.h"
#include "support/memory_pipe.h"

enum {
	OCTETS_MAX = 1 << 17,
	QUESTIONS = 8,
	PENDING_MAX = 1 << 17,
};

/* The first octet of the input: how it begins, and in its upper bits what the segments are. */
enum { HAS_SETTINGS = 1, FORGETS = 2, IS_NARROW = 4 };

struct asking {
	struct tarn__framing *client;
	bool is_asked[QUESTIONS];
};

static void put_questions(struct asking *asking)
{
	const struct tarn__framing_ops *ops = asking->client->ops;
	uint8_t question[TARN__HEADER_LEN + 5] = {0};
	for (uint8_t tag = 0; tag < QUESTIONS; tag++) {
		if (asking->is_asked[tag])
			continue;
		size_t room = ops->room(asking->client);
		tarn__put16(question, 0x1200 + tag);
		asking->is_asked[tag] =
			ops->put(asking->client, question, sizeof(question), tag) == 0;
		fuzz_check(asking->is_asked[tag] == (room > 0));
	}
}

static void take_answers(struct asking *asking)
{
	struct tarn__framed framed;
	while (asking->client->ops->next(asking->client, &framed)) {
		uint8_t tag = framed.tag;
		if (framed.message) {
			fuzz_check(framed.len >= TARN__HEADER_LEN && framed.error == 0);
			tag = (uint8_t)(tarn__get16(framed.message) - 0x1200);
		} else {
			fuzz_check(framed.error != 0 && framed.hold_ms <= 60000);
			fuzz_check(!framed.reason ||
				   (*framed.reason && strlen(framed.reason) < 80));
		}
		fuzz_check(tag < QUESTIONS && asking->is_asked[tag]);
		asking->is_asked[tag] = false;
	}
	asking->client->ops->done(asking->client);
}

static void play(struct memory_pipe pipes[2], const uint8_t *data, size_t len, uint8_t how)
{
	static const struct tarn__h2_target target = {"a.example", "/dns-query"};
	struct asking asking = {.client = tarn__h2_client_new(&pipes[0].pipe, &target)};
	size_t step = how / 16 == 0 ? len : (size_t)1 << (how / 16);
	fuzz_check(asking.client);
	const struct tarn__framing_ops *ops = asking.client->ops;
	while (len > 0) {
		put_questions(&asking);
		if (how & IS_NARROW)
			pipes[0].send_left = 50;
		fuzz_check(ops->flush(asking.client) == 0);
		fuzz_check(ops->pending(asking.client) <= PENDING_MAX);
		pipes[1].begin = pipes[1].end;
		if (how & FORGETS) {
			ops->forget(asking.client, data[0] % QUESTIONS);
			asking.is_asked[data[0] % QUESTIONS] = false;
		}
		step = step < len ? step : len;
		ssize_t sent = tarn__pipe_send(&pipes[1].pipe, data, step);
		fuzz_check(sent >= 0);
		data += sent;
		len -= (size_t)sent;
		int result;
		while ((result = ops->read(asking.client)) == TARN__STREAM_READ)
			take_answers(&asking);
		take_answers(&asking);
		if (result != TARN__STREAM_AGAIN)
			break;
	}
	ops->end(asking.client);
	ops->free(asking.client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char settings[] = "\0\0\0\4\0\0\0\0";
	struct memory_pipe pipes[2];
	if (len < 1 || len > OCTETS_MAX || tarn__http2_load())
		return 0;
	memory_pipes_init(pipes);
	if (data[0] & HAS_SETTINGS)
		fuzz_check(tarn__pipe_send(&pipes[1].pipe, settings, sizeof(settings)) ==
			   sizeof(settings));
	play(pipes, data + 1, len - 1, data[0]);
	memory_pipes_fini(pipes);
	return 0;
}
