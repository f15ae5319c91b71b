/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/validation.c: a script's options of DNSSEC. */
#include "validation.h"

#include <stdlib.h>
#include <string.h>

static void free_texts(char **texts, size_t *count)
{
	while (*count > 0)
		free(texts[--*count]);
}

static const char *take_validate(struct validation *validation, char *const *words, size_t count)
{
	validation->is_on = !(count == 1 && strcmp(words[0], "off") == 0);
	return count > 0 && validation->is_on ? "\"off\", or nothing, is expected" : NULL;
}

/* ZONE [dnskey] [digest=N] [algorithm=N] [key=NAME] */
static const char *take_anchor(struct validation *validation, char *const *words, size_t count)
{
	if (count < 1 || validation->anchor_count == VALIDATION_ITEMS_MAX)
		return "a zone is expected, or there are too many";
	const char *key = "main";
	long digest = -1, algorithm = -1;
	bool is_dnskey = false;
	for (size_t i = 1; i < count; i++) {
		if (strcmp(words[i], "dnskey") == 0)
			is_dnskey = true;
		else if (strncmp(words[i], "key=", 4) == 0)
			key = words[i] + 4;
		else if (strncmp(words[i], "digest=", 7) == 0)
			digest = strtol(words[i] + 7, NULL, 10);
		else if (strncmp(words[i], "algorithm=", 10) == 0)
			algorithm = strtol(words[i] + 10, NULL, 10);
		else
			return "no word of an anchor";
	}
	ldns_rr *rr;
	const char *fault = is_dnskey
				    ? signing_dnskey(&validation->signing, words[0], key, 3600, &rr)
				    : signing_ds(&validation->signing, words[0], key, 3600, digest,
						 algorithm, &rr);
	if (fault)
		return fault;
	validation->anchors[validation->anchor_count++] = ldns_rr2str(rr);
	ldns_rr_free(rr);
	return NULL;
}

static const char *take_no_anchors(struct validation *validation, char *const *words, size_t count)
{
	(void)words;
	free_texts(validation->anchors, &validation->anchor_count);
	return count == 0 ? NULL : "no word is expected";
}

static const char *take_insecure(struct validation *validation, char *const *words, size_t count)
{
	if (count != 1 || validation->insecure_count == VALIDATION_ITEMS_MAX)
		return "a name is expected, or there are too many";
	validation->insecure[validation->insecure_count++] = strdup(words[0]);
	return NULL;
}

static const char *take_no_insecure(struct validation *validation, char *const *words, size_t count)
{
	(void)words;
	free_texts(validation->insecure, &validation->insecure_count);
	return count == 0 ? NULL : "no word is expected";
}

static const char *take_clock_floor(struct validation *validation, char *const *words, size_t count)
{
	return count == 1 ? signing_read_date(&validation->signing, words[0],
					      &validation->clock_floor_sec)
			  : "a date is expected";
}

const char *validation_statement(struct validation *validation, char *const *words, size_t count,
				 bool *is_known)
{
	static const struct {
		const char *word;
		const char *(*take)(struct validation *, char *const *, size_t);
	} rows[] = {
		{"validate", take_validate},	   {"anchor", take_anchor},
		{"no-anchors", take_no_anchors},   {"insecure", take_insecure},
		{"no-insecure", take_no_insecure}, {"clock-floor", take_clock_floor},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		*is_known = strcmp(rows[i].word, words[0]) == 0;
		if (*is_known)
			return rows[i].take(validation, words + 1, count - 1);
	}
	return NULL;
}

void validation_set_options(const struct validation *validation, struct tarn_options *options)
{
	options->dnssec = (struct tarn_dnssec){
		.validate = validation->is_on,
		.anchors = (const char *const *)validation->anchors,
		.anchor_count = validation->anchor_count,
		.insecure = (const char *const *)validation->insecure,
		.insecure_count = validation->insecure_count,
		.clock_floor_sec = validation->clock_floor_sec,
	};
}

void validation_fini(struct validation *validation)
{
	free_texts(validation->anchors, &validation->anchor_count);
	free_texts(validation->insecure, &validation->insecure_count);
	signing_fini(&validation->signing);
}
