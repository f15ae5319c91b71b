/* SPDX-License-Identifier: BSD-2-Clause */
/* The names and texts of error codes and statuses. */

#include "rtcache.h"

const char *rtcache_error_text(int error)
{
	switch (error) {
#define ERROR_TEXT(name, code, text)                                                               \
	case code:                                                                                 \
		return text;
		RTCACHE_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
	default:
		return "unknown error";
	}
}

const char *rtcache_error_name(int error)
{
	switch (error) {
#define ERROR_NAME(name, code, text)                                                               \
	case code:                                                                                 \
		return #name;
		RTCACHE_ERRORS(ERROR_NAME)
#undef ERROR_NAME
	default:
		return "unknown";
	}
}

const char *rtcache_status_name(enum rtcache_status status)
{
	switch (status) {
	case RTCACHE_HIT:
		return "hit";
	case RTCACHE_MISS:
		return "miss";
	case RTCACHE_EXPIRED:
		return "expired";
	case RTCACHE_LOCK_HIT:
		return "lock_hit";
	case RTCACHE_STALE:
		return "stale";
	}
	return "unknown";
}

bool rtcache_status_is_hit(enum rtcache_status status)
{
	return status == RTCACHE_HIT || status == RTCACHE_LOCK_HIT || status == RTCACHE_STALE;
}
