/* SPDX-License-Identifier: BSD-2-Clause */
/* base/traits.c: how servers are asked. */
#include "base/traits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Puts a text at *at, which moves behind it. NULL stays NULL. */
static const char *put_text(const char *text, char **at)
{
	if (!text)
		return NULL;
	char *copy = memcpy(*at, text, size_of(text));
	*at += size_of(text);
	return copy;
}

int tarn__traits_copy(const struct tarn_traits *traits, struct tarn_traits *out, void **texts)
{
	size_t pins_len = traits->pin_count * sizeof(traits->pins[0]);
	size_t size = pins_len + size_of(traits->name) + size_of(traits->path);
	char *at = size > 0 ? malloc(size) : NULL;
	if (size > 0 && !at)
		return TARN_ENOMEM;
	*out = *traits;
	*texts = at;
	if (pins_len > 0) {
		out->pins = memcpy(at, traits->pins, pins_len);
		at += pins_len;
	}
	out->name = put_text(traits->name, &at);
	for (char *c = (char *)out->name; c && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	out->path = put_text(traits->path, &at);
	return 0;
}

static bool texts_are_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool names_are_equal(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool pins_are_equal(const struct tarn_traits *a, const struct tarn_traits *b)
{
	return a->pin_count == b->pin_count &&
	       (a->pin_count == 0 ||
		memcmp(a->pins, b->pins, a->pin_count * sizeof(a->pins[0])) == 0);
}

bool tarn__traits_is_equal(const struct tarn_traits *a, const struct tarn_traits *b)
{
	return a->transport == b->transport && a->no_mixed_case == b->no_mixed_case &&
	       a->no_cookies == b->no_cookies && a->no_edns == b->no_edns &&
	       names_are_equal(a->name, b->name) && texts_are_equal(a->path, b->path) &&
	       pins_are_equal(a, b);
}
