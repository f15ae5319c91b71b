/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/openssl.c: TLS by libssl 3.0 and later. */
#include "config.h"

#include "tls/tls.h"

#ifdef HAVE_OPENSSL
#include <dlfcn.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "tls/ca_files.h"
#include "tls/ticket_keys.h"
#include "tls/words.h"

#define FUNCTIONS(FUNCTION)                                                                        \
	FUNCTION(ASN1_STRING_get0_data)                                                            \
	FUNCTION(ASN1_STRING_length)                                                               \
	FUNCTION(ASN1_TIME_to_tm)                                                                  \
	FUNCTION(BIO_clear_flags)                                                                  \
	FUNCTION(BIO_free)                                                                         \
	FUNCTION(BIO_get_data)                                                                     \
	FUNCTION(BIO_get_new_index)                                                                \
	FUNCTION(BIO_meth_new)                                                                     \
	FUNCTION(BIO_meth_set_ctrl)                                                                \
	FUNCTION(BIO_meth_set_read)                                                                \
	FUNCTION(BIO_meth_set_write)                                                               \
	FUNCTION(BIO_new)                                                                          \
	FUNCTION(BIO_new_mem_buf)                                                                  \
	FUNCTION(BIO_set_data)                                                                     \
	FUNCTION(BIO_set_flags)                                                                    \
	FUNCTION(BIO_set_init)                                                                     \
	FUNCTION(CRYPTO_free)                                                                      \
	FUNCTION(ERR_clear_error)                                                                  \
	FUNCTION(ERR_get_error)                                                                    \
	FUNCTION(ERR_peek_error)                                                                   \
	FUNCTION(ERR_peek_last_error)                                                              \
	FUNCTION(ERR_reason_error_string)                                                          \
	FUNCTION(EVP_Digest)                                                                       \
	FUNCTION(EVP_DecryptInit_ex)                                                               \
	FUNCTION(EVP_EncryptInit_ex)                                                               \
	FUNCTION(EVP_MAC_CTX_set_params)                                                           \
	FUNCTION(EVP_PKEY_free)                                                                    \
	FUNCTION(EVP_PKEY_get_base_id)                                                             \
	FUNCTION(EVP_PKEY_get_security_bits)                                                       \
	FUNCTION(EVP_add_digest)                                                                   \
	FUNCTION(EVP_aes_256_cbc)                                                                  \
	FUNCTION(EVP_sha256)                                                                       \
	FUNCTION(EVP_sha384)                                                                       \
	FUNCTION(EVP_sha512)                                                                       \
	FUNCTION(GENERAL_NAMES_free)                                                               \
	FUNCTION(GENERAL_NAME_get0_value)                                                          \
	FUNCTION(OPENSSL_init_ssl)                                                                 \
	FUNCTION(OPENSSL_sk_num)                                                                   \
	FUNCTION(OPENSSL_sk_value)                                                                 \
	FUNCTION(PEM_read_bio_PrivateKey)                                                          \
	FUNCTION(PEM_read_bio_X509_AUX)                                                            \
	FUNCTION(SSL_CTX_ctrl)                                                                     \
	FUNCTION(SSL_CTX_free)                                                                     \
	FUNCTION(SSL_CTX_get_cert_store)                                                           \
	FUNCTION(SSL_CTX_new)                                                                      \
	FUNCTION(SSL_CTX_sess_set_new_cb)                                                          \
	FUNCTION(SSL_CTX_set_alpn_select_cb)                                                       \
	FUNCTION(SSL_CTX_set_cert_verify_callback)                                                 \
	FUNCTION(SSL_CTX_set_cipher_list)                                                          \
	FUNCTION(SSL_CTX_set_ciphersuites)                                                         \
	FUNCTION(SSL_CTX_set_max_early_data)                                                       \
	FUNCTION(SSL_CTX_set_num_tickets)                                                          \
	FUNCTION(SSL_CTX_set_options)                                                              \
	FUNCTION(SSL_CTX_set_purpose)                                                              \
	FUNCTION(SSL_CTX_set_security_level)                                                       \
	FUNCTION(SSL_CTX_set_timeout)                                                              \
	FUNCTION(SSL_CTX_set_tlsext_ticket_key_evp_cb)                                             \
	FUNCTION(SSL_CTX_set_verify)                                                               \
	FUNCTION(SSL_CTX_use_PrivateKey)                                                           \
	FUNCTION(SSL_CTX_use_certificate)                                                          \
	FUNCTION(SSL_SESSION_free)                                                                 \
	FUNCTION(SSL_SESSION_get_time)                                                             \
	FUNCTION(SSL_SESSION_is_resumable)                                                         \
	FUNCTION(SSL_alert_desc_string_long)                                                       \
	FUNCTION(SSL_ctrl)                                                                         \
	FUNCTION(SSL_do_handshake)                                                                 \
	FUNCTION(SSL_free)                                                                         \
	FUNCTION(SSL_get0_alpn_selected)                                                           \
	FUNCTION(SSL_get0_param)                                                                   \
	FUNCTION(SSL_get1_session)                                                                 \
	FUNCTION(SSL_get_error)                                                                    \
	FUNCTION(SSL_get_ex_data)                                                                  \
	FUNCTION(SSL_get_ex_data_X509_STORE_CTX_idx)                                               \
	FUNCTION(SSL_has_pending)                                                                  \
	FUNCTION(SSL_new)                                                                          \
	FUNCTION(SSL_read_ex)                                                                      \
	FUNCTION(SSL_session_reused)                                                               \
	FUNCTION(SSL_set_accept_state)                                                             \
	FUNCTION(SSL_set_alpn_protos)                                                              \
	FUNCTION(SSL_set_bio)                                                                      \
	FUNCTION(SSL_set_connect_state)                                                            \
	FUNCTION(SSL_set_ex_data)                                                                  \
	FUNCTION(SSL_set_session)                                                                  \
	FUNCTION(SSL_set_shutdown)                                                                 \
	FUNCTION(SSL_shutdown)                                                                     \
	FUNCTION(SSL_version)                                                                      \
	FUNCTION(SSL_write_ex)                                                                     \
	FUNCTION(TLS_client_method)                                                                \
	FUNCTION(TLS_server_method)                                                                \
	FUNCTION(X509_NAME_get_text_by_NID)                                                        \
	FUNCTION(X509_STORE_CTX_get0_cert)                                                         \
	FUNCTION(X509_STORE_CTX_get_current_cert)                                                  \
	FUNCTION(X509_STORE_CTX_get_error)                                                         \
	FUNCTION(X509_STORE_CTX_get_error_depth)                                                   \
	FUNCTION(X509_STORE_CTX_get_ex_data)                                                       \
	FUNCTION(X509_STORE_CTX_set_error)                                                         \
	FUNCTION(X509_STORE_add_cert)                                                              \
	FUNCTION(X509_VERIFY_PARAM_set1_host)                                                      \
	FUNCTION(X509_VERIFY_PARAM_set1_ip)                                                        \
	FUNCTION(X509_VERIFY_PARAM_set_flags)                                                      \
	FUNCTION(X509_VERIFY_PARAM_set_hostflags)                                                  \
	FUNCTION(X509_check_private_key)                                                           \
	FUNCTION(X509_free)                                                                        \
	FUNCTION(X509_get0_notAfter)                                                               \
	FUNCTION(X509_get0_notBefore)                                                              \
	FUNCTION(X509_get0_pubkey)                                                                 \
	FUNCTION(X509_get_X509_PUBKEY)                                                             \
	FUNCTION(X509_get_default_cert_dir)                                                        \
	FUNCTION(X509_get_default_cert_dir_env)                                                    \
	FUNCTION(X509_get_default_cert_file)                                                       \
	FUNCTION(X509_get_default_cert_file_env)                                                   \
	FUNCTION(X509_get_ext_d2i)                                                                 \
	FUNCTION(X509_get_issuer_name)                                                             \
	FUNCTION(X509_get_subject_name)                                                            \
	FUNCTION(X509_verify_cert)                                                                 \
	FUNCTION(X509_verify_cert_error_string)                                                    \
	FUNCTION(i2d_X509_PUBKEY)

