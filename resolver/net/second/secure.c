/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/secure.c: TLS to a store. */
#include "net/second/secure.h"

#include <stdlib.h>

#include "base/address.h"
#include "net/socket_pipe.h"

struct tarn__second_secure {
	struct tarn__socket_pipe below;
	struct tarn_address address;
	struct tarn__tls *tls;
};

struct tarn__second_secure *tarn__second_secure_new(const struct tarn__second_place *place, int fd)
{
	struct tarn__second_secure *secure = calloc(1, sizeof *secure);
	if (!secure)
		return NULL;
	secure->address = place->address;
	tarn__socket_pipe_init(&secure->below, fd);
	struct tarn__tls_identity identity = {.name = place->name};
	identity.address = tarn__address_octets(&secure->address, &identity.address_len);
	secure->tls = tarn__tls_connect(place->tls, &identity, NULL, &secure->below.pipe);
	if (secure->tls)
		return secure;
	free(secure);
	return NULL;
}

void tarn__second_secure_free(struct tarn__second_secure *secure)
{
	if (!secure)
		return;
	tarn__tls_free(secure->tls);
	free(secure);
}

enum tarn__tls_state tarn__second_secure_go_on(struct tarn__second_secure *secure)
{
	return tarn__tls_secure(secure->tls);
}

enum tarn__tls_state tarn__second_secure_state(const struct tarn__second_secure *secure)
{
	return tarn__tls_state(secure->tls);
}

bool tarn__second_secure_wants_write(const struct tarn__second_secure *secure)
{
	return tarn__tls_wants_write(secure->tls);
}

bool tarn__second_secure_has_more(const struct tarn__second_secure *secure)
{
	return tarn__tls_state(secure->tls) == TARN__TLS_OPEN &&
	       tarn__pipe_has_more(tarn__tls_pipe(secure->tls));
}

const char *tarn__second_secure_fault(const struct tarn__second_secure *secure)
{
	return tarn__tls_state(secure->tls) == TARN__TLS_FAILED ? tarn__tls_fault(secure->tls)
								: "closed";
}

ssize_t tarn__second_secure_recv(struct tarn__second_secure *secure, void *out, size_t room)
{
	return tarn__pipe_recv(tarn__tls_pipe(secure->tls), out, room);
}

ssize_t tarn__second_secure_send(struct tarn__second_secure *secure, const void *octets, size_t len)
{
	return tarn__pipe_send(tarn__tls_pipe(secure->tls), octets, len);
}
