/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/local_files.c: the files of local names. The texts of hosts files are kept, since local data
 * is made of all of them whenever one has changed.
 */
#include "config.h"

#include "daemon/names/local_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/names/lease_file.h"
#include "daemon/names/text_faults.h"
#include "daemon/names/text_file.h"
#include "daemon/system/file.h"
#include "dns/text.h"
#include "dns/zonefile.h"

static const char configuration[] = "the configuration"; /* as the source of records */

enum state {
	UNREAD, /* it has not been seen yet */
	READ,
	VANISHED, /* its names are kept for some time */
	GONE,
	UNREADABLE,
};

struct file {
	char *path;
	bool is_lease;
	bool is_listed; /* a path of the options stands for it now */
	enum state state;
	uint64_t vanished_ms;
	struct tarn__file_identity identity;
	char *text; /* of a hosts file; NULL: it has none */
	size_t len;
	struct tarn__lease_file *leases;
	struct tarn__text_faults faults;
	bool is_to_log; /* the faults are not logged yet */
};

struct texts {
	char **items;
	size_t count;
};

struct tarn__local_files {
	struct tarn__log *log;
	struct texts hosts, leases, zones, records, own;
	char *domain;
	uint32_t ttl;
	struct file *files[TARN__LOCAL_FILES_MAX]; /* in the order of the options */
	size_t count;
	bool has_too_many; /* and that was logged */
	bool has_changed; /* during a look */
	bool has_built; /* local data has been made at least once */
	uint64_t octets;
};

/* ---- options --------------------------------------------------------------------------------- */

static bool copy_texts(struct texts *out, const struct tarn__local_list *list)
{
	if (list->count == 0)
		return true;
	out->items = calloc(list->count, sizeof(out->items[0]));
	if (!out->items)
		return false;
	for (; out->count < list->count; out->count++) {
		out->items[out->count] = strdup(list->items[out->count]);
		if (!out->items[out->count])
			return false;
	}
	return true;
}

static void free_texts(struct texts *texts)
{
	while (texts->count > 0)
		free(texts->items[--texts->count]);
	free(texts->items);
}

static bool has_texts(const struct texts *texts, const struct tarn__local_list *list)
{
	if (texts->count != list->count)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(texts->items[i], list->items[i]) != 0)
			return false;
	}
	return true;
}

struct tarn__local_files *tarn__local_files_new(const struct tarn__local_files_options *options,
						struct tarn__log *log)
{
	struct tarn__local_files *files = calloc(1, sizeof(*files));
	if (!files)
		return NULL;
	files->log = log;
	files->ttl = options->ttl;
	files->domain = options->domain ? strdup(options->domain) : NULL;
	if (copy_texts(&files->hosts, &options->hosts) &&
	    copy_texts(&files->leases, &options->leases) &&
	    copy_texts(&files->zones, &options->zones) &&
	    copy_texts(&files->records, &options->records) &&
	    copy_texts(&files->own, &options->own) && !files->domain == !options->domain)
		return files;
	tarn__local_files_free(files);
	return NULL;
}

static void free_file(struct file *file)
{
	if (!file)
		return;
	free(file->path);
	free(file->text);
	tarn__lease_file_free(file->leases);
	free(file);
}

void tarn__local_files_free(struct tarn__local_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++)
		free_file(files->files[i]);
	free_texts(&files->hosts);
	free_texts(&files->leases);
	free_texts(&files->zones);
	free_texts(&files->records);
	free_texts(&files->own);
	free(files->domain);
	free(files);
}

bool tarn__local_files_has(const struct tarn__local_files *files,
			   const struct tarn__local_files_options *options)
{
	return has_texts(&files->hosts, &options->hosts) &&
	       has_texts(&files->leases, &options->leases) &&
	       has_texts(&files->zones, &options->zones) &&
	       has_texts(&files->records, &options->records) &&
	       has_texts(&files->own, &options->own) && files->ttl == options->ttl &&
	       strcmp(files->domain ? files->domain : "", options->domain ? options->domain : "") ==
		       0;
}

