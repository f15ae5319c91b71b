/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/none.c: what a build without nghttp2 has. */
#include "config.h"

#include "http2/http2.h"

#include "http2/h2_client.h"
#include "http2/h2_server.h"
#include "tarn.h"

#ifndef HAVE_NGHTTP2

bool tarn__http2_is_built(void)
{
	return false;
}

const char *tarn__http2_load(void)
{
	return "tarn was built without nghttp2";
}

struct tarn__framing *tarn__h2_client_new(struct tarn__pipe *pipe,
					  const struct tarn__h2_target *target)
{
	(void)pipe;
	(void)target;
	return NULL;
}

struct tarn__h2_server *tarn__h2_server_new(struct tarn__pipe *pipe, const char *path)
{
	(void)pipe;
	(void)path;
	return NULL;
}

void tarn__h2_server_free(struct tarn__h2_server *server)
{
	(void)server;
}

int tarn__h2_server_read(struct tarn__h2_server *server, uint64_t now_ms)
{
	(void)server;
	(void)now_ms;
	return TARN_ESYSTEM;
}

bool tarn__h2_server_is_partial(const struct tarn__h2_server *server)
{
	(void)server;
	return false;
}

bool tarn__h2_server_next(struct tarn__h2_server *server, struct tarn__h2_question *out)
{
	(void)server;
	(void)out;
	return false;
}

int tarn__h2_server_answer(struct tarn__h2_server *server, int32_t stream, const uint8_t *message,
			   size_t len)
{
	(void)server;
	(void)stream;
	(void)message;
	(void)len;
	return 0;
}

int tarn__h2_server_flush(struct tarn__h2_server *server)
{
	(void)server;
	return 0;
}

size_t tarn__h2_server_pending(const struct tarn__h2_server *server)
{
	(void)server;
	return 0;
}

bool tarn__h2_server_wants_write(const struct tarn__h2_server *server)
{
	(void)server;
	return false;
}

void tarn__h2_server_end(struct tarn__h2_server *server)
{
	(void)server;
}

bool tarn__h2_server_has_ended(const struct tarn__h2_server *server)
{
	(void)server;
	return true;
}

bool tarn__h2_server_expire(struct tarn__h2_server *server, uint64_t now_ms)
{
	(void)server;
	(void)now_ms;
	return false;
}

#endif
