/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/certificate.c: reads certificates, and what they say. */
#include "config.h"

#include "tls/parts.h"

#ifdef HAVE_OPENSSL
#include <string.h>
#include <time.h>

#include "tls/words.h"

int64_t tarn__x509_seconds(const ASN1_TIME *time)
{
	struct tm tm;
	return time && tarn__ssl.ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void tarn__x509_append_names(X509 *certificate, char *text, size_t room)
{
	GENERAL_NAMES *names =
		tarn__ssl.X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = names ? tarn__ssl.OPENSSL_sk_num((const OPENSSL_STACK *)names) : 0;
	const char *comma = "";
	for (int i = 0; i < count; i++) {
		int type;
		const ASN1_STRING *value = tarn__ssl.GENERAL_NAME_get0_value(
			tarn__ssl.OPENSSL_sk_value((const OPENSSL_STACK *)names, i), &type);
		if (type != GEN_DNS && type != GEN_IPADD)
			continue;
		const unsigned char *octets = tarn__ssl.ASN1_STRING_get0_data(value);
		size_t len = (size_t)tarn__ssl.ASN1_STRING_length(value);
		tarn__words_append(text, room, comma, strlen(comma));
		if (type == GEN_DNS)
			tarn__words_append(text, room, octets, len);
		else
			tarn__words_append_address(text, room, octets, len);
		comma = ", ";
	}
	tarn__ssl.GENERAL_NAMES_free(names);
	tarn__ssl.ERR_clear_error();
}

void tarn__x509_append_name(const X509_NAME *name, char *text, size_t room)
{
	char buffer[64];
	int len = tarn__ssl.X509_NAME_get_text_by_NID(name, NID_commonName, buffer, sizeof(buffer));
	if (len <= 0)
		len = tarn__ssl.X509_NAME_get_text_by_NID(name, NID_organizationName, buffer,
							  sizeof(buffer));
	if (len > 0)
		tarn__words_append(text, room, buffer, strlen(buffer));
}

int tarn__x509_give_no_passphrase(char *out, int room, int is_writing, void *data)
{
	(void)out;
	(void)room;
	(void)is_writing;
	(void)data;
	return -1;
}

bool tarn__x509_is_at_end(void)
{
	unsigned long error = tarn__ssl.ERR_peek_last_error();
	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

X509 *tarn__x509_read(BIO *text)
{
	tarn__ssl.ERR_clear_error();
	return tarn__ssl.PEM_read_bio_X509_AUX(text, NULL, tarn__x509_give_no_passphrase, NULL);
}

bool tarn__tls_certificate_read(const char *chain, size_t len, struct tarn__tls_certificate *out)
{
	char fault[TARN__TLS_FAULT_MAX];
	if (!tarn__ssl_load(fault))
		return false;
	BIO *text = tarn__ssl.BIO_new_mem_buf(chain, (int)len);
	X509 *own = text ? tarn__x509_read(text) : NULL;
	tarn__ssl.BIO_free(text);
	tarn__ssl.ERR_clear_error();
	if (!own)
		return false;
	*out = (struct tarn__tls_certificate){
		.from_sec = (uint64_t)tarn__x509_seconds(tarn__ssl.X509_get0_notBefore(own)),
		.until_sec = (uint64_t)tarn__x509_seconds(tarn__ssl.X509_get0_notAfter(own))};
	tarn__x509_append_names(own, out->names, sizeof(out->names));
	tarn__x509_append_name(tarn__ssl.X509_get_issuer_name(own), out->issuer,
			       sizeof(out->issuer));
	tarn__ssl.X509_free(own);
	return true;
}

#endif