#define POINTER(name) __typeof__(name) *name;
#define ROW(name) {#name, &library.name},

static struct {
	pthread_mutex_t mutex; /* of loading */
	void *handle; /* NULL: not loaded */
	bool is_started; /* what is below does not change afterwards */
	BIO_METHOD *below; /* a pipe as the library sees it */
	FUNCTIONS(POINTER)
} library = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct tarn__tls_client {
	atomic_uint references;
	SSL_CTX *context;
	uint32_t lenient_until_sec, clock_floor_sec;
	bool has_no_ca;
};

struct tarn__tls_server {
	atomic_uint references;
	SSL_CTX *context;
	struct tarn__tls_ticket_keys *keys;
};

struct tarn__tls {
	struct tarn__pipe pipe;
	struct tarn__pipe *below;
	SSL *ssl;
	struct tarn__tls_client *client; /* NULL: the connection is a client's */
	struct tarn__tls_server *server;
	struct tarn__tls_identity identity;
	struct tarn__tls_sessions *sessions;
	const char *alpn;
	enum tarn__tls_state state;
	enum tarn__tls_reason reason;
	int below_errno; /* why the pipe below is broken; 0: it is not */
	bool is_below_ended;
	bool has_read, is_clear; /* the first octet has come; TLS does not begin with it */
	bool wants_write,
		is_drained; /* of the last call; SSL_read() has taken all that was there */
	bool has_alpn, offers_session;
	char fault[TARN__TLS_FAULT_MAX];
};

/* ---- the library -------------------------------------------------------------------------- */

static int below_read(BIO *, char *out, int room);
static int below_write(BIO *, const char *octets, int len);
static long below_control(BIO *, int command, long number, void *pointer);

/* Returns NULL, or the name of a function that the library lacks. */
static const char *find_functions(void)
{
	const struct {
		const char *name;
		void *pointer;
	} functions[] = {FUNCTIONS(ROW)};
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		/* It also finds those of libcrypto, on which libssl depends. */
		void *found = dlsym(library.handle, functions[i].name);
		if (!found)
			return functions[i].name;
		/* POSIX allows the conversion of an object pointer to a function pointer. */
		memcpy(functions[i].pointer, &found, sizeof(found));
	}
	return NULL;
}

static bool make_method(void)
{
	int type = library.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK;
	library.below = library.BIO_meth_new(type, "pipe");
	return library.below && library.BIO_meth_set_read(library.below, below_read) == 1 &&
	       library.BIO_meth_set_write(library.below, below_write) == 1 &&
	       library.BIO_meth_set_ctrl(library.below, below_control) == 1;
}

/*
 * The library's configuration file is not read, so that the machine does not weaken what is set here. Tables
 * of error texts are not made, and of names only those that certificates need; crypto/openssl.c, which may
 * have come first, has none made either. At the end of the program nothing is freed, since other threads may
 * be using it.
 */
static bool start(void)
{
	const uint64_t how = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
			     OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	return library.OPENSSL_init_ssl(how, NULL) == 1 &&
	       library.EVP_add_digest(library.EVP_sha256()) == 1 &&
	       library.EVP_add_digest(library.EVP_sha384()) == 1 &&
	       library.EVP_add_digest(library.EVP_sha512()) == 1 && make_method();
}

static bool load_locked(char fault[TARN__TLS_FAULT_MAX])
{
	if (!library.handle)
		library.handle = dlopen(LIBSSL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library.handle) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s", dlerror());
		return false;
	}
	const char *missing = find_functions();
	if (missing) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s has no %s", LIBSSL_SONAME, missing);
		return false;
	}
	library.is_started = start();
	if (!library.is_started)
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	return library.is_started;
}

/* Loads the library once. */
static bool load(char fault[TARN__TLS_FAULT_MAX])
{
	pthread_mutex_lock(&library.mutex);
	bool is_loaded = library.is_started || load_locked(fault);
	pthread_mutex_unlock(&library.mutex);
	return is_loaded;
}

bool tarn__tls_is_built(void)
{
	return true;
}

/* ---- what clients and servers have in common ---------------------------------------------- */

/* The hybrid first where the library has it; '*': a key share is offered, without a round trip more. */
static bool set_groups(SSL_CTX *context)
{
	/* P-384 is for certificates with such a key in TLS 1.2 (RFC 8422 section 5.1). */
	static const char *const lists[] = {"*X25519MLKEM768:*X25519:P-256:P-384",
					    "X25519:P-256:P-384"};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char list[64];
		snprintf(list, sizeof(list), "%s", lists[i]);
		if (library.SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, list) == 1)
			return true;
	}
	return false;
}

