/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths that may be symbolic links. */
#include "daemon/settings/path.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static size_t directory_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash + 1 - path) : 0;
}

bool tarn__path_read_link(char path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	size_t at = target[0] == '/' ? 0 : directory_len(path);
	if (at + (size_t)len >= PATH_MAX)
		return false;
	strcpy(path + at, target);
	return true;
}

void tarn__path_cut(char path[PATH_MAX])
{
	size_t len = directory_len(path);
	if (len == 0)
		strcpy(path, "./");
	else
		path[len] = '\0';
}
