/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/read.h: reading what a descriptor has.
 *
 * Any thread.
 */
#ifndef TARN_BASE_READ_H
#define TARN_BASE_READ_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* Reads up to room octets, until the end. Returns their number; -1: errno says why. */
static inline ssize_t tarn__read_octets(int fd, void *out, size_t room)
{
	size_t len = 0;
	while (len < room) {
		ssize_t got = read(fd, (char *)out + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

#endif
