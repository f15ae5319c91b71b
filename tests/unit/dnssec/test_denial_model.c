/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/dnssec/test_denial_model.c: random zones, all their NSEC and NSEC3 records, and what is true
 * of names in them. No one, two or three records prove what is not true; those that the RFCs name prove
 * what is.
 *
 * A name is a string here, one character for each label, the last label first: "ba*" is *.a.b in the zone,
 * "" its apex. So the canonical order is that of strings, and an ancestor is a prefix.
 */
#include "dnssec/denial_proof.h"

#include "support/churn.h"
#include "support/nsec3.h"
#include "support/unit.h"

enum {
	DEPTH_MAX = 4,
	NODES_MAX = 13,
	RECORDS_MAX = NODES_MAX * DEPTH_MAX,
	SAMPLE = 16,
	SEEDS = 16,
};

enum {
	HAS_A = 1,
	HAS_TXT = 2,
	HAS_CNAME = 4,
	HAS_NS = 8,
	HAS_DS = 16,
	HAS_DNAME = 32,
	HAS_SOA = 64
};

static const struct {
	unsigned bit;
	uint16_t type;
	const char *text;
} types[] = {
	{HAS_A, TARN__TYPE_A, "A"},
	{HAS_TXT, TARN__TYPE_TXT, "TXT"},
	{HAS_NS, TARN__TYPE_NS, "NS"},
	{HAS_DS, TARN__TYPE_DS, "DS"},
	{HAS_SOA, TARN__TYPE_SOA, "SOA"},
	{HAS_CNAME, TARN__TYPE_CNAME, "CNAME"},
	{HAS_DNAME, TARN__TYPE_DNAME, "DNAME"},
};
enum { TYPES = sizeof(types) / sizeof(types[0]), ASKED = 4 };

struct node {
	char path[DEPTH_MAX + 1];
	unsigned types;
	bool is_left_out; /* of the NSEC3 records: an insecure delegation with opt-out */
};

struct zone {
	const char *name;
	size_t count;
	struct node nodes[NODES_MAX];
};

static uint64_t state;

static unsigned below(unsigned n)
{
	return pick(&state, n);
}

/* ---- the zone and what is true ----------------------------------------------------------- */