uint64_t tarn__local_files_octets(const struct tarn__local_files *files)
{
	return files->octets;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_hosts(struct file *file, int fd, size_t *read_len)
{
	size_t len;
	char *text = tarn__file_read_fd(fd, TARN__LOCAL_FILE_MAX, 0, &len);
	if (!text)
		return -1;
	free(file->text);
	file->text = text;
	file->len = *read_len = len;
	return 0;
}

static int read_leases(struct file *file, int fd, const struct tarn__file_identity *identity,
		       size_t *read_len)
{
	if (!file->leases)
		file->leases = tarn__lease_file_new();
	if (!file->leases)
		return -1;
	long len = tarn__lease_file_read(file->leases, file->path, fd, identity,
					 TARN__LOCAL_FILE_MAX, &file->faults);
	if (len < 0)
		return -1;
	*read_len = (size_t)len;
	return 0;
}

/* Says so once; the names stay. */
static void set_unreadable(struct tarn__local_files *files, struct file *file, const char *fault)
{
	if (file->state != UNREADABLE)
		tarn__log(files->log, TARN_LOG_WARNING, "cannot read %s: %s%s%s", file->path, fault,
			  tarn__text_file_is_out_of_reach(file->path)
				  ? "; it is in a folder that tarn may use after a restart"
				  : "",
			  file->state == READ || file->state == VANISHED ? "; its names stay" : "");
	file->state = UNREADABLE;
}

static void take(struct tarn__local_files *files, struct file *file, int fd,
		 const struct tarn__file_identity *identity)
{
	size_t len = 0;
	memset(&file->faults, 0, sizeof(file->faults));
	int error =
		file->is_lease ? read_leases(file, fd, identity, &len) : read_hosts(file, fd, &len);
	if (error < 0) {
		set_unreadable(files, file,
			       errno == EFBIG ? "it has more than 64 MiB" : strerror(errno));
		return;
	}
	files->octets += len;
	file->identity = *identity;
	file->state = READ;
	file->is_to_log = true;
	files->has_changed = true;
}

static void clear_file(struct file *file)
{
	free(file->text);
	file->text = NULL;
	file->len = 0;
	if (file->leases)
		tarn__lease_file_clear(file->leases);
}

static bool has_names(const struct file *file)
{
	return file->text ||
	       (file->leases && tarn__lease_table_count(tarn__lease_file_table(file->leases)) > 0);
}

/* A file that is not there, now or since the look before. */
static void set_vanished(struct tarn__local_files *files, struct file *file, uint64_t now_ms)
{
	if (file->state == GONE)
		return;
	if (!has_names(file)) {
		if (file->state != READ)
			tarn__log(files->log, TARN_LOG_WARNING, "there is no file %s", file->path);
		file->state = GONE;
		return;
	}
	if (file->state != VANISHED) {
		file->state = VANISHED;
		file->vanished_ms = now_ms;
	}
	if (now_ms - file->vanished_ms < TARN__LOCAL_VANISHED_MS)
		return;
	tarn__log(files->log, TARN_LOG_WARNING, "%s is gone, and with it its names", file->path);
	clear_file(file);
	file->state = GONE;
	files->has_changed = true;
}

static void look_at_file(struct tarn__local_files *files, struct file *file, uint64_t now_ms,
			 bool is_forced)
{
	struct tarn__file_identity identity;
	const char *fault;
	int fd = tarn__text_file_open(file->path, &identity, &fault);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		set_vanished(files, file, now_ms);
	} else if (fd < 0) {
		set_unreadable(files, file, fault);
	} else {
		if (is_forced || file->state != READ ||
		    !tarn__file_is_unchanged(&file->identity, &identity))
			take(files, file, fd, &identity);
		close(fd);
	}
}

/* ---- which files there are ------------------------------------------------------------------- */

/* Files are moved from the old list to the new one as paths stand for them. */
struct listing {
	struct tarn__local_files *files;
	struct file *old[TARN__LOCAL_FILES_MAX];
	size_t old_count;
	bool is_lease;
	bool has_too_many;
};

/* Takes the file of that path out of the old list; NULL: it has none. */
static struct file *take_old(struct listing *listing, const char *path)
{
	for (size_t i = 0; i < listing->old_count; i++) {
		struct file *file = listing->old[i];
		if (file && file->is_lease == listing->is_lease && strcmp(file->path, path) == 0) {
			listing->old[i] = NULL;
			return file;
		}
	}
	return NULL;
}

static bool is_listed(const struct listing *listing, const char *path)
{
	const struct tarn__local_files *files = listing->files;
	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i]->is_lease == listing->is_lease &&
		    strcmp(files->files[i]->path, path) == 0)
			return true;
	}
	return false;
}

/* NULL: out of memory. */
static struct file *new_file(const char *path, bool is_lease)
{
	struct file *file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->is_lease = is_lease;
	file->path = strdup(path);
	if (file->path)
		return file;
	free(file);
	return NULL;
}

static bool list_file(void *arg, const char *path)
{
	struct listing *listing = arg;
	struct tarn__local_files *files = listing->files;
	if (is_listed(listing, path))
		return true;
	listing->has_too_many = files->count == TARN__LOCAL_FILES_MAX;
	if (listing->has_too_many)
		return false;
	struct file *file = take_old(listing, path);
	if (!file)
		file = new_file(path, listing->is_lease);
	if (file) {
		file->is_listed = true;
		files->files[files->count++] = file;
	}
	return true;
}

