/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/answer.c: what of an upstream's message is kept, and as what. */
#include "support/answer.h"
#include "dns/aliases.h"

/* ---- what is kept ----------------------------------------------------------------------- */

/*
 * The question, the answer, and the records that are stored. ttl is the answer's; "": the answer is good but
 * has no record.
 */
static const struct kept_case {
	const char *what;
	const char *name;
	uint16_t type;
	bool dnssec_ok;
	uint16_t rcode;
	uint32_t ttl;
	bool is_negative;
	const char *records;
	const char *kept;
} cases[] = {
	{"what does not answer is dropped", "www.example.", 1, false, 0, 300, false,
	 "www.example. 300 A 192.0.2.1\nother.example. 10 A 192.0.2.2\nwww.example. 10 TXT "
	 "text\n--\n"
	 "example. 20 NS ns.example.\nexample. 20 SOA ns. root. 5\n--\nns.example. 10 A "
	 "192.0.2.53\n",
	 "www.example. 300 A 192.0.2.1\n"},
	{"lowest TTL of an RRset is that of all", "www.example.", 1, false, 0, 20, false,
	 "www.example. 300 A 192.0.2.1\nwww.example. 20 A 192.0.2.2\nwww.example. 90 A 192.0.2.3\n",
	 "www.example. 20 A 192.0.2.1\nwww.example. 20 A 192.0.2.2\nwww.example. 20 A 192.0.2.3\n"},
	{"TTL is a day at most", "www.example.", 1, false, 0, 86400, false,
	 "www.example. 86401 A 192.0.2.1\n", "www.example. 86400 A 192.0.2.1\n"},
	{"largest TTL without the top bit is capped", "www.example.", 1, false, 0, 86400, false,
	 "www.example. 2147483647 A 192.0.2.1\n", "www.example. 86400 A 192.0.2.1\n"},
	{"TTL with the top bit is 0", "www.example.", 1, false, 0, 0, false,
	 "www.example. 2147483648 A 192.0.2.1\n", "www.example. 0 A 192.0.2.1\n"},
	{"TTL 0 stays 0", "www.example.", 1, false, 0, 0, false, "www.example. 0 A 192.0.2.1\n",
	 "www.example. 0 A 192.0.2.1\n"},
	{"records of an RRset come together", "www.example.", 1, false, 0, 5, false,
	 "www.example. 9 A 192.0.2.1\na.example. 5 A 192.0.2.7\nWWW.example. 5 A 192.0.2.2\n",
	 "www.example. 5 A 192.0.2.1\nwww.example. 5 A 192.0.2.2\n"},

	/* RFC 2181 section 5 */
	{"record that is there twice is kept once", "www.example.", 1, false, 0, 20, false,
	 "www.example. 300 A 192.0.2.2\nwww.example. 300 A 192.0.2.1\nWWW.example. 20 A 192.0.2.2\n"
	 "www.example. 300 A 192.0.2.3\nwww.example. 300 A 192.0.2.2\n",
	 "www.example. 20 A 192.0.2.2\nwww.example. 20 A 192.0.2.1\nwww.example. 20 A 192.0.2.3\n"},
	{"letter case of a name in RDATA makes no other record", "example.", 15, false, 0, 60,
	 false,
	 "example. 60 MX 10 Mx.example.\nexample. 60 MX 10 mX.example.\nexample. 60 MX 20 "
	 "mx.example.\n"
	 "example. 60 MX 10 mx.example.\n",
	 "example. 60 MX 10 Mx.example.\nexample. 60 MX 20 mx.example.\n"},
	{"nor that of one which is not compressed", "example.", 33, false, 0, 60, false,
	 "example. 60 SRV 1 2 3 a.example.\nexample. 60 SRV 1 2 3 A.example.\n"
	 "example. 60 SRV 1 2 4 a.example.\n",
	 "example. 60 SRV 1 2 3 a.example.\nexample. 60 SRV 1 2 4 a.example.\n"},
	{"letter case of a string does", "example.", 16, false, 0, 60, false,
	 "example. 60 TXT text\nexample. 60 TXT Text\nexample. 60 TXT text\n",
	 "example. 60 TXT text\nexample. 60 TXT Text\n"},
	{"record with another's start is another", "example.", 65280, false, 0, 60, false,
	 "example. 60 TYPE65280 01\nexample. 60 TYPE65280 0100\nexample. 60 TYPE65280 00\n"
	 "example. 60 TYPE65280 0100\nexample. 60 TYPE65280 01\n",
	 "example. 60 TYPE65280 01\nexample. 60 TYPE65280 0100\nexample. 60 TYPE65280 00\n"},
	{"every RRset is a set", "www.example.", 255, false, 0, 60, false,
	 "www.example. 60 A 192.0.2.1\nwww.example. 60 TXT a\nwww.example. 60 TXT a\n"
	 "www.example. 60 A 192.0.2.1\n",
	 "www.example. 60 A 192.0.2.1\nwww.example. 60 TXT a\n"},
	{"SOA of a denial is there once", "www.example.", 1, false, 3, 15, true,
	 "--\nexample. 30 SOA ns. root. 60\nEXAMPLE. 15 SOA NS. root. 60\n",
	 "--\nexample. 15 SOA ns. root. 60\n"},

	/* RFC 2181 section 5.4.1 */
	{"records of other sections are no answer", "www.example.", 1, false, 0, 0, true,
	 "--\nwww.example. 60 A 192.0.2.1\n--\nwww.example. 60 A 192.0.2.2\n", ""},
	{"CNAME of another section is no link", "www.example.", 1, false, 0, 0, true,
	 "a.example. 60 A 192.0.2.1\n--\nwww.example. 60 CNAME a.example.\n", ""},
	/* RFC 3596, RFC 9460 */
	{"AAAA is kept to the octet", "www.example.", 28, false, 0, 60, false,
	 "www.example. 60 AAAA 20010db8000000000000000000000001\n",
	 "www.example. 60 AAAA 20010db8000000000000000000000001\n"},
	{"HTTPS is kept to the octet", "www.example.", 65, false, 0, 60, false,
	 "www.example. 60 HTTPS 0001037777770765786103616d706c6500000100030268320003000201bb\n",
	 "www.example. 60 HTTPS 0001037777770765786103616d706c6500000100030268320003000201bb\n"},

	/* Chains. */
	{"chain is kept", "www.example.", 1, false, 0, 10, false,
	 "www.example. 30 CNAME a.example.\na.example. 20 CNAME b.test.\nb.test. 10 A 192.0.2.1\n",
	 "www.example. 30 CNAME a.example.\na.example. 20 CNAME b.test.\nb.test. 10 A 192.0.2.1\n"},
	{"chain is put in order", "www.example.", 1, false, 0, 10, false,
	 "b.test. 10 A 192.0.2.1\na.example. 20 CNAME b.test.\nwww.example. 30 CNAME A.example.\n",
	 "www.example. 30 CNAME A.example.\nA.example. 20 CNAME b.test.\nb.test. 10 A 192.0.2.1\n"},
	{"CNAME asked for is not followed", "www.example.", 5, false, 0, 30, false,
	 "www.example. 30 CNAME a.example.\na.example. 20 CNAME b.test.\n",
	 "www.example. 30 CNAME a.example.\n"},
	{"chain to what does not exist stays NXDOMAIN", "www.example.", 1, false, 3, 15, true,
	 "www.example. 30 CNAME a.test.\n--\ntest. 20 SOA ns.test. root.test. 15\n",
	 "www.example. 30 CNAME a.test.\n--\ntest. 15 SOA ns.test. root.test. 15\n"},
	{"chain to a name without the type", "www.example.", 1, false, 0, 20, true,
	 "www.example. 30 CNAME a.test.\n--\ntest. 20 SOA ns.test. root.test. 90\n",
	 "www.example. 30 CNAME a.test.\n--\ntest. 20 SOA ns.test. root.test. 90\n"},
	{"chain that breaks off is not stored", "www.example.", 1, false, 0, 0, true,
	 "www.example. 30 CNAME a.test.\n--\ntest. 20 NS ns.test.\n",
	 "www.example. 30 CNAME a.test.\n"},
	{"the same CNAME twice is one link", "www.example.", 1, false, 0, 10, false,
	 "www.example. 30 CNAME a.test.\nwww.example. 30 CNAME A.test.\na.test. 10 A 192.0.2.1\n",
	 "www.example. 30 CNAME a.test.\na.test. 10 A 192.0.2.1\n"},
	{"DNAME comes before the CNAME made of it", "www.example.", 1, false, 0, 10, false,
	 "www.example. 50 CNAME www.test.\nexample. 50 DNAME test.\nwww.test. 10 A 192.0.2.1\n",
	 "example. 50 DNAME test.\nwww.example. 50 CNAME www.test.\nwww.test. 10 A 192.0.2.1\n"},
	{"CNAME of a DNAME lives no longer than that", "www.example.", 1, false, 0, 40, false,
	 "example. 40 DNAME test.\nwww.example. 50 CNAME www.test.\nwww.test. 90 A 192.0.2.1\n",
	 "example. 40 DNAME test.\nwww.example. 40 CNAME www.test.\nwww.test. 90 A 192.0.2.1\n"},
	{"CNAME asked for is kept with its DNAME", "www.example.", 5, false, 0, 40, false,
	 "example. 40 DNAME test.\nwww.example. 50 CNAME www.test.\n",
	 "example. 40 DNAME test.\nwww.example. 40 CNAME www.test.\n"},
	{"DNAME elsewhere is dropped", "www.example.", 1, false, 0, 30, false,
	 "example.test. 40 DNAME test.\nwww.example. 4 DNAME test.\nww.example. 4 DNAME test.\n"
	 "www.example. 30 CNAME a.test.\na.test. 90 A 192.0.2.1\n",
	 "www.example. 30 CNAME a.test.\na.test. 90 A 192.0.2.1\n"},
	{"CNAME is made of a DNAME that comes without", "www.example.", 1, false, 0, 10, false,
	 "example. 50 DNAME test.\nwww.test. 10 A 192.0.2.1\n",
	 "example. 50 DNAME test.\nwww.example. 50 CNAME www.test.\nwww.test. 10 A 192.0.2.1\n"},
	{"CNAME is made in the middle of a chain", "a.b.example.", 1, false, 0, 10, false,
	 "test. 40 DNAME example.org.\na.b.example. 60 CNAME a.b.test.\n"
	 "a.b.example.org. 10 A 192.0.2.1\n",
	 "a.b.example. 60 CNAME a.b.test.\ntest. 40 DNAME example.org.\n"
	 "a.b.test. 40 CNAME a.b.example.org.\na.b.example.org. 10 A 192.0.2.1\n"},
	{"one DNAME can make several CNAMEs", "x.x.x.t.", 1, false, 0, 10, false,
	 "x.t. 40 DNAME t.\nx.t. 10 A 192.0.2.1\n",
	 "x.t. 40 DNAME t.\nx.x.x.t. 40 CNAME x.x.t.\nx.x.t. 40 CNAME x.t.\nx.t. 10 A 192.0.2.1\n"},
	{"nearest DNAME is the one", "a.www.example.", 1, false, 0, 10, false,
	 ". 50 DNAME a.\nwww.example. 50 DNAME test.\nexample. 50 DNAME b.\na.test. 10 A "
	 "192.0.2.1\n",
	 "www.example. 50 DNAME test.\na.www.example. 50 CNAME a.test.\na.test. 10 A 192.0.2.1\n"},
	{"CNAME asked for is made", "www.example.", 5, false, 0, 40, false,
	 "example. 40 DNAME test.\n", "example. 40 DNAME test.\nwww.example. 40 CNAME www.test.\n"},
	{"DNAME of the root", "www.example.", 1, false, 0, 10, false,
	 ". 40 DNAME test.\nwww.example.test. 10 A 192.0.2.1\n",
	 ". 40 DNAME test.\nwww.example. 40 CNAME www.example.test.\n"
	 "www.example.test. 10 A 192.0.2.1\n"},
	{"DNAME comes with its signature, the CNAME made has none", "www.example.", 1, true, 0, 10,
	 false,
	 "example. 50 RRSIG DNAME\nexample. 50 DNAME test.\nwww.test. 10 A 192.0.2.1\n"
	 "www.test. 10 RRSIG A\n",
	 "example. 50 DNAME test.\nexample. 50 RRSIG DNAME\nwww.example. 50 CNAME www.test.\n"
	 "www.test. 10 A 192.0.2.1\nwww.test. 10 RRSIG A\n"},
	{"DNAME to what does not exist", "www.example.", 1, false, 3, 20, true,
	 "example. 50 DNAME test.\n--\ntest. 20 SOA ns. root. 60\n",
	 "example. 50 DNAME test.\nwww.example. 50 CNAME www.test.\n--\n"
	 "test. 20 SOA ns. root. 60\n"},
	{"DNAME asked for at its owner", "example.", 39, false, 0, 40, false,
	 "example. 40 DNAME test.\n", "example. 40 DNAME test.\n"},
	{"DNAME below itself is no loop", "x.x.t.", 39, false, 0, 40, false,
	 "x.t. 40 DNAME t.\nx.x.t. 40 CNAME x.t.\n", "x.t. 40 DNAME t.\nx.x.t. 40 CNAME x.t.\n"},
	{"ANY keeps all of the name", "www.example.", 255, false, 0, 5, false,
	 "www.example. 9 A 192.0.2.1\nwww.example. 5 TXT text\nwww.example. 9 A 192.0.2.2\n"
	 "a.example. 1 A 192.0.2.3\n",
	 "www.example. 9 A 192.0.2.1\nwww.example. 9 A 192.0.2.2\nwww.example. 5 TXT text\n"},

	/* Denials: RFC 2308. */
	{"NXDOMAIN lives as long as its SOA", "www.example.", 1, false, 3, 20, true,
	 "--\nexample. 20 SOA ns. root. 900\nexample. 5 NS ns.\n",
	 "--\nexample. 20 SOA ns. root. 900\n"},
	{"NODATA lives as long as the SOA's minimum", "www.example.", 1, false, 0, 20, true,
	 "--\nexample. 900 SOA ns. root. 20\n", "--\nexample. 20 SOA ns. root. 20\n"},
	{"denial lives an hour at most", "www.example.", 1, false, 3, 3600, true,
	 "--\nexample. 86400 SOA ns. root. 86400\n", "--\nexample. 3600 SOA ns. root. 86400\n"},
	{"minimum with the top bit is 0", "www.example.", 1, false, 3, 0, true,
	 "--\nexample. 900 SOA ns. root. 2147483648\n",
	 "--\nexample. 0 SOA ns. root. 2147483648\n"},
	{"chain shortens a denial", "www.example.", 1, false, 3, 7, true,
	 "www.example. 7 CNAME a.test.\n--\ntest. 900 SOA ns. root. 900\n",
	 "www.example. 7 CNAME a.test.\n--\ntest. 900 SOA ns. root. 900\n"},
	{"NXDOMAIN without SOA is not stored", "www.example.", 1, false, 3, 0, true, "", ""},
	{"NXDOMAIN with NS only is not stored", "www.example.", 1, false, 3, 0, true,
	 "--\nexample. 20 NS ns.example.\n", ""},
	{"NODATA without SOA is not stored", "www.example.", 1, false, 0, 0, true, "", ""},
	{"SOA from beside the name is dropped", "www.example.", 1, false, 3, 0, true,
	 "--\ntest. 20 SOA ns. root. 900\n", ""},
	{"SOA from below the name is dropped", "www.example.", 1, false, 3, 0, true,
	 "--\na.www.example. 20 SOA ns. root. 900\n", ""},
	{"SOA of the root is above all names", "www.example.", 1, false, 3, 20, true,
	 "--\n. 20 SOA ns. root. 900\n", "--\n. 20 SOA ns. root. 900\n"},
	{"SOA of the name itself", "www.example.", 1, false, 0, 20, true,
	 "--\nwww.example. 20 SOA ns. root. 900\n", "--\nwww.example. 20 SOA ns. root. 900\n"},
	{"nearest SOA is the one", "www.example.", 1, false, 3, 20, true,
	 "--\n. 1 SOA a. b. 1\nexample. 20 SOA ns. root. 900\ntest. 10 SOA a. b. 1\n",
	 "--\nexample. 20 SOA ns. root. 900\n"},
	{"SOA in the answer section does not deny", "www.example.", 1, false, 3, 0, true,
	 "example. 20 SOA ns. root. 900\n", ""},

	/* DNSSEC: RFC 4035 section 3.2.1. */
	{"signatures and proofs are for those who ask", "www.example.", 1, false, 3, 60, true,
	 "--\nexample. 60 SOA ns. root. 60\nexample. 60 RRSIG SOA\nvvv.example. 60 NSEC "
	 "xxx.example.\n"
	 "vvv.example. 60 RRSIG NSEC\n",
	 "--\nexample. 60 SOA ns. root. 60\n"},
	{"denial comes with its proofs", "www.example.", 1, true, 3, 40, true,
	 "--\nexample. 60 RRSIG SOA\nvvv.example. 50 NSEC xxx.example.\nexample. 60 SOA ns. root. "
	 "60\n"
	 "vvv.example. 40 RRSIG NSEC\n",
	 "--\nexample. 60 SOA ns. root. 60\nexample. 60 RRSIG SOA\n"
	 "vvv.example. 50 NSEC xxx.example.\nvvv.example. 40 RRSIG NSEC\n"},
	{"NSEC3 is a proof too", "www.example.", 1, true, 0, 60, true,
	 "--\nexample. 60 SOA ns. root. 60\nabc.example. 60 NSEC3 0100\nabc.example. 60 RRSIG "
	 "NSEC3\n",
	 "--\nexample. 60 SOA ns. root. 60\nabc.example. 60 NSEC3 0100\nabc.example. 60 RRSIG "
	 "NSEC3\n"},
	{"RRset comes with its signatures", "www.example.", 1, true, 0, 40, false,
	 "www.example. 50 RRSIG A\nwww.example. 50 A 192.0.2.1\nwww.example. 50 RRSIG TXT\n"
	 "www.example. 40 RRSIG A\n",
	 "www.example. 50 A 192.0.2.1\nwww.example. 40 RRSIG A\n"},
	{"each link comes with its signature", "www.example.", 1, true, 0, 60, false,
	 "a.test. 60 RRSIG A\nwww.example. 60 RRSIG CNAME\nexample. 60 RRSIG DNAME\n"
	 "example. 60 DNAME test.\nwww.example. 60 CNAME a.test.\na.test. 60 A 192.0.2.1\n",
	 "example. 60 DNAME test.\nexample. 60 RRSIG DNAME\nwww.example. 60 CNAME a.test.\n"
	 "www.example. 60 RRSIG CNAME\na.test. 60 A 192.0.2.1\na.test. 60 RRSIG A\n"},
	{"answer from a wildcard comes with its proof", "www.example.", 1, true, 0, 60, false,
	 "www.example. 60 A 192.0.2.1\nwww.example. 60 RRSIG A\n--\nexample. 60 NS ns.example.\n"
	 "vvv.example. 60 NSEC xxx.example.\nvvv.example. 60 RRSIG NSEC\n",
	 "www.example. 60 A 192.0.2.1\nwww.example. 60 RRSIG A\n--\n"
	 "vvv.example. 60 NSEC xxx.example.\nvvv.example. 60 RRSIG NSEC\n"},
	{"proof without a signature is dropped", "www.example.", 1, true, 3, 60, true,
	 "--\nexample. 60 SOA ns. root. 60\nvvv.example. 50 NSEC xxx.example.\n"
	 "vvv.example. 50 RRSIG TXT\n",
	 "--\nexample. 60 SOA ns. root. 60\n"},
	/* All signatures of these tests are made by example. */
	{"proof from beside the chain is dropped", "www.test.", 1, true, 3, 60, true,
	 "--\ntest. 60 SOA ns. root. 60\nvvv.test. 50 NSEC xxx.test.\nvvv.test. 50 RRSIG NSEC\n",
	 "--\ntest. 60 SOA ns. root. 60\n"},
	{"proof for the start of a chain is kept", "www.example.", 1, true, 3, 50, true,
	 "www.example. 60 CNAME a.test.\n--\ntest. 60 SOA ns. root. 60\n"
	 "vvv.example. 50 NSEC xxx.example.\nvvv.example. 50 RRSIG NSEC\n",
	 "www.example. 60 CNAME a.test.\n--\ntest. 60 SOA ns. root. 60\n"
	 "vvv.example. 50 NSEC xxx.example.\nvvv.example. 50 RRSIG NSEC\n"},
	{"signatures asked for by type", "www.example.", 46, false, 0, 50, false,
	 "www.example. 50 RRSIG A\nwww.example. 50 RRSIG TXT\na.example. 5 RRSIG A\n",
	 "www.example. 50 RRSIG A\nwww.example. 50 RRSIG TXT\n"},
	{"signatures asked for by type, behind an alias", "www.example.", 46, false, 0, 50, false,
	 "www.example. 60 CNAME a.test.\na.test. 50 RRSIG A\n",
	 "www.example. 60 CNAME a.test.\na.test. 50 RRSIG A\n"},
	{"ANY of a name without records", "www.example.", 255, false, 0, 20, true,
	 "a.example. 60 A 192.0.2.1\n--\nexample. 20 SOA ns. root. 60\n",
	 "--\nexample. 20 SOA ns. root. 60\n"},
	{"NSEC asked for by type", "www.example.", 47, false, 0, 50, false,
	 "www.example. 50 NSEC xxx.example.\nwww.example. 50 RRSIG NSEC\n",
	 "www.example. 50 NSEC xxx.example.\n"},
	{"signature in another section signs something else", "www.example.", 1, true, 0, 50, false,
	 "www.example. 50 A 192.0.2.1\n--\nwww.example. 50 RRSIG A\n",
	 "www.example. 50 A 192.0.2.1\n"},
};

