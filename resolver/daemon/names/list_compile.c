/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/list_compile.c: compiling the files of a plan. */
#include "config.h"

#include "daemon/names/list_compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/names/text_file.h"
#include "dns/namelist_compile.h"
#include "dns/rpz.h"
#include "dns/text.h"
#include "dns/zonefile.h"
#include "net/clock.h"
#include "net/random.h"

const char tarn__list_own_names[] = "the configuration";

enum {
	CHUNK = 1 << 16, /* octets that are read at once, between looks whether it is canceled */
	/* Seeds that are tried: two in a row fail by chance once in a billion times. */
	SEEDS = 8,
};

/* A list of the plan. */
struct item {
	unsigned set;
	char *path; /* NULL: the names of the section itself */
	struct tarn__file_identity identity;
};

struct items {
	struct item items[TARN__NAMELIST_SOURCES_MAX];
	size_t count;
};

/* ---- faults ---------------------------------------------------------------------------------- */

static void add_unread(struct tarn__list_job *job, unsigned set, const char *path,
		       const char *reason)
{
	if (job->unread_count == TARN__NAMELIST_SOURCES_MAX)
		return;
	struct tarn__list_unread *unread = &job->unread[job->unread_count];
	unread->path = strdup(path);
	if (!unread->path)
		return;
	unread->set = set;
	snprintf(unread->reason, sizeof(unread->reason), "%s%s", reason,
		 tarn__text_file_is_out_of_reach(path)
			 ? "; it is in a folder that tarn may use after a restart"
			 : "");
	job->unread_count++;
}

static void end_job(struct tarn__list_job *job, enum tarn__list_outcome outcome, const char *reason)
{
	job->outcome = outcome;
	snprintf(job->reason, sizeof(job->reason), "%s", reason);
}

/* ---- which lists there are ------------------------------------------------------------------- */

static bool is_at_or_in(const char *path, size_t len, const char *folder)
{
	size_t folder_len = strlen(folder);
	while (folder_len > 1 && folder[folder_len - 1] == '/')
		folder_len--;
	return len >= folder_len && memcmp(path, folder, folder_len) == 0 &&
	       (len == folder_len || path[folder_len] == '/');
}

/* Returns true if what is in force has a list of that path, or in that folder. */
static bool is_in_force(const struct tarn__rules *rules, const char *path)
{
	const struct tarn__namelist *list = rules ? tarn__rules_list(rules) : NULL;
	for (unsigned i = 0; list && i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		if (is_at_or_in(source.path, source.path_len, path))
			return true;
	}
	return false;
}

struct gathering {
	struct tarn__list_job *job; /* for faults; NULL: they are not wanted */
	struct items *items;
	unsigned set;
};

static struct item *add_item(struct gathering *gathering, const char *path)
{
	struct items *items = gathering->items;
	if (items->count == TARN__NAMELIST_SOURCES_MAX) {
		if (gathering->job)
			add_unread(gathering->job, gathering->set, path, "more than 64 lists");
		return NULL;
	}
	struct item *item = &items->items[items->count];
	*item = (struct item){.set = gathering->set,
			      .path = path == tarn__list_own_names ? NULL : strdup(path)};
	if (path != tarn__list_own_names && !item->path)
		return NULL;
	items->count++;
	return item;
}

/* Opens the file, within its bounds. Returns the descriptor; -1 with a fault. */
static int open_list(const char *path, struct tarn__file_identity *identity, const char **fault)
{
	int fd = tarn__text_file_open(path, identity, fault);
	if (fd < 0 || identity->size <= TARN__LIST_SIZE_MAX)
		return fd;
	*fault = "it has more than 1 GiB";
	close(fd);
	return -1;
}

static bool gather_file(void *arg, const char *path)
{
	struct gathering *gathering = arg;
	struct tarn__file_identity identity;
	const char *fault;
	int fd = open_list(path, &identity, &fault);
	if (fd < 0) {
		if (gathering->job)
			add_unread(gathering->job, gathering->set, path, fault);
		return true;
	}
	close(fd);
	struct item *item = add_item(gathering, path);
	if (item)
		item->identity = identity;
	return true;
}

static void gather(struct tarn__list_job *job, const struct tarn__list_plan *plan,
		   struct items *items)
{
	struct gathering gathering = {.job = job, .items = items};
	items->count = 0;
	for (size_t i = 0; i < plan->set_count; i++) {
		const struct tarn__planned_set *set = &plan->sets[i];
		gathering.set = (unsigned)i;
		if (set->name_count > 0)
			add_item(&gathering, tarn__list_own_names);
		for (size_t j = 0; j < set->file_count; j++) {
			if (tarn__text_file_expand(set->files[j], gather_file, &gathering) < 0 &&
			    job)
				add_unread(job, (unsigned)i, set->files[j], strerror(errno));
		}
	}
}

