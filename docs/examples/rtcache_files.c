/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the lines of files, reading each file once a second at most: rtcache_files FILE... */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rtcache.h>

/* The key is the file's name, the value its number of lines. */
static void count_lines(struct rtcache_lookup *lookup, const void *key, size_t key_len, void *extra,
			void *arg)
{
	char name[4096];
	unsigned long lines = 0;
	(void)extra;
	(void)arg;
	snprintf(name, sizeof(name), "%.*s", (int)key_len, (const char *)key);
	FILE *file = fopen(name, "r");
	if (!file) {
		rtcache_fail(lookup, -1);
		return;
	}
	for (int c; (c = getc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	rtcache_fill(lookup, &lines, sizeof(lines), 1000);
}

int main(int argc, char **argv)
{
	struct rtcache *cache = rtcache_new(&(struct rtcache_options){.lookup = count_lines});
	struct rtcache_client *client = cache ? rtcache_client_new(cache, NULL, NULL) : NULL;
	if (!client)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++) {
		struct rtcache_request request = {0};
		struct rtcache_value value;
		unsigned long lines;
		/* The lookup ends inside its callback, so get never returns 0. */
		if (rtcache_get(client, &request, argv[i], strlen(argv[i]), RTCACHE_NO_TTL, NULL,
				&value) != 1 ||
		    value.error) {
			printf("%s: cannot be read\n", argv[i]);
			continue;
		}
		memcpy(&lines, value.data, sizeof(lines));
		printf("%s: %lu lines (%s)\n", argv[i], lines, rtcache_status_name(value.status));
		rtcache_client_run(client);
	}
	rtcache_client_free(client);
	rtcache_free(cache);
	return EXIT_SUCCESS;
}