START_TEST(what_answers_is_kept)
{
	const struct kept_case *this = &cases[_i];
	ask(this->name, this->type, this->dnssec_ok);
	ck_assert_msg(judge_records(this->rcode, this->records) == TARN__ANSWER_GOOD, "%s",
		      this->what);
	ck_assert_msg(strcmp(kept(), this->kept) == 0, "%s: got\n%s", this->what, kept());
	ck_assert_msg(answer.ttl == this->ttl, "%s: TTL %u", this->what, answer.ttl);
	ck_assert_msg(answer.is_negative == this->is_negative, "%s: is_negative", this->what);
	ck_assert_uint_eq(answer.rcode, this->rcode);
}
END_TEST

static const struct {
	const char *what;
	unsigned rcode;
	enum tarn__answer_class answer_class;
	const char *records;
} refused[] = {
	{"referral", 0, TARN__ANSWER_FAILED,
	 "--\nexample. 60 NS ns.example.\n--\nns.example. 60 A 192.0.2.53\n"},
	{"CNAME to itself", 0, TARN__ANSWER_BROKEN, "www.example. 60 CNAME WWW.example.\n"},
	{"CNAMEs in a ring", 0, TARN__ANSWER_BROKEN,
	 "www.example. 60 CNAME a.example.\na.example. 60 CNAME www.example.\n"},
	{"two CNAMEs", 0, TARN__ANSWER_BROKEN,
	 "www.example. 60 CNAME a.example.\nwww.example. 60 CNAME b.example.\n"},
	{"two CNAMEs, one longer", 0, TARN__ANSWER_BROKEN,
	 "www.example. 60 CNAME a.example.\nwww.example. 60 CNAME aa.example.\n"},
	{"two DNAMEs", 0, TARN__ANSWER_BROKEN,
	 "example. 60 DNAME a.\nexample. 60 DNAME b.\nwww.example. 60 CNAME www.a.\n"},
	{"DNAME to itself", 0, TARN__ANSWER_BROKEN, "example. 60 DNAME example.\n"},
	{"DNAMEs in a ring", 0, TARN__ANSWER_BROKEN,
	 "example. 60 DNAME test.\ntest. 60 DNAME example.\n"},
	{"DNAME and CNAME in a ring", 0, TARN__ANSWER_BROKEN,
	 "example. 60 DNAME test.\nwww.test. 60 CNAME www.example.\n"},
	{"DNAME that makes names longer and longer", 0, TARN__ANSWER_BROKEN,
	 "example. 60 DNAME a.example.\n"},
	{"two DNAMEs without a CNAME", 0, TARN__ANSWER_BROKEN,
	 "example. 60 DNAME a.\nexample. 60 DNAME b.\n"},
	{"NXDOMAIN of what is there", 3, TARN__ANSWER_BROKEN, "www.example. 60 A 192.0.2.1\n"},
};