static void list_paths(struct listing *listing, const struct texts *paths, bool is_lease)
{
	listing->is_lease = is_lease;
	for (size_t i = 0; i < paths->count; i++) {
		if (tarn__text_file_expand(paths->items[i], list_file, listing) < 0)
			list_file(listing, paths->items[i]); /* that says why */
	}
}

/* Those that no path stands for any more, such as a file that a folder had, vanish as others do. */
static void keep_vanished(struct listing *listing)
{
	struct tarn__local_files *files = listing->files;
	for (size_t i = 0; i < listing->old_count; i++) {
		struct file *file = listing->old[i];
		if (!file)
			continue;
		file->is_listed = false;
		if (file->state != GONE && has_names(file) && files->count < TARN__LOCAL_FILES_MAX)
			files->files[files->count++] = file;
		else
			free_file(file);
	}
}

static void list_all(struct tarn__local_files *files)
{
	struct listing listing = {.files = files, .old_count = files->count};
	memcpy(listing.old, files->files, sizeof(listing.old));
	files->count = 0;
	list_paths(&listing, &files->hosts, false);
	list_paths(&listing, &files->leases, true);
	keep_vanished(&listing);
	if (listing.has_too_many && !files->has_too_many)
		tarn__log(files->log, TARN_LOG_WARNING,
			  "more than %d files of local names: the rest is not read",
			  TARN__LOCAL_FILES_MAX);
	files->has_too_many = listing.has_too_many;
}

bool tarn__local_files_look(struct tarn__local_files *files, uint64_t now_ms, bool is_forced)
{
	files->has_changed = !files->has_built;
	list_all(files);
	for (size_t i = 0; i < files->count; i++) {
		struct file *file = files->files[i];
		if (file->is_listed)
			look_at_file(files, file, now_ms, is_forced);
		else
			set_vanished(files, file, now_ms);
	}
	return files->has_changed;
}

uint64_t tarn__local_files_due_ms(const struct tarn__local_files *files)
{
	uint64_t due_ms = UINT64_MAX;
	for (size_t i = 0; i < files->count; i++) {
		const struct file *file = files->files[i];
		uint64_t end_ms = file->vanished_ms + TARN__LOCAL_VANISHED_MS;
		if (file->state == VANISHED && end_ms < due_ms)
			due_ms = end_ms;
	}
	return due_ms;
}

void tarn__local_files_paths(const struct tarn__local_files *files,
			     void (*fn)(void *arg, const char *path, bool is_lease), void *arg)
{
	for (size_t i = 0; i < files->hosts.count; i++)
		fn(arg, files->hosts.items[i], false);
	for (size_t i = 0; i < files->leases.count; i++)
		fn(arg, files->leases.items[i], true);
	for (size_t i = 0; i < files->count; i++)
		fn(arg, files->files[i]->path, files->files[i]->is_lease);
}

/* ---- local data ------------------------------------------------------------------------------ */

/* What one source adds. */
struct adding {
	struct tarn__local_builder *builder;
	struct tarn__text_faults *faults;
	unsigned source;
	unsigned refused; /* names of leases that are not taken */
	bool is_short; /* of memory */
};

static bool is_fault(enum tarn__local_result result)
{
	return result != TARN__LOCAL_TAKEN && result != TARN__LOCAL_KNOWN &&
	       result != TARN__LOCAL_LEFT_OUT;
}

static void note(struct adding *adding, uint32_t line, enum tarn__local_result result)
{
	adding->is_short |= result == TARN__LOCAL_NO_MEMORY;
	if (is_fault(result))
		tarn__text_faults_add(adding->faults, line, tarn__local_result_text(result));
}

static void on_host(void *arg, const struct tarn__hosts_entry *entry)
{
	struct adding *adding = arg;
	note(adding, entry->line,
	     tarn__local_builder_add_host(adding->builder, adding->source, entry));
}

static void on_hosts_fault(void *arg, uint32_t line, const char *text)
{
	struct adding *adding = arg;
	tarn__text_faults_add(adding->faults, line, text);
}

/* A client's name is not the operator's fault. */
static void on_lease(void *arg, const struct tarn__lease *lease)
{
	struct adding *adding = arg;
	enum tarn__local_result result =
		tarn__local_builder_add_lease(adding->builder, adding->source, lease);
	if (result == TARN__LOCAL_BAD_NAME)
		adding->refused += lease->name != NULL;
	else
		note(adding, lease->line, result);
}

static bool add_source(struct tarn__local_files *files, struct adding *adding, const char *path)
{
	const struct tarn__local_source source = {
		.path = path, .ttl = files->ttl, .makes_ptr = true};
	int number = tarn__local_builder_add_source(adding->builder, &source);
	adding->is_short |= number == TARN_ENOMEM;
	adding->source = (unsigned)number;
	return number >= 0;
}

