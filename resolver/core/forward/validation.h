/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forward/validation.h: an answer is checked before it is stored (RFC 4035 section 5): with DNSSEC
 * validation on, of every lookup in a zone that is validated, unless the client has set CD. The answer has
 * been asked for with DO and CD.
 *
 * Thread: as the lookup's.
 */
#ifndef TARN_CORE_FORWARD_VALIDATION_H
#define TARN_CORE_FORWARD_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

struct tarn__answer;
struct tarn__lookup;
struct tarn__response;

/*
 * error 0: the answer is secure, or proved to be insecure; it is that to the lookup's key, with its stored
 * form in the scratch. tarn__reasons_is_bogus(): it is bogus. Else the error with which the chain of trust
 * failed. The callback may end the lookup.
 */
typedef void tarn__validated_function(struct tarn__lookup *, int error,
				      const struct tarn__answer *);

/*
 * Checks the answer in the scratch. done is called once, perhaps before it returns; not after
 * tarn__validation_drop(). If it is not, the lookup is CHECKING.
 */
void tarn__validation_begin(struct tarn__lookup *, tarn__validated_function *done);

/* Drops the check, if there is one. */
void tarn__validation_drop(struct tarn__lookup *);

/*
 * Returns 0 if the response, to a question of the chain of trust, can be of use; TARN_ENOSIGNATURES: a
 * DNSKEY without a signature; TARN_ENODS: the server has asked the child zone for the DS (RFC 4035 section
 * 3.1.4.1), or an alias stands there that is not signed.
 */
int tarn__validation_chain_fault(struct tarn__response *);

/* Returns true if anything in the response is signed. */
bool tarn__validation_has_signatures(const struct tarn__response *);

#endif
