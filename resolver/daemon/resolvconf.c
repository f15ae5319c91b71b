/* SPDX-License-Identifier: BSD-2-Clause */
/* The servers of a resolv.conf(5), read as the C library reads them. */
#include "daemon/resolvconf.h"

#include <string.h>

/* Longer than any line with an address in it; of a longer one only the beginning counts. */
enum { LINE_MAX_LEN = 256 };

static void skip_rest_of_line(FILE *file)
{
	for (int c = getc(file); c != EOF && c != '\n';)
		c = getc(file);
}

/* The address of a "nameserver" line, ended with NUL in place; NULL for any other line. */
static char *find_server(char *line)
{
	static const char keyword[] = "nameserver";
	if (strncmp(line, keyword, strlen(keyword)) != 0)
		return NULL;
	char *value = line + strlen(keyword);
	if (*value != ' ' && *value != '\t')
		return NULL;
	value += strspn(value, " \t");
	value[strcspn(value, " \t\r\n#;")] = '\0';
	return value;
}

void tarn__resolvconf_read(FILE *file, struct tarn__addresses *out, struct tarn__log *log)
{
	char line[LINE_MAX_LEN];
	for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
		if (!strchr(line, '\n'))
			skip_rest_of_line(file);
		const char *server = find_server(line);
		if (!server)
			continue;
		struct tarn_address address;
		int error = tarn_address_parse(server, 53, &address);
		if (error == 0 && tarn_address_port(&address) == 0)
			error = TARN_EPORT;
		if (error < 0)
			tarn__log(log, TARN_LOG_WARNING, "resolv.conf line %u: nameserver %s: %s",
				  number, server, tarn_error_text(error));
		else if (tarn__addresses_add(out, &address) < 0)
			tarn__log(log, TARN_LOG_WARNING,
				  "resolv.conf line %u: nameserver %s: more than %d servers",
				  number, server, TARN__ADDRESSES_MAX);
	}
}