static void add_names(struct adding *adding, const struct file *file)
{
	if (file->is_lease) {
		tarn__lease_table_walk(tarn__lease_file_table(file->leases), on_lease, adding);
	} else {
		struct tarn__hosts reader;
		tarn__hosts_start(&reader, on_host, on_hosts_fault, adding);
		tarn__hosts_feed(&reader, file->text, file->len);
		tarn__hosts_end(&reader);
	}
}

static void add_file(struct tarn__local_files *files, struct adding *adding, struct file *file)
{
	struct tarn__text_faults faults = file->faults;
	adding->faults = &faults;
	adding->refused = 0;
	if (has_names(file) && add_source(files, adding, file->path))
		add_names(adding, file);
	if (file->is_to_log)
		tarn__text_faults_log(&faults, file->path, files->log);
	if (file->is_to_log && adding->refused > 0)
		tarn__log(files->log, TARN_LOG_DEBUG,
			  "%s: %u names of clients that are no names here", file->path,
			  adding->refused);
	file->is_to_log = false;
}

static void add_record(struct tarn__local_files *files, struct adding *adding, const char *text,
		       struct tarn__zonefile *room)
{
	static const uint8_t root[] = {0};
	struct tarn__zone_record read;
	char fault[TARN__ZONE_FAULT_MAX];
	const char *reason = fault;
	enum tarn__local_result result = TARN__LOCAL_TAKEN;
	if (!tarn__zone_record_parse(room, text, root, sizeof(root), files->ttl, &read, fault)) {
		result = TARN__LOCAL_BAD_RDATA;
	} else if (read.class != TARN__CLASS_IN) {
		result = TARN__LOCAL_BAD_RDATA;
		reason = "only class IN has local records";
	} else {
		const struct tarn__local_record record = {.owner = read.owner,
							  .owner_len = read.owner_len,
							  .type = read.type,
							  .ttl = read.ttl,
							  .rdata = read.rdata,
							  .rdata_len = read.rdata_len};
		result = tarn__local_builder_add_record(adding->builder, adding->source, &record);
		reason = tarn__local_result_text(result);
	}
	adding->is_short |= result == TARN__LOCAL_NO_MEMORY;
	if (is_fault(result) && !files->has_built)
		tarn__log(files->log, TARN_LOG_WARNING, "local record \"%s\": %s", text, reason);
}

static void add_zone(struct tarn__local_files *files, struct adding *adding, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	enum tarn__local_result result =
		len == 0 ? TARN__LOCAL_BAD_NAME
			 : tarn__local_builder_add_zone(adding->builder, adding->source, 0, name,
							len);
	adding->is_short |= result == TARN__LOCAL_NO_MEMORY;
	if (is_fault(result) && !files->has_built)
		tarn__log(files->log, TARN_LOG_WARNING, "local zone \"%s\": %s", text,
			  tarn__local_result_text(result));
}

static void add_records(struct tarn__local_files *files, struct adding *adding,
			const struct texts *records)
{
	struct tarn__zonefile *room = records->count > 0 ? malloc(sizeof(*room)) : NULL;
	adding->is_short |= records->count > 0 && !room;
	for (size_t i = 0; room && i < records->count; i++)
		add_record(files, adding, records->items[i], room);
	free(room);
}

static void add_configuration(struct tarn__local_files *files, struct adding *adding)
{
	if ((files->zones.count == 0 && files->records.count == 0 && files->own.count == 0) ||
	    !add_source(files, adding, configuration))
		return;
	for (size_t i = 0; i < files->zones.count; i++)
		add_zone(files, adding, files->zones.items[i]);
	add_records(files, adding, &files->records);
	add_records(files, adding, &files->own);
}

static struct tarn__local_data *build(struct tarn__local_files *files)
{
	uint8_t domain[TARN__NAME_MAX];
	struct tarn__local_options options = {.ttl = files->ttl};
	if (files->domain && (options.domain_len = tarn__name_parse(files->domain, domain)) > 0)
		options.domain = domain;
	struct adding adding = {.builder = tarn__local_builder_new(&options)};
	if (!adding.builder)
		return NULL;
	add_configuration(files, &adding);
	for (size_t i = 0; i < files->count; i++)
		add_file(files, &adding, files->files[i]);
	struct tarn__local_data *data =
		adding.is_short ? NULL : tarn__local_builder_build(adding.builder);
	tarn__local_builder_free(adding.builder);
	return data;
}

struct tarn__local_data *tarn__local_files_build(struct tarn__local_files *files)
{
	struct tarn__local_data *data = build(files);
	if (!data) {
		tarn__log(files->log, TARN_LOG_ERR, "local names stay as they were: %s",
			  tarn_error_text(TARN_ENOMEM));
		return NULL;
	}
	files->has_built = true;
	return data;
}