static void free_items(struct items *items)
{
	while (items->count > 0)
		free(items->items[--items->count].path);
}

static bool is_same_list(const struct tarn__namelist_source *source, const struct item *item)
{
	const char *path = item->path ? item->path : tarn__list_own_names;
	return source->set == item->set && source->path_len == strlen(path) &&
	       memcmp(source->path, path, source->path_len) == 0 &&
	       source->size == item->identity.size && source->mtime_ns == item->identity.mtime_ns;
}

static bool are_compiled(const struct items *items, const struct tarn__list_plan *plan,
			 const struct tarn__rules *rules)
{
	const struct tarn__namelist *list = tarn__rules_list(rules);
	if (list->digest != plan->digest || list->source_count != items->count)
		return false;
	for (unsigned i = 0; i < list->source_count; i++) {
		struct tarn__namelist_source source;
		tarn__namelist_source(list, i, &source);
		if (!is_same_list(&source, &items->items[i]))
			return false;
	}
	return true;
}

bool tarn__list_is_current(const struct tarn__list_plan *plan, const struct tarn__rules *rules)
{
	struct items items;
	gather(NULL, plan, &items);
	bool is_current = are_compiled(&items, plan, rules);
	free_items(&items);
	return is_current;
}

struct visit {
	void (*fn)(void *arg, unsigned set, const char *path);
	void *arg;
	unsigned set;
};

static bool visit_file(void *arg, const char *path)
{
	const struct visit *visit = arg;
	visit->fn(visit->arg, visit->set, path);
	return true;
}

void tarn__list_files(const struct tarn__list_plan *plan,
		      void (*fn)(void *arg, unsigned set, const char *path), void *arg)
{
	struct visit visit = {.fn = fn, .arg = arg};
	for (size_t i = 0; i < plan->set_count; i++) {
		visit.set = (unsigned)i;
		for (size_t j = 0; j < plan->sets[i].file_count; j++) {
			fn(arg, visit.set, plan->sets[i].files[j]);
			tarn__text_file_expand(plan->sets[i].files[j], visit_file, &visit);
		}
	}
}

/* ---- feeding the compiler -------------------------------------------------------------------- */

/* What is thrown away when another attempt is made. */
struct attempt {
	struct tarn__list_job *job;
	struct tarn__namelist_compiler *compiler;
	const struct tarn__planned_set *set;
	/* Of a response policy zone. */
	struct tarn__name apex;
	bool has_soa;
	int error; /* of the compiler */
	uint8_t chunk[CHUNK];
};

static enum tarn__namelist_kind kind_of(const struct tarn__planned_set *set)
{
	return set->rules.kind == TARN__RULE_SET_ALLOW ? TARN__NAMELIST_ALLOW
						       : TARN__NAMELIST_BLOCK;
}

static int add_own_names(struct attempt *attempt)
{
	const struct tarn__planned_set *set = attempt->set;
	int error = 0;
	for (size_t i = 0; i < set->name_count && error == 0; i++) {
		uint8_t name[TARN__NAME_MAX];
		size_t len = tarn__name_parse(set->names[i], name);
		const struct tarn__namelist_rule rule = {
			.kind = kind_of(set),
			.reach = TARN__NAMELIST_BOTH,
			.action = set->rules.kind == TARN__RULE_SET_RPZ ? TARN__NAMELIST_NXDOMAIN
									: TARN__NAMELIST_DEFAULT,
			.name_len = (uint16_t)len,
			.name = name};
		if (len > 0)
			error = tarn__namelist_compiler_add(attempt->compiler, &rule);
		else
			tarn__namelist_compiler_reject(attempt->compiler, TARN__NAMELIST_INVALID, 0,
						       set->names[i], strlen(set->names[i]));
	}
	return error;
}

static void reject_record(struct attempt *attempt, enum tarn__namelist_reject reject,
			  const struct tarn__zone_record *record)
{
	char name[TARN__NAME_TEXT_MAX];
	tarn__name_format(record->owner, name);
	tarn__namelist_compiler_reject(attempt->compiler, reject, record->line, name, strlen(name));
}

