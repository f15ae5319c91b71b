/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/signed_world.h: what the servers of fuzz_validation know: the zone example., with a delegation
 * sub.example. that is signed and one, plain.example., that is not. Signed with ldns-signzone by keys of
 * Ed25519; the signatures are valid in the years 2024 to 2029. Each address is 192.0.2.1.
 */
#ifndef TESTS_FUZZ_SIGNED_WORLD_H
#define TESTS_FUZZ_SIGNED_WORLD_H

#include "dns/message.h"

static const char world_anchor[] =
	"example. 300 IN DS 38925 15 2 "
	"fe11f09191f92e87c8e77aa50459606d6d5b5c64e708e3929b739f42946023eb\n";
static const char world_sub_anchor[] =
	"sub.example. 300 IN DS 45525 15 2 "
	"287686c243734f3e1b0455fad95edea2d4fc6578e566905ec9f459e9c8149eef\n";

#define WORLD_RRSIG(owner, rdata) owner " 300 IN RRSIG " rdata "\n"

/* Each has a letter. */
static const struct world_rrset {
	char letter;
	const char *record, *rrsig; /* rrsig: NULL if it is not signed */
} world_rrsets[] = {
	{'k', "example. 300 IN DNSKEY 257 3 15 b9egBHcuFSYREKTZnWEXRaxKPl6qrDrJjdmJAxy+iYI=\n",
	 WORLD_RRSIG("example.", "DNSKEY 15 1 300 20300101000000 20240101000000 38925 example. "
				 "hFE4vJTG1Um9kSHcfbogYp4wwSwU3K8dWYim1il9eifiyJo+"
				 "iVchM09FLTCF5eLpGzcM8BlljaOkFmPsFM9ADg==")},
	{'s', "example. 300 IN SOA ns.example. root.example. 1 7200 3600 86400 300\n",
	 WORLD_RRSIG("example.",
		     "SOA 15 1 300 20300101000000 20240101000000 38925 example. "
		     "XUqtiVN3VVegE/"
		     "rTljXzc1JayeWz9yNiERVFyj0Z3wtklRwkHo8Paexgp2M9cCv8zJQ8x89SswHX1eyIy4vGBQ==")},
	{'E', "example. 300 IN NSEC alias.example. SOA RRSIG NSEC DNSKEY\n",
	 WORLD_RRSIG("example.", "NSEC 15 1 300 20300101000000 20240101000000 38925 example. "
				 "fxFETn/ysr2VXQlzXf73uiSgrrTntQFkfyEmF7MK1Bw6YnOnLU4O9zaeh370/"
				 "8HbxIk8zUWmNWTL9M49J34aDA==")},
	{'c', "alias.example. 300 IN CNAME www.example.\n",
	 WORLD_RRSIG("alias.example.",
		     "CNAME 15 2 300 20300101000000 20240101000000 38925 example. "
		     "DfshqXkFS7ORUwr/"
		     "M7ryZgufHitz6Kf4QqdNWfpFPQxVebvO3bH0fwlFYSX4x4I550AQwBBzzQ15M80xT7FFBg==")},
	{'A', "alias.example. 300 IN NSEC plain.example. CNAME RRSIG NSEC\n",
	 WORLD_RRSIG("alias.example.", "NSEC 15 2 300 20300101000000 20240101000000 38925 example. "
				       "lL8lUXq+4vaiyL7lvmHb/ARtZcIHy6mFimTWOolYhcmWMWHnIeyL/BgL/"
				       "FoGe1tGgfGBHYP/o/XR0PvlGkMrCg==")},
	{'P', "plain.example. 300 IN NSEC sub.example. NS RRSIG NSEC\n",
	 WORLD_RRSIG("plain.example.",
		     "NSEC 15 2 300 20300101000000 20240101000000 38925 example. "
		     "HZxCPY7yNm2xMYTiO4e6efQk+vJvFsHtFFUX2zuQavKUqxMzfeNKw6T9IYMaryLFhdWoWj4+"
		     "99bhWNI0J87NBA==")},
	{'d',
	 "sub.example. 300 IN DS 45525 15 2 "
	 "287686c243734f3e1b0455fad95edea2d4fc6578e566905ec9f459e9c8149eef\n",
	 WORLD_RRSIG("sub.example.",
		     "DS 15 2 300 20300101000000 20240101000000 38925 example. "
		     "+wyNuiaCuR0OzKtWAsaq+coMS/"
		     "Iv6N1jYDlh3GmFgbFkprg8L5Pe3z0rZxKw3OZOoOWpEXaTgN7kx9ZBad40Aw==")},
	{'S', "sub.example. 300 IN NSEC *.wild.example. NS DS RRSIG NSEC\n",
	 WORLD_RRSIG("sub.example.",
		     "NSEC 15 2 300 20300101000000 20240101000000 38925 example. "
		     "iZy0hFPX6OHcuOme6/"
		     "DfCJ3MQ7J2KLdAVyJyZqXGwRYCPVSu1tjOa5oj426EWcMxbCIoDMc8ICWxVEuqq0WWDw==")},
	{'x', "x.wild.example. 300 IN A 192.0.2.1\n",
	 WORLD_RRSIG("x.wild.example.",
		     "A 15 2 300 20300101000000 20240101000000 38925 example. "
		     "Bo07w9lYsdOuXPqDF/+4XxDFOE++isZlutReT8QAEGIvCm2X1FpRJlcG8cgYG6/"
		     "vBLQASwvtmgBpsaL3aovgBw==")},
	{'W', "*.wild.example. 300 IN NSEC www.example. A RRSIG NSEC\n",
	 WORLD_RRSIG("*.wild.example.",
		     "NSEC 15 2 300 20300101000000 20240101000000 38925 example. "
		     "VAIzOH7C1rzvlpI3+ZJxZdJIjDtCq/xlG0vNROYCG+JctifMvp45Z1/jR9kzDTZtfe53ksUTI8/"
		     "kHWNCWB7SAA==")},
	{'a', "www.example. 300 IN A 192.0.2.1\n",
	 WORLD_RRSIG("www.example.", "A 15 2 300 20300101000000 20240101000000 38925 example. "
				     "wXj3LYpo/"
				     "PLM6WfFHYtOI9LkFBcsJkCv5euyrEvpG2G39PEWsW20r1mbPlmnyybOrh6ja0"
				     "06tvIOVHuDV8JrCQ==")},
	{'N', "www.example. 300 IN NSEC example. A RRSIG NSEC\n",
	 WORLD_RRSIG("www.example.", "NSEC 15 2 300 20300101000000 20240101000000 38925 example. "
				     "wx3FuEP+MycvepMD5UL+9PHvqABFJVVXwA+yqFV7f/"
				     "VxeS+5wTRdBLU5gWhdX5mcWoVnjNDrZdx+BPnQEwz2CQ==")},
	{'l', "sub.example. 300 IN DNSKEY 257 3 15 gNPUdsi9nnmcFrrz11DZARYsd2vqrPtW5JQVsy5vTZQ=\n",
	 WORLD_RRSIG("sub.example.",
		     "DNSKEY 15 2 300 20300101000000 20240101000000 45525 sub.example. "
		     "Un50cuCMQZurVG3GbPitTmvcly3xhz55TUBMTM30hEo5ANhO8zonhLUGRKPgZtxqAVkILDkbDA0L3"
		     "t1YCEGuBg==")},
	{'t', "sub.example. 300 IN SOA ns.example. root.example. 1 7200 3600 86400 300\n",
	 WORLD_RRSIG("sub.example.",
		     "SOA 15 2 300 20300101000000 20240101000000 45525 sub.example. "
		     "zPaR2Oila5TVA1A+s4Fl+6RgHpVczPfq++vo1VzvETXnndiOujST4u7xJ3W/"
		     "WOtLmrtb2+0f4BtP2AXG9s0mBA==")},
	{'T', "sub.example. 300 IN NSEC www.sub.example. SOA RRSIG NSEC DNSKEY\n",
	 WORLD_RRSIG("sub.example.",
		     "NSEC 15 2 300 20300101000000 20240101000000 45525 sub.example. "
		     "5fyFvMWK2Ji5Dh+/"
		     "hRttHJFTgcdrjuFjIaYQZgNTFClBJ+gzXdKbVkDpF459LEnNWnjCBlF5UYzVPMFmGx3sBg==")},
	{'b', "www.sub.example. 300 IN A 192.0.2.1\n",
	 WORLD_RRSIG("www.sub.example.",
		     "A 15 3 300 20300101000000 20240101000000 45525 sub.example. "
		     "AY1015OzvsuRfNqe2ylhGAGy9q4FDe1Qoem25IDgSoVgNtCFnxExIWuonTt/FJHcsbt/"
		     "OThD0gnrvt48FdgHBA==")},
	{'V', "www.sub.example. 300 IN NSEC sub.example. A RRSIG NSEC\n",
	 WORLD_RRSIG("www.sub.example.",
		     "NSEC 15 3 300 20300101000000 20240101000000 45525 sub.example. "
		     "l/WnlJySt8lWYWmd5oiStCbClLt5st/UsyjYWX8qb88W/H2LfVhgzG/"
		     "XCDD6b+x22XeXH+iDUbw9LNw/xbgADQ==")},
	{'p', "www.plain.example. 300 IN A 192.0.2.1\n", NULL},
	{'u', "plain.example. 300 IN SOA ns.example. root.example. 1 7200 3600 86400 300\n", NULL},
	{'n', "www.example.net. 300 IN A 192.0.2.1\n", NULL},
	{'v', ". 300 IN SOA ns.example. root.example. 1 7200 3600 86400 300\n", NULL},
};

