/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of upstream servers. */
#include "daemon/settings/servers.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "base/traits.h"
#include "base/upstream.h"
#include "daemon/settings/addresses.h"

void tarn__servers_clear(struct tarn__servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		free(servers->texts[i]);
	free(servers->items);
	free(servers->traits);
	free(servers->texts);
	*servers = (struct tarn__servers){0};
}

static bool is_same(const struct tarn_address *a, const struct tarn_traits *a_traits,
		    const struct tarn_address *b, const struct tarn_traits *b_traits)
{
	if (a->sa.sa_family != AF_UNSPEC && b->sa.sa_family != AF_UNSPEC)
		return tarn_address_is_equal(a, b);
	return a->sa.sa_family == b->sa.sa_family && tarn_address_port(a) == tarn_address_port(b) &&
	       strcasecmp(a_traits->name, b_traits->name) == 0;
}

size_t tarn__servers_find(const struct tarn__servers *servers, const struct tarn_address *address,
			  const struct tarn_traits *traits)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (is_same(&servers->items[i], &servers->traits[i], address, traits))
			return i;
	}
	return SIZE_MAX;
}

/* What is there stays valid if memory is short. */
static bool make_room(struct tarn__servers *servers)
{
	size_t count = servers->count + 1;
	struct tarn_address *items = realloc(servers->items, count * sizeof(*items));
	if (items)
		servers->items = items;
	struct tarn_traits *traits = realloc(servers->traits, count * sizeof(*traits));
	if (traits)
		servers->traits = traits;
	void **texts = realloc(servers->texts, count * sizeof(*texts));
	if (texts)
		servers->texts = texts;
	return items && traits && texts;
}

int tarn__servers_add(struct tarn__servers *servers, const struct tarn_address *address,
		      const struct tarn_traits *traits)
{
	size_t found = tarn__servers_find(servers, address, traits);
	if (found != SIZE_MAX)
		return tarn__traits_is_equal(&servers->traits[found], traits) ? 0 : TARN_EINVAL;
	if (servers->count == TARN__ADDRESSES_MAX)
		return TARN_EINVAL;
	size_t i = servers->count;
	if (!make_room(servers) ||
	    tarn__traits_copy(traits, &servers->traits[i], &servers->texts[i]) != 0)
		return TARN_ENOMEM;
	servers->items[i] = *address;
	servers->count++;
	return 0;
}

bool tarn__servers_is_equal(const struct tarn__servers *a, const struct tarn__servers *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!is_same(&a->items[i], &a->traits[i], &b->items[i], &b->traits[i]) ||
		    !tarn__traits_is_equal(&a->traits[i], &b->traits[i]))
			return false;
	}
	return true;
}

void tarn__servers_format(const struct tarn__servers *servers, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < servers->count; i++) {
		char text[TARN__UPSTREAM_TEXT_MAX];
		tarn__upstream_format(&servers->items[i], &servers->traits[i], text);
		if (!tarn__list_text_add(out, size, text))
			return;
	}
}
