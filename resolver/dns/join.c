/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/join.c: the records of two messages, in one. */
#include "dns/join.h"

#include <stdbool.h>
#include <string.h>

#include "dns/edit.h"

/* Appends the records of the next section. */
static void put_section(struct tarn__editor *editor, struct tarn__reader *reader,
			enum tarn__section section, bool without_soa)
{
	unsigned count = tarn__get16(reader->wire + 6 + 2 * section);
	for (; count > 0 && !editor->failed; count--) {
		struct tarn__record record;
		if (!tarn__record_read(reader, &record)) {
			editor->failed = true;
			return;
		}
		if (!without_soa || record.type != TARN__TYPE_SOA)
			tarn__edit_copy(editor, section, reader->wire, &record);
	}
}

/* The flags of the chain, with the RCODE of last, and AD if both have it. */
static uint16_t join_flags(const uint8_t *chain, const uint8_t *last)
{
	uint16_t flags = tarn__get16(chain + 2), last_flags = tarn__get16(last + 2);
	uint16_t others = flags & (uint16_t) ~(TARN__FLAG_RCODE | TARN__FLAG_AD);
	return others | (flags & last_flags & TARN__FLAG_AD) | (last_flags & TARN__FLAG_RCODE);
}

/* Writes the header, and the question of the chain. */
static void put_question(struct tarn__editor *editor, const struct tarn__reader *chain,
			 const uint8_t *last, uint8_t *out)
{
	const uint8_t *qname = chain->wire + TARN__HEADER_LEN;
	size_t qname_len = chain->at - TARN__HEADER_LEN - 4;
	tarn__edit_begin(editor, out, join_flags(chain->wire, last), qname, qname_len,
			 tarn__get16(qname + qname_len), tarn__get16(qname + qname_len + 2));
	memcpy(out, chain->wire, 2);
}

size_t tarn__answers_join(const uint8_t *chain, size_t chain_len, const uint8_t *last,
			  size_t last_len, uint8_t out[TARN__MESSAGE_MAX])
{
	struct tarn__reader chain_reader = tarn__edit_open(chain, chain_len);
	struct tarn__reader last_reader = tarn__edit_open(last, last_len);
	if (chain_reader.failed || last_reader.failed)
		return 0;
	struct tarn__editor editor;
	put_question(&editor, &chain_reader, last, out);
	for (unsigned i = TARN__SECTION_ANSWER; i <= TARN__SECTION_AUTHORITY; i++) {
		enum tarn__section section = (enum tarn__section)i;
		put_section(&editor, &chain_reader, section, section == TARN__SECTION_AUTHORITY);
		put_section(&editor, &last_reader, section, false);
	}
	return tarn__edit_end(&editor);
}
