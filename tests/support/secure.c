/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/support/secure.c: what core/ needs of tls/ and http2/, for tests of core/, whose outside has no sockets:
 * encrypted servers may be configured whatever the build has, and no CA certificates are read.
 */
#include "http2/http2.h"
#include "tls/tls.h"

struct tarn__tls_client {
	int unused;
};

static struct tarn__tls_client client;

bool tarn__tls_is_built(void)
{
	return true;
}

struct tarn__tls_client *tarn__tls_client_new(const struct tarn__tls_client_options *options,
					      char fault[TARN__TLS_FAULT_MAX])
{
	(void)options;
	(void)fault;
	return &client;
}

bool tarn__tls_client_is_equal(const struct tarn__tls_client *a, const struct tarn__tls_client *b)
{
	return a == b;
}

struct tarn__tls_client *tarn__tls_client_get(struct tarn__tls_client *it)
{
	return it;
}

void tarn__tls_client_put(struct tarn__tls_client *it)
{
	(void)it;
}

bool tarn__http2_is_built(void)
{
	return true;
}

const char *tarn__http2_load(void)
{
	return NULL;
}
