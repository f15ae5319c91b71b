/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/local_data.h: names that are answered from here: records of the configuration, hosts files and
 * leases, in that order of precedence, and zones that are ours as a whole.
 *
 *	- All addresses that hosts files have for a name make one RRset in the order of the files. A record of the
 *	  same type takes their place, a CNAME that of all. A lease's name counts only if no record and no hosts
 *	  file has it.
 *	- A name with any record is ours: a type that it does not have is NODATA. Names below it are not, but in a
 *	  zone that is ours, where what is not there is NXDOMAIN.
 *	- An address of a hosts file or lease makes a PTR to the first name of its first line, unless it
 *	  has a scope, or is the unspecified address, 127.0.0.1 or ::1, or its source makes none.
 *	- Wildcards are those of RFC 4592, with all names of the same zone or below the same wildcard's parent
 *	  as the names that exist.
 *	- "localhost" and names below it are not taken: core/policy/special.h answers for them. ip6-localhost
 *	  and ip6-loopback are ::1 where nothing else is given.
 *	- A name without a dot is answered with the domain behind it, too, and its PTR has the domain.
 *	- A lease's name is the client's: see tarn__local_builder_add_lease().
 *
 * Class IN only. No signatures, and never AD.
 *
 * Thread: a builder is one thread's. Local data is immutable once built, and counted; any.
 */
#ifndef TARN_CORE_POLICY_LOCAL_DATA_H
#define TARN_CORE_POLICY_LOCAL_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/hosts.h"
#include "dns/leases.h"
#include "dns/message.h"
#include "dns/query.h"
#include "dns/stored.h"

enum {
	TARN__LOCAL_NAMES_MAX = 1 << 20, /* of all sources: a million, as many as 100 MB may take */
	TARN__LOCAL_RECORDS_MAX = 1 << 22, /* of all names */
	TARN__LOCAL_OCTETS_MAX = 1 << 28, /* of names and RDATA: an offset has 28 bits */
	TARN__LOCAL_SOURCES_MAX = 255, /* a source's number is an octet */
	TARN__LOCAL_ZONES_MAX = 1024, /* that are ours */
	TARN__LOCAL_NO_ITEM = INT32_MAX,
	TARN__LOCAL_DATA_TTL = 60, /* seconds, where no TTL is given */
	/* Octets of an RRset, each record with its fixed fields and a pointer: a reply has room for them. */
	TARN__LOCAL_SET_MAX = TARN__MESSAGE_MAX - TARN__HEADER_LEN - TARN__NAME_MAX - 4,
};

struct tarn__local_builder;
struct tarn__local_data;

/* ---- building --------------------------------------------------------------------------- */

/* What became of something that was added. Only TARN__LOCAL_NO_MEMORY is the end. */
#define TARN__LOCAL_RESULTS(X)                                                                     \
	X(TAKEN, "taken")                                                                          \
	X(KNOWN, "known already")                                                                  \
	X(LEFT_OUT, "left to the special names")                                                   \
	X(BAD_NAME, "not a name that a client may have")                                           \
	X(BAD_RDATA, "not RDATA of its type")                                                      \
	X(CNAME_IS_ALONE, "a CNAME is the only record of its name")                                \
	X(SET_IS_FULL, "too many records of that name")                                            \
	X(DATA_IS_FULL, "too many names, records or sources")                                      \
	X(NO_MEMORY, "out of memory")

#define TARN__LOCAL_RESULT_ENUM(name, text) TARN__LOCAL_##name,
enum tarn__local_result { TARN__LOCAL_RESULTS(TARN__LOCAL_RESULT_ENUM) };
#undef TARN__LOCAL_RESULT_ENUM

const char *tarn__local_result_text(enum tarn__local_result);

struct tarn__local_options {
	const uint8_t *domain; /* in wire form, any spelling; NULL: none */
	size_t domain_len;
	uint32_t ttl; /* seconds, of what is denied in a zone and of the names built in */
};

/* Returns NULL if memory is short. */
struct tarn__local_builder *tarn__local_builder_new(const struct tarn__local_options *);
void tarn__local_builder_free(struct tarn__local_builder *);

struct tarn__local_source {
	const char *path; /* as explanations have it, such as "/etc/hosts"; copied */
	uint32_t ttl; /* seconds; of records that have their own it is not used */
	bool makes_ptr;
};

/* Returns the number of the source, from 0 on; TARN_EBUSY: there are too many; TARN_ENOMEM. */
int tarn__local_builder_add_source(struct tarn__local_builder *, const struct tarn__local_source *);

/* Adds one name of a hosts file's line, in the order of the file. */
enum tarn__local_result tarn__local_builder_add_host(struct tarn__local_builder *, unsigned source,
						     const struct tarn__hosts_entry *);

/*
 * Adds a lease, which is neither over nor followed by another of its address (core/policy/lease_table.h).
 * Of its name blanks become hyphens and letters lower case; a final dot and the domain at its end are
 * dropped. It is BAD_NAME unless what is left is labels of letters, digits and hyphens, not at the ends,
 * with a letter among them; if it has a dot without having had the domain; if it is the domain itself; and
 * for labels that mean something to other clients: wpad, isatap, localhost. Which name is a record's, a
 * hosts file's or a zone's, and which of two leases of a family with one name began later, is seen when all
 * is there. A name without a dot may be a top level domain's: its NS, SOA, DS and DNSKEY stay those of the
 * DNS.
 */
