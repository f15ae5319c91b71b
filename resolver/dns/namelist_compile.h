/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_compile.h: makes one compiled list (dns/namelist.h) of lists of names:
 *
 *	compiler = tarn__namelist_compiler_new(seed, digest);
 *	for each list:
 *		tarn__namelist_compiler_begin(compiler, &list);
 *		tarn__namelist_compiler_feed(compiler, octets, len);	again and again, or
 *		tarn__namelist_compiler_add(compiler, &rule);		for a zone
 *	tarn__namelist_compiler_finish(compiler, write, data);
 *	tarn__namelist_compiler_free(compiler);
 *
 * Neither the lists nor the compiled list are held in memory. What is, are 12 octets for each name, and in
 * formats whose names reach below 12 more for each of its suffixes of two labels and more: some 24 octets a
 * name.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DNS_NAMELIST_COMPILE_H
#define TARN_DNS_NAMELIST_COMPILE_H

#include <stddef.h>
#include <stdint.h>

#include "dns/namelist.h"
#include "dns/namelist_line.h"
#include "dns/namelist_rule.h"

struct tarn__namelist_compiler;

struct tarn__namelist_list {
	const char *
		path; /* as it is to be reported; at most TARN__NAMELIST_PATH_MAX octets are kept */
	uint64_t size;
	int64_t mtime_ns;
	uint8_t set; /* below TARN__NAMELIST_SETS_MAX */
	/* TARN__NAMELIST_ALLOW: all rules of the list allow, whatever their form. */
	enum tarn__namelist_kind kind;
	/*
	 * TARN__NAMELIST_RPZ: rules are added, not fed. The names above those that are added are added with
	 * TARN__NAMELIST_EXISTS, where a wildcard is above them or a prefix of addresses below, and no name
	 * is left out for one above it. A wildcard "*.x" is x with TARN__NAMELIST_BELOW; "*" is the root.
	 */
	enum tarn__namelist_format format;
	enum tarn__namelist_subdomains subdomains;
};

/*
 * seed is random, and kept in the list. digest is the caller's: it tells by the list's whether the list was
 * compiled as it would be now. NULL: out of memory.
 */
struct tarn__namelist_compiler *tarn__namelist_compiler_new(uint64_t seed, uint64_t digest);
void tarn__namelist_compiler_free(struct tarn__namelist_compiler *);

/* Begins another list. Returns 0, TARN__NAMELIST_NOMEM, TARN__NAMELIST_FULL. */
int tarn__namelist_compiler_begin(struct tarn__namelist_compiler *,
				  const struct tarn__namelist_list *);

/*
 * Adds the next octets of the list, cut anywhere. Returns 0, TARN__NAMELIST_NOMEM, TARN__NAMELIST_FULL. After
 * an error nothing but free is allowed.
 */
int tarn__namelist_compiler_feed(struct tarn__namelist_compiler *, const void *octets, size_t len);

/*
 * Adds a rule to the list. A rule that would need a row more than there are is counted as unsupported.
 * Returns as above.
 */
int tarn__namelist_compiler_add(struct tarn__namelist_compiler *,
				const struct tarn__namelist_rule *);

/* Why something was not added: the counters of struct tarn__namelist_source. */
enum tarn__namelist_reject {
	TARN__NAMELIST_INVALID,
	TARN__NAMELIST_NOT_DNS,
	TARN__NAMELIST_UNSUPPORTED
};

/* Counts something in the list that was not added; the first invalid ones are kept as examples. */
void tarn__namelist_compiler_reject(struct tarn__namelist_compiler *, enum tarn__namelist_reject,
				    uint32_t line, const char *text, size_t len);

/* Returns 0; anything else ends the compilation. */
typedef int tarn__namelist_write(void *data, const void *octets, size_t len);

/*
 * Writes the compiled list from its start to its end. Nothing but free is allowed afterwards. Returns 0,
 * TARN__NAMELIST_NOMEM, TARN__NAMELIST_FULL, TARN__NAMELIST_CROWDED, TARN__NAMELIST_UNWRITTEN.
 */
int tarn__namelist_compiler_finish(struct tarn__namelist_compiler *, tarn__namelist_write *write,
				   void *data);

#endif
