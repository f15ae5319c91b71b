/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of tarn --check about DNSSEC, by the configuration that a resolver makes of the settings. */
#include "daemon/config/check_validation.h"

#include <errno.h>
#include <stdlib.h>

#include "base/octets.h"
#include "core/config.h"
#include "core/zone_index.h"
#include "crypto/signature.h"
#include "dns/message.h"
#include "dns/text.h"
#include "dnssec/anchors.h"
#include "dnssec/dnskey.h"

/* ---- off ------------------------------------------------------------------------------------- */

static void print_off(const struct tarn__settings *settings, FILE *out)
{
	fputs("\n# DNSSEC: off: answers are not validated here (section dnssec, validate = yes).\n",
	      out);
	fputs(settings->resolver.trust_ad
		      ? "#   trust-ad = yes: that the servers have validated an answer is passed "
			"on; it is "
			"worth what they\n#   are, and the way to them.\n"
		      : "#   trust-ad = no: nor is it passed on that the servers have.\n",
	      out);
}

/* ---- anchors --------------------------------------------------------------------------------- */

static void print_record(const struct tarn__anchor_record *record, FILE *out)
{
	struct tarn__ds ds;
	struct tarn__dnskey key;
	char type[TARN__WORD_MAX];
	uint8_t algorithm = 0;
	uint16_t tag = 0;
	if (record->type == TARN__TYPE_DS && tarn__ds_read(record->rdata, record->rdata_len, &ds)) {
		algorithm = ds.algorithm;
		tag = ds.tag;
	} else if (tarn__dnskey_read(record->rdata, record->rdata_len, &key)) {
		algorithm = key.algorithm;
		tag = key.tag;
	}
	fprintf(out, "%s %u", tarn__type_format(record->type, type), tag);
	const char *name = tarn__algorithm_name(algorithm);
	if (name)
		fprintf(out, " (%s", name);
	else
		fprintf(out, " (algorithm %u", algorithm);
	fputs(tarn__anchor_record_is_supported(record) ? ")" : ", not supported)", out);
}

static void print_anchor(const struct tarn__anchor *anchor, FILE *out)
{
	char name[TARN__NAME_TEXT_MAX];
	struct tarn__anchor_record record;
	const void *at = anchor->records;
	fprintf(out, "#   anchor of %s:", tarn__name_format(anchor->name, name));
	for (const char *comma = ""; tarn__anchor_next(&at, &record); comma = ",") {
		fprintf(out, "%s ", comma);
		print_record(&record, out);
	}
	putc('\n', out);
}

/* Returns true for a name of a zone that has servers of its own. */
static bool is_zone(const struct tarn__config *config, const struct tarn__anchor *anchor)
{
	struct tarn__zone_match zone;
	return config->zone_index &&
	       tarn__zone_index_find(config->zone_index, anchor->name, anchor->name_len, &zone) &&
	       zone.len == anchor->name_len && zone.value != TARN__ZONE_NONE;
}

static void print_anchors(const struct tarn__config *config, enum tarn__anchor_kind kind, FILE *out)
{
	char name[TARN__NAME_TEXT_MAX];
	struct tarn__anchor anchor;
	size_t at = 0;
	while (tarn__anchors_next(config->anchors, &at, &anchor)) {
		if (anchor.kind != kind)
			continue;
		if (kind == TARN__ANCHOR_POSITIVE)
			print_anchor(&anchor, out);
		else if (!is_zone(config, &anchor))
			fprintf(out, "#   insecure: %s\n", tarn__name_format(anchor.name, name));
	}
	struct tarn__anchor root = tarn__anchors_find(config->anchors, (const uint8_t *)"", 1);
	if (kind == TARN__ANCHOR_POSITIVE && root.kind == TARN__ANCHOR_NONE)
		fputs("#   Names without an anchor at or above them are insecure.\n", out);
}

/* ---- zones ----------------------------------------------------------------------------------- */

static void print_zone(const struct tarn__config *config, const struct tarn__zone_config *zone,
		       const struct tarn_forward *section, FILE *out)
{
	struct tarn__anchor anchor =
		tarn__anchors_find(config->anchors, zone->name, zone->name_len);
	char name[TARN__NAME_TEXT_MAX] = "";
	if (anchor.name)
		tarn__name_format(anchor.name, name);
	fputs("#   forward ", out);
	tarn__text_print(section->zone, out);
	if (anchor.kind == TARN__ANCHOR_POSITIVE)
		fprintf(out, ": validated, by the anchor of %s\n", name);
	else if (anchor.kind == TARN__ANCHOR_NONE)
		fputs(": insecure: no anchor is at or above it\n", out);
	else if (section->validate)
		fprintf(out, ": insecure as %s is, although validate = yes\n", name);
	else
		fprintf(out, ": insecure, since it has servers of its own%s\n",
			zone->is_validated ? "; below its anchors validated" : "");
}

/* Zones stand in the order of the sections that have servers. */
static void print_zones(const struct tarn__config *config, const struct tarn_options *options,
			FILE *out)
{
	size_t zone = 1;
	for (size_t i = 0; i < options->forward_count; i++) {
		if (options->forwards[i].upstream_count > 0)
			print_zone(config, config->zones[zone++], &options->forwards[i], out);
	}
}

/* ---- on -------------------------------------------------------------------------------------- */

static void print_on(const struct tarn__config *config, const struct tarn_options *options,
		     FILE *out)
{
	fputs("\n# DNSSEC: on: answers are validated here. What the servers say of it is not "
	      "passed "
	      "on",
	      out);
	fputs(options->trust_ad ? ", but for\n# insecure names (trust-ad = yes).\n" : ".\n", out);
	print_anchors(config, TARN__ANCHOR_POSITIVE, out);
	print_zones(config, options, out);
	print_anchors(config, TARN__ANCHOR_NEGATIVE, out);
}

void tarn__check_validation(const struct tarn__settings *settings, FILE *out)
{
	struct tarn_options options;
	char fault[TARN__CONFIG_FAULT_MAX];
	if (!settings->resolver.dnssec.validate) {
		print_off(settings, out);
		return;
	}
	if (tarn__settings_to_options(settings, &options) < 0)
		return;
	struct tarn__config *config = tarn__config_new(&options, NULL, NULL, fault);
	if (config)
		print_on(config, &options, out);
	else
		fprintf(out, "\n# DNSSEC: %s\n", errno == EINVAL ? fault : "out of memory");
	tarn__config_put(config);
	free((struct tarn_forward *)options.forwards);
}
