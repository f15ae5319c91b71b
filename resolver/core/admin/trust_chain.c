/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/trust_chain.c: the entries of the cache that a chain of trust consists of. */
#include "core/admin/trust_chain.h"

#include <string.h>

#include "core/config.h"
#include "core/resolver.h"
#include "dns/query.h"

static struct tarn__anchor find_anchor(const struct tarn__resolver *resolver, const uint8_t *name,
				       size_t len)
{
	const struct tarn__config *config = tarn__resolver_config(resolver);
	if (!config->validates)
		return (struct tarn__anchor){.kind = TARN__ANCHOR_NONE};
	return tarn__anchors_find(config->anchors, name, len);
}

/* Returns the offset of the name with one label more than that at an offset which is not 0. */
static size_t descend(const uint8_t *name, size_t at)
{
	size_t before = 0, next = 0;
	while (next < at) {
		before = next;
		next += 1 + (size_t)name[next];
	}
	return before;
}

/* Returns true if nothing below it is of interest. */
static bool is_end(const struct tarn__trust *trust)
{
	return trust->kind == TARN__TRUST_INSECURE || trust->kind == TARN__TRUST_BOGUS;
}

/* ---- what is known ---------------------------------------------------------------------- */

static void inspect(struct tarn__resolver *resolver, const uint8_t *name, size_t len,
		    struct tarn__trust_link *out)
{
	uint8_t key[TARN__KEY_MAX];
	struct rtcache_state state;
	const struct rtcache_value *value = &state.item.value;
	size_t key_len = tarn__key_write_trust(name, len, key);
	*out = (struct tarn__trust_link){.name = name};
	if (rtcache_inspect(tarn__resolver_client(resolver), key, key_len, &state) != 0 ||
	    !state.is_stored || value->status != RTCACHE_HIT)
		return;
	out->is_known = tarn__trust_read(value->data, value->len, &out->trust);
	out->left_ms = value->ttl_ms;
}

struct tarn__anchor tarn__trust_chain_show(struct tarn__resolver *resolver, const uint8_t *name,
					   size_t len,
					   void (*show)(void *arg, const struct tarn__trust_link *),
					   void *arg)
{
	struct tarn__anchor anchor = find_anchor(resolver, name, len);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return anchor;
	for (size_t at = len - anchor.name_len;; at = descend(name, at)) {
		struct tarn__trust_link link;
		inspect(resolver, name + at, len - at, &link);
		show(arg, &link);
		if (at == 0 || (link.is_known && is_end(&link.trust)))
			return anchor;
	}
}

/* ---- lookups ---------------------------------------------------------------------------- */

/* Returns 1 if the lookup goes on below; 0 if it ends there; or an error. */
static int take(const struct rtcache_value *value)
{
	struct tarn__trust trust;
	if (!value->data)
		return value->error;
	/* It could not be renewed. */
	if (value->status == RTCACHE_STALE)
		return TARN_ETIMEOUT;
	if (!tarn__trust_read(value->data, value->len, &trust))
		return TARN_EANSWER;
	return !is_end(&trust);
}

static void on_done(struct rtcache_request *, const struct rtcache_value *);

/* Asks from the current name on. Returns as tarn__trust_chain_ask(). */
static int ask(struct tarn__trust_chain_lookup *lookup)
{
	struct tarn__resolver *resolver = lookup->resolver;
	const struct tarn__name *name = &lookup->name;
	for (;;) {
		uint8_t key[TARN__KEY_MAX];
		struct rtcache_value value;
		size_t len = tarn__key_write_trust(name->octets + lookup->at,
						   name->len - lookup->at, key);
		lookup->request = (struct rtcache_request){.data = lookup, .done = on_done};
		int got = rtcache_get(tarn__resolver_client(resolver), &lookup->request, key, len,
				      0, resolver, &value);
		if (got <= 0)
			return got == 0 ? 1 : got;
		int next = take(&value);
		if (next <= 0 || lookup->at == 0)
			return next < 0 ? next : 0;
		lookup->at = descend(name->octets, lookup->at);
	}
}

static void on_done(struct rtcache_request *request, const struct rtcache_value *value)
{
	struct tarn__trust_chain_lookup *lookup = request->data;
	int next = take(value);
	if (next > 0 && lookup->at > 0) {
		lookup->at = descend(lookup->name.octets, lookup->at);
		next = ask(lookup);
		if (next > 0)
			return;
	}
	lookup->done(lookup, next < 0 ? next : 0);
}

int tarn__trust_chain_ask(struct tarn__trust_chain_lookup *lookup, struct tarn__resolver *resolver,
			  const uint8_t *name, size_t len)
{
	struct tarn__anchor anchor = find_anchor(resolver, name, len);
	lookup->resolver = resolver;
	lookup->name.len = len;
	memcpy(lookup->name.octets, name, len);
	if (anchor.kind != TARN__ANCHOR_POSITIVE)
		return 0;
	lookup->at = len - anchor.name_len;
	return ask(lookup);
}

void tarn__trust_chain_cancel(struct tarn__trust_chain_lookup *lookup)
{
	rtcache_cancel(tarn__resolver_client(lookup->resolver), &lookup->request);
}
