/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/zone_keys.c: the keys of a zone are found and verified. */
#include "dnssec/zone_keys.h"

#include <string.h>

#include "crypto/signature.h"
#include "dnssec/dnskey.h"

enum {
	DIGEST_SHA1 = 1,
	MATCHES_MAX = 16, /* digests that are computed: eight DS of one tag and two keys of it */
};

/* ---- entry points ----------------------------------------------------------------------- */

/* Of what is not supported the algorithm counts as the reason before the digest. */
static void note_unsupported(const struct tarn__ds *ds, struct tarn__entry_points *out)
{
	if (!tarn__signature_is_supported(ds->algorithm))
		out->code = TARN__EDE_UNSUPPORTED_ALGORITHM;
	else if (out->code == 0)
		out->code = TARN__EDE_UNSUPPORTED_DIGEST;
}

static void add(struct tarn__entry_points *out, const struct tarn__anchor_record *record)
{
	if (out->count < TARN__DS_MAX)
		out->at[out->count++] = *record;
}

static void add_ds(struct tarn__entry_points *out, const struct tarn__anchor_record *record,
		   bool is_sha1)
{
	struct tarn__ds ds;
	if (!tarn__ds_read(record->rdata, record->rdata_len, &ds))
		return;
	if (!tarn__ds_is_supported(&ds))
		note_unsupported(&ds, out);
	else if ((ds.digest_type == DIGEST_SHA1) == is_sha1)
		add(out, record);
}

static void add_set(const struct tarn__rrsets *rrsets, const struct tarn__rrset *ds, bool is_sha1,
		    struct tarn__entry_points *out)
{
	for (uint16_t i = ds->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		struct tarn__reader rdata = tarn__rrsets_rdata(rrsets, i);
		add_ds(out,
		       &(struct tarn__anchor_record){.type = TARN__TYPE_DS,
						     .rdata = rdata.wire + rdata.at,
						     .rdata_len =
							     (uint16_t)tarn__reader_left(&rdata)},
		       is_sha1);
	}
}

void tarn__entry_points_of_ds(const struct tarn__rrsets *rrsets, const struct tarn__rrset *ds,
			      struct tarn__entry_points *out)
{
	*out = (struct tarn__entry_points){0};
	add_set(rrsets, ds, false, out);
	if (out->count == 0)
		add_set(rrsets, ds, true, out);
}

static void add_anchors(const struct tarn__anchor *anchor, bool is_sha1,
			struct tarn__entry_points *out)
{
	const void *at = anchor->records;
	struct tarn__anchor_record record;
	while (tarn__anchor_next(&at, &record)) {
		struct tarn__dnskey key;
		if (record.type == TARN__TYPE_DS)
			add_ds(out, &record, is_sha1);
		else if (!is_sha1 && tarn__dnskey_read(record.rdata, record.rdata_len, &key)) {
			if (tarn__signature_is_supported(key.algorithm))
				add(out, &record);
			else
				out->code = TARN__EDE_UNSUPPORTED_ALGORITHM;
		}
	}
}

void tarn__entry_points_of_anchor(const struct tarn__anchor *anchor, struct tarn__entry_points *out)
{
	*out = (struct tarn__entry_points){0};
	add_anchors(anchor, false, out);
	if (out->count == 0)
		add_anchors(anchor, true, out);
}

/* ---- the keys --------------------------------------------------------------------------- */

/* The DNSKEY RRset of a response; NULL: there is none, or an alias. */
static const struct tarn__response_rrset *find_dnskeys(const struct tarn__response *response)
{
	if (response->is_negative || response->link_count > 0)
		return NULL;
	int data = tarn__response_find(response, TARN__ROLE_DATA);
	return data >= 0 ? &response->at[data] : NULL;
}

static bool read_key(const struct tarn__rrsets *rrsets, uint16_t number, struct tarn__dnskey *out)
{
	struct tarn__reader rdata = tarn__rrsets_rdata(rrsets, number);
	return tarn__dnskey_read(rdata.wire + rdata.at, tarn__reader_left(&rdata), out);
}

static bool matches(const struct tarn__anchor_record *point, const struct tarn__dnskey *key,
		    const struct tarn__name *zone, unsigned *left)
{
	if (point->type == TARN__TYPE_DNSKEY)
		return point->rdata_len == key->rdata_len &&
		       memcmp(point->rdata, key->rdata, key->rdata_len) == 0;
	struct tarn__ds ds;
	if (!tarn__ds_read(point->rdata, point->rdata_len, &ds) || ds.tag != key->tag ||
	    ds.algorithm != key->algorithm || *left == 0)
		return false;
	--*left;
	return tarn__ds_is_of(&ds, key, zone->octets, zone->len);
}

static bool matches_any(const struct tarn__entry_points *points, const struct tarn__dnskey *key,
			const struct tarn__name *zone, unsigned *left)
{
	for (size_t i = 0; i < points->count; i++) {
		if (matches(&points->at[i], key, zone, left))
			return true;
	}
	return false;
}

