/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the addresses of a name as the C library finds them, or why it finds none. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int error = getaddrinfo(argv[1], NULL, &hints, &found);
	if (error != 0) {
		puts(gai_strerror(error));
		return 1;
	}
	for (const struct addrinfo *i = found; i; i = i->ai_next) {
		char text[NI_MAXHOST];
		if (getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) == 0)
			puts(text);
	}
	freeaddrinfo(found);
	return 0;
}
