/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/type.h: the record types, one row each: number, identifier, mnemonic, and the fields of the RDATA
 * in their order:
 *
 *	4 6	an address
 *	b h w	a number of one, two or four octets
 *	d	a number of four octets: seconds, which may be written with units
 *	T	a number of four octets: a time (RFC 4034 section 3.2)
 *	y	the number of a type
 *	n N	a domain name; N is one that may be compressed when it is sent
 *	m	a domain name that is never compressed
 *	s	a character-string
 *	c	a character-string of letters and digits, printed without quotes; not empty
 *	l	octets behind their number, printed in base 16, "-" without any
 *	v	octets behind their number, printed in base 32; not empty
 *
 * and, up to the end of the RDATA,
 *
 *	S	character-strings, at least one
 *	t	text, without a length
 *	x X	octets, printed in base 16 or 64; not empty
 *	Y	the bitmap of a list of types (dns/type_bitmap.h)
 *	p	the parameters of a service (dns/svc_params.h)
 *	o	octets with no presentation format here: the RDATA is printed like that of an unknown type
 *
 * The names follow from the RFCs in this way:
 *	- Compression by the sender: N, the types of RFC 1035 only (RFC 3597 section 4).
 *	- Decompression by the receiver: n and N, the types that RFC 3597 section 4 lists, KX and DNAME. The
 *	  names of all other types, of RRSIG and NSEC for instance, are never compressed: m, octets.
 *	- Canonical form: n and N are the names in lower case (RFC 4034 section 6.2 as amended by RFC 6840
 *	  section 5.1). Of that list HINFO has no name, A6 is historic (RFC 6563) and has no fields here,
 *	  and RRSIG is never signed itself.
 *
 * The rows are IANA's registry of 2025 without experimental and obsolete types that are not in use.
 */