START_TEST(what_is_no_answer_is_refused)
{
	ck_assert_msg(judge_records(refused[_i].rcode, refused[_i].records) ==
			      refused[_i].answer_class,
		      "%s: %d", refused[_i].what, answer.answer_class);
}
END_TEST

/* Loop: CNAMEs from www.example., of which TARN__CHAIN_MAX are followed. */
START_TEST(chain_is_bounded)
{
	char line[64], last[32] = "www.example.";
	start(RESPONSE);
	for (int i = 1; i <= _i; i++) {
		snprintf(line, sizeof(line), "%s 60 CNAME n%d.example.", last, i);
		put_record(&message, 1, line);
		snprintf(last, sizeof(last), "n%d.example.", i);
	}
	snprintf(line, sizeof(line), "%s 60 A 192.0.2.1", last);
	put_record(&message, 1, line);
	ck_assert_int_eq(judge(), _i <= TARN__CHAIN_MAX ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN);
}
END_TEST

/* RFC 6672 section 2.2. Loop: octets of the name that a DNAME makes. */
START_TEST(name_made_has_255_octets_at_most)
{
	char line[600], name[256];
	/* "www" and labels of 63 octets, and one that fills the rest. */
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[_i - 4 - 2] = '.';
	name[_i - 4 - 1] = '\0';
	snprintf(line, sizeof(line), "example. 60 DNAME %s", name);
	start(RESPONSE);
	put_record(&message, 1, line);
	snprintf(line, sizeof(line), "www.%s", name);
	uint8_t made[TARN__NAME_MAX];
	bool fits = _i <= TARN__NAME_MAX;
	ck_assert_uint_eq(tarn__name_parse(line, made), fits ? _i : 0);
	ck_assert_int_eq(judge(), fits ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN);
}
END_TEST