static void add_key(struct tarn__trust_writer *writer, const struct tarn__dnskey *key)
{
	tarn__trust_add_key(writer, &(struct tarn__trust_key){.algorithm = key->algorithm,
							      .tag = key->tag,
							      .key = key->key,
							      .key_len = key->key_len});
}

static bool is_usable(const struct tarn__dnskey *key)
{
	return tarn__dnskey_is_zone_key(key) && tarn__signature_is_supported(key->algorithm) &&
	       tarn__signature_key_is_valid(key->algorithm, key->key, key->key_len);
}

/* Writes the keys that match an entry point as the zone's, for the one verification. */
static size_t write_entry_keys(const struct tarn__rrsets *rrsets, const struct tarn__rrset *dnskeys,
			       const struct tarn__entry_points *points,
			       const struct tarn__name *zone, uint8_t *out,
			       struct tarn__reason *reason)
{
	struct tarn__trust_writer writer;
	struct tarn__dnskey key;
	unsigned left = MATCHES_MAX;
	bool has_no_flag = false;
	tarn__trust_begin_keys(&writer, out, 0, NULL, 0);
	for (uint16_t i = dnskeys->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		if (!read_key(rrsets, i, &key) || !matches_any(points, &key, zone, &left))
			continue;
		if (is_usable(&key))
			add_key(&writer, &key);
		else
			has_no_flag |= !(key.flags & TARN__DNSKEY_ZONE);
	}
	if (writer.key_count > 0)
		return tarn__trust_end_keys(&writer);
	struct tarn__reason_name name = tarn__reason_name(zone->octets);
	if (has_no_flag)
		tarn__reason_set(reason, TARN__EDE_NO_ZONE_KEY,
				 "the DNSKEY of %s that a DS names is no zone key", name.text);
	else
		tarn__reason_set(reason, TARN__EDE_DNSKEY_MISSING,
				 "no usable DNSKEY of %s matches a %s", name.text,
				 points->at[0].type == TARN__TYPE_DS ? "DS" : "trust anchor");
	return 0;
}

static unsigned ds_tags(const struct tarn__entry_points *points, uint16_t out[TARN__DS_MAX])
{
	unsigned count = 0;
	for (size_t i = 0; i < points->count; i++) {
		if (points->at[i].type == TARN__TYPE_DS)
			out[count++] = tarn__get16(points->at[i].rdata);
	}
	return count;
}

/* All of the zone's keys. */
static size_t write_keys(const struct tarn__rrsets *rrsets, const struct tarn__rrset *dnskeys,
			 const struct tarn__entry_points *points, uint32_t until, uint8_t *out)
{
	uint16_t tags[TARN__DS_MAX];
	unsigned tag_count = ds_tags(points, tags);
	struct tarn__trust_writer writer;
	struct tarn__dnskey key;
	tarn__trust_begin_keys(&writer, out, until, tags, tag_count);
	for (uint16_t i = dnskeys->first; i != TARN__NO_RECORD; i = rrsets->records[i].next) {
		if (read_key(rrsets, i, &key) && is_usable(&key))
			add_key(&writer, &key);
	}
	return tarn__trust_end_keys(&writer);
}

enum tarn__verification tarn__zone_keys_verify(const struct tarn__verify_context *context,
					       const struct tarn__response *response,
					       const struct tarn__entry_points *points,
					       struct tarn__verify_progress *progress,
					       uint8_t out[TARN__TRUST_MAX], size_t *len,
					       uint32_t *ttl, struct tarn__reason *reason)
{
	const struct tarn__rrsets *rrsets = &response->rrsets;
	const struct tarn__response_rrset *found = find_dnskeys(response);
	struct tarn__name zone = {.len = response->key->qname_len};
	memcpy(zone.octets, response->key->qname, zone.len);
	struct tarn__reason_name name = tarn__reason_name(zone.octets);
	if (!found) {
		tarn__reason_set(reason, TARN__EDE_DNSKEY_MISSING, "%s has a DS but no DNSKEY",
				 name.text);
		return TARN__NOT_VERIFIED;
	}
	if (found->signatures == TARN__NO_RRSET) {
		tarn__reason_set(reason, TARN__EDE_RRSIGS_MISSING, "the DNSKEY of %s is not signed",
				 name.text);
		return TARN__NOT_VERIFIED;
	}
	const struct tarn__rrset *dnskeys = &rrsets->at[found->rrset];
	size_t entry_len = write_entry_keys(rrsets, dnskeys, points, &zone, out, reason);
	struct tarn__trust trust;
	struct tarn__verified verified;
	if (entry_len == 0 || !tarn__trust_read(out, entry_len, &trust))
		return TARN__NOT_VERIFIED;
	enum tarn__verification result =
		tarn__rrset_verify(context, rrsets, dnskeys, &rrsets->at[found->signatures], &zone,
				   &trust, progress, &verified, reason);
	if (result != TARN__VERIFIED)
		return result;
	*ttl = dnskeys->ttl < verified.ttl ? dnskeys->ttl : verified.ttl;
	*len = write_keys(rrsets, dnskeys, points, verified.expiration, out);
	return TARN__VERIFIED;
}
