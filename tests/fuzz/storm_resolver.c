/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/storm_resolver.c: fuzz_resolver's plays without a fuzzer: a number of them, of a fixed seed.
 * With a number as argument only that play is run; a second argument is the file to which its octets are
 * written, to be kept or minimised.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { PLAYS = 2000, LEN_MIN = 16, LEN_MAX = 700 };

static uint64_t state;
static volatile unsigned long playing;

/* xorshift (Marsaglia, 2003): the same everywhere. */
static uint8_t next_octet(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint8_t)(state >> 32);
}

static size_t make_play(unsigned long number, uint8_t out[LEN_MAX])
{
	state = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
	for (int i = 0; i < 8; i++)
		next_octet();
	size_t high = next_octet(),
	       len = LEN_MIN + (high << 8 | next_octet()) % (LEN_MAX - LEN_MIN);
	for (size_t i = 0; i < len; i++)
		out[i] = next_octet();
	return len;
}

static void on_abort(int signal)
{
	(void)signal;
	char text[64];
	int len = snprintf(text, sizeof text, "Bail out! play %lu\n", playing);
	(void)!write(STDOUT_FILENO, text, (size_t)len);
}

static bool write_file(const char *path, const uint8_t *play, size_t len)
{
	FILE *file = fopen(path, "wb");
	return file && fwrite(play, 1, len, file) == len && fclose(file) == 0;
}

int main(int argc, char **argv)
{
	static uint8_t play[LEN_MAX];
	unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long end = argc > 1 ? first + 1 : PLAYS;
	signal(SIGABRT, on_abort);
	for (playing = first; playing < end; playing++) {
		size_t len = make_play(playing, play);
		if (argc > 2 && !write_file(argv[2], play, len))
			return EXIT_FAILURE;
		LLVMFuzzerTestOneInput(play, len);
	}
	printf("ok 1 - %lu plays\n1..1\n", end - first);
	return EXIT_SUCCESS;
}
