/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/fault_log.h: what is wrong with encrypted servers, for the log: once per minute for each server and reason,
 * however many workers and questions meet it.
 *
 * Thread: the caller has a lock.
 */
#ifndef TARN_NET_FAULT_LOG_H
#define TARN_NET_FAULT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__endpoint;

enum {
	TARN__FAULT_LOG_MS = 60000, /* between two lines that say the same */
	TARN__FAULT_LOG_SIZE = 64, /* different faults that are remembered */
	TARN__FAULT_LINE_MAX = 640, /* octets, with NUL: a name, an address and a fault of TLS */
};

/* All zero: nothing has been said. */
struct tarn__fault_log {
	bool is_clock_told; /* that this machine's clock is wrong is said once */
	struct {
		uint64_t what;
		uint64_t until_ms; /* it is not said again before that */
	} told[TARN__FAULT_LOG_SIZE];
};

/*
 * Writes the line "dns.example at 192.0.2.1:853: certificate is for other.example", or returns false if it has been
 * said lately. is_clock: the fault is of this machine's clock, and has words for that.
 */
bool tarn__fault_log_tell(struct tarn__fault_log *, const struct tarn__endpoint *,
			  const char *fault, bool is_clock, uint64_t now_ms,
			  char line[TARN__FAULT_LINE_MAX]);

#endif