static bool starts_with(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

static void pick_path(char out[DEPTH_MAX + 1])
{
	size_t len = 1 + below(DEPTH_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = "*abc"[below(4)];
	out[len] = '\0';
}

static bool is_cut(const struct node *node)
{
	return (node->types & (HAS_NS | HAS_SOA)) == HAS_NS;
}

/* Names below such a node are not the zone's. */
static bool ends_the_zone(const struct node *node)
{
	return is_cut(node) || node->types & HAS_DNAME;
}

/* chain: only what has NSEC3 records. */
static const struct node *find(const struct zone *zone, const char *path, bool chain)
{
	for (size_t i = 0; i < zone->count; i++) {
		const struct node *node = &zone->nodes[i];
		if (strcmp(node->path, path) == 0 && !(chain && node->is_left_out))
			return node;
	}
	return NULL;
}

static bool exists(const struct zone *zone, const char *path, bool chain)
{
	for (size_t i = 0; i < zone->count; i++) {
		const struct node *node = &zone->nodes[i];
		if (starts_with(node->path, path) && !(chain && node->is_left_out))
			return true;
	}
	return false;
}

static bool is_outside(const struct zone *zone, const char *path, bool chain)
{
	for (size_t i = 0; i < zone->count; i++) {
		const struct node *node = &zone->nodes[i];
		if (ends_the_zone(node) && starts_with(path, node->path) &&
		    strcmp(path, node->path) != 0 && !(chain && node->is_left_out))
			return true;
	}
	return false;
}

/* Of a name that does not exist. Returns its labels. */
static size_t closest_encloser(const struct zone *zone, const char *path, bool chain,
			       char out[DEPTH_MAX + 1])
{
	strcpy(out, path);
	do
		out[strlen(out) - 1] = '\0';
	while (!exists(zone, out, chain));
	return strlen(out);
}

struct truth {
	enum tarn__denied denied;
	bool is_delegation;
};

static struct truth truth_of(const struct zone *zone, const char *path, unsigned type, bool chain)
{
	struct truth truth = {TARN__DENIED_NOTHING, false};
	if (is_outside(zone, path, chain))
		return truth;
	const struct node *node = find(zone, path, chain);
	if (node) {
		bool is_childs = is_cut(node) && type != HAS_DS;
		bool is_parents = path[0] == '\0' && type == HAS_DS && strcmp(zone->name, ".") != 0;
		if (!(node->types & (type | HAS_CNAME)) && !is_childs && !is_parents)
			truth = (struct truth){TARN__DENIED_TYPE, is_cut(node)};
		return truth;
	}
	if (exists(zone, path, chain)) {
		truth.denied = TARN__DENIED_TYPE;
		return truth;
	}
	char wildcard[DEPTH_MAX + 2];
	size_t len = closest_encloser(zone, path, chain, wildcard);
	strcpy(wildcard + len, "*");
	node = find(zone, wildcard, chain);
	if (!exists(zone, wildcard, chain))
		truth.denied = TARN__DENIED_NAME;
	else if (!node || !(node->types & (type | HAS_CNAME)))
		truth.denied = TARN__DENIED_TYPE;
	return truth;
}

static void make_zone(struct zone *zone, bool has_opt_out)
{
	static const unsigned kinds[] = {
		HAS_A,	HAS_A | HAS_TXT, HAS_TXT,   HAS_CNAME,		 HAS_NS,
		HAS_NS, HAS_NS | HAS_DS, HAS_DNAME, HAS_DNAME | HAS_TXT,
	};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), AT_WILDCARDS = 4 };
	static const char *const names[] = {"z.", "y.z.", "."};
	zone->name = names[below(3)];
	zone->count = 1;
	zone->nodes[0] = (struct node){"", HAS_SOA | HAS_NS | HAS_TXT, false};
	for (unsigned wanted = 2 + below(NODES_MAX - 2); wanted > 0; wanted--) {
		struct node *node = &zone->nodes[zone->count];
		pick_path(node->path);
		bool has_wildcard = strchr(node->path, '*');
		node->types = kinds[below(has_wildcard ? AT_WILDCARDS : KINDS)];
		node->is_left_out = has_opt_out && node->types == HAS_NS && below(4) > 0;
		zone->count += !find(zone, node->path, false);
	}
	/* What is below the end of the zone is not in it. */
	for (size_t i = 0; i < zone->count;) {
		if (is_outside(zone, zone->nodes[i].path, false))
			zone->nodes[i] = zone->nodes[--zone->count];
		else
			i++;
	}
}

/* ---- records ---------------------------------------------------------------------------- */

struct record {
	char path[DEPTH_MAX + 1];
	uint8_t hash[NSEC3_HASH_LEN];
	bool is_opt_out;
};

static struct record records[RECORDS_MAX];
static size_t record_count;
static struct proofs proofs;
static const char salt[] = "5a";

static const char *name_text(const struct zone *zone, const char *path)
{
	static char out[32];
	char *end = out;
	for (size_t i = strlen(path); i-- > 0;) {
		*end++ = path[i];
		*end++ = '.';
	}
	strcpy(end, end > out && strcmp(zone->name, ".") == 0 ? "" : zone->name);
	return out;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(((const struct record *)a)->hash, ((const struct record *)b)->hash,
		      NSEC3_HASH_LEN);
}

static void list_types(unsigned bits, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < TYPES; i++) {
		if (bits & types[i].bit)
			strcat(strcat(out, " "), types[i].text);
	}
}