/* RFC 9325: versions, ciphers and groups. */
static bool set_protocol(SSL_CTX *context)
{
	enum { SECURITY_LEVEL = 2 }; /* 112 bits: no SHA-1, no RSA below 2,048 bits */
	const uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
				 SSL_OP_PRIORITIZE_CHACHA;
	const long modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN;
	library.SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	(void)library.SSL_CTX_set_options(context, options);
	(void)library.SSL_CTX_ctrl(context, SSL_CTRL_MODE, modes, NULL);
	(void)library.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
	return library.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION,
				    NULL) == 1 &&
	       library.SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       library.SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:"
							 "TLS_CHACHA20_POLY1305_SHA256:"
							 "TLS_AES_256_GCM_SHA384") == 1 &&
	       set_groups(context) && library.SSL_CTX_set_max_early_data(context, 0) == 1;
}

/* NULL: fault has the reason. */
static SSL_CTX *make_context(const SSL_METHOD *method, char fault[TARN__TLS_FAULT_MAX])
{
	library.ERR_clear_error();
	SSL_CTX *context = library.SSL_CTX_new(method);
	bool is_set = context && set_protocol(context);
	library.ERR_clear_error();
	if (is_set)
		return context;
	library.SSL_CTX_free(context);
	snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	return NULL;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm tm;
	return time && library.ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Appends "a.example, *.b.example, 192.0.2.1", the names in a certificate's subjectAltName. */
static void append_names(X509 *certificate, char *text, size_t room)
{
	GENERAL_NAMES *names =
		library.X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = names ? library.OPENSSL_sk_num((const OPENSSL_STACK *)names) : 0;
	const char *comma = "";
	for (int i = 0; i < count; i++) {
		int type;
		const ASN1_STRING *value = library.GENERAL_NAME_get0_value(
			library.OPENSSL_sk_value((const OPENSSL_STACK *)names, i), &type);
		if (type != GEN_DNS && type != GEN_IPADD)
			continue;
		const unsigned char *octets = library.ASN1_STRING_get0_data(value);
		size_t len = (size_t)library.ASN1_STRING_length(value);
		tarn__words_append(text, room, comma, strlen(comma));
		if (type == GEN_DNS)
			tarn__words_append(text, room, octets, len);
		else
			tarn__words_append_address(text, room, octets, len);
		comma = ", ";
	}
	library.GENERAL_NAMES_free(names);
	library.ERR_clear_error();
}

/* Appends the common name, or the organization. */
static void append_subject(const X509_NAME *name, char *text, size_t room)
{
	char buffer[64];
	int len = library.X509_NAME_get_text_by_NID(name, NID_commonName, buffer, sizeof(buffer));
	if (len <= 0)
		len = library.X509_NAME_get_text_by_NID(name, NID_organizationName, buffer,
							sizeof(buffer));
	if (len > 0)
		tarn__words_append(text, room, buffer, strlen(buffer));
}

/* A file may ask for a passphrase: there is none. */
static int give_no_passphrase(char *out, int room, int is_writing, void *data)
{
	(void)out;
	(void)room;
	(void)is_writing;
	(void)data;
	return -1;
}

/* Returns true if the last error says that a text in PEM has no more of what is looked for. */
static bool is_at_end(void)
{
	unsigned long error = library.ERR_peek_last_error();
	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* The next certificate; NULL: none, see is_at_end(). */
static X509 *read_certificate(BIO *text)
{
	library.ERR_clear_error();
	return library.PEM_read_bio_X509_AUX(text, NULL, give_no_passphrase, NULL);
}

/* ---- CA certificates ---------------------------------------------------------------------- */

struct ca_reader {
	struct tarn__ca_reader reader;
	X509_STORE *store;
};

static int take_ca(struct tarn__ca_reader *reader, const char *octets, size_t len)
{
	X509_STORE *store = TARN__CONTAINER(reader, struct ca_reader, reader)->store;
	BIO *text = library.BIO_new_mem_buf(octets, (int)len);
	int count = 0;
	bool is_good = text;
	for (X509 *ca; is_good && (ca = read_certificate(text)); count++) {
		is_good = library.X509_STORE_add_cert(store, ca) == 1;
		library.X509_free(ca);
	}
	is_good = is_good && is_at_end();
	library.BIO_free(text);
	library.ERR_clear_error();
	return is_good ? count : -1;
}

/* The library's own file and folder: either may be missing. Returns the number of certificates. */
static int read_default(struct tarn__ca_reader *reader)
{
	char fault[TARN__TLS_FAULT_MAX];
	const char *file = secure_getenv(library.X509_get_default_cert_file_env());
	const char *folder = secure_getenv(library.X509_get_default_cert_dir_env());
	int of_file = tarn__ca_files_read(file ? file : library.X509_get_default_cert_file(),
					  reader, fault);
	/* A file that is there has them all: the folder has the same ones. */
	if (of_file > 0 && !folder)
		return of_file;
	int of_folder = tarn__ca_files_read(folder ? folder : library.X509_get_default_cert_dir(),
					    reader, fault);
	return (of_file > 0 ? of_file : 0) + (of_folder > 0 ? of_folder : 0);
}

/* Whom to trust. */
static bool read_ca(struct tarn__tls_client *client, const char *path,
		    char fault[TARN__TLS_FAULT_MAX])
{
	struct ca_reader reader = {.reader.take = take_ca,
				   .store = library.SSL_CTX_get_cert_store(client->context)};
	if (path)
		return tarn__ca_files_read(path, &reader.reader, fault) > 0;
	client->has_no_ca = read_default(&reader.reader) == 0;
	return true;
}

/* ---- who a server is ---------------------------------------------------------------------- */

/* Ends the connection with a reason, unless it has one already. */
__attribute__((format(printf, 3, 4))) static void
fail(struct tarn__tls *tls, enum tarn__tls_reason reason, const char *format, ...)
{
	if (tls->reason != TARN__TLS_NO_REASON)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(tls->fault, sizeof(tls->fault), format, arguments);
	va_end(arguments);
	tls->reason = reason;
}

static bool has_pin(const struct tarn__tls_identity *identity, X509 *certificate)
{
	unsigned char *key = NULL;
	uint8_t pin[TARN__TLS_PIN_LEN];
	unsigned len = 0;
	int key_len = library.i2d_X509_PUBKEY(library.X509_get_X509_PUBKEY(certificate), &key);
	bool is_made = key_len > 0 && library.EVP_Digest(key, (size_t)key_len, pin, &len,
							 library.EVP_sha256(), NULL) == 1;
	library.CRYPTO_free(key, NULL, 0);
	bool is_found = false;
	for (size_t i = 0; is_made && i < identity->pin_count; i++)
		is_found |= memcmp(identity->pins[i], pin, sizeof(pin)) == 0;
	return is_found;
}

static bool is_strong(X509 *certificate)
{
	enum { SECURITY_BITS = 112 }; /* RSA with 2,048 bits */
	EVP_PKEY *key = library.X509_get0_pubkey(certificate);
	return key && library.EVP_PKEY_get_security_bits(key) >= SECURITY_BITS;
}

/* A date of a certificate that is not the server's own belongs to the CA of that name. */
static void fail_for_date(struct tarn__tls *tls, X509_STORE_CTX *store, bool is_expired)
{
	char date[TARN__DATE_TEXT_MAX], today[TARN__DATE_TEXT_MAX], ca[80] = "";
	X509 *certificate = library.X509_STORE_CTX_get_current_cert(store);
	time_t now = time(NULL);
	tarn__words_date(seconds_of(is_expired ? library.X509_get0_notAfter(certificate)
					       : library.X509_get0_notBefore(certificate)),
			 date);
	if (library.X509_STORE_CTX_get_error_depth(store) > 0) {
		snprintf(ca, sizeof(ca), "of the CA ");
		append_subject(library.X509_get_subject_name(certificate), ca, sizeof(ca) - 2);
		strcat(ca, " ");
	}
	if (now < (time_t)tls->client->clock_floor_sec)
		fail(tls, TARN__TLS_CLOCK, "the clock is wrong: it shows %s; certificate %s%s %s",
		     tarn__words_date(now, today), ca,
		     is_expired ? "expired on" : "is not valid before", date);
	else
		fail(tls, TARN__TLS_CERTIFICATE, "certificate %s%s %s", ca,
		     is_expired ? "expired on" : "is not valid before", date);
}

static void fail_for_name(struct tarn__tls *tls, X509 *certificate)
{
	/* A certificate may have a hundred names: the name that was looked for stays readable. */
	char seen[120] = "", sought[TARN__TLS_FAULT_MAX] = "";
	append_names(certificate, seen, sizeof(seen));
	if (tls->identity.name)
		tarn__words_append(sought, sizeof(sought), tls->identity.name,
				   strlen(tls->identity.name));
	else
		tarn__words_append_address(sought, sizeof(sought), tls->identity.address,
					   tls->identity.address_len);
	fail(tls, TARN__TLS_CERTIFICATE, "certificate is for %s%s, not %.100s",
	     seen[0] ? seen : "no name", strlen(seen) == sizeof(seen) - 1 ? "..." : "", sought);
}

static void fail_for_issuer(struct tarn__tls *tls, X509_STORE_CTX *store, bool is_self_signed)
{
	char issuer[80] = "";
	X509 *certificate = library.X509_STORE_CTX_get_current_cert(store);
	if (certificate)
		append_subject(library.X509_get_issuer_name(certificate), issuer, sizeof(issuer));
	fail(tls, TARN__TLS_CERTIFICATE, "certificate is not signed by a trusted CA%s%s%s",
	     tls->client->has_no_ca ? " (there are no CA certificates here)"
	     : is_self_signed	    ? " (it is self-signed)"
	     : issuer[0]	    ? ", but by "
				    : "",
	     tls->client->has_no_ca || is_self_signed ? "" : issuer, "");
}

/* Puts the library's reason not to trust into words. */
static void explain_mistrust(struct tarn__tls *tls, X509_STORE_CTX *store)
{
	int error = library.X509_STORE_CTX_get_error(store);
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		fail_for_name(tls, library.X509_STORE_CTX_get0_cert(store));
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		fail_for_date(tls, store, error == X509_V_ERR_CERT_HAS_EXPIRED);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		fail_for_issuer(tls, store, error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
		return;
	case X509_V_ERR_INVALID_PURPOSE:
		fail(tls, TARN__TLS_CERTIFICATE, "certificate is not for servers");
		return;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
		fail(tls, TARN__TLS_CERTIFICATE, "key is too small");
		return;
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		fail(tls, TARN__TLS_CERTIFICATE, "key of a CA is too small");
		return;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		fail(tls, TARN__TLS_CERTIFICATE,
		     "certificate is signed with a hash that is too weak");
		return;
	case X509_V_ERR_OUT_OF_MEM:
		fail(tls, TARN__TLS_NO_MEMORY, "out of memory");
		return;
	default:
		fail(tls, TARN__TLS_CERTIFICATE, "certificate: %s",
		     library.X509_verify_cert_error_string(error));
	}
}

/* Returns 1 if the server is who it should be. */
static int check_server(X509_STORE_CTX *store, void *unused)
{
	(void)unused;
	SSL *ssl = library.X509_STORE_CTX_get_ex_data(store,
						      library.SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tarn__tls *tls = library.SSL_get_ex_data(ssl, 0);
	const struct tarn__tls_identity *identity = &tls->identity;
	X509 *certificate = library.X509_STORE_CTX_get0_cert(store);
	if (identity->pin_count > 0 && !has_pin(identity, certificate))
		fail(tls, TARN__TLS_CERTIFICATE, "its key is none of the pins");
	else if (identity->pin_count > 0 && !identity->name && !is_strong(certificate))
		fail(tls, TARN__TLS_CERTIFICATE, "key is too small");
	else if (identity->pin_count == 0 && !identity->name && identity->address_len == 0)
		fail(tls, TARN__TLS_CERTIFICATE, "there is no name to check");
	else if ((identity->pin_count == 0 || identity->name) &&
		 library.X509_verify_cert(store) != 1)
		explain_mistrust(tls, store);
	if (tls->reason == TARN__TLS_NO_REASON) {
		library.X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (library.X509_STORE_CTX_get_error(store) == X509_V_OK)
		library.X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* ---- sessions ----------------------------------------------------------------------------- */

void tarn__tls_sessions_forget(struct tarn__tls_sessions *sessions)
{
	for (size_t i = 0; i < TARN__TLS_SESSIONS; i++) {
		if (sessions->items[i])
			library.SSL_SESSION_free(sessions->items[i]);
		sessions->items[i] = NULL;
	}
}

/* Takes the newest one out. The caller frees it. NULL: none. */
static SSL_SESSION *take_session(struct tarn__tls_sessions *sessions)
{
	enum { AGE_MAX_SEC = 3600 }; /* servers change their keys; an old ticket is a tracker too */
	SSL_SESSION *session = sessions->items[0];
	memmove(sessions->items, sessions->items + 1,
		(TARN__TLS_SESSIONS - 1) * sizeof(sessions->items[0]));
	sessions->items[TARN__TLS_SESSIONS - 1] = NULL;
	if (!session)
		return NULL;
	time_t now = time(NULL), made = (time_t)library.SSL_SESSION_get_time(session);
	if (made <= now && now - made < AGE_MAX_SEC &&
	    library.SSL_SESSION_is_resumable(session) == 1)
		return session;
	/* Those behind it are older. */
	library.SSL_SESSION_free(session);
	tarn__tls_sessions_forget(sessions);
	return NULL;
}

/* A server that does not resume one session has lost the keys of the others too. */
static void forget_refused(struct tarn__tls *tls)
{
	if (tls->offers_session && library.SSL_session_reused(tls->ssl) == 0)
		tarn__tls_sessions_forget(tls->sessions);
	tls->offers_session = false;
}

/* The server offers to resume. Returns 1: the session is kept. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tarn__tls *tls = library.SSL_get_ex_data(ssl, 0);
	if (!tls->sessions)
		return 0;
	forget_refused(tls);
	void **items = tls->sessions->items;
	if (items[TARN__TLS_SESSIONS - 1])
		library.SSL_SESSION_free(items[TARN__TLS_SESSIONS - 1]);
	memmove(items + 1, items, (TARN__TLS_SESSIONS - 1) * sizeof(items[0]));
	items[0] = session;
	return 1;
}

/*
 * Of TLS 1.2 a session may be resumed more than once, and the library does not tell of the one with which
 * another resumed connection has begun.
 */
static void keep_resumed(struct tarn__tls *tls)
{
	SSL *ssl = tls->ssl;
	if (tls->sessions && library.SSL_session_reused(ssl) == 1 &&
	    library.SSL_version(ssl) == TLS1_2_VERSION) {
		SSL_SESSION *session = library.SSL_get1_session(ssl);
		if (session)
			(void)keep_session(ssl, session);
	}
}

/* ---- clients ------------------------------------------------------------------------------ */

static bool set_client(struct tarn__tls_client *client)
{
	enum { CACHE = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL };
	library.SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	library.SSL_CTX_set_cert_verify_callback(client->context, check_server, NULL);
	(void)library.SSL_CTX_ctrl(client->context, SSL_CTRL_SET_SESS_CACHE_MODE, CACHE, NULL);
	library.SSL_CTX_sess_set_new_cb(client->context, keep_session);
	return library.SSL_CTX_set_purpose(client->context, X509_PURPOSE_SSL_SERVER) == 1;
}

struct tarn__tls_client *tarn__tls_client_new(const struct tarn__tls_client_options *options,
					      char fault[TARN__TLS_FAULT_MAX])
{
	if (!load(fault))
		return NULL;
	struct tarn__tls_client *client = calloc(1, sizeof(*client));
	if (!client) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "out of memory");
		return NULL;
	}
	atomic_init(&client->references, 1);
	client->lenient_until_sec = options->lenient_until_sec;
	client->clock_floor_sec = options->clock_floor_sec;
	client->context = make_context(library.TLS_client_method(), fault);
	if (client->context && read_ca(client, options->ca, fault)) {
		if (set_client(client))
			return client;
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	}
	tarn__tls_client_put(client);
	return NULL;
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
	library.SSL_CTX_free(client->context);
	free(client);
}

/* ---- servers ------------------------------------------------------------------------------ */

/* Seals a ticket, or opens it. Returns 0: its key is not known; 2: the client is to get another. */
static int use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *vector,
			  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_sealing)
{
	enum { FAILED = -1, UNKNOWN = 0, SEALED = 1, OPENED = 2 };
	const struct tarn__tls *tls = library.SSL_get_ex_data(ssl, 0);
	struct tarn__ticket_key key;
	if (is_sealing) {
		tarn__ticket_keys_newest(tls->server->keys, &key);
		memcpy(name, key.name, sizeof(key.name));
		tarn__ticket_random(vector, EVP_MAX_IV_LENGTH);
	} else if (!tarn__ticket_keys_find(tls->server->keys, name, &key)) {
		return UNKNOWN;
	}
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof(key.mac)),
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
		OSSL_PARAM_END};
	const EVP_CIPHER *type = library.EVP_aes_256_cbc();
	bool is_good =
		library.EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
		(is_sealing
			 ? library.EVP_EncryptInit_ex(cipher, type, NULL, key.cipher, vector)
			 : library.EVP_DecryptInit_ex(cipher, type, NULL, key.cipher, vector)) == 1;
	explicit_bzero(&key, sizeof(key));
	return !is_good ? FAILED : is_sealing ? SEALED : OPENED;
}

