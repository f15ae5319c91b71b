/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/words.c: dates, names and addresses in words. */
#include "tls/words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *tarn__words_date(int64_t sec, char out[TARN__DATE_TEXT_MAX])
{
	struct tm tm;
	time_t time = (time_t)sec;
	if (!gmtime_r(&time, &tm) || strftime(out, TARN__DATE_TEXT_MAX, "%Y-%m-%d", &tm) == 0)
		snprintf(out, TARN__DATE_TEXT_MAX, "%lld", (long long)sec);
	return out;
}

void tarn__words_append(char *text, size_t room, const void *octets, size_t len)
{
	size_t at = strlen(text);
	const unsigned char *from = octets;
	for (size_t i = 0; i < len && at + 1 < room; i++)
		text[at++] = from[i] >= ' ' && from[i] < 0x7f ? (char)from[i] : '?';
	text[at] = '\0';
}

void tarn__words_append_address(char *text, size_t room, const uint8_t *address, size_t len)
{
	char buffer[INET6_ADDRSTRLEN] = "?";
	if (len == 4)
		inet_ntop(AF_INET, address, buffer, sizeof(buffer));
	else if (len == 16)
		inet_ntop(AF_INET6, address, buffer, sizeof(buffer));
	tarn__words_append(text, room, buffer, strlen(buffer));
}
