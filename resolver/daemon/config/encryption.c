/* SPDX-License-Identifier: BSD-2-Clause */
/* What settings need to answer over TLS and HTTPS. */
#include "daemon/config/encryption.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/certificates/pairs.h"
#include "daemon/settings/options.h"
#include "http2/http2.h"
#include "tls/tls.h"

/* Names the option of the field with the value that it has, or with that one. */
static void refuse_one(const struct tarn__settings *settings, const void *field, const char *value,
		       const char *reason, struct tarn__diagnostics *diagnostics)
{
	const struct tarn__option_row *row = tarn__option_find(settings, field);
	const struct tarn__origin *origin = tarn__settings_origin(settings, field);
	bool is_of_file = origin->by == TARN__BY_FILE;
	bool is_option = !is_of_file && row->name;
	char *text = value ? NULL : tarn__option_text(row, settings);
	if (text)
		value = text;
	tarn__diagnostics_add(diagnostics, is_of_file ? origin->file : NULL,
			      is_of_file ? origin->line : 0, "%s%s %s: %s", is_option ? "--" : "",
			      is_option ? row->name : row->word, value ? value : "", reason);
	free(text);
}

static void refuse(const struct tarn__settings *settings, const void *field, const char *reason,
		   struct tarn__diagnostics *diagnostics)
{
	refuse_one(settings, field, NULL, reason, diagnostics);
}

/* ---- what is missing --------------------------------------------------------------------------- */

/* Sockets of the service manager have no option. */
static void refuse_listener(const struct tarn__settings *settings, enum tarn_transport transport,
			    const char *reason, struct tarn__diagnostics *diagnostics)
{
	const struct tarn__addresses *listens =
		transport == TARN_TLS ? &settings->tls_listens : &settings->https_listens;
	if (listens->count > 0)
		refuse(settings, listens, reason, diagnostics);
	else
		tarn__diagnostics_add(diagnostics, NULL, 0,
				      "socket \"%s\" of the service manager: %s",
				      transport == TARN_TLS ? "tls" : "https", reason);
}

static void check_transport(const struct tarn__settings *settings, enum tarn_transport transport,
			    struct tarn__diagnostics *diagnostics)
{
	if (!tarn__settings_listens_over(settings, transport))
		return;
	if (!tarn__tls_is_built())
		refuse_listener(settings, transport,
				"tarn was built without DNS over TLS (--with-openssl)",
				diagnostics);
	else if (transport == TARN_HTTPS && !tarn__http2_is_built())
		refuse_listener(settings, transport,
				"tarn was built without DNS over HTTPS (--with-nghttp2)",
				diagnostics);
	else if (settings->certificates.count == 0)
		refuse_listener(settings, transport,
				settings->keys.count == 0 ? "without a certificate and a key"
							  : "without a certificate",
				diagnostics);
}

static void check_pairs(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	size_t certificates = settings->certificates.count, keys = settings->keys.count;
	char reason[128];
	if (certificates > 0 && keys == 0) {
		refuse(settings, &settings->certificates, "without a key", diagnostics);
	} else if (keys > 0 && certificates == 0) {
		refuse(settings, &settings->keys, "without a certificate", diagnostics);
	} else if (keys != certificates) {
		snprintf(reason, sizeof(reason),
			 "%zu for %zu certificates: each has its own, in the same order", keys,
			 certificates);
		refuse(settings, &settings->keys, reason, diagnostics);
	} else if (certificates > TARN__PAIRS_MAX) {
		snprintf(reason, sizeof(reason), "more than %d: one for each kind of key",
			 TARN__PAIRS_MAX);
		refuse(settings, &settings->certificates, reason, diagnostics);
	}
}

/* ---- what has no effect ------------------------------------------------------------------------ */

/*
 * With a certificate there may be sockets of the service manager, of which a check of the settings alone does
 * not know.
 */
static void refuse_idle(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	if (settings->certificates.count > 0 || settings->tls_listens.count > 0 ||
	    settings->https_listens.count > 0)
		return;
	const char *reason = "without tls or https";
	if (settings->listen_name)
		refuse(settings, &settings->listen_name, reason, diagnostics);
	if (settings->resolver.https_path)
		refuse(settings, &settings->resolver.https_path, "without https", diagnostics);
	if (settings->proxies.count > 0)
		refuse(settings, &settings->proxies, reason, diagnostics);
}

/* ---- what contradicts -------------------------------------------------------------------------- */

/* One port of an address has one transport. Port 0 becomes another one for each. */
static void refuse_shared(const struct tarn__settings *settings,
			  const struct tarn__addresses *listens,
			  const struct tarn__addresses *before,
			  struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 0; i < listens->count; i++) {
		const struct tarn_address *address = &listens->items[i];
		char text[TARN_ADDRESS_TEXT_MAX], reason[64];
		if (tarn_address_port(address) == 0 || !tarn__addresses_has(before, address))
			continue;
		snprintf(reason, sizeof(reason), "%s has it, too",
			 tarn__option_find(settings, before)->word);
		refuse_one(settings, listens, tarn_address_format(address, text), reason,
			   diagnostics);
	}
}

void tarn__encryption_check(const struct tarn__settings *settings,
			    struct tarn__diagnostics *diagnostics)
{
	const struct tarn__addresses *tls = &settings->tls_listens,
				     *https = &settings->https_listens;
	check_transport(settings, TARN_TLS, diagnostics);
	check_transport(settings, TARN_HTTPS, diagnostics);
	check_pairs(settings, diagnostics);
	refuse_idle(settings, diagnostics);
	refuse_shared(settings, tls, &settings->listens, diagnostics);
	refuse_shared(settings, https, &settings->listens, diagnostics);
	refuse_shared(settings, https, tls, diagnostics);
	refuse_shared(settings, &settings->metrics, tls, diagnostics);
	refuse_shared(settings, &settings->metrics, https, diagnostics);
}