/* Returns the protocol among those that a client offers, each behind its length; NULL: it is not. */
static const unsigned char *find_protocol(const unsigned char *offered, unsigned offered_len,
					  const char *protocol)
{
	size_t len = strlen(protocol);
	for (size_t at = 0; at < offered_len; at += 1U + offered[at]) {
		if (offered[at] == len && offered_len - at > len &&
		    memcmp(offered + at + 1, protocol, len) == 0)
			return offered + at + 1;
	}
	return NULL;
}

/* A client that speaks HTTP/1.1 alone is let in: it is answered that HTTP/2 is spoken here. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *offered, unsigned offered_len, void *unused)
{
	(void)unused;
	struct tarn__tls *tls = library.SSL_get_ex_data(ssl, 0);
	const char *protocol = tls->alpn;
	tls->has_alpn = true;
	*out = find_protocol(offered, offered_len, protocol);
	if (!*out && strcmp(protocol, "h2") == 0) {
		protocol = "http/1.1";
		*out = find_protocol(offered, offered_len, protocol);
	}
	if (*out) {
		*out_len = (unsigned char)strlen(protocol);
		return SSL_TLSEXT_ERR_OK;
	}
	fail(tls, TARN__TLS_PROTOCOL, "the client offers other protocols than %s", tls->alpn);
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool refuse_pair(char fault[TARN__TLS_FAULT_MAX], const char *reason)
{
	snprintf(fault, TARN__TLS_FAULT_MAX, "%s", reason);
	return false;
}

/* Why the library does not take a certificate. */
static const char *explain_refusal(void)
{
	switch (ERR_GET_REASON(library.ERR_peek_last_error())) {
	case SSL_R_EE_KEY_TOO_SMALL:
		return "key is too small";
	case SSL_R_CA_KEY_TOO_SMALL:
		return "key of a CA is too small";
	case SSL_R_CA_MD_TOO_WEAK:
		return "certificate is signed with a hash that is too weak";
	}
	return "certificate has a key that is not used in TLS";
}