enum tarn__local_result tarn__local_builder_add_lease(struct tarn__local_builder *, unsigned source,
						      const struct tarn__lease *);

struct tarn__local_record {
	uint32_t line;
	const uint8_t *owner; /* in wire form; "*" as its first label is a wildcard */
	size_t owner_len;
	uint16_t type;
	uint32_t ttl; /* seconds */
	const uint8_t *rdata; /* names in it are not compressed */
	size_t rdata_len;
};

/* The caller's type is that of data: none of the meta-types and query types. */
enum tarn__local_result tarn__local_builder_add_record(struct tarn__local_builder *,
						       unsigned source,
						       const struct tarn__local_record *);

/* Makes the zone ours. */
enum tarn__local_result tarn__local_builder_add_zone(struct tarn__local_builder *, unsigned source,
						     uint32_t line, const uint8_t *name,
						     size_t len);

/*
 * Makes local data of all that was added; of the builder's functions only that which frees it may follow. One
 * reference, the caller's. NULL: out of memory.
 */
struct tarn__local_data *tarn__local_builder_build(struct tarn__local_builder *);

/* One reference more, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__local_data *tarn__local_data_get(struct tarn__local_data *);
void tarn__local_data_put(struct tarn__local_data *);

struct tarn__local_counts {
	size_t names; /* with a record */
	size_t records; /* PTRs made of addresses not counted */
	size_t addresses; /* that have a PTR */
	size_t zones;
	size_t octets; /* of memory */
};

void tarn__local_data_count(const struct tarn__local_data *, struct tarn__local_counts *out);

/* ---- questions -------------------------------------------------------------------------- */

enum tarn__local_kind {
	TARN__LOCAL_NONE, /* the name is not ours */
	TARN__LOCAL_RECORDS, /* the records of the type; for ANY one RRset (RFC 8482 section 4.1) */
	TARN__LOCAL_CNAME, /* the name has a CNAME and the question is of another type */
	TARN__LOCAL_NODATA,
	TARN__LOCAL_NXDOMAIN,
};

struct tarn__local_found {
	enum tarn__local_kind kind;
	/*
	 * Nothing but the zone is known of the name: a longer zone with servers of its own goes before it.
	 */
	bool is_by_zone;
	bool is_by_wildcard;
	uint16_t type; /* of the records */
	uint16_t zone_len; /* octets of the zone, at the end of the name, whose SOA a denial has */
	uint32_t ttl; /* seconds, of the records or the denial */
	/* Where it comes from: of the first record; valid as long as the data. */
	const char *source;
	uint32_t line;
	/* Of TARN__LOCAL_CNAME: the target in wire form; valid as long as the data. */
	const uint8_t *target;
	uint16_t target_len;
	/* For tarn__local_data_write(). */
	const struct tarn__local_data *data;
	uint64_t now_s;
	uint32_t first, end; /* of the items that are the records; none: the SOA made of the zone */
	uint32_t soa; /* the item that denials of the zone have; TARN__LOCAL_NO_ITEM: one is made */
};

/*
 * Returns false if no type of the name is ours. Takes some twenty instructions and is right for nearly all
 * names but those of a large hosts file.
 */
bool tarn__local_data_may_have(const struct tarn__local_data *, const uint8_t *qname, size_t len);

/*
 * Looks up a name, in wire form and any spelling, and a type. now_s is the wall clock in seconds since
 * 1970, for the ends of leases. Returns the kind. *out is valid as long as the data; for TARN__LOCAL_NONE
 * it is untouched. data may be NULL: nothing is ours. Nothing is allocated.
 */
enum tarn__local_kind tarn__local_data_find(const struct tarn__local_data *, const uint8_t *qname,
					    size_t len, uint16_t qtype, uint64_t now_s,
					    struct tarn__local_found *out);

/*
 * Writes the stored form of what was found for the query's name and type; for TARN__LOCAL_CNAME the CNAME
 * alone. Returns its octets.
 */
size_t tarn__local_data_write(const struct tarn__local_found *, const struct tarn__query *,
			      uint8_t out[TARN__STORED_MAX]);

/* ---- what there is ---------------------------------------------------------------------- */

/* A record; also a PTR made of an address, and the SOA of a zone that is ours, which has no RDATA here. */
struct tarn__local_item {
	const uint8_t *name; /* in wire form, in lower case */
	size_t name_len;
	uint16_t type;
	uint32_t ttl; /* seconds, without regard to end_s */
	uint64_t end_s; /* of a lease; TARN__LEASE_NEVER */
	const uint8_t *rdata;
	size_t rdata_len;
	const char *source;
	uint32_t line;
};

/* The item is valid during the call. Returns false to end the walk. */
typedef bool tarn__local_item_fn(void *arg, const struct tarn__local_item *);

/* Calls fn for all items, or for those of one name, in any spelling; name is NULL for all. */
void tarn__local_data_walk(const struct tarn__local_data *, const uint8_t *name, size_t name_len,
			   tarn__local_item_fn *fn, void *arg);

#endif
