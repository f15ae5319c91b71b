/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/name_list.c: lists of names of the configuration. They are short: they are compared one by
 * one.
 */
#include "core/policy/name_list.h"

#include <stdlib.h>

#include "dns/name.h"
#include "dns/text.h"
#include "tarn.h"

struct name {
	uint16_t len;
	uint8_t octets[TARN__NAME_MAX];
};

struct tarn__name_list {
	size_t count;
	struct name names[];
};

int tarn__name_list_new(const char *const *texts, size_t count, struct tarn__name_list **out)
{
	struct tarn__name_list *names = calloc(1, sizeof *names + count * sizeof names->names[0]);
	if (!names)
		return TARN_ENOMEM;
	for (; names->count < count; names->count++) {
		struct name *name = &names->names[names->count];
		name->len = (uint16_t)tarn__name_parse(texts[names->count], name->octets);
		if (name->len == 0) {
			free(names);
			return TARN_EINVAL;
		}
	}
	*out = names;
	return 0;
}

void tarn__name_list_free(struct tarn__name_list *names)
{
	free(names);
}

bool tarn__name_list_cover(const struct tarn__name_list *names, const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < names->count; i++) {
		if (tarn__name_is_within(name, len, names->names[i].octets, names->names[i].len))
			return true;
	}
	return false;
}
