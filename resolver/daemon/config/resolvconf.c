/* SPDX-License-Identifier: BSD-2-Clause */
/* The servers of a resolv.conf(5), read as the C library reads them. */
#include "daemon/config/resolvconf.h"

#include <string.h>

const char tarn__resolv_conf[] = "/etc/resolv.conf";

/* Returns the text after the keyword and blanks; NULL for any other line. */
static char *find_value(char *line, const char *keyword)
{
	if (strncmp(line, keyword, strlen(keyword)) != 0)
		return NULL;
	char *value = line + strlen(keyword);
	if (*value != ' ' && *value != '\t')
		return NULL;
	return value + strspn(value, " \t");
}

static bool has_word(const char *text, const char *word)
{
	while (*text) {
		size_t len = strcspn(text, " \t\r\n");
		if (len == strlen(word) && strncmp(text, word, len) == 0)
			return true;
		text += len;
		text += strspn(text, " \t\r\n");
	}
	return false;
}

static void add_server(struct tarn__resolvconf *out, const char *server, unsigned number,
		       struct tarn__log *log)
{
	struct tarn_address address;
	int error = tarn_address_parse(server, TARN__DNS_PORT, &address);
	if (error == 0 && tarn_address_port(&address) == 0)
		error = TARN_EPORT;
	bool is_too_much = error == 0 && tarn__addresses_add(&out->servers, &address) < 0;
	if (!log)
		return;
	if (error < 0)
		tarn__log(log, TARN_LOG_WARNING, "resolv.conf line %u: nameserver %s: %s", number,
			  server, tarn_error_text(error));
	else if (is_too_much)
		tarn__log(log, TARN_LOG_WARNING,
			  "resolv.conf line %u: nameserver %s: more than %d servers", number,
			  server, TARN__ADDRESSES_MAX);
}

static void read_line(char *line, unsigned number, struct tarn__resolvconf *out,
		      struct tarn__log *log)
{
	char *server = find_value(line, "nameserver");
	const char *options = find_value(line, "options");
	if (server) {
		server[strcspn(server, " \t\r\n#;")] = '\0';
		add_server(out, server, number, log);
	} else if (options) {
		out->trust_ad |= has_word(options, "trust-ad");
		out->use_vc |= has_word(options, "use-vc");
	}
}

void tarn__resolvconf_read(char *text, size_t len, struct tarn__resolvconf *out,
			   struct tarn__log *log)
{
	for (unsigned number = 1; len > 0; number++) {
		char *end = memchr(text, '\n', len);
		char *next = end ? end + 1 : text + len;
		if (end)
			*end = '\0';
		read_line(text, number, out, log);
		len -= (size_t)(next - text);
		text = next;
	}
}
