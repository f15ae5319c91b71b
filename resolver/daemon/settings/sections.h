/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/settings/sections.h: the sections of a configuration file that have titles and may occur
 * several times: forward "zone" { }, block "name" { }. Each of them fills a struct of its own in
 * struct tarn__settings, by the rows of its scope (daemon/settings/options.h).
 */
#ifndef TARN_DAEMON_SETTINGS_SECTIONS_H
#define TARN_DAEMON_SETTINGS_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/options.h"
#include "daemon/settings/settings.h"

struct tarn__section_kind {
	const char *word; /* in the configuration file */
	enum tarn__scope scope;
	enum tarn__rule_set_kind rules; /* of TARN__SCOPE_LIST */
	/* Returns NULL, or the reason why a title is refused. */
	const char *(*title_fault)(const char *title);
	size_t max; /* number of sections of the scope; 0: no bound */
	const char *noun; /* of what there are too many then */
};

/* Returns the section with titles of that word; NULL: there is none. */
const struct tarn__section_kind *tarn__section_kind_find(const char *word);

/* A section of settings. */
struct tarn__section_view {
	const struct tarn__section_kind *kind;
	void *base; /* its struct */
	const char *title;
	struct tarn__origin *origin;
	uint64_t *set; /* a bit for each row of the scope (tarn__option_bit()) */
};

/* Returns the number of sections of a scope, and one of them, in the order of the file. */
size_t tarn__section_count(const struct tarn__settings *, enum tarn__scope);
struct tarn__section_view tarn__section_view(const struct tarn__settings *, enum tarn__scope,
					     size_t index);

/*
 * Adds a section, with nothing set; the title is copied. Views of sections of the same scope are
 * not valid afterwards. Returns false if memory is short.
 */
bool tarn__section_add(struct tarn__settings *, const struct tarn__section_kind *,
		       const char *title, const struct tarn__origin *);

/* Frees all sections of a scope. */
void tarn__section_forget(struct tarn__settings *, enum tarn__scope);

#endif
