/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_form.c: where the sections of a compiled list begin, and its checksum. */
#include "dns/namelist_form.h"

#include <string.h>

static uint64_t aligned(uint64_t at)
{
	return (at + TARN__NAMELIST_LINE - 1) / TARN__NAMELIST_LINE * TARN__NAMELIST_LINE;
}

void tarn__namelist_lay_out(const struct tarn__namelist_head *head,
			    struct tarn__namelist_layout *out)
{
	uint64_t piece_len = (uint64_t)head->segment_len * (head->segment_count + 2);
	out->rows = aligned(sizeof *head);
	out->filter = aligned(out->rows + (uint64_t)head->row_count * TARN__NAMELIST_ROW_LEN);
	out->salts = aligned(out->filter + head->piece_count * piece_len);
	out->buckets = aligned(out->salts + head->piece_count * (uint64_t)sizeof(uint64_t));
	out->more_index =
		out->buckets + head->bucket_total * (uint64_t)sizeof(struct tarn__namelist_bucket);
	out->more = aligned(out->more_index +
			    head->more_count * (uint64_t)sizeof(struct tarn__namelist_index));
	out->sources = aligned(out->more + head->more_len);
	out->checksum = aligned(out->sources + head->sources_len);
	out->end = out->checksum + TARN__NAMELIST_CHECKSUM_LEN;
}

static inline void add_word(uint64_t *lane, const uint8_t *octets)
{
	*lane = tarn__namelist_mix(*lane ^ tarn__get64_low_first(octets)) + 1;
}

void tarn__namelist_sum_add(struct tarn__namelist_sum *sum, const uint8_t *octets, size_t len)
{
	enum { LANES = sizeof sum->lanes / sizeof sum->lanes[0], WORD = 8 };
	const uint8_t *end = octets + len / WORD * WORD;
	for (; octets < end && sum->next != 0; octets += WORD, sum->next = (sum->next + 1) % LANES)
		add_word(&sum->lanes[sum->next], octets);
	uint64_t a = sum->lanes[0], b = sum->lanes[1], c = sum->lanes[2], d = sum->lanes[3];
	for (; end - octets >= LANES * WORD; octets += LANES * WORD) {
		add_word(&a, octets);
		add_word(&b, octets + WORD);
		add_word(&c, octets + 2 * WORD);
		add_word(&d, octets + 3 * WORD);
	}
	memcpy(sum->lanes, (const uint64_t[]){a, b, c, d}, sizeof sum->lanes);
	for (; octets < end; octets += WORD, sum->next = (sum->next + 1) % LANES)
		add_word(&sum->lanes[sum->next], octets);
}

uint64_t tarn__namelist_sum_end(const struct tarn__namelist_sum *sum)
{
	uint64_t all = sum->next;
	for (size_t i = 0; i < sizeof sum->lanes / sizeof sum->lanes[0]; i++)
		all = tarn__namelist_mix(all ^ sum->lanes[i]) + 1;
	return all;
}

void tarn__namelist_seal(uint8_t *octets, size_t len)
{
	if (len < TARN__NAMELIST_CHECKSUM_LEN || len % 8 != 0)
		return;
	len -= TARN__NAMELIST_CHECKSUM_LEN;
	struct tarn__namelist_sum sum = {.next = 0};
	tarn__namelist_sum_add(&sum, octets, len);
	tarn__put64_low_first(octets + len, tarn__namelist_sum_end(&sum));
}
