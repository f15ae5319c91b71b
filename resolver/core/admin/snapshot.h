/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/snapshot.h: the answers in the cache as octets for a file, for the next start, and back. What is a
 * file is not known here.
 *
 *	header    magic "tarncach", version, time, boot id, epoch of the second level, identities of zones
 *	          and anchors; its hash
 *	block...  at most TARN__BLOCK_MAX octets: magic, length, count, heat; its hash (XXH3, 64 bits); entries
 *	trailer   the number of blocks and entries; its hash
 *
 * core/admin/snapshot_form.h has the form octet by octet, docs/decisions/warm-start.md the reasons. A block that
 * does not check is left out, and the next one is looked for; without a trailer what checks is used. An entry is
 * the key, the times and the verdict of core/saved_answer.h, the uses of the cache and the message.
 *
 * Thread: as core/admin/inspect.h.
 */
#ifndef TARN_CORE_ADMIN_SNAPSHOT_H
#define TARN_CORE_ADMIN_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__config;
struct tarn__resolver;
struct tarn__saved_room;

enum {
	TARN__BLOCK_MAX = 65536 + 1024 /* an answer of the longest message has a block of its own */
};

/* ---- writing ------------------------------------------------------------------------------ */

struct tarn__snapshot_writer;

struct tarn__snapshot_options {
	/*
	 * Takes octets of the file, in order. They are valid during the call. Returns false to end it: no
	 * step does anything then.
	 */
	bool (*put)(void *arg, const uint8_t *octets, size_t len);
	void *arg;
	uint64_t wall_ms; /* the time since 1970, for the header */
	uint8_t boot_id
		[16]; /* random octets if there is none: the hashes of the blocks depend on it */
	/* The root's servers come and go with the network: answers are kept whichever they are. */
	bool has_any_root;
	/* Hot entries in a first pass over the cache, the others in a second one: for when time is short. */
	bool hottest_first;
};

/* Puts the header. NULL: out of memory. */
struct tarn__snapshot_writer *tarn__snapshot_writer_new(struct tarn__resolver *,
							const struct tarn__snapshot_options *);
/*
 * Takes a step of some 32 entries. Returns true if there are more, false too if put has returned false. The
 * configuration may have changed: what has other servers now than it had at first is left out.
 */
bool tarn__snapshot_step(struct tarn__snapshot_writer *, struct tarn__resolver *);
/* Puts what is begun, and the trailer. Returns the number of answers. */
uint64_t tarn__snapshot_end(struct tarn__snapshot_writer *);
void tarn__snapshot_writer_free(struct tarn__snapshot_writer *); /* NULL is allowed */

/* ---- reading ------------------------------------------------------------------------------ */

enum tarn__snapshot_fault {
	TARN__SNAPSHOT_GOOD,
	TARN__SNAPSHOT_NONE, /* not a snapshot, or its header is damaged */
	TARN__SNAPSHOT_VERSION, /* of another version */
	TARN__SNAPSHOT_CLOCK, /* saved in the future: the clock went back, or is not set yet */
	TARN__SNAPSHOT_EPOCH, /* the second level was flushed since, for all machines */
	TARN__SNAPSHOT_MEMORY, /* out of memory */
};

/* "not a snapshot of the cache", ... */
const char *tarn__snapshot_fault_text(enum tarn__snapshot_fault);

struct tarn__snapshot_counts {
	uint64_t loaded; /* fresh answers */
	uint64_t loaded_stale; /* for when no server answers */
	uint64_t known; /* the cache has one that lives at least as long */
	uint64_t ended; /* and too old to be stale */
	uint64_t elsewhere; /* of zones that are no more, or have other servers or anchors */
	uint64_t faulty; /* the reader of messages does not take them */
	uint64_t full; /* the cache has no room */
	uint64_t blocks_damaged;
	bool is_whole; /* the trailer was there, and counts the same */
};

struct tarn__snapshot_reader {
	const uint8_t *octets; /* the whole file, borrowed; it may change while it is read */
	/*
	 * NULL octets: reads len of them at offset. Returns false if they are not all there. (A file that is
	 * mapped would end the program if it were cut while it is read, or its disk failed.)
	 */
	bool (*read)(void *arg, uint64_t offset, uint8_t *out, size_t len);
	void *arg;
	size_t len, at; /* at: what precedes it has been read in this pass */
	unsigned pass; /* by heat: the hottest blocks first */
	uint64_t saved_ms; /* when it was made */
	uint64_t entries; /* that its trailer counts; 0: it has none */
	bool has_any_root; /* as the options of the writer */
	uint64_t
		offset_ms; /* what the wall clock was behind by, at most TARN__SNAPSHOT_BEHIND_MS */
	struct tarn__snapshot_counts counts;
	struct tarn__snapshot_loading *loading; /* private; NULL: nothing is open */
};

enum {
	/* A clock that went back by more than this is not believed. */
	TARN__SNAPSHOT_BEHIND_MS = 5 * 60 * 1000,
};

/*
 * Reads the header. The caller has cleared the reader but for octets, or read and arg, len and has_any_root. After
 * a fault there is nothing to close. If the epoch of the second level is not known yet that of the file is
 * from now on, so that another one in the store has everything forgotten, what was loaded as well.
 */
enum tarn__snapshot_fault tarn__snapshot_open(struct tarn__snapshot_reader *,
					      struct tarn__resolver *, uint64_t wall_ms);
/*
 * Loads some 32 entries at most, each as rtcache_load() does: nothing is evicted for it, and no answer is replaced
 * that lives at least as long. Returns true if there are more.
 */
bool tarn__snapshot_load_step(struct tarn__snapshot_reader *, struct tarn__resolver *,
			      uint64_t wall_ms);
void tarn__snapshot_close(struct tarn__snapshot_reader *); /* may be called again */

#endif