/* The owner of the SOA is the zone's name, whatever its section is called. */
static void note_apex(struct attempt *attempt, const struct tarn__zone_record *record)
{
	if (record->type != TARN__TYPE_SOA || attempt->has_soa)
		return;
	attempt->has_soa = true;
	attempt->apex.len = record->owner_len;
	memcpy(attempt->apex.octets, record->owner, record->owner_len);
}

static void add_rpz_rule(struct attempt *attempt, struct tarn__rpz_rule *rule)
{
	const struct tarn__planned_set *set = attempt->set;
	if (set->is_disabled)
		return;
	if (set->override != TARN__NAMELIST_DEFAULT) {
		rule->rule.action = set->override;
		rule->rule.more = NULL;
	}
	attempt->error = tarn__namelist_compiler_add(attempt->compiler, &rule->rule);
}

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct attempt *attempt = arg;
	struct tarn__rpz_rule rule;
	if (attempt->error != 0)
		return;
	note_apex(attempt, record);
	switch (tarn__rpz_read(record, attempt->apex.octets, attempt->apex.len,
			       attempt->set->rules.ttl_sec, &rule)) {
	case TARN__RPZ_RULE:
		add_rpz_rule(attempt, &rule);
		break;
	case TARN__RPZ_NOTHING:
		break;
	case TARN__RPZ_INVALID:
		reject_record(attempt, TARN__NAMELIST_INVALID, record);
		break;
	case TARN__RPZ_UNSUPPORTED:
		reject_record(attempt, TARN__NAMELIST_UNSUPPORTED, record);
		break;
	}
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	struct attempt *attempt = arg;
	tarn__namelist_compiler_reject(attempt->compiler, TARN__NAMELIST_INVALID, line, text,
				       strlen(text));
}

/* Reads the file in parts. Returns 0, an error of the compiler, or an errno, which is positive. */
static int read_file(struct attempt *attempt, int fd, struct tarn__zonefile *zone)
{
	uint8_t *chunk = attempt->chunk;
	for (uint64_t left = TARN__LIST_SIZE_MAX; left > 0;) {
		if (atomic_load(&attempt->job->is_canceled))
			return ECANCELED;
		ssize_t len = read(fd, chunk, left < CHUNK ? (size_t)left : CHUNK);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? errno : 0;
		left -= (uint64_t)len;
		if (zone)
			tarn__zonefile_feed(zone, chunk, (size_t)len);
		else
			attempt->error =
				tarn__namelist_compiler_feed(attempt->compiler, chunk, (size_t)len);
		if (attempt->error != 0)
			return attempt->error;
	}
	return 0;
}

static int read_zone(struct attempt *attempt, int fd)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	struct tarn__zonefile *zone = malloc(sizeof(*zone));
	if (!zone)
		return TARN__NAMELIST_NOMEM;
	attempt->has_soa = false;
	attempt->apex.len = tarn__name_parse(attempt->set->rules.name, attempt->apex.octets);
	if (attempt->apex.len == 0)
		attempt->apex = (struct tarn__name){.len = 1};
	tarn__zonefile_init(zone, attempt->apex.octets, attempt->apex.len,
			    attempt->set->rules.ttl_sec, &callbacks, attempt);
	int error = read_file(attempt, fd, zone);
	if (error == 0) {
		tarn__zonefile_end(zone);
		error = attempt->error;
	}
	free(zone);
	return error;
}

/* Feeds a list to the compiler. The file is what it is now, not what it was when it was gathered. */
static int feed_item(struct attempt *attempt, struct item *item)
{
	struct tarn__list_job *job = attempt->job;
	const char *fault;
	attempt->set = &job->plan->sets[item->set];
	int fd = item->path ? open_list(item->path, &item->identity, &fault) : -1;
	if (item->path && fd < 0) {
		add_unread(job, item->set, item->path, fault);
		return ENOENT;
	}
	const struct tarn__namelist_list list = {
		.path = item->path ? item->path : tarn__list_own_names,
		.size = item->identity.size,
		.mtime_ns = item->identity.mtime_ns,
		.set = (uint8_t)item->set,
		.kind = kind_of(attempt->set),
		.format = item->path ? attempt->set->format : TARN__NAMELIST_DOMAINS,
		.subdomains = attempt->set->subdomains,
	};
	int error = tarn__namelist_compiler_begin(attempt->compiler, &list);
	if (error == 0 && !item->path)
		error = add_own_names(attempt);
	else if (error == 0)
		error = list.format == TARN__NAMELIST_RPZ ? read_zone(attempt, fd)
							  : read_file(attempt, fd, NULL);
	if (fd >= 0)
		close(fd);
	return error;
}

