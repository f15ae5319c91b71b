/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_form.c: where the sections of a compiled list begin, and its checksum. */
#include "dns/namelist_form.h"

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

uint64_t tarn__namelist_checksum(uint64_t checksum, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 8)
		checksum = tarn__namelist_mix(checksum ^ tarn__get64_low_first(octets + i)) + 1;
	return checksum;
}

void tarn__namelist_seal(uint8_t *octets, size_t len)
{
	if (len < TARN__NAMELIST_CHECKSUM_LEN || len % 8 != 0)
		return;
	len -= TARN__NAMELIST_CHECKSUM_LEN;
	tarn__put64_low_first(octets + len, tarn__namelist_checksum(0, octets, len));
}