/* Loop: CNAMEs to make, of which there are 8 at most. */
START_TEST(cnames_made_are_bounded)
{
	char name[64];
	snprintf(name, sizeof(name), "%.*st.", 2 * (_i + 1), "x.x.x.x.x.x.x.x.x.x.x.x.x.");
	ask(name, TARN__TYPE_A, false);
	ck_assert_int_eq(judge_records(0, "x.t. 60 DNAME t.\nx.t. 60 A 192.0.2.1\n"),
			 _i <= 8 ? TARN__ANSWER_GOOD : TARN__ANSWER_BROKEN);
}
END_TEST

static const struct {
	const char *what;
	unsigned rcode;
	bool is_whole_name;
	const char *records;
} nxdomains[] = {
	{"NXDOMAIN", 3, true, "--\nexample. 20 SOA ns. root. 900\n"},
	{"NODATA", 0, false, "--\nexample. 20 SOA ns. root. 900\n"},
	{"an answer", 0, false, "www.example. 20 A 192.0.2.1\n"},
	{"NXDOMAIN behind a CNAME", 3, false,
	 "www.example. 20 CNAME a.example.\n--\nexample. 20 SOA ns. root. 900\n"},
	{"NXDOMAIN behind a DNAME", 3, false,
	 "example. 20 DNAME test.\n--\ntest. 20 SOA ns. root. 900\n"},
};