/* What is behind the server's own certificate. */
static bool use_chain(SSL_CTX *context, BIO *text, char fault[TARN__TLS_FAULT_MAX])
{
	bool is_good = true;
	for (X509 *ca; is_good && (ca = read_certificate(text));) {
		is_good = library.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, ca) == 1;
		library.X509_free(ca);
	}
	if (!is_good)
		return refuse_pair(fault, explain_refusal());
	return is_at_end() || refuse_pair(fault, "a certificate of its chain cannot be read");
}

/* keys: the kinds of those before. */
static bool use_pair(SSL_CTX *context, X509 *own, EVP_PKEY *key, uint64_t now_sec,
		     char fault[TARN__TLS_FAULT_MAX])
{
	char date[TARN__DATE_TEXT_MAX];
	int64_t until = seconds_of(library.X509_get0_notAfter(own));
	if (library.X509_check_private_key(own, key) != 1)
		return refuse_pair(fault, "key does not belong to the certificate");
	if (until < (int64_t)now_sec) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "certificate expired on %s",
			 tarn__words_date(until, date));
		return false;
	}
	library.ERR_clear_error();
	if (library.SSL_CTX_use_certificate(context, own) != 1)
		return refuse_pair(fault, explain_refusal());
	if (library.SSL_CTX_use_PrivateKey(context, key) != 1)
		return refuse_pair(fault, "key is not used in TLS");
	return true;
}

