/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/run.c: every script of the folder "scripts" is a test case. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "script.h"
#include "support/unit.h"

static struct dirent **scripts;
static char folder[4096];

static int is_script(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
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
