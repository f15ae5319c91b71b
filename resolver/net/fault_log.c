/* SPDX-License-Identifier: BSD-2-Clause */
/* net/fault_log.c: what is wrong with encrypted servers, for the log. */
#include "net/fault_log.h"

#include <stdio.h>
#include <string.h>

#include "base/siphash.h"
#include "core/forward/endpoint.h"
#include "tarn.h"

/* The key need not be secret: a server that could find two texts with one digest can only keep one out of the log. */
static uint64_t digest(const char *line)
{
	static const uint8_t key[TARN__SIPHASH_KEY_LEN] = {0};
	return tarn__siphash(key, line, strlen(line));
}

/* Returns false if it has been said. It takes the place that was free first. */
static bool take_place(struct tarn__fault_log *log, uint64_t what, uint64_t now_ms)
{
	size_t place = 0;
	for (size_t i = 0; i < TARN__FAULT_LOG_SIZE; i++) {
		if (log->told[i].what == what && now_ms < log->told[i].until_ms)
			return false;
		if (log->told[i].until_ms < log->told[place].until_ms)
			place = i;
	}
	log->told[place].what = what;
	log->told[place].until_ms = now_ms + TARN__FAULT_LOG_MS;
	return true;
}

bool tarn__fault_log_tell(struct tarn__fault_log *log, const struct tarn__endpoint *endpoint,
			  const char *fault, bool is_clock, uint64_t now_ms,
			  char line[TARN__FAULT_LINE_MAX])
{
	char address[TARN_ADDRESS_TEXT_MAX];
	const char *name = endpoint->traits.name;
	if (is_clock && log->is_clock_told)
		return false;
	snprintf(line, TARN__FAULT_LINE_MAX, "%s%s%s: %s", name ? name : "", name ? " at " : "",
		 tarn_address_format(&endpoint->address, address), fault);
	log->is_clock_told |= is_clock;
	return take_place(log, digest(line), now_ms);
}
