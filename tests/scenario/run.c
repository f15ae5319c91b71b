/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/run.c: every script of the folder "scripts" is a test case. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "crypto/hmac.h"
#include "http2/http2.h"
#include "script.h"
#include "support/unit.h"

static struct dirent **scripts;
static char folder[4096];

/* Returns true if the libraries that the script needs are built in. */
static bool is_possible(FILE *script)
{
	char *line = NULL;
	size_t size = 0;
	bool is_possible = true;
	while (is_possible && getline(&line, &size, script) >= 0) {
		bool is_https = strstr(line, "https://") != NULL;
		bool is_secure =
			is_https || strstr(line, "tls://") || strcmp(line, "validate\n") == 0;
		is_possible = (!is_secure || tarn__hmac_is_built()) &&
			      (!is_https || tarn__http2_is_built());
	}
	free(line);
	return is_possible;
}

static int is_script(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	if (len <= 4 || strcmp(entry->d_name + len - 4, ".txt") != 0)
		return false;
	char path[sizeof folder + 256];
	snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
	FILE *script = fopen(path, "r");
	bool is_wanted = !script || is_possible(script);
	if (script)
		fclose(script);
	return is_wanted;
}

START_TEST(script_is_met)
{
	char path[sizeof folder + 256];
	snprintf(path, sizeof path, "%s/%s", folder, scripts[_i]->d_name);
	script_run(path);
}
END_TEST

int main(void)
{
	const char *srcdir = getenv("srcdir");
	snprintf(folder, sizeof folder, "%s/tests/scenario/scripts", srcdir ? srcdir : ".");
	int count = scandir(folder, &scripts, is_script, alphasort);
	if (count <= 0) {
		fprintf(stderr, "no scripts in %s\n", folder);
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("scenario");
	for (int i = 0; i < count; i++) {
		TCase *tcase = tcase_create(scripts[i]->d_name);
		tcase_add_loop_test(tcase, script_is_met, i, i + 1);
		suite_add_tcase(suite, tcase);
	}
	int status = unit_run(suite);
	for (int i = 0; i < count; i++)
		free(scripts[i]);
	free(scripts);
	return status;
}
