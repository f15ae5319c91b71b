/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/names/lease_file.c: one file of leases. */
#include "config.h"

#include "daemon/names/lease_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/names/leases_networkd.h"
#include "daemon/system/file.h"

enum { TAIL_LEN = 64 /* octets before the end, by which a file that has grown is recognised */ };

struct tarn__lease_file {
	struct tarn__lease_table *table;
	struct tarn__leases reader;
	struct tarn__file_identity identity;
	uint64_t read_len; /* octets that the reader has been fed; 0: it starts again */
	size_t tail_len;
	char tail[TAIL_LEN]; /* the last of these octets */
	struct tarn__text_faults *faults; /* during a read */
};

struct tarn__lease_file *tarn__lease_file_new(void)
{
	struct tarn__lease_file *file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->table = tarn__lease_table_new();
	if (file->table)
		return file;
	free(file);
	return NULL;
}

void tarn__lease_file_free(struct tarn__lease_file *file)
{
	if (!file)
		return;
	tarn__lease_table_free(file->table);
	free(file);
}

void tarn__lease_file_clear(struct tarn__lease_file *file)
{
	tarn__lease_table_clear(file->table);
	file->read_len = 0;
	file->tail_len = 0;
}

const struct tarn__lease_table *tarn__lease_file_table(const struct tarn__lease_file *file)
{
	return file->table;
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void on_fault(void *arg, uint32_t line, const char *text)
{
	struct tarn__lease_file *file = arg;
	if (file->faults)
		tarn__text_faults_add(file->faults, line, text);
}

static void on_lease(void *arg, const struct tarn__lease *lease)
{
	struct tarn__lease_file *file = arg;
	int error = tarn__lease_table_put(file->table, lease);
	if (error < 0)
		on_fault(file, lease->line,
			 error == TARN_EBUSY ? "too many leases" : "out of memory");
}

static void feed(struct tarn__lease_file *file, const char *text, size_t len)
{
	tarn__leases_feed(&file->reader, text, len);
	file->read_len += len;
	file->tail_len = len < TAIL_LEN ? len : TAIL_LEN;
	memcpy(file->tail, text + len - file->tail_len, file->tail_len);
}

/* Reads a file beside the one of the path, as far as there is one. */
static void read_sibling(struct tarn__lease_file *file, const char *path, const char *suffix,
			 size_t len_max)
{
	char sibling[PATH_MAX];
	if (snprintf(sibling, sizeof(sibling), "%s%s", path, suffix) >= PATH_MAX)
		return;
	struct tarn__file_identity identity;
	const char *fault;
	int fd = tarn__text_file_open(sibling, &identity, &fault);
	if (fd < 0)
		return;
	size_t len;
	char *text = tarn__file_read_fd(fd, len_max, 0, &len);
	close(fd);
	if (!text)
		return;
	tarn__leases_start(&file->reader, on_lease, NULL, file);
	tarn__leases_feed(&file->reader, text, len);
	tarn__leases_end(&file->reader);
	free(text);
}

static bool has_sibling(const char *path, const char *suffix)
{
	char sibling[PATH_MAX];
	return snprintf(sibling, sizeof(sibling), "%s%s", path, suffix) < PATH_MAX &&
	       access(sibling, F_OK) == 0;
}

/* The leases of a file that Kea is about to merge, or has merged but not renamed yet. */
static void read_older(struct tarn__lease_file *file, const char *path, size_t len_max)
{
	if (has_sibling(path, ".completed")) {
		read_sibling(file, path, ".completed", len_max);
	} else {
		read_sibling(file, path, ".2", len_max);
		read_sibling(file, path, ".1", len_max);
	}
}

static bool is_kea(const char *text, size_t len)
{
	static const char head[] = "address,";
	return len >= sizeof(head) - 1 && memcmp(text, head, sizeof(head) - 1) == 0;
}

/* What is no JSON, since it is not complete, takes no lease away. */
static void take_json(struct tarn__lease_file *file, const char *text, size_t len)
{
	struct tarn__lease_table *former = file->table;
	struct tarn__lease_table *table = tarn__lease_table_new();
	if (!table)
		return;
	file->table = table;
	file->read_len = 0;
	if (!tarn__leases_networkd_read(text, len, on_lease, on_fault, file)) {
		file->table = former;
		former = table;
	}
	tarn__lease_table_free(former);
}

static void take_whole(struct tarn__lease_file *file, const char *path, const char *text,
		       size_t len, size_t len_max)
{
	if (tarn__leases_networkd_is_form(text, len)) {
		take_json(file, text, len);
		return;
	}
	tarn__lease_file_clear(file);
	if (is_kea(text, len))
		read_older(file, path, len_max);
	tarn__leases_start(&file->reader, on_lease, on_fault, file);
	feed(file, text, len);
	if (file->reader.form == TARN__LEASES_DNSMASQ)
		tarn__leases_end(&file->reader);
}

/* ---- which part is read ---------------------------------------------------------------------- */

static bool is_appended_to(enum tarn__lease_form form)
{
	return form == TARN__LEASES_KEA || form == TARN__LEASES_ISC;
}

/* Returns true if the file is the one that was read before, with more behind it. */
static bool has_grown(const struct tarn__lease_file *file, int fd,
		      const struct tarn__file_identity *identity)
{
	char tail[TAIL_LEN];
	if (file->read_len == 0 || !is_appended_to(file->reader.form) ||
	    identity->device != file->identity.device || identity->inode != file->identity.inode ||
	    identity->size < file->read_len)
		return false;
	ssize_t len = pread(fd, tail, file->tail_len, (off_t)(file->read_len - file->tail_len));
	return len == (ssize_t)file->tail_len && memcmp(tail, file->tail, file->tail_len) == 0;
}

long tarn__lease_file_read(struct tarn__lease_file *file, const char *path, int fd,
			   const struct tarn__file_identity *identity, size_t len_max,
			   struct tarn__text_faults *faults)
{
	bool is_rest = has_grown(file, fd, identity);
	if (is_rest && lseek(fd, (off_t)file->read_len, SEEK_SET) < 0)
		return -1;
	size_t len;
	char *text = tarn__file_read_fd(fd, len_max, 0, &len);
	if (!text)
		return -1;
	file->faults = faults;
	file->identity = *identity;
	if (!is_rest)
		take_whole(file, path, text, len, len_max);
	else if (len > 0)
		feed(file, text, len);
	file->faults = NULL;
	free(text);
	return (long)len;
}