/* RFC 2308 section 5, RFC 6604: it is the chain's end that does not exist. */
START_TEST(nxdomain_is_of_the_whole_name_where_there_is_no_chain)
{
	ck_assert_int_eq(judge_records(nxdomains[_i].rcode, nxdomains[_i].records),
			 TARN__ANSWER_GOOD);
	ck_assert_msg(answer.is_whole_name == nxdomains[_i].is_whole_name, "%s",
		      nxdomains[_i].what);
}
END_TEST

START_TEST(records_of_another_class_are_dropped)
{
	start(RESPONSE);
	put_records(&message, "www.example. 60 A 192.0.2.1");
	message.wire[message.len - 11] = TARN__CLASS_CH;
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "");
	ck_assert_uint_eq(answer.ttl, 0);
}
END_TEST

/* ---- RDATA and names -------------------------------------------------------------------- */

START_TEST(rdata_of_an_unknown_type_is_kept_as_it_is)
{
	ask("www.example.", 65280, false);
	/* Looks like a compressed name, but is none. */
	ck_assert_int_eq(judge_records(0, "www.example. 60 TYPE65280 c00cc00c03777777c010"),
			 TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 60 TYPE65280 c00cc00c03777777c010\n");
	ck_assert_int_eq(judge_records(0, "www.example. 60 TYPE65280"), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 60 TYPE65280 \n");
}
END_TEST

static const struct {
	uint16_t type;
	const char *compressed; /* the question's name is at 12, "example." at 16 */
	size_t len;
	const char *expanded;
} names_in_rdata[] = {
#define RDATA(type, literal, hex)                                                                  \
	{                                                                                          \
		type, literal, sizeof(literal) - 1, hex                                            \
	}
	RDATA(TARN__TYPE_RP, "\xc0\x10\xc0\x0c", "076578616d706c650003777777076578616d706c6500"),
	RDATA(TARN__TYPE_AFSDB, "\0\1\xc0\x10", "0001076578616d706c6500"),
	RDATA(TARN__TYPE_RT, "\0\1\xc0\x10", "0001076578616d706c6500"),
	RDATA(TARN__TYPE_KX, "\0\1\xc0\x10", "0001076578616d706c6500"),
	RDATA(TARN__TYPE_PX, "\0\1\xc0\x10\0", "0001076578616d706c650000"),
	RDATA(TARN__TYPE_NXT, "\xc0\x10\x40", "076578616d706c650040"),
	RDATA(TARN__TYPE_NAPTR, "\0\1\0\2\1u\0\2!!\xc0\x10",
	      "00010002017500022121076578616d706c6500"),
	RDATA(TARN__TYPE_SIG, "\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\xc0\x10sg",
	      "000100010001000100010001000100010001076578616d706c65007367"),
#undef RDATA
};

/* RFC 3597 section 4 */
START_TEST(names_in_rdata_that_senders_may_compress_are_expanded)
{
	ask("www.example.", names_in_rdata[_i].type, false);
	start(RESPONSE);
	put_raw(1, "www.example.", names_in_rdata[_i].type, names_in_rdata[_i].compressed,
		names_in_rdata[_i].len);
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	char expected[128], type[TARN__WORD_MAX];
	snprintf(expected, sizeof(expected), "www.example. 60 %s %s\n",
		 tarn__type_format(names_in_rdata[_i].type, type), names_in_rdata[_i].expanded);
	ck_assert_str_eq(kept(), expected);
}
END_TEST

START_TEST(compressed_srv_is_expanded)
{
	ask("www.example.", TARN__TYPE_SRV, false);
	start(RESPONSE);
	put_octets(&message, "\xc0\x0c\0\x21\0\1\0\0\0\5\0\x08\0\1\0\2\0\3\xc0\x10", 20);
	message.wire[7] = 1;
	ck_assert_int_eq(judge(), TARN__ANSWER_GOOD);
	ck_assert_str_eq(kept(), "www.example. 5 SRV 1 2 3 example.\n");
}
END_TEST

START_TEST(stored_a_record_takes_26_octets)
{
	judge_records(0, "www.example. 300 A 192.0.2.1");
	ck_assert_uint_eq(answer.len, 26);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer_kept");
	TCase *tcase = add_case(suite, "kept");
	tcase_add_loop_test(tcase, what_answers_is_kept, 0, COUNT(cases));
	tcase_add_loop_test(tcase, what_is_no_answer_is_refused, 0, COUNT(refused));
	tcase_add_loop_test(tcase, chain_is_bounded, TARN__CHAIN_MAX - 1, TARN__CHAIN_MAX + 2);
	tcase_add_loop_test(tcase, name_made_has_255_octets_at_most, 250, 260);
	tcase_add_loop_test(tcase, cnames_made_are_bounded, 1, 12);
	tcase_add_loop_test(tcase, nxdomain_is_of_the_whole_name_where_there_is_no_chain, 0,
			    COUNT(nxdomains));
	tcase_add_test(tcase, records_of_another_class_are_dropped);
	tcase = add_case(suite, "rdata");
	tcase_add_test(tcase, rdata_of_an_unknown_type_is_kept_as_it_is);
	tcase_add_loop_test(tcase, names_in_rdata_that_senders_may_compress_are_expanded, 0,
			    COUNT(names_in_rdata));
	tcase_add_test(tcase, compressed_srv_is_expanded);
	tcase_add_test(tcase, stored_a_record_takes_26_octets);
	return unit_run(suite);
}
