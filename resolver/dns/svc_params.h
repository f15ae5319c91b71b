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

#include "dns/word.h"

/* Ten keys are defined; more parameters than this are no service. It bounds the time that sorting takes. */
enum { TARN__SVC_PARAMS_MAX = 64 };

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