static int feed_all(struct attempt *attempt, struct items *items)
{
	int error = 0;
	for (size_t i = 0; i < items->count && error == 0; i++)
		error = feed_item(attempt, &items->items[i]);
	return error;
}

/* ---- attempts -------------------------------------------------------------------------------- */

/* Writes what the compiler has. Returns 0, an error of the compiler, or an errno. */
static int write_out(struct attempt *attempt, const char *folder)
{
	struct tarn__list_writer *writer = malloc(sizeof(*writer));
	if (!writer)
		return TARN__NAMELIST_NOMEM;
	int error = 0;
	if (!tarn__list_writer_begin(writer, folder)) {
		error = errno;
	} else {
		error = tarn__namelist_compiler_finish(attempt->compiler, tarn__list_writer_write,
						       writer);
		if (error != 0) {
			tarn__list_writer_cancel(writer);
			error = error == TARN__NAMELIST_UNWRITTEN ? writer->error : error;
		} else {
			error = tarn__list_writer_end(writer, &attempt->job->image) < 0 ? errno : 0;
		}
	}
	free(writer);
	return error;
}

/* is_writing: the error is one of writing. */
static int try_seed(struct tarn__list_job *job, struct items *items, const char *folder,
		    bool *is_writing)
{
	struct tarn__random random = {0};
	uint64_t seed;
	tarn__random_fill(&random, &seed, sizeof(seed));
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	if (!attempt)
		return TARN__NAMELIST_NOMEM;
	attempt->job = job;
	attempt->compiler = tarn__namelist_compiler_new(seed, job->plan->digest);
	int error = attempt->compiler ? feed_all(attempt, items) : TARN__NAMELIST_NOMEM;
	*is_writing = error == 0;
	if (error == 0)
		error = write_out(attempt, folder);
	tarn__namelist_compiler_free(attempt->compiler);
	free(attempt);
	return error;
}

static int try_seeds(struct tarn__list_job *job, struct items *items, const char *folder,
		     bool *is_writing)
{
	int error = TARN__NAMELIST_CROWDED;
	for (int i = 0; i < SEEDS && error == TARN__NAMELIST_CROWDED; i++)
		error = try_seed(job, items, folder, is_writing);
	return error;
}

static const char *error_text(int error)
{
	switch (error) {
	case TARN__NAMELIST_NOMEM:
		return tarn_error_text(TARN_ENOMEM);
	case TARN__NAMELIST_FULL:
		return "too many names";
	case TARN__NAMELIST_CROWDED:
		return "no seed fits";
	default:
		return error > 0 ? strerror(error) : "it cannot be compiled";
	}
}

/* Where the folder cannot be written to, memory has to do. */
static void compile(struct tarn__list_job *job, struct items *items)
{
	bool is_writing = false;
	int error = try_seeds(job, items, job->folder, &is_writing);
	job->is_in_memory = error > 0 && is_writing && job->folder;
	if (job->is_in_memory) {
		snprintf(job->reason, sizeof(job->reason), "%s", error_text(error));
		error = try_seeds(job, items, NULL, &is_writing);
	}
	if (error == 0)
		job->outcome = TARN__LIST_COMPILED;
	else if (error == ECANCELED)
		job->outcome = TARN__LIST_CANCELED;
	else if (error > 0 && !is_writing && job->unread_count > 0)
		job->outcome = TARN__LIST_KEPT;
	else
		end_job(job, TARN__LIST_FAILED, error_text(error));
}

static bool is_kept(const struct tarn__list_job *job)
{
	for (size_t i = 0; i < job->unread_count; i++) {
		if (is_in_force(job->before, job->unread[i].path))
			return true;
	}
	return false;
}

void tarn__list_compile(struct tarn__list_job *job)
{
	struct items items;
	uint64_t begin_us = tarn__clock_us();
	gather(job, job->plan, &items);
	if (is_kept(job))
		job->outcome = TARN__LIST_KEPT;
	else if (job->before && !job->is_forced && are_compiled(&items, job->plan, job->before))
		job->outcome = TARN__LIST_UNCHANGED;
	else
		compile(job, &items);
	free_items(&items);
	job->took_us = tarn__clock_us() - begin_us;
}

void tarn__list_job_fini(struct tarn__list_job *job)
{
	while (job->unread_count > 0)
		free(job->unread[--job->unread_count].path);
	tarn__list_plan_put(job->plan);
	tarn__rules_put(job->before);
	free(job->folder);
}
