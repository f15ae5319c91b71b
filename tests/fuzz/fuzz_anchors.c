/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_anchors.c: any octets are a text of trust anchors. A text without a fault reads the same
 * twice; each of its records may be an anchor, and is found from its name and from below it, unless a
 * closer one is there. What follows the first NUL is names of negative anchors, in wire form.
 */
#include "fuzz.h"

#include <string.h>

#include "base/octets.h"
#include "dnssec/anchors.h"
#include "dnssec/dnskey.h"
#include "tarn.h"

static const uint8_t no_name[TARN__NAME_MAX] = {0};

static void check_fault(const char *text, size_t len, unsigned line, const char *fault)
{
	unsigned lines = 1;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	fuzz_check(line >= 1 && line <= lines);
	fuzz_check(*fault != '\0' && strlen(fault) < TARN__ANCHORS_FAULT_MAX);
	for (; *fault; fault++)
		fuzz_check(*fault >= ' ' && *fault <= '~');
}

static size_t check_records(const struct tarn__anchor *anchor)
{
	struct tarn__anchor_record record;
	size_t count = 0;
	for (const void *at = anchor->records; tarn__anchor_next(&at, &record); count++) {
		fuzz_check(record.type == TARN__TYPE_DS || record.type == TARN__TYPE_DNSKEY);
		fuzz_check(record.rdata_len > 4);
		fuzz_check(record.type == TARN__TYPE_DS ||
			   (tarn__get16(record.rdata) &
			    (TARN__DNSKEY_ZONE | TARN__DNSKEY_REVOKE)) == TARN__DNSKEY_ZONE);
	}
	return count;
}

/* Each name finds its own anchor, and so does a name below it that has none. */
static void check_names(const struct tarn__anchors *anchors)
{
	struct tarn__anchor anchor;
	size_t at = 0, count = 0;
	while (tarn__anchors_next(anchors, &at, &anchor)) {
		uint8_t below[2 + TARN__NAME_MAX] = {1, '!'};
		fuzz_check(tarn__name_span(anchor.name, anchor.name_len) == anchor.name_len);
		struct tarn__anchor found =
			tarn__anchors_find(anchors, anchor.name, anchor.name_len);
		fuzz_check(found.name == anchor.name && found.kind == anchor.kind);
		fuzz_check(anchor.kind != TARN__ANCHOR_NONE);
		fuzz_check((anchor.kind == TARN__ANCHOR_POSITIVE) == (anchor.records != NULL));
		count += check_records(&anchor);
		memcpy(below + 2, anchor.name, anchor.name_len);
		if (anchor.name_len + 2 > TARN__NAME_MAX)
			continue;
		found = tarn__anchors_find(anchors, below, anchor.name_len + 2);
		fuzz_check(found.name == anchor.name || found.name_len == anchor.name_len + 2);
	}
	fuzz_check(count == tarn__anchors_count(anchors));
}

static void add_negatives(struct tarn__anchors *anchors, const uint8_t *octets, size_t len)
{
	while (len > 0) {
		size_t name_len = tarn__name_span(octets, len);
		if (name_len == 0)
			return;
		int error = tarn__anchors_add_negative(anchors, octets, name_len);
		fuzz_check(error == (name_len == 1 ? TARN_EINVAL : 0));
		fuzz_check(tarn__anchors_find(anchors, octets, name_len).kind !=
				   TARN__ANCHOR_NONE ||
			   name_len == 1);
		octets += name_len;
		len -= name_len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *nul = len > 0 ? memchr(data, 0, len) : NULL;
	size_t text_len = nul ? (size_t)(nul - data) : len;
	struct tarn__anchors *anchors = tarn__anchors_new(), *again = tarn__anchors_new();
	fuzz_check(anchors && again);
	unsigned line = 0;
	char fault[TARN__ANCHORS_FAULT_MAX] = "";
	const char *text = (const char *)data;
	int error = tarn__anchors_add_text(anchors, text, text_len, &line, fault);
	fuzz_check(error == 0 || error == TARN_EINVAL);
	if (error == 0) {
		fuzz_check(tarn__anchors_add_text(again, text, text_len, &line, fault) == 0);
		fuzz_check(tarn__anchors_add_text(again, text, text_len, &line, fault) == 0 ||
			   2 * tarn__anchors_count(anchors) > TARN__ANCHORS_MAX);
		fuzz_check(tarn__anchors_are_equal(anchors, again));
	} else {
		check_fault(text, text_len, line, fault);
		fuzz_check(tarn__anchors_count(anchors) == 0);
		fuzz_check(tarn__anchors_find(anchors, no_name, 1).kind == TARN__ANCHOR_NONE);
	}
	if (nul)
		add_negatives(anchors, nul + 1, len - text_len - 1);
	check_names(anchors);
	tarn__anchors_free(anchors);
	tarn__anchors_free(again);
	return 0;
}