static void make_nsec(const struct zone *zone)
{
	record_count = 0;
	for (size_t i = 0; i < zone->count; i++)
		strcpy(records[record_count++].path, zone->nodes[i].path);
	qsort(records, record_count, sizeof(records[0]), compare_paths);
	put_header(&proofs.message, 1, TARN__FLAG_QR);
	for (size_t i = 0; i < record_count; i++) {
		char line[128], list[64], owner[32];
		list_types(find(zone, records[i].path, false)->types, list);
		strcpy(owner, name_text(zone, records[i].path));
		snprintf(line, sizeof(line), "%s NSEC %s%s RRSIG NSEC\n", owner,
			 name_text(zone, records[(i + 1) % record_count].path), list);
		put_zone(&proofs.message, 2, line);
	}
	take_proofs(&proofs, zone->name);
}

/* Returns the record that covers or matches a name; they are in order. */
static const struct record *nsec_of(const char *path)
{
	size_t i = record_count - 1;
	while (strcmp(records[i].path, path) > 0)
		i--;
	return &records[i];
}

static const struct record *nsec3_of(const struct zone *zone, const char *path)
{
	struct record key;
	nsec3_hash(name_text(zone, path), 1, salt, key.hash);
	for (size_t i = record_count; i-- > 0;) {
		if (compare_hashes(&records[i], &key) <= 0)
			return &records[i];
	}
	return &records[record_count - 1];
}

static void add_record(const struct zone *zone, const char *path)
{
	for (size_t i = 0; i < record_count; i++) {
		if (strcmp(records[i].path, path) == 0)
			return;
	}
	struct record *record = &records[record_count++];
	strcpy(record->path, path);
	record->is_opt_out = false;
	nsec3_hash(name_text(zone, path), 1, salt, record->hash);
}

/* Empty non-terminals have records too; opt-out is where something is left out, and elsewhere by chance. */
static void make_nsec3(const struct zone *zone, bool has_opt_out)
{
	record_count = 0;
	char path[DEPTH_MAX + 1];
	for (size_t i = 0; i < zone->count; i++) {
		strcpy(path, zone->nodes[i].path);
		for (size_t len = strlen(path) + 1; len-- > 0 && !zone->nodes[i].is_left_out;) {
			path[len] = '\0';
			add_record(zone, path);
		}
	}
	qsort(records, record_count, sizeof(records[0]), compare_hashes);
	for (size_t i = 0; i < record_count; i++)
		records[i].is_opt_out = has_opt_out && below(4) == 0;
	for (size_t i = 0; i < zone->count; i++) {
		strcpy(path, zone->nodes[i].path);
		for (size_t len = strlen(path) + 1; len-- > 0 && zone->nodes[i].is_left_out;) {
			path[len] = '\0';
			struct record *cover = &records[nsec3_of(zone, path) - records];
			cover->is_opt_out |= !exists(zone, path, true);
		}
	}
	put_header(&proofs.message, 1, TARN__FLAG_QR);
	for (size_t i = 0; i < record_count; i++) {
		char line[256], list[64], label[2][NSEC3_LABEL_LEN + 1];
		const struct node *node = find(zone, records[i].path, true);
		list_types(node ? node->types : 0, list);
		nsec3_label(records[i].hash, label[0]);
		nsec3_label(records[(i + 1) % record_count].hash, label[1]);
		snprintf(line, sizeof(line), "%s.%s NSEC3 1 %d 1 %s %s%s\n", label[0],
			 strcmp(zone->name, ".") == 0 ? "" : zone->name, records[i].is_opt_out,
			 salt, label[1], list);
		put_zone(&proofs.message, 2, line);
	}
	take_proofs(&proofs, zone->name);
}

static void use(const struct record *record)
{
	uint8_t at = (uint8_t)(record - records);
	for (size_t i = 0; i < proofs.proofs.count; i++) {
		if (proofs.proofs.at[i] == at)
			return;
	}
	proofs.proofs.at[proofs.proofs.count++] = at;
}

/* ---- checks ----------------------------------------------------------------------------- */

static struct tarn__name wire_name(const struct zone *zone, const char *path)
{
	struct tarn__name name = make_name(name_text(zone, path));
	for (size_t i = 0; i < name.len; i++) {
		if (name.octets[i] >= 'a' && below(2))
			name.octets[i] -= 'a' - 'A';
	}
	return name;
}

