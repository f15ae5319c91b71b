/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main of a fuzz target built without a fuzzer: replays its corpus, or the files named, as TAP.
 */

#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A UDP or TCP message is at most 65535 octets; a seed has some room for a prefix of its own. */
#define INPUT_MAX_LEN (128 * 1024)

static unsigned replayed_count;

static bool replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	uint8_t *buffer = malloc(INPUT_MAX_LEN);
	size_t len = buffer ? fread(buffer, 1, INPUT_MAX_LEN, file) : 0;
	bool whole = buffer && feof(file);
	fclose(file);

	/* The exact size on the heap, so that a sanitizer sees a read past the end. */
	uint8_t *input = whole ? malloc(len ? len : 1) : NULL;
	if (input) {
		memcpy(input, buffer, len);
		LLVMFuzzerTestOneInput(input, len);
	}
	free(buffer);
	free(input);
	if (!input)
		return false;
	printf("ok %u - %s\n", ++replayed_count, path);
	return true;
}

static bool replay_directory(const char *directory)
{
	DIR *entries = opendir(directory);
	if (!entries)
		return false;
	bool good = true;
	for (struct dirent *entry; good && (entry = readdir(entries));) {
		if (entry->d_name[0] == '.')
			continue;
		char path[PATH_MAX];
		int len = snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		good = len > 0 && (size_t)len < sizeof(path) && replay_file(path);
	}
	closedir(entries);
	return good;
}

/* tests/fuzz/corpus/NAME of the source tree, where NAME is the program's own. */
static bool replay_corpus(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *srcdir = getenv("srcdir");
	char directory[PATH_MAX];
	int len = snprintf(directory, sizeof(directory), "%s/tests/fuzz/corpus/%s",
			   srcdir ? srcdir : ".", slash ? slash + 1 : program);
	return len > 0 && (size_t)len < sizeof(directory) && replay_directory(directory);
}

int main(int argc, char **argv)
{
	bool good = true;
	if (argc < 2)
		good = replay_corpus(argv[0]);
	for (int i = 1; good && i < argc; i++)
		good = replay_file(argv[i]);
	if (!good) {
		printf("Bail out! %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	printf("1..%u\n", replayed_count);
	return replayed_count ? EXIT_SUCCESS : EXIT_FAILURE;
}
