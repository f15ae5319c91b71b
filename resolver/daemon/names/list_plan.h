/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/list_plan.h: what the settings say of lists, in the form in which it is compiled and
 * applied: a copy that outlives the settings, since a thread compiles by it.
 *
 * Thread: immutable once made, and counted; any.
 */
#ifndef TARN_DAEMON_NAMES_LIST_PLAN_H
#define TARN_DAEMON_NAMES_LIST_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/groups.h"
#include "core/policy/lists.h"
#include "core/policy/rules.h"
#include "daemon/settings/settings.h"
#include "dns/namelist_line.h"

/* A rule set, with what it is made of. */
struct tarn__planned_set {
	struct tarn__rule_set rules;
	struct tarn__list_answer answer; /* without a slot */
	enum tarn__namelist_format format;
	enum tarn__namelist_subdomains subdomains;
	/* Of a response policy zone: the action of all its rules; TARN__NAMELIST_DEFAULT: their own. */
	enum tarn__namelist_action override;
	bool is_disabled; /* its rules are counted, and not applied */
	char **files; /* and folders */
	size_t file_count;
	char **names; /* of the section itself, with all names below them */
	size_t name_count;
};

struct tarn__list_plan {
	atomic_uint references;
	/* Of all that is compiled. Plans that differ in other things can use the same compiled list. */
	uint64_t digest;
	size_t set_count;
	struct tarn__planned_set *sets;
	size_t group_count;
	struct tarn__group *groups;
};

/* One reference, the caller's. NULL: out of memory. */
struct tarn__list_plan *tarn__list_plan_new(const struct tarn__settings *);

/* One reference more, and one less. NULL is allowed for the latter. */
struct tarn__list_plan *tarn__list_plan_get(struct tarn__list_plan *);
void tarn__list_plan_put(struct tarn__list_plan *);

/* The word of the configuration: "block", "allow" or "rpz". */
const char *tarn__list_kind_word(enum tarn__rule_set_kind);

#endif
