/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/svc_params.h: the parameters of SVCB and HTTPS (RFC 9460), in the order of their keys, with no key
 * twice. Valid ones have values of the form that their key demands and are consistent in themselves: the
 * keys of mandatory are there (section 8), and no-default-alpn is beside alpn (section 7.1.1).
 */
#ifndef TARN_DNS_SVC_PARAMS_H
#define TARN_DNS_SVC_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"
#include "dns/word.h"

/* Ten keys are defined; more parameters than this are no service. It bounds the time that sorting takes. */
enum { TARN__SVC_PARAMS_MAX = 64 };

enum { /* SvcParamKeys (RFC 9460 section 14.3.2) */
       TARN__SVC_MANDATORY,
       TARN__SVC_ALPN,
       TARN__SVC_NO_DEFAULT_ALPN,
       TARN__SVC_PORT,
       TARN__SVC_IPV4HINT,
       TARN__SVC_ECH,
       TARN__SVC_IPV6HINT,
       TARN__SVC_DOHPATH,
       TARN__SVC_OHTTP,
       TARN__SVC_KEYS, /* those with a name */
       TARN__SVC_INVALID = 65535,
};

/* A SvcParam (RFC 9460 section 2.2). */
struct tarn__svc_param {
	uint16_t key, len;
	const uint8_t *value; /* a view into the message */
};

/*
 * Reads the next parameter. Returns false after the last one, and if one does not end within the RDATA;
 * then the reader has failed. The value is not checked.
 */
bool tarn__svc_param_next(struct tarn__reader *, struct tarn__svc_param *);

/* Returns true if the parameters are valid and TARN__SVC_PARAMS_MAX at most. */
bool tarn__svc_params_are_valid(const uint8_t *octets, size_t len);

/*
 * Writes valid parameters in presentation format with a blank between two, in the order of their keys,
 * without a NUL: four characters for each octet and 64 more at most. Returns their end.
 */
char *tarn__svc_params_format(const uint8_t *octets, size_t len, char *out);

/*
 * Reads the words up to their end: parameters in any order. Writes room octets at most and sets *len.
 * Returns NULL, or why they cannot be read; out may have been written to.
 */
const char *tarn__svc_params_parse(struct tarn__words *, uint8_t *out, size_t room, size_t *len);

#endif
