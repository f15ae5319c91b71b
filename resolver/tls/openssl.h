/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls/openssl.h: the door to libssl and libcrypto, which are loaded when they are first needed: their types, and
 * their functions as members of tarn__ssl. Only this file includes the library's headers.
 *
 * Thread: any.
 */
#ifndef TARN_TLS_OPENSSL_H
#define TARN_TLS_OPENSSL_H

#include "config.h"

#ifdef HAVE_OPENSSL
#define OPENSSL_API_COMPAT                                                                         \
	0x30000000L /* what 3.0 has is used, though later ones have better names */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "tls/tls.h"

#define TARN__OPENSSL_FUNCTIONS(FUNCTION)                                                          \
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
	FUNCTION(X509_get_signature_info)                                                          \
	FUNCTION(X509_get_subject_name)                                                            \
	FUNCTION(X509_verify_cert)                                                                 \
	FUNCTION(X509_verify_cert_error_string)                                                    \
	FUNCTION(i2d_X509_PUBKEY)

#define TARN__OPENSSL_POINTER(name) __typeof__(name) *name;

/* To be used after tarn__ssl_load() alone. */
extern struct tarn__ssl {
	TARN__OPENSSL_FUNCTIONS(TARN__OPENSSL_POINTER)
} tarn__ssl;

/* Loads the library once. Returns false with a reason. */
bool tarn__ssl_load(char fault[TARN__TLS_FAULT_MAX]);

#endif
#endif
