/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads certificates and keys from their files. */
#include "config.h"

#include "daemon/certificates/pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/names/text_file.h"
#include "daemon/system/file.h"
#include "tls/tls.h"

/* ---- reading ----------------------------------------------------------------------------------- */

/* What a reader of the log can do about a file that is there, and not for tarn. */
static void explain_denial(const char *path, const char *user, char *out, size_t size)
{
	*out = '\0';
	if (tarn__text_file_is_out_of_reach(path))
		snprintf(out, size, "; its folder was not configured at the start: restart tarn");
	else if (user)
		snprintf(out, size, " for user %s", user);
}

static int read_one(const char *path, const char *what, const char *user, const char **text,
		    size_t *len, char fault[TARN__PAIR_FAULT_MAX])
{
	const char *reason;
	char *read = tarn__file_read(path, TARN__PAIR_FILE_MAX, len, &reason);
	if (read) {
		*text = read;
		return 0;
	}
	int error = errno;
	char help[128] = "";
	if (error == EACCES)
		explain_denial(path, user, help, sizeof(help));
	snprintf(fault, TARN__PAIR_FAULT_MAX, "%s %s: %s%s", what, path, reason, help);
	return error == ENOMEM ? TARN_ENOMEM : TARN_ESYSTEM;
}

int tarn__pairs_read(const struct tarn__settings *settings, const char *user,
		     struct tarn__pairs *out, char fault[TARN__PAIR_FAULT_MAX])
{
	struct tarn__pairs pairs = {0};
	int error = 0;
	while (pairs.count < settings->certificates.count && error == 0) {
		size_t i = pairs.count++;
		struct tarn_certificate *pair = &pairs.items[i];
		error = read_one(settings->certificates.items[i], "certificate", user, &pair->chain,
				 &pair->chain_len, fault);
		if (error == 0)
			error = read_one(settings->keys.items[i], "key", user, &pair->key,
					 &pair->key_len, fault);
	}
	if (error < 0)
		tarn__pairs_fini(&pairs);
	else
		*out = pairs;
	return error;
}

void tarn__pairs_fini(struct tarn__pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct tarn_certificate *pair = &pairs->items[i];
		if (pair->key)
			explicit_bzero((char *)pair->key, pair->key_len);
		free((char *)pair->key);
		free((char *)pair->chain);
	}
	*pairs = (struct tarn__pairs){0};
}

/* ---- comparing --------------------------------------------------------------------------------- */

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

bool tarn__pairs_are_equal(const struct tarn__pairs *a, const struct tarn__pairs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct tarn_certificate *x = &a->items[i], *y = &b->items[i];
		if (!is_same(x->chain, x->chain_len, y->chain, y->chain_len) ||
		    !is_same(x->key, x->key_len, y->key, y->key_len))
			return false;
	}
	return true;
}

bool tarn__pairs_have_chains(const struct tarn__pairs *pairs, const struct tarn__settings *settings)
{
	bool have = pairs->count == settings->certificates.count;
	for (size_t i = 0; i < pairs->count && have; i++) {
		const struct tarn_certificate *pair = &pairs->items[i];
		const char *reason;
		size_t len = 0;
		char *text = tarn__file_read(settings->certificates.items[i], TARN__PAIR_FILE_MAX,
					     &len, &reason);
		have = text && is_same(text, len, pair->chain, pair->chain_len);
		free(text);
	}
	return have;
}

/* ---- judging ----------------------------------------------------------------------------------- */

void tarn__pairs_explain(const struct tarn__settings *settings, size_t index, const char *reason,
			 char fault[TARN__PAIR_FAULT_MAX])
{
	if (index >= settings->certificates.count)
		snprintf(fault, TARN__PAIR_FAULT_MAX, "certificates: %s", reason);
	else
		snprintf(fault, TARN__PAIR_FAULT_MAX, "certificate %s with key %s: %s",
			 settings->certificates.items[index], settings->keys.items[index], reason);
}

int tarn__pairs_judge(const struct tarn__pairs *pairs, const struct tarn__settings *settings,
		      char fault[TARN__PAIR_FAULT_MAX])
{
	struct tarn__tls_pair items[TARN__PAIRS_MAX];
	char reason[TARN__TLS_FAULT_MAX];
	size_t faulty = 0;
	for (size_t i = 0; i < pairs->count; i++)
		items[i] = (struct tarn__tls_pair){.chain = pairs->items[i].chain,
						   .chain_len = pairs->items[i].chain_len,
						   .key = pairs->items[i].key,
						   .key_len = pairs->items[i].key_len};
	struct tarn__tls_ticket_keys *keys = tarn__tls_ticket_keys_new();
	if (!keys) {
		snprintf(fault, TARN__PAIR_FAULT_MAX, "%s", tarn_error_text(TARN_ENOMEM));
		return TARN_ENOMEM;
	}
	struct tarn__tls_server *server = tarn__tls_server_new(
		items, pairs->count, keys, (uint64_t)time(NULL), &faulty, reason);
	if (!server)
		tarn__pairs_explain(settings, faulty, reason, fault);
	tarn__tls_server_put(server);
	tarn__tls_ticket_keys_free(keys);
	return server ? 0 : TARN_EINVAL;
}
