/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rpz.c: records of a response policy zone. */
#include "dns/rpz.h"

#include <stdbool.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rpz_prefix.h"
#include "dns/type.h"

static const char special_prefix[] = "rpz-"; /* of labels that are triggers or actions */

/* A trigger: the owner without the apex, ended by the root label. */
struct trigger {
	uint8_t name[TARN__NAME_MAX];
	size_t len;
	bool is_wildcard;
	size_t tail_len; /* octets of the last label of a prefix of addresses */
};

static bool is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

/* Returns false if the owner is not below or at the apex. */
static bool read_trigger(const struct tarn__zone_record *record, const uint8_t *apex,
			 size_t apex_len, struct trigger *out)
{
	if (!tarn__name_is_within(record->owner, record->owner_len, apex, apex_len))
		return false;
	size_t len = record->owner_len - apex_len;
	memcpy(out->name, record->owner, len);
	out->name[len] = 0;
	out->len = len + 1;
	out->is_wildcard = is_wildcard(out->name);
	out->tail_len = 0;
	return true;
}

/* Returns the last label; NULL: there is none. */
static const uint8_t *last_label(const uint8_t *name)
{
	const uint8_t *last = NULL;
	for (; *name > 0; name += 1 + *name)
		last = name;
	return last;
}

static bool label_is(const uint8_t *label, const char *text)
{
	size_t len = strlen(text);
	return label[0] == len && tarn__name_is_equal(label + 1, (const uint8_t *)text, len);
}

/* label may be NULL. */
static bool is_special(const uint8_t *label)
{
	enum { LEN = sizeof(special_prefix) - 1 };
	return label && label[0] >= LEN &&
	       tarn__name_is_equal(label + 1, (const uint8_t *)special_prefix, LEN);
}

static bool is_name(const uint8_t *name, size_t len, const char *label)
{
	return len == strlen(label) + 2 && label_is(name, label);
}

/* Zones that are older than "rpz-passthru" have the trigger itself there, of a prefix without "rpz-ip". */
static bool is_trigger(const uint8_t *target, size_t len, const struct trigger *trigger)
{
	if (len == trigger->len && tarn__name_is_equal(target, trigger->name, len))
		return true;
	return trigger->tail_len > 0 && len + trigger->tail_len == trigger->len &&
	       tarn__name_is_equal(target, trigger->name, len - 1);
}

static enum tarn__rpz_result read_cname(const struct tarn__zone_record *record,
					const struct trigger *trigger, struct tarn__rpz_rule *out)
{
	const uint8_t *target = record->rdata;
	size_t len = record->rdata_len;
	if (len == 1)
		out->rule.action = TARN__NAMELIST_NXDOMAIN;
	else if (is_name(target, len, "*"))
		out->rule.action = TARN__NAMELIST_NODATA;
	else if (is_name(target, len, "rpz-passthru") || is_trigger(target, len, trigger))
		out->rule.action = TARN__NAMELIST_PASSTHRU;
	else if (is_name(target, len, "rpz-drop"))
		out->rule.action = TARN__NAMELIST_DROP;
	else if (is_name(target, len, "rpz-tcp-only"))
		out->rule.action = TARN__NAMELIST_TCP_ONLY;
	else if (is_special(last_label(target)))
		return TARN__RPZ_UNSUPPORTED;
	else
		out->rule.action = TARN__NAMELIST_DATA;
	return TARN__RPZ_RULE;
}

/* Of DNSSEC: they say nothing of what the zone is for. */
static bool is_of_dnssec(uint16_t type)
{
	switch (type) {
	case TARN__TYPE_DS:
	case TARN__TYPE_RRSIG:
	case TARN__TYPE_NSEC:
	case TARN__TYPE_DNSKEY:
	case TARN__TYPE_NSEC3:
	case TARN__TYPE_NSEC3PARAM:
	case TARN__TYPE_CDS:
	case TARN__TYPE_CDNSKEY:
	case TARN__TYPE_ZONEMD:
		return true;
	default:
		return false;
	}
}

static void set_record(const struct tarn__zone_record *record, uint32_t ttl_max,
		       struct tarn__rpz_rule *out)
{
	out->more.has_record = true;
	out->more.type = record->type;
	out->more.ttl = record->ttl < ttl_max ? record->ttl : ttl_max;
	out->more.rdata = record->rdata;
	out->more.rdata_len = (uint16_t)record->rdata_len;
	out->rule.more = &out->more;
}

static void set_name_rule(const struct trigger *trigger, struct tarn__rpz_rule *out)
{
	size_t skip = trigger->is_wildcard ? 2 : 0;
	memcpy(out->name, trigger->name + skip, trigger->len - skip);
	out->rule.name_len = (uint16_t)(trigger->len - skip);
}

/* Returns false if the labels before the last one are no prefix. */
static bool set_prefix_rule(const struct trigger *trigger, enum tarn__rpz_trigger kind,
			    struct tarn__rpz_rule *out)
{
	uint8_t labels[TARN__NAME_MAX];
	size_t len = trigger->len - trigger->tail_len;
	struct tarn__rpz_prefix prefix;
	memcpy(labels, trigger->name, len);
	labels[len - 1] = 0;
	if (!tarn__rpz_prefix_read(labels, len, &prefix))
		return false;
	out->rule.name_len = (uint16_t)tarn__rpz_prefix_name(&prefix, kind, out->name);
	out->rule.is_prefix = true;
	return true;
}

enum tarn__rpz_result tarn__rpz_read(const struct tarn__zone_record *record, const uint8_t *apex,
				     size_t apex_len, uint32_t ttl_max, struct tarn__rpz_rule *out)
{
	struct trigger trigger;
	if (record->class != TARN__CLASS_IN || !read_trigger(record, apex, apex_len, &trigger))
		return TARN__RPZ_INVALID;
	if (record->type == TARN__TYPE_SOA || is_of_dnssec(record->type) ||
	    (record->type == TARN__TYPE_NS && trigger.len == 1))
		return TARN__RPZ_NOTHING;
	enum tarn__rpz_trigger kind = tarn__rpz_trigger_of(trigger.name, trigger.len);
	const uint8_t *last = last_label(trigger.name);
	if (!last || record->type == TARN__TYPE_NS || record->type == TARN__TYPE_DNAME ||
	    (kind == TARN__RPZ_NAME && is_special(last)))
		return TARN__RPZ_UNSUPPORTED;
	if (kind != TARN__RPZ_NAME)
		trigger.tail_len = 1u + last[0];
	struct tarn__rpz_rule rule = {
		.rule = {.kind = TARN__NAMELIST_BLOCK,
			 .reach = trigger.is_wildcard ? TARN__NAMELIST_BELOW : TARN__NAMELIST_SELF,
			 .action = TARN__NAMELIST_DATA}};
	if (record->type == TARN__TYPE_CNAME &&
	    read_cname(record, &trigger, &rule) == TARN__RPZ_UNSUPPORTED)
		return TARN__RPZ_UNSUPPORTED;
	if (kind == TARN__RPZ_NAME)
		set_name_rule(&trigger, &rule);
	else if (!set_prefix_rule(&trigger, kind, &rule))
		return TARN__RPZ_INVALID;
	*out = rule;
	out->rule.name = out->name;
	if (out->rule.action == TARN__NAMELIST_DATA)
		set_record(record, ttl_max, out);
	return TARN__RPZ_RULE;
}