static struct tarn__denial_proof deny_path(const struct tarn__name *name, uint16_t type)
{
	proofs.budget = tarn__budget_new();
	return tarn__proofs_deny(&proofs.proofs, name, type, &proofs.budget);
}

static struct tarn__denial_proof allow_path(const struct zone *zone, const struct tarn__name *name,
					    size_t labels)
{
	proofs.budget = tarn__budget_new();
	unsigned of_zone = tarn__name_labels(make_name(zone->name).octets);
	return tarn__proofs_allow_expansion(&proofs.proofs, name, of_zone + (unsigned)labels,
					    &proofs.budget);
}

static void complain(const struct zone *zone, const char *path, const char *type, const char *what)
{
	static struct text text;
	text.len = 0;
	for (size_t i = 0; i < proofs.proofs.count; i++) {
		const struct record *record = &records[proofs.proofs.at[i]];
		ADD_TEXT(&text, "%s%s, ", name_text(zone, record->path),
			 record->is_opt_out ? " opt-out" : "");
	}
	for (size_t i = 0; i < zone->count; i++) {
		char list[64];
		list_types(zone->nodes[i].types, list);
		ADD_TEXT(&text, "; %s%s%s", name_text(zone, zone->nodes[i].path), list,
			 zone->nodes[i].is_left_out ? " left out" : "");
	}
	ck_abort_msg("%s %s: %s by %s", name_text(zone, path), type, what, text.octets);
}

/* What opt-out leaves open is true of the zone without insecure delegations. */
static bool is_true(const struct zone *zone, const char *path, size_t type,
		    struct tarn__denial_proof proof)
{
	if (!proof.is_opt_out) {
		struct truth truth = truth_of(zone, path, types[type].bit, false);
		return proof.denied == TARN__DENIED_NOTHING ||
		       (proof.denied == truth.denied && proof.is_delegation == truth.is_delegation);
	}
	if (proof.is_delegation || is_outside(zone, path, true) || exists(zone, path, true))
		return false;
	if (types[type].type == TARN__TYPE_DS && proof.denied == TARN__DENIED_TYPE)
		return true;
	return proof.denied == TARN__DENIED_NOTHING ||
	       proof.denied == truth_of(zone, path, types[type].bit, true).denied;
}

/* The wildcard exists, since its signature does. */
static bool is_true_expansion(const struct zone *zone, const char *path, size_t labels,
			      struct tarn__denial_proof proof)
{
	char encloser[DEPTH_MAX + 1];
	bool chain = proof.is_opt_out;
	return proof.denied == TARN__DENIED_NOTHING ||
	       (!is_outside(zone, path, chain) && !exists(zone, path, chain) &&
		closest_encloser(zone, path, chain, encloser) == labels);
}

static void check_with_these(const struct zone *zone, const char *path,
			     const struct tarn__name *name)
{
	for (size_t type = 0; type < ASKED; type++) {
		if (!is_true(zone, path, type, deny_path(name, types[type].type)))
			complain(zone, path, types[type].text, "false denial");
	}
	char wildcard[DEPTH_MAX + 2];
	for (size_t labels = 0; labels < strlen(path); labels++) {
		strcpy(wildcard, path);
		strcpy(wildcard + labels, "*");
		if (strcmp(wildcard, path) != 0 && find(zone, wildcard, false) &&
		    !is_true_expansion(zone, path, labels, allow_path(zone, name, labels)))
			complain(zone, path, wildcard, "false expansion");
	}
}

static void check_with_any(const struct zone *zone, const char *path)
{
	struct tarn__name name = wire_name(zone, path);
	for (size_t a = 0; a < record_count; a++) {
		for (size_t b = a; b < record_count; b++) {
			for (size_t c = b; c < record_count; c++) {
				proofs.proofs.count = 0;
				use(&records[c]);
				use(&records[b]);
				use(&records[a]);
				check_with_these(zone, path, &name);
			}
		}
	}
}

