/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_proxy_header.c: a header of the PROXY protocol is read to its end and not beyond, in whichever
 * pieces it comes.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/listen/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn_address client = {0};
	size_t have = 0;
	long missing;
	for (;;) {
		/* No octet behind those that have come may be read. */
		uint8_t *exact = malloc(have > 0 ? have : 1);
		fuzz_check(exact != NULL);
		memcpy(exact, data, have);
		missing = tarn__proxy_header_read(exact, have, &client);
		free(exact);
		if (missing <= 0 || have + (size_t)missing > len)
			break;
		have += (size_t)missing;
		fuzz_check(have <= TARN__PROXY_HEADER_MAX);
	}
	fuzz_check(missing >= 0 || missing == TARN_EINVAL);
	int family = client.sa.sa_family;
	fuzz_check(family == AF_UNSPEC || family == AF_INET || family == AF_INET6);
	return 0;
}
