/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/body.c: bodies that come in pieces. */
#include "http2/body.h"

#include <stdlib.h>

bool tarn__http2_body_reserve(uint8_t **octets, size_t *size, size_t need)
{
	if (need <= *size)
		return true;
	size_t room = need > 2 * *size ? need : 2 * *size;
	uint8_t *grown = realloc(*octets, room);
	if (!grown)
		return false;
	*octets = grown;
	*size = room;
	return true;
}