static bool has_word(const struct tarn__tls_pair *pair, const char *word)
{
	return memmem(pair->key, pair->key_len, word, strlen(word)) != NULL;
}

static EVP_PKEY *read_key(const struct tarn__tls_pair *pair, char fault[TARN__TLS_FAULT_MAX])
{
	library.ERR_clear_error();
	BIO *text = library.BIO_new_mem_buf(pair->key, (int)pair->key_len);
	EVP_PKEY *key =
		text ? library.PEM_read_bio_PrivateKey(text, NULL, give_no_passphrase, NULL) : NULL;
	library.BIO_free(text);
	if (key)
		return key;
	(void)refuse_pair(fault, !has_word(pair, "PRIVATE KEY-----") ? "no key in it"
				 : has_word(pair, "ENCRYPTED")
					 ? "key is encrypted with a passphrase"
					 : "key cannot be read");
	return NULL;
}

/* kinds: those of the keys before. */
static bool add_pair(SSL_CTX *context, const struct tarn__tls_pair *pair, uint64_t now_sec,
		     int *kind, char fault[TARN__TLS_FAULT_MAX])
{
	BIO *text = library.BIO_new_mem_buf(pair->chain, (int)pair->chain_len);
	X509 *own = text ? read_certificate(text) : NULL;
	bool is_good = own || refuse_pair(fault, is_at_end() ? "no certificate in it"
							     : "certificate cannot be read");
	EVP_PKEY *key = own ? read_key(pair, fault) : NULL;
	is_good = key && use_pair(context, own, key, now_sec, fault) &&
		  use_chain(context, text, fault);
	*kind = key ? library.EVP_PKEY_get_base_id(key) : 0;
	library.EVP_PKEY_free(key);
	library.X509_free(own);
	library.BIO_free(text);
	library.ERR_clear_error();
	return is_good;
}

/* The last of them decides which pair a client gets that can use several. */
static bool add_pairs(SSL_CTX *context, const struct tarn__tls_pair *pairs, size_t count,
		      uint64_t now_sec, size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	enum { KINDS = 8 }; /* as many kinds of keys as the library has, and some more */
	int kinds[KINDS];
	for (*faulty = 0; *faulty < count; ++*faulty) {
		if (*faulty == KINDS)
			return refuse_pair(fault, "too many certificates");
		if (!add_pair(context, &pairs[*faulty], now_sec, &kinds[*faulty], fault))
			return false;
		for (size_t i = 0; i < *faulty; i++) {
			if (kinds[i] == kinds[*faulty])
				return refuse_pair(fault,
						   "another certificate has the same kind of key");
		}
	}
	return count > 0 || refuse_pair(fault, "no certificate");
}

static bool set_tickets(struct tarn__tls_server *server)
{
	enum { LIFETIME_SEC = 2 * 3600 };
	SSL_CTX *context = server->context;
	(void)library.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
	(void)library.SSL_CTX_set_timeout(context, LIFETIME_SEC);
	if (!server->keys) {
		(void)library.SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
		return library.SSL_CTX_set_num_tickets(context, 0) == 1;
	}
	return library.SSL_CTX_set_num_tickets(context, 1) == 1 &&
	       library.SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_ticket_key) == 1;
}

struct tarn__tls_server *tarn__tls_server_new(const struct tarn__tls_pair *pairs, size_t count,
					      struct tarn__tls_ticket_keys *keys, uint64_t now_sec,
					      size_t *faulty, char fault[TARN__TLS_FAULT_MAX])
{
	*faulty = 0;
	if (!load(fault))
		return NULL;
	struct tarn__tls_server *server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(fault, TARN__TLS_FAULT_MAX, "out of memory");
		return NULL;
	}
	atomic_init(&server->references, 1);
	server->keys = keys;
	server->context = make_context(library.TLS_server_method(), fault);
	if (server->context && add_pairs(server->context, pairs, count, now_sec, faulty, fault)) {
		library.SSL_CTX_set_alpn_select_cb(server->context, select_protocol, NULL);
		if (set_tickets(server))
			return server;
		snprintf(fault, TARN__TLS_FAULT_MAX, "%s does not start", LIBSSL_SONAME);
	}
	tarn__tls_server_put(server);
	return NULL;
}

struct tarn__tls_server *tarn__tls_server_get(struct tarn__tls_server *server)
{
	atomic_fetch_add(&server->references, 1);
	return server;
}

void tarn__tls_server_put(struct tarn__tls_server *server)
{
	if (!server || atomic_fetch_sub(&server->references, 1) != 1)
		return;
	library.SSL_CTX_free(server->context);
	free(server);
}

bool tarn__tls_certificate_read(const char *chain, size_t len, struct tarn__tls_certificate *out)
{
	char fault[TARN__TLS_FAULT_MAX];
	if (!load(fault))
		return false;
	BIO *text = library.BIO_new_mem_buf(chain, (int)len);
	X509 *own = text ? read_certificate(text) : NULL;
	library.BIO_free(text);
	library.ERR_clear_error();
	if (!own)
		return false;
	*out = (struct tarn__tls_certificate){
		.from_sec = (uint64_t)seconds_of(library.X509_get0_notBefore(own)),
		.until_sec = (uint64_t)seconds_of(library.X509_get0_notAfter(own))};
	append_names(own, out->names, sizeof(out->names));
	append_subject(library.X509_get_issuer_name(own), out->issuer, sizeof(out->issuer));
	library.X509_free(own);
	return true;
}

