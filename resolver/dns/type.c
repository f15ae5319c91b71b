/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/type.c: the rows of the record types, by number. */
#include "dns/type.h"

#include <stddef.h>
#include <strings.h>

/* A number that is no type has empty strings. */
struct row {
	char mnemonic[12], fields[12];
};

static const struct row rows[] = {
#define X(number, identifier, mnemonic, fields) [number] = {mnemonic, fields},
	TARN__TYPES(X)
#undef X
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const char *tarn__type_mnemonic(uint16_t type)
{
	return type < ROWS && rows[type].mnemonic[0] != '\0' ? rows[type].mnemonic : NULL;
}

uint16_t tarn__type_find(const char *mnemonic)
{
	for (uint16_t type = 1; type < ROWS; type++) {
		if (rows[type].mnemonic[0] != '\0' &&
		    strcasecmp(rows[type].mnemonic, mnemonic) == 0)
			return type;
	}
	return 0;
}

const char *tarn__type_fields(uint16_t type)
{
	return type < ROWS && rows[type].fields[0] != '\0' ? rows[type].fields : "o";
}
