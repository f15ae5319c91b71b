/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/nghttp2.c: HTTP/2 sessions by libnghttp2, and a build without it. */
#include "config.h"

#include "http2/http2.h"

bool tarn__http2_is_built(void)
{
	return false;
}

const char *tarn__http2_load(void)
{
	return "tarn was built without nghttp2";
}