#ifndef TARN_DNS_TYPE_H
#define TARN_DNS_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#define TARN__TYPES(X)                                                                             \
	X(1, A, "A", "4")                                                                          \
	X(2, NS, "NS", "N")                                                                        \
	X(3, MD, "MD", "N")                                                                        \
	X(4, MF, "MF", "N")                                                                        \
	X(5, CNAME, "CNAME", "N")                                                                  \
	X(6, SOA, "SOA", "NNwdddd")                                                                \
	X(7, MB, "MB", "N")                                                                        \
	X(8, MG, "MG", "N")                                                                        \
	X(9, MR, "MR", "N")                                                                        \
	X(10, NULL, "NULL", "o")                                                                   \
	X(11, WKS, "WKS", "o")                                                                     \
	X(12, PTR, "PTR", "N")                                                                     \
	X(13, HINFO, "HINFO", "ss")                                                                \
	X(14, MINFO, "MINFO", "NN")                                                                \
	X(15, MX, "MX", "hN")                                                                      \
	X(16, TXT, "TXT", "S")                                                                     \
	X(17, RP, "RP", "nn")                                                                      \
	X(18, AFSDB, "AFSDB", "hn")                                                                \
	X(19, X25, "X25", "s")                                                                     \
	X(20, ISDN, "ISDN", "o")                                                                   \
	X(21, RT, "RT", "hn")                                                                      \
	X(22, NSAP, "NSAP", "o")                                                                   \
	X(23, NSAP_PTR, "NSAP-PTR", "o")                                                           \
	X(24, SIG, "SIG", "hbbwwwhno")                                                             \
	X(25, KEY, "KEY", "o")                                                                     \
	X(26, PX, "PX", "hnn")                                                                     \
	X(27, GPOS, "GPOS", "sss")                                                                 \
	X(28, AAAA, "AAAA", "6")                                                                   \
	X(29, LOC, "LOC", "o")                                                                     \
	X(30, NXT, "NXT", "no")                                                                    \
	X(33, SRV, "SRV", "hhhn")                                                                  \
	X(35, NAPTR, "NAPTR", "hhsssn")                                                            \
	X(36, KX, "KX", "hn")                                                                      \
	X(37, CERT, "CERT", "hhbX")                                                                \
	X(38, A6, "A6", "o")                                                                       \
	X(39, DNAME, "DNAME", "n")                                                                 \
	X(41, OPT, "OPT", "o")                                                                     \
	X(42, APL, "APL", "o")                                                                     \
	X(43, DS, "DS", "hbbx")                                                                    \
	X(44, SSHFP, "SSHFP", "bbx")                                                               \
	X(45, IPSECKEY, "IPSECKEY", "o")                                                           \
	X(46, RRSIG, "RRSIG", "ybbdTThmX")                                                         \
	X(47, NSEC, "NSEC", "mY")                                                                  \
	X(48, DNSKEY, "DNSKEY", "hbbX")                                                            \
	X(49, DHCID, "DHCID", "X")                                                                 \
	X(50, NSEC3, "NSEC3", "bbhlvY")                                                            \
	X(51, NSEC3PARAM, "NSEC3PARAM", "bbhl")                                                    \
	X(52, TLSA, "TLSA", "bbbx")                                                                \
	X(53, SMIMEA, "SMIMEA", "bbbx")                                                            \
	X(55, HIP, "HIP", "o")                                                                     \
	X(59, CDS, "CDS", "hbbx")                                                                  \
	X(60, CDNSKEY, "CDNSKEY", "hbbX")                                                          \
	X(61, OPENPGPKEY, "OPENPGPKEY", "X")                                                       \
	X(62, CSYNC, "CSYNC", "whY")                                                               \
	X(63, ZONEMD, "ZONEMD", "wbbx")                                                            \
	X(64, SVCB, "SVCB", "hmp")                                                                 \
	X(65, HTTPS, "HTTPS", "hmp")                                                               \
	X(66, DSYNC, "DSYNC", "o")                                                                 \
	X(99, SPF, "SPF", "S")                                                                     \
	X(104, NID, "NID", "o")                                                                    \
	X(105, L32, "L32", "o")                                                                    \
	X(106, L64, "L64", "o")                                                                    \
	X(107, LP, "LP", "hm")                                                                     \
	X(108, EUI48, "EUI48", "o")                                                                \
	X(109, EUI64, "EUI64", "o")                                                                \
	X(128, NXNAME, "NXNAME", "o")                                                              \
	X(249, TKEY, "TKEY", "o")                                                                  \
	X(250, TSIG, "TSIG", "o")                                                                  \
	X(251, IXFR, "IXFR", "o")                                                                  \
	X(252, AXFR, "AXFR", "o")                                                                  \
	X(253, MAILB, "MAILB", "o")                                                                \
	X(254, MAILA, "MAILA", "o")                                                                \
	X(255, ANY, "ANY", "o")                                                                    \
	X(256, URI, "URI", "hht")                                                                  \
	X(257, CAA, "CAA", "bct")                                                                  \
	X(258, AVC, "AVC", "S")                                                                    \
	X(259, DOA, "DOA", "o")                                                                    \
	X(260, AMTRELAY, "AMTRELAY", "o")                                                          \
	X(261, RESINFO, "RESINFO", "S")                                                            \
	X(262, WALLET, "WALLET", "S")

enum tarn__type {
#define X(number, identifier, mnemonic, fields) TARN__TYPE_##identifier = number,
	TARN__TYPES(X)
#undef X
};

/* Returns the mnemonic; NULL for a type without a row. */
const char *tarn__type_mnemonic(uint16_t type);

/* Returns the type with a mnemonic, in any case; 0: there is none. */
uint16_t tarn__type_find(const char *mnemonic);

/* Returns the fields of the RDATA, "o" for a type without a row (RFC 3597 section 4). */
const char *tarn__type_fields(uint16_t type);

/* RFC 6895 section 3.1: 0, OPT and 128 to 255 are not types of data. */
static inline bool tarn__type_is_data(uint16_t type)
{
	return (type < 128 || type > 255) && type != 0 && type != TARN__TYPE_OPT;
}

#endif