/* ---- the pipe below ----------------------------------------------------------------------- */

/* RFC 8446 section 5.1: alert, handshake. A record of SSL 2 is still TLS that is too old. */
static bool begins_tls(unsigned char octet)
{
	enum { CHANGE_CIPHER_SPEC = 20, APPLICATION_DATA = 23, SSL2 = 0x80 };
	return (octet >= CHANGE_CIPHER_SPEC && octet <= APPLICATION_DATA) || octet == SSL2;
}

/* Tells the library what a call of the pipe has come to. */
static int note_below(BIO *bio, struct tarn__tls *tls, ssize_t result, int direction)
{
	library.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
	if (result >= 0)
		return (int)result;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS)
		library.BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
	else
		tls->below_errno = errno;
	return -1;
}

static int below_read(BIO *bio, char *out, int room)
{
	struct tarn__tls *tls = library.BIO_get_data(bio);
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
	struct tarn__tls *tls = library.BIO_get_data(bio);
	return note_below(bio, tls, tarn__pipe_send(tls->below, octets, (size_t)len),
			  BIO_FLAGS_WRITE);
}

static long below_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	const struct tarn__tls *tls = library.BIO_get_data(bio);
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return tls->is_below_ended;
	}
	return 0;
}

/* ---- a connection ------------------------------------------------------------------------- */

enum outcome { DONE, AGAIN, ENDED, BROKEN };

/* Empties the library's queue of errors. Returns true if one of them is that memory is short. */
static bool is_memory_short(void)
{
	bool is_short = false;
	for (unsigned long error; (error = library.ERR_get_error()) != 0;)
		is_short |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is_short;
}

static void explain_end(struct tarn__tls *tls)
{
	const char *when = tls->state == TARN__TLS_SECURING ? " during the handshake" : "";
	if (tls->below_errno)
		fail(tls, TARN__TLS_CLOSED, "closed%s: %s", when, strerror(tls->below_errno));
	else
		fail(tls, TARN__TLS_CLOSED, "closed%s", when);
}

/* What a peer does wrong, for which the library's words are those of its programmers. */
static const char *explain_protocol(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
		return "speaks only versions of TLS that are too old";
	case SSL_R_NO_SHARED_CIPHER:
		return "has no cipher in common";
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_GROUPS:
		return "has no group in common";
	}
	return NULL;
}