enum { WORLD_RRSETS = sizeof(world_rrsets) / sizeof(world_rrsets[0]) };

enum world_zone { WORLD_EXAMPLE, WORLD_CUT, WORLD_SUB, WORLD_UNSIGNED };

/* True answers, in letters. The first that fits holds; type 0 fits all types. */
static const struct world_row {
	const char *name;
	uint16_t type;
	enum world_zone zone;
	uint8_t rcode;
	const char *answer, *authority;
} world_rows[] = {
	{"www.example.", TARN__TYPE_A, WORLD_EXAMPLE, TARN__NOERROR, "a", ""},
	{"www.example.", TARN__TYPE_AAAA, WORLD_EXAMPLE, TARN__NOERROR, "", "sN"},
	{"alias.example.", TARN__TYPE_A, WORLD_EXAMPLE, TARN__NOERROR, "ca", ""},
	{"x.wild.example.", TARN__TYPE_A, WORLD_EXAMPLE, TARN__NOERROR, "x", "W"},
	{"none.example.", TARN__TYPE_A, WORLD_EXAMPLE, TARN__NXDOMAIN, "", "sAE"},
	{"example.", TARN__TYPE_DNSKEY, WORLD_EXAMPLE, TARN__NOERROR, "k", ""},
	{"sub.example.", TARN__TYPE_DS, WORLD_CUT, TARN__NOERROR, "d", ""},
	{"plain.example.", TARN__TYPE_DS, WORLD_EXAMPLE, TARN__NOERROR, "", "sP"},
	{"sub.example.", TARN__TYPE_DNSKEY, WORLD_SUB, TARN__NOERROR, "l", ""},
	{"www.sub.example.", TARN__TYPE_A, WORLD_SUB, TARN__NOERROR, "b", ""},
	{"www.sub.example.", TARN__TYPE_AAAA, WORLD_SUB, TARN__NOERROR, "", "tV"},
	{"none.sub.example.", TARN__TYPE_A, WORLD_SUB, TARN__NXDOMAIN, "", "tT"},
	{"www.plain.example.", TARN__TYPE_A, WORLD_UNSIGNED, TARN__NOERROR, "p", ""},
	{"www.example.net.", TARN__TYPE_A, WORLD_UNSIGNED, TARN__NOERROR, "n", ""},
	{"example.", 0, WORLD_EXAMPLE, TARN__NOERROR, "", "sE"},
	{"www.example.", 0, WORLD_EXAMPLE, TARN__NOERROR, "", "sN"},
	{"alias.example.", 0, WORLD_EXAMPLE, TARN__NOERROR, "c", "sN"},
	{"x.wild.example.", 0, WORLD_EXAMPLE, TARN__NOERROR, "", "sW"},
	{"none.example.", 0, WORLD_EXAMPLE, TARN__NXDOMAIN, "", "sAE"},
	{"sub.example.", 0, WORLD_SUB, TARN__NOERROR, "", "tT"},
	{"www.sub.example.", 0, WORLD_SUB, TARN__NOERROR, "", "tV"},
	{"none.sub.example.", 0, WORLD_SUB, TARN__NXDOMAIN, "", "tT"},
	{"plain.example.", 0, WORLD_UNSIGNED, TARN__NOERROR, "", "u"},
	{"www.plain.example.", 0, WORLD_UNSIGNED, TARN__NOERROR, "", "u"},
	{".", 0, WORLD_UNSIGNED, TARN__NXDOMAIN, "", "v"},
};

enum { WORLD_ROWS = sizeof(world_rows) / sizeof(world_rows[0]), WORLD_ASKED = 14 /* by clients */ };

#endif
