/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/client.c: what all connections to servers share. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/siphash.h"
#include "tls/ca_files.h"

struct ca_reader {
	struct tarn__ca_reader reader;
	X509_STORE *store;
	uint64_t digest;
};

static int take_ca(struct tarn__ca_reader *reader, const char *octets, size_t len)
{
	static const uint8_t key[TARN__SIPHASH_KEY_LEN];
	struct ca_reader *ca_reader = TARN__CONTAINER(reader, struct ca_reader, reader);
	X509_STORE *store = ca_reader->store;
	BIO *text = tarn__ssl.BIO_new_mem_buf(octets, (int)len);
	int count = 0;
	bool is_good = text;
	for (X509 *ca; is_good && (ca = tarn__x509_read(text)); count++) {
		is_good = tarn__ssl.X509_STORE_add_cert(store, ca) == 1;
		tarn__ssl.X509_free(ca);
	}
	is_good = is_good && tarn__x509_is_at_end();
	ca_reader->digest += tarn__siphash(key, octets, len);
	tarn__ssl.BIO_free(text);
	tarn__ssl.ERR_clear_error();
	return is_good ? count : -1;
}

/* The library's own file and folder: either may be missing. Returns the number of certificates. */
static int read_default(struct tarn__ca_reader *reader)
{
	char fault[TARN__TLS_FAULT_MAX];
	const char *file = secure_getenv(tarn__ssl.X509_get_default_cert_file_env());
	const char *folder = secure_getenv(tarn__ssl.X509_get_default_cert_dir_env());
	int of_file = tarn__ca_files_read(file ? file : tarn__ssl.X509_get_default_cert_file(),
					  reader, fault);
	/* A file that is there has them all: the folder has the same ones. */
	if (of_file > 0 && !folder)
		return of_file;
	int of_folder = tarn__ca_files_read(folder ? folder : tarn__ssl.X509_get_default_cert_dir(),
					    reader, fault);
	return (of_file > 0 ? of_file : 0) + (of_folder > 0 ? of_folder : 0);
}

/* Reads the CA certificates that are trusted. */
static bool read_ca(struct tarn__tls_client *client, const char *path,
		    char fault[TARN__TLS_FAULT_MAX])
{
	struct ca_reader reader = {.reader.take = take_ca,
				   .store = tarn__ssl.SSL_CTX_get_cert_store(client->context)};
	int count = path ? tarn__ca_files_read(path, &reader.reader, fault)
			 : read_default(&reader.reader);
	client->has_no_ca = count <= 0;
	client->digest = reader.digest;
	return !path || count > 0;
}

static bool set_client(struct tarn__tls_client *client)
{
	enum { CACHE = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL };
	tarn__ssl.SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	tarn__ssl.SSL_CTX_set_cert_verify_callback(client->context, tarn__tls_check_server, NULL);
	(void)tarn__ssl.SSL_CTX_ctrl(client->context, SSL_CTRL_SET_SESS_CACHE_MODE, CACHE, NULL);
	tarn__ssl.SSL_CTX_sess_set_new_cb(client->context, tarn__tls_keep_session);
	return tarn__ssl.SSL_CTX_set_purpose(client->context, X509_PURPOSE_SSL_SERVER) == 1;
}

struct tarn__tls_client *tarn__tls_client_new(const struct tarn__tls_client_options *options,
					      char fault[TARN__TLS_FAULT_MAX])
{
	if (!tarn__ssl_load(fault))
		return NULL;
	struct tarn__tls_client *client = calloc(1, sizeof(*client));
	if (!client) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "out of memory");
		return NULL;
	}
	atomic_init(&client->references, 1);
	client->lenient_until_sec = options->lenient_until_sec;
	client->clock_floor_sec = options->clock_floor_sec;
	client->context = tarn__tls_context_new(tarn__ssl.TLS_client_method(), fault);
	if (client->context && read_ca(client, options->ca, fault)) {
		if (set_client(client))
			return client;
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	}
	tarn__tls_client_put(client);
	return NULL;
}

bool tarn__tls_client_is_equal(const struct tarn__tls_client *a, const struct tarn__tls_client *b)
{
	return a->digest == b->digest && a->lenient_until_sec == b->lenient_until_sec &&
	       a->clock_floor_sec == b->clock_floor_sec;
}

struct tarn__tls_client *tarn__tls_client_get(struct tarn__tls_client *client)
{
	atomic_fetch_add(&client->references, 1);
	return client;
}

void tarn__tls_client_put(struct tarn__tls_client *client)
{
	if (!client || atomic_fetch_sub(&client->references, 1) != 1)
		return;
	tarn__ssl.SSL_CTX_free(client->context);
	free(client);
}

#endif
