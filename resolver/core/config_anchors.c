/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/config_anchors.c: anchors from texts, from names and from special names that are passed; their
 * comparison.
 */
#include "core/config_anchors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/policy/special.h"
#include "core/zone_index.h"
#include "crypto/signature.h"
#include "dns/name.h"
#include "dns/text.h"

__attribute__((format(printf, 2, 3))) static int refuse(char fault[TARN__CONFIG_FAULT_MAX],
							const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(fault, TARN__CONFIG_FAULT_MAX, format, arguments);
	va_end(arguments);
	return TARN_EINVAL;
}

/* ---- the library -------------------------------------------------------------------------- */

/* The daemon loads it ahead, and waits for it later. */
static int load_library(char fault[TARN__CONFIG_FAULT_MAX])
{
	const char *reason = tarn__signature_is_loading() ? NULL : tarn__signature_load();
	return reason ? refuse(fault, "validation is not possible: %s", reason) : 0;
}

/* ---- positive anchors --------------------------------------------------------------------- */

static int add_texts(struct tarn__anchors *anchors, const struct tarn_dnssec *dnssec,
		     char fault[TARN__CONFIG_FAULT_MAX])
{
	int error = 0;
	unsigned line;
	char reason[TARN__ANCHORS_FAULT_MAX];
	for (size_t i = 0; i < dnssec->anchor_count && error == 0; i++) {
		const char *text = dnssec->anchors[i];
		error = tarn__anchors_add_text(anchors, text, strlen(text), &line, reason);
		if (error == TARN_EINVAL)
			refuse(fault, "trust anchors, text %zu, line %u: %s", i + 1, line, reason);
	}
	if (error == 0 && tarn__anchors_count(anchors) == 0)
		return refuse(fault, "validation without a trust anchor");
	return error;
}

/* ---- negative anchors --------------------------------------------------------------------- */

/* Returns TARN_EINVAL without a fault. */
static int add_negative(struct tarn__anchors *anchors, const char *text)
{
	uint8_t name[TARN__NAME_MAX];
	size_t len = tarn__name_parse(text, name);
	return len > 0 ? tarn__anchors_add_negative(anchors, name, len) : TARN_EINVAL;
}

static int add_insecure(struct tarn__anchors *anchors, const struct tarn_dnssec *dnssec,
			char fault[TARN__CONFIG_FAULT_MAX])
{
	int error = 0;
	for (size_t i = 0; i < dnssec->insecure_count && error == 0; i++) {
		error = add_negative(anchors, dnssec->insecure[i]);
		if (error == TARN_EINVAL)
			refuse(fault, "insecure %s: not a domain name, or the root, or too many",
			       dnssec->insecure[i]);
	}
	return error;
}

/* Names that are passed, and where they go. */
struct passed {
	struct tarn__anchors *anchors;
	uint8_t name[TARN__NAME_MAX];
	size_t len;
};

static int add_if_within(void *arg, const uint8_t *name, size_t len)
{
	const struct passed *passed = arg;
	return tarn__name_is_within(name, len, passed->name, passed->len)
		       ? tarn__anchors_add_negative(passed->anchors, name, len)
		       : 0;
}

/* A name that is passed is in a special zone, or has special zones below it, or makes no difference. */
static int add_passed(struct tarn__anchors *anchors, const struct tarn_options *options,
		      char fault[TARN__CONFIG_FAULT_MAX])
{
	struct passed passed = {.anchors = anchors};
	int error = 0;
	for (size_t i = 0; i < options->pass_count && error == 0; i++) {
		passed.len = tarn__name_parse(options->pass[i], passed.name);
		if (passed.len == 0)
			return refuse(fault, "pass %s: not a domain name", options->pass[i]);
		error = tarn__special_find(passed.name, passed.len).kind != TARN__SPECIAL_NONE
				? tarn__anchors_add_negative(anchors, passed.name, passed.len)
				: tarn__special_walk(add_if_within, &passed);
		if (error == TARN_EINVAL)
			refuse(fault, "pass %s: too many insecure names", options->pass[i]);
	}
	return error;
}

/* ---- a configuration's ---------------------------------------------------------------------- */

int tarn__config_set_anchors(struct tarn__config *config, const struct tarn_options *options,
			     char fault[TARN__CONFIG_FAULT_MAX])
{
	const struct tarn_dnssec *dnssec = &options->dnssec;
	int error = load_library(fault);
	if (error != 0)
		return error;
	config->validates = true;
	config->clock_floor_sec =
		dnssec->clock_floor_sec > 0 ? dnssec->clock_floor_sec : TARN__RELEASE_SEC;
	config->anchors = tarn__anchors_new();
	if (!config->anchors)
		return TARN_ENOMEM;
	error = add_texts(config->anchors, dnssec, fault);
	if (error == 0)
		error = add_insecure(config->anchors, dnssec, fault);
	return error == 0 ? add_passed(config->anchors, options, fault) : error;
}

void tarn__config_find_anchored_zones(struct tarn__config *config)
{
	struct tarn__anchor anchor;
	struct tarn__zone_match zone;
	size_t at = 0;
	if (!config->anchors || !config->zone_index)
		return;
	while (tarn__anchors_next(config->anchors, &at, &anchor)) {
		if (anchor.kind == TARN__ANCHOR_POSITIVE &&
		    tarn__zone_index_find(config->zone_index, anchor.name, anchor.name_len,
					  &zone) &&
		    zone.value != TARN__ZONE_NONE)
			config->zones[zone.value]->is_validated = true;
	}
}

/* ---- comparison ----------------------------------------------------------------------------- */

bool tarn__config_has_same_anchors(const struct tarn__config *a, const struct tarn__config *b)
{
	if (a->anchors == b->anchors)
		return true;
	return a->anchors && b->anchors && tarn__anchors_are_equal(a->anchors, b->anchors);
}

/* A DS is signed by the zone above its owner (RFC 4035 section 3.1.4.1). */
struct tarn__anchor tarn__config_find_anchor(const struct tarn__config *config,
					     const uint8_t *qname, size_t len, uint16_t qtype)
{
	if (!config->anchors)
		return (struct tarn__anchor){.kind = TARN__ANCHOR_NONE};
	size_t label_len = qtype == TARN__TYPE_DS && qname[0] != 0 ? 1 + (size_t)qname[0] : 0;
	return tarn__anchors_find(config->anchors, qname + label_len, len - label_len);
}

bool tarn__config_has_same_anchor(const struct tarn__config *a, const struct tarn__config *b,
				  const uint8_t *qname, size_t len, uint16_t qtype)
{
	if (a->anchors == b->anchors)
		return true;
	struct tarn__anchor of_a = tarn__config_find_anchor(a, qname, len, qtype);
	struct tarn__anchor of_b = tarn__config_find_anchor(b, qname, len, qtype);
	return tarn__anchor_is_alike(&of_a, &of_b);
}
