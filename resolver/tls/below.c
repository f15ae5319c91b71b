/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/below.c: the pipe below a connection, as a stream of the library. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <errno.h>
#include <pthread.h>

/* Of streams that are pipes. It is never freed: other threads may be using it. */
static struct {
	pthread_mutex_t mutex; /* of making it */
	bool is_made;
	BIO_METHOD *method;
} kind = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* RFC 8446 section 5.1: alert, handshake. A record of SSL 2 is still TLS that is too old. */
static bool begins_tls(unsigned char octet)
{
	enum { CHANGE_CIPHER_SPEC = 20, APPLICATION_DATA = 23, SSL2 = 0x80 };
	return (octet >= CHANGE_CIPHER_SPEC && octet <= APPLICATION_DATA) || octet == SSL2;
}

/* Tells the library what a call of the pipe has come to. */
static int note_below(BIO *bio, struct tarn__tls *tls, ssize_t result, int direction)
{
	tarn__ssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
	if (result >= 0)
		return (int)result;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS)
		tarn__ssl.BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
	else
		tls->below_errno = errno;
	return -1;
}

static int below_read(BIO *bio, char *out, int room)
{
	struct tarn__tls *tls = tarn__ssl.BIO_get_data(bio);
	ssize_t got = tarn__pipe_recv(tls->below, out, (size_t)room);
	if (got == 0)
		tls->is_below_ended = true;
	if (got > 0 && !tls->has_read) {
		tls->has_read = true;
		tls->is_clear = !begins_tls((unsigned char)out[0]);
	}
	return note_below(bio, tls, got, BIO_FLAGS_READ);
}

static int below_write(BIO *bio, const char *octets, int len)
{
	struct tarn__tls *tls = tarn__ssl.BIO_get_data(bio);
	return note_below(bio, tls, tarn__pipe_send(tls->below, octets, (size_t)len),
			  BIO_FLAGS_WRITE);
}

static long below_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	const struct tarn__tls *tls = tarn__ssl.BIO_get_data(bio);
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return tls->is_below_ended;
	}
	return 0;
}

static bool make_kind(void)
{
	int type = tarn__ssl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
	BIO_METHOD *method = tarn__ssl.BIO_meth_new(type, "pipe");
	kind.method = method;
	return method && tarn__ssl.BIO_meth_set_read(method, below_read) == 1 &&
	       tarn__ssl.BIO_meth_set_write(method, below_write) == 1 &&
	       tarn__ssl.BIO_meth_set_ctrl(method, below_control) == 1;
}

bool tarn__tls_below_start(void)
{
	pthread_mutex_lock(&kind.mutex);
	kind.is_made = kind.is_made || make_kind();
	bool is_made = kind.is_made;
	pthread_mutex_unlock(&kind.mutex);
	return is_made;
}

BIO *tarn__tls_below_new(struct tarn__tls *tls)
{
	BIO *bio = tarn__ssl.BIO_new(kind.method);
	if (!bio)
		return NULL;
	tarn__ssl.BIO_set_data(bio, tls);
	tarn__ssl.BIO_set_init(bio, 1);
	return bio;
}

#endif