static void explain_error(struct tarn__tls *tls, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	bool is_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL;
	const char *words = is_ssl ? explain_protocol(reason) : NULL;
	if (tls->is_clear && tls->state == TARN__TLS_SECURING) {
		words = tls->client ? "answers in the clear (not TLS)"
				    : "speaks in the clear (not TLS)";
	} else if (is_ssl && reason > SSL_AD_REASON_OFFSET &&
		   reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
		fail(tls, TARN__TLS_ALERT, "alert: %s",
		     library.SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
		return;
	} else if (!words) {
		/* The texts are made now: 100 KB that most never need. */
		(void)library.OPENSSL_init_ssl(
			OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
		words = library.ERR_reason_error_string(error);
	}
	if (words)
		fail(tls, TARN__TLS_PROTOCOL, "%s", words);
	else
		fail(tls, TARN__TLS_PROTOCOL, "error %d of library %d", reason, ERR_GET_LIB(error));
}

/* After it nothing of the library's is called for the connection but what frees it. */
static void break_off(struct tarn__tls *tls)
{
	unsigned long error = library.ERR_peek_error();
	if (is_memory_short())
		fail(tls, TARN__TLS_NO_MEMORY, "out of memory");
	else if (tls->below_errno || error == 0)
		explain_end(tls);
	else
		explain_error(tls, error);
	tls->state = TARN__TLS_FAILED;
}

/* Judges the result of a call before which the queue of errors was empty. */
static enum outcome judge(struct tarn__tls *tls, int result)
{
	int error = result > 0 ? SSL_ERROR_NONE : library.SSL_get_error(tls->ssl, result);
	tls->wants_write = error == SSL_ERROR_WANT_WRITE;
	switch (error) {
	case SSL_ERROR_NONE:
		return DONE;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		if (tls->state == TARN__TLS_OPEN)
			return ENDED;
	}
	break_off(tls);
	return BROKEN;
}

static struct tarn__tls *tls_of(const struct tarn__pipe *pipe)
{
	return TARN__CONTAINER(pipe, struct tarn__tls, pipe);
}

static int broken_errno(const struct tarn__tls *tls)
{
	return tls->below_errno ? tls->below_errno : EPROTO;
}

static ssize_t clear_recv(struct tarn__pipe *pipe, void *out, size_t room)
{
	struct tarn__tls *tls = tls_of(pipe);
	size_t got = 0;
	errno = broken_errno(tls);
	if (tls->state != TARN__TLS_OPEN)
		return -1;
	library.ERR_clear_error();
	enum outcome outcome = judge(tls, library.SSL_read_ex(tls->ssl, out, room, &got));
	tls->is_drained = outcome != DONE;
	if (outcome == DONE)
		return (ssize_t)got;
	if (outcome == ENDED)
		return 0;
	errno = outcome == AGAIN ? EAGAIN : broken_errno(tls);
	return -1;
}

static ssize_t clear_send(struct tarn__pipe *pipe, const void *octets, size_t len)
{
	struct tarn__tls *tls = tls_of(pipe);
	size_t taken = 0;
	errno = broken_errno(tls);
	if (tls->state != TARN__TLS_OPEN)
		return -1;
	if (len == 0)
		return 0;
	library.ERR_clear_error();
	enum outcome outcome = judge(tls, library.SSL_write_ex(tls->ssl, octets, len, &taken));
	if (outcome == DONE)
		return (ssize_t)taken;
	errno = outcome == AGAIN ? EAGAIN : outcome == ENDED ? EPIPE : broken_errno(tls);
	return -1;
}

static void clear_end(struct tarn__pipe *pipe)
{
	struct tarn__tls *tls = tls_of(pipe);
	if (tls->state == TARN__TLS_OPEN) {
		library.ERR_clear_error();
		(void)library.SSL_shutdown(tls->ssl);
		library.ERR_clear_error();
	}
	tarn__pipe_end(tls->below);
}

static bool clear_has_more(const struct tarn__pipe *pipe)
{
	const struct tarn__tls *tls = tls_of(pipe);
	return tls->state == TARN__TLS_OPEN && !tls->is_drained &&
	       library.SSL_has_pending(tls->ssl) == 1;
}

/* Returns NULL if memory is short. */
static struct tarn__tls *make_connection(SSL_CTX *context, struct tarn__pipe *below)
{
	static const struct tarn__pipe_ops ops = {.recv = clear_recv,
						  .send = clear_send,
						  .end = clear_end,
						  .has_more = clear_has_more};
	library.ERR_clear_error();
	struct tarn__tls *tls = calloc(1, sizeof(*tls));
	SSL *ssl = tls ? library.SSL_new(context) : NULL;
	BIO *bio = ssl ? library.BIO_new(library.below) : NULL;
	if (bio && library.SSL_set_ex_data(ssl, 0, tls) == 1) {
		library.BIO_set_data(bio, tls);
		library.BIO_set_init(bio, 1);
		library.SSL_set_bio(ssl, bio, bio);
		tls->pipe.ops = &ops;
		tls->below = below;
		tls->ssl = ssl;
		return tls;
	}
	library.BIO_free(bio);
	library.SSL_free(ssl);
	free(tls);
	library.ERR_clear_error();
	return NULL;
}

/* Whom the library expects, and what it says of that. */
static bool set_identity(struct tarn__tls *tls)
{
	enum { FLAGS = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS };
	const struct tarn__tls_identity *identity = &tls->identity;
	X509_VERIFY_PARAM *expected = library.SSL_get0_param(tls->ssl);
	library.X509_VERIFY_PARAM_set_hostflags(expected, FLAGS);
	if (time(NULL) < (time_t)tls->client->lenient_until_sec &&
	    library.X509_VERIFY_PARAM_set_flags(expected, X509_V_FLAG_NO_CHECK_TIME) != 1)
		return false;
	if (!identity->name)
		return identity->address_len == 0 ||
		       library.X509_VERIFY_PARAM_set1_ip(expected, identity->address,
							 identity->address_len) == 1;
	char name[TLSEXT_MAXLEN_host_name + 1];
	snprintf(name, sizeof(name), "%s", identity->name);
	return library.X509_VERIFY_PARAM_set1_host(expected, name, 0) == 1 &&
	       library.SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
				name) == 1;
}

/* RFC 7301 section 3.1: one name behind its length. */
static bool offer_protocol(struct tarn__tls *tls)
{
	unsigned char offer[1 + UINT8_MAX];
	size_t len = tls->alpn ? strlen(tls->alpn) : 0;
	if (len == 0)
		return true;
	if (len > UINT8_MAX)
		return false;
	offer[0] = (unsigned char)len;
	memcpy(offer + 1, tls->alpn, len);
	/* It returns 0 if it has been set. */
	return library.SSL_set_alpn_protos(tls->ssl, offer, (unsigned)(1 + len)) == 0;
}

static bool offer_session(struct tarn__tls *tls)
{
	SSL_SESSION *session = tls->sessions ? take_session(tls->sessions) : NULL;
	if (!session)
		return true;
	tls->offers_session = library.SSL_set_session(tls->ssl, session) == 1;
	library.SSL_SESSION_free(session);
	return tls->offers_session;
}

struct tarn__tls *tarn__tls_connect(struct tarn__tls_client *client,
				    const struct tarn__tls_identity *identity,
				    struct tarn__tls_sessions *sessions, struct tarn__pipe *below)
{
	struct tarn__tls *tls = make_connection(client->context, below);
	if (!tls)
		return NULL;
	tls->client = tarn__tls_client_get(client);
	tls->identity = *identity;
	tls->alpn = identity->alpn;
	tls->sessions = sessions;
	library.SSL_set_connect_state(tls->ssl);
	if (set_identity(tls) && offer_protocol(tls) && offer_session(tls))
		return tls;
	library.ERR_clear_error();
	tarn__tls_free(tls);
	return NULL;
}

struct tarn__tls *tarn__tls_accept(struct tarn__tls_server *server, const char *alpn,
				   struct tarn__pipe *below)
{
	struct tarn__tls *tls = make_connection(server->context, below);
	if (!tls)
		return NULL;
	tls->server = tarn__tls_server_get(server);
	tls->alpn = alpn;
	library.SSL_set_accept_state(tls->ssl);
	return tls;
}

void tarn__tls_free(struct tarn__tls *tls)
{
	if (!tls)
		return;
	/* Otherwise the library takes a session that was not ended by a word for one that is not to be resumed. */
	if (tls->state == TARN__TLS_OPEN || tls->reason == TARN__TLS_CLOSED)
		library.SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	library.SSL_free(tls->ssl);
	tarn__tls_client_put(tls->client);
	tarn__tls_server_put(tls->server);
	free(tls);
}

/* RFC 7301 section 3.2: a server selects what was offered, or nothing. */
static bool is_protocol_good(struct tarn__tls *tls)
{
	const unsigned char *selected = NULL;
	unsigned len = 0;
	library.SSL_get0_alpn_selected(tls->ssl, &selected, &len);
	if (!tls->client || len == 0)
		return true;
	tls->has_alpn = true;
	if (tls->alpn && strlen(tls->alpn) == len && memcmp(tls->alpn, selected, len) == 0)
		return true;
	char seen[40] = "";
	tarn__words_append(seen, sizeof(seen), selected, len);
	fail(tls, TARN__TLS_PROTOCOL, "selected protocol %s, not %s", seen,
	     tls->alpn ? tls->alpn : "none");
	return false;
}

enum tarn__tls_state tarn__tls_secure(struct tarn__tls *tls)
{
	if (tls->state != TARN__TLS_SECURING)
		return tls->state;
	library.ERR_clear_error();
	if (judge(tls, library.SSL_do_handshake(tls->ssl)) != DONE)
		return tls->state;
	tls->state = is_protocol_good(tls) ? TARN__TLS_OPEN : TARN__TLS_FAILED;
	forget_refused(tls);
	keep_resumed(tls);
	return tls->state;
}

enum tarn__tls_state tarn__tls_state(const struct tarn__tls *tls)
{
	return tls->state;
}

struct tarn__pipe *tarn__tls_pipe(struct tarn__tls *tls)
{
	return &tls->pipe;
}

bool tarn__tls_wants_write(const struct tarn__tls *tls)
{
	return tls->wants_write;
}

bool tarn__tls_is_resumed(const struct tarn__tls *tls)
{
	return library.SSL_session_reused(tls->ssl) == 1;
}

bool tarn__tls_has_alpn(const struct tarn__tls *tls)
{
	return tls->has_alpn;
}

const char *tarn__tls_fault(const struct tarn__tls *tls)
{
	return tls->fault;
}

enum tarn__tls_reason tarn__tls_reason(const struct tarn__tls *tls)
{
	return tls->reason;
}

#endif