/* Sets the proofs to those that RFC 4035 section 3.1.3 asks for. */
static void use_nsecs_for(const struct zone *zone, const char *path)
{
	proofs.proofs.count = 0;
	use(nsec_of(path));
	if (exists(zone, path, false))
		return;
	char wildcard[DEPTH_MAX + 2];
	strcpy(wildcard + closest_encloser(zone, path, false, wildcard), "*");
	use(nsec_of(wildcard));
}

/* Those of RFC 5155 section 7.2. Returns true if the next closer name is covered with opt-out. */
static bool use_nsec3s_for(const struct zone *zone, const char *path)
{
	proofs.proofs.count = 0;
	if (exists(zone, path, true)) {
		use(nsec3_of(zone, path));
		return false;
	}
	char name[DEPTH_MAX + 2];
	size_t len = closest_encloser(zone, path, true, name);
	use(nsec3_of(zone, name));
	strcpy(name + len, "*");
	use(nsec3_of(zone, name));
	strcpy(name, path);
	name[len + 1] = '\0';
	const struct record *next_closer = nsec3_of(zone, name);
	use(next_closer);
	return next_closer->is_opt_out;
}

static void check_with_the_right_ones(const struct zone *zone, const char *path, bool is_nsec3)
{
	bool is_opt_out = false;
	if (is_nsec3)
		is_opt_out = use_nsec3s_for(zone, path);
	else
		use_nsecs_for(zone, path);
	struct tarn__name name = wire_name(zone, path);
	bool is_in = !is_outside(zone, path, is_nsec3);
	for (size_t type = 0; type < ASKED; type++) {
		struct tarn__denial_proof proof = deny_path(&name, types[type].type);
		struct truth truth = truth_of(zone, path, types[type].bit, is_nsec3);
		if (is_opt_out && is_in && types[type].type == TARN__TYPE_DS)
			truth.denied = TARN__DENIED_TYPE;
		if (proof.denied != truth.denied || proof.is_delegation != truth.is_delegation ||
		    proof.is_opt_out != (is_opt_out && is_in))
			complain(zone, path, types[type].text, "not what is true");
	}
	char wildcard[DEPTH_MAX + 2];
	if (!is_in || exists(zone, path, is_nsec3))
		return;
	size_t labels = closest_encloser(zone, path, is_nsec3, wildcard);
	strcpy(wildcard + labels, "*");
	if (strcmp(wildcard, path) != 0 &&
	    allow_path(zone, &name, labels).denied != TARN__DENIED_NAME)
		complain(zone, path, wildcard, "no expansion");
}

static void check_zone(const struct zone *zone, bool is_nsec3)
{
	for (unsigned i = 0; i < SAMPLE + zone->count; i++) {
		char path[DEPTH_MAX + 1];
		if (i < zone->count)
			strcpy(path, zone->nodes[i].path);
		else
			pick_path(path);
		check_with_the_right_ones(zone, path, is_nsec3);
		check_with_any(zone, path);
	}
}

START_TEST(nsec_proves_what_is_true)
{
	struct zone zone;
	state = (uint64_t)_i;
	make_zone(&zone, false);
	make_nsec(&zone);
	check_zone(&zone, false);
}
END_TEST

/* Every other zone has opt-out. */
START_TEST(nsec3_proves_what_is_true)
{
	struct zone zone;
	state = (uint64_t)_i;
	make_zone(&zone, _i % 2);
	make_nsec3(&zone, _i % 2);
	check_zone(&zone, true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("denial_model");
	TCase *nsec = tcase_create("nsec");
	TCase *nsec3 = tcase_create("nsec3");
	tcase_set_timeout(nsec, 60);
	tcase_set_timeout(nsec3, 60);
	tcase_add_loop_test(nsec, nsec_proves_what_is_true, 0, SEEDS);
	tcase_add_loop_test(nsec3, nsec3_proves_what_is_true, 0, SEEDS);
	suite_add_tcase(suite, nsec);
	add_hashing_cases(suite, nsec3);
	return unit_run(suite);
}
