/* SPDX-License-Identifier: BSD-2-Clause */
/* crypto/signature.c: keys and signatures of DNSSEC: all of it that needs no library. */
#include "crypto/signature.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/base16.h"
#include "base/octets.h"
#include "crypto/openssl.h"

enum {
	MODULUS_MAX_BITS = 8 * TARN__MODULUS_MAX, /* RFC 5702 section 2 */
	EXPONENT_MAX_BITS = 33, /* 2^32 + 1, which old keys have; the work grows with them */
	OCTETS_PER_WORK = 6500, /* that many are hashed in a tenth of the time of P-256 */
};

/*
 * Keys in the form of a DNSKEY, and signatures of known_text by them. They were made for this by OpenSSL.
 */
static const uint8_t known_text[] = {'t', 'a', 'r', 'n'};

static const char rsa_key[] =
	"03010001f5323ea0c4807be83603c6ca317f7ddbe379ef399e2b60e42540e1f4b69f24309a166f803b83da3a"
	"c4b545acde36e2668a8d313939292068d08c9805363b77e985bed146b4804bb71376bda1271b888372df9cb8"
	"f874dd6a0a451d29d772c4f7c05d8efa46a48f3fb7617be7e467f9583831ac4f09dfc02c3d52853293909335";

static const char rsa_sha256_signature[] =
	"6f32b322d44a50ad519f03ac15d66fedbb1e91b48c4e49842c653316058e95b335f6b0f90cca99322bca46de"
	"bfab9a1d43020179681211efc857daba4c116b804eb8b84b2d5cb622e9923c66db885766bf477a6fc41f3feb"
	"054c69812fa2188582a60929fc41eb60491cfb683239f899f9b73d7b33162c7a728a922da76853c0";

static const char rsa_sha512_signature[] =
	"bf7aafaacab6dd3b055573fc6632758c551493b7fb440ce616cd648eae0df1e7e6487f43f52b57b772661983"
	"fd572e0ee333ce53237f7af53fb64c9ab987458d9bbd3b21aa1cccecdd2725c035f81da2146dc294bb851800"
	"f305d439f192e8e31c3f5e3d6fdf4714a80d361a89fcc79b1bdbb0d79ac41fc7d2deeb0396c768ad";

static const char p256_key[] =
	"62e54217c5c9da9b724ee34f410943011023f93c010e8fbba8fd473b55296ffd6f2ce81ed36807ee3d390aee"
	"8380358b3f3c1f9ece0f43caead6ba2cc5b428e2";

static const char p256_signature[] =
	"668108457a8c69a838ae2f231a2532fbe187c1998bb86f6811ebb823ea779d0ef53f656d9c9248b2eaf50e13"
	"5d06f7551dd1e4050f3df26a1cbea0bd68f63097";

static const char p384_key[] =
	"7cc6ebceaa87b545160cc88b79a22972fe082b42bba5bd2f9c7131f6c73ff7a4f40fa320dc7adc048e12a35b"
	"71f0bd20cb498ffe724a455d0b58b1340158c04566635439b8d0b17d8be63acabdddacaabbaeee013b519219"
	"2ed372d63a400e2c";

static const char p384_signature[] =
	"3d2738b9e63ebe1e70b88b6d101bd27194289653d8722c30fb4516fd7ba59659b6c2052a97fbe82bc026bbdf"
	"840f6931479739499f68bea11c1dcfdc63675feedda09f0158737335b945faee7859456ae0bf306bb1717762"
	"99ad9d7c578c61ec";

static const char ed25519_key[] =
	"4efca2f8501a8a03c7498cadb8f691e59153435775764fc1ebd09029cd7b8570";

static const char ed25519_signature[] =
	"5e69354dfb49b4cad698bb0898a6b697378b4a6cebb5cb864f277c1808754120a3f4095270c7db1b89656148"
	"522f1d0acddc9a27afdb6ebccb2620ec6edcd208";

static const char ed448_key[] =
	"8b974dc113d032d90b2df4a2fc5f072cb05fb973908614dabe9d10463ee21f474968188efc978955bfae18c1"
	"157443f5637b66bd8bafbb3280";

static const char ed448_signature[] =
	"13c221d30cf096ae6f280dd056e5ab8b458b196747a2570a0d4f1bbe41f6847e77d30b7b96400ad4624288e8"
	"d30ec089a659805669ce57738093e96a0b99be09dbeec5f78c68277fdd244890d00dfd60d3fd3edc88c385c4"
	"6f89b34d6dadf51b14e9e1ceb0b612511e213aa0359630de1200";

enum {
	/* octets: RSA has the longest */
	KNOWN_KEY_MAX = sizeof(rsa_key) / 2,
	KNOWN_SIGNATURE_MAX = sizeof(rsa_sha512_signature) / 2,
};

enum state {
	NOT_LOADED,
	UNTRIED,
	GOOD, /* the known signature is good */
	BAD,
};

static const struct scheme {
	uint8_t algorithm;
	uint16_t key_len, signature_len; /* octets; 0: RSA, which has other lengths */
	uint16_t modulus_min_bits; /* RFC 5702 section 2 */
	uint16_t work; /* tenths of a verification with P-256 */
	const char *known_key, *known_signature;
} schemes[] = {
	{TARN__RSASHA256, 0, 0, 512, 0, rsa_key, rsa_sha256_signature},
	{TARN__RSASHA512, 0, 0, 1024, 0, rsa_key, rsa_sha512_signature},
	/* RFC 6605 section 4 */
	{TARN__ECDSAP256SHA256, 64, 64, 0, 10, p256_key, p256_signature},
	{TARN__ECDSAP384SHA384, 96, 96, 0, 100, p384_key, p384_signature},
	/* RFC 8080 sections 3 and 4 */
	{TARN__ED25519, 32, 64, 0, 17, ed25519_key, ed25519_signature},
	{TARN__ED448, 57, 114, 0, 36, ed448_key, ed448_signature},
};

enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

/*
 * Of each scheme. Nothing else depends on them: threads that try one at the same time come to the same
 * state.
 */
static _Atomic enum state states[SCHEMES];

static const struct scheme *find_scheme(uint8_t algorithm)
{
	for (size_t i = 0; i < SCHEMES; i++) {
		if (schemes[i].algorithm == algorithm)
			return &schemes[i];
	}
	return NULL;
}

static void skip_zeros(const uint8_t **octets, size_t *len)
{
	for (; *len > 0 && **octets == 0; (*len)--)
		(*octets)++;
}

/* Of a number without leading zeros. */
static size_t count_bits(const uint8_t *octets, size_t len)
{
	size_t bits = 8 * len;
	for (unsigned mask = 0x80; len > 0 && !(octets[0] & mask); mask >>= 1)
		bits--;
	return bits;
}

static size_t modulus_bits(const struct tarn__public_key *key)
{
	return count_bits(key->octets, key->len);
}

/*
 * RFC 3110 section 2: the exponent's length in one octet, or in three of which the first is 0; the
 * exponent; the rest.
 */
static bool read_rsa_key(const struct scheme *scheme, const uint8_t *key, size_t key_len,
			 struct tarn__public_key *out)
{
	size_t prefix = key_len >= 3 && key[0] == 0 ? 3 : 1;
	if (key_len < prefix)
		return false;
	size_t exponent_len = prefix == 3 ? tarn__get16(key + 1) : key[0];
	if (key_len - prefix < exponent_len)
		return false;
	*out = (struct tarn__public_key){
		.octets = key + prefix + exponent_len,
		.len = key_len - prefix - exponent_len,
		.exponent = key + prefix,
		.exponent_len = exponent_len,
	};
	skip_zeros(&out->octets, &out->len);
	skip_zeros(&out->exponent, &out->exponent_len);
	return out->exponent_len > 0 &&
	       count_bits(out->exponent, out->exponent_len) <= EXPONENT_MAX_BITS &&
	       modulus_bits(out) >= scheme->modulus_min_bits &&
	       modulus_bits(out) <= MODULUS_MAX_BITS;
}

static bool is_rsa(const struct scheme *scheme)
{
	return scheme->modulus_min_bits > 0;
}

/* Returns false if the key is not valid. out is views into it. */
static bool read_key(const struct scheme *scheme, const uint8_t *key, size_t key_len,
		     struct tarn__public_key *out)
{
	if (is_rsa(scheme))
		return read_rsa_key(scheme, key, key_len, out);
	*out = (struct tarn__public_key){.octets = key, .len = key_len};
	return key_len == scheme->key_len;
}

static enum tarn__openssl_result verify(const struct scheme *scheme, const uint8_t *key,
					size_t key_len, const uint8_t *signature,
					size_t signature_len, const uint8_t *data, size_t data_len)
{
	struct tarn__public_key public_key;
	if (!read_key(scheme, key, key_len, &public_key))
		return TARN__OPENSSL_BAD;
	/* RFC 3110 section 3: a signature is as long as the modulus. */
	if (signature_len != (is_rsa(scheme) ? public_key.len : scheme->signature_len))
		return TARN__OPENSSL_BAD;
	return tarn__openssl_verify(scheme->algorithm, &public_key, signature, signature_len, data,
				    data_len);
}

/*
 * Verifies the known signature of an algorithm that is untried. If memory is short it remains untried: to
 * call zones insecure for that would be wrong.
 */
static void try_known(const struct scheme *scheme)
{
	uint8_t key[KNOWN_KEY_MAX], signature[KNOWN_SIGNATURE_MAX];
	size_t key_len = tarn__base16_read(scheme->known_key, key, sizeof(key));
	size_t len = tarn__base16_read(scheme->known_signature, signature, sizeof(signature));
	enum tarn__openssl_result result =
		verify(scheme, key, key_len, signature, len, known_text, sizeof(known_text));
	if (result != TARN__OPENSSL_NO_MEMORY)
		atomic_store(&states[scheme - schemes], result == TARN__OPENSSL_GOOD ? GOOD : BAD);
}

static bool can_verify(const struct scheme *scheme)
{
	if (atomic_load(&states[scheme - schemes]) == UNTRIED)
		try_known(scheme);
	enum state state = atomic_load(&states[scheme - schemes]);
	return state == GOOD || state == UNTRIED;
}

bool tarn__signature_is_supported(uint8_t algorithm)
{
	const struct scheme *scheme = find_scheme(algorithm);
	return scheme && can_verify(scheme);
}

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static pthread_t ahead; /* valid while is_ahead */
static atomic_bool is_ahead;

static void set_states(enum state state)
{
	for (size_t i = 0; i < SCHEMES; i++)
		atomic_store(&states[i], state);
}

/*
 * The algorithms that nearly all zones have are tried at once, the others when the first zone has them,
 * since they take 1.5 ms together.
 */
static const char *load(void)
{
	if (atomic_load(&states[0]) != NOT_LOADED)
		return NULL;
	const char *fault = tarn__openssl_load();
	if (fault)
		return fault;
	set_states(UNTRIED);
	bool has_rsa = tarn__signature_is_supported(TARN__RSASHA256);
	bool has_p256 = tarn__signature_is_supported(TARN__ECDSAP256SHA256);
	if (has_rsa || has_p256)
		return NULL;
	set_states(NOT_LOADED);
	return "libcrypto verifies neither RSA with SHA-256 nor ECDSA with P-256";
}

const char *tarn__signature_load(void)
{
	pthread_mutex_lock(&loading);
	const char *fault = load();
	pthread_mutex_unlock(&loading);
	if (atomic_exchange(&is_ahead, false))
		pthread_join(ahead, NULL);
	return fault;
}

static void *load_ahead(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&loading);
	(void)load();
	pthread_mutex_unlock(&loading);
	return NULL;
}

void tarn__signature_load_ahead(void)
{
	if (!atomic_load(&is_ahead) && pthread_create(&ahead, NULL, load_ahead, NULL) == 0)
		atomic_store(&is_ahead, true);
}

bool tarn__signature_is_loading(void)
{
	return atomic_load(&is_ahead);
}

const char *tarn__algorithm_name(uint8_t algorithm)
{
	static const char *const names[] = {
		[TARN__RSASHA1] = "RSASHA1",
		[TARN__RSASHA1_NSEC3] = "RSASHA1-NSEC3-SHA1",
		[TARN__RSASHA256] = "RSASHA256",
		[TARN__RSASHA512] = "RSASHA512",
		[TARN__ECDSAP256SHA256] = "ECDSAP256SHA256",
		[TARN__ECDSAP384SHA384] = "ECDSAP384SHA384",
		[TARN__ED25519] = "ED25519",
		[TARN__ED448] = "ED448",
	};
	return algorithm < sizeof(names) / sizeof(names[0]) ? names[algorithm] : NULL;
}

bool tarn__signature_key_is_valid(uint8_t algorithm, const uint8_t *key, size_t key_len)
{
	struct tarn__public_key public_key;
	const struct scheme *scheme = find_scheme(algorithm);
	return scheme && read_key(scheme, key, key_len, &public_key);
}

static unsigned rsa_work(size_t bits)
{
	static const struct {
		uint16_t bits, work;
	} steps[] = {{1024, 2}, {1536, 3}, {2048, 4}, {2560, 6}, {3072, 7}, {3584, 9}};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (bits <= steps[i].bits)
			return steps[i].work;
	}
	return 10;
}

unsigned tarn__signature_work(uint8_t algorithm, const uint8_t *key, size_t key_len,
			      size_t data_len)
{
	struct tarn__public_key public_key;
	const struct scheme *scheme = find_scheme(algorithm);
	if (!scheme || !can_verify(scheme) || !read_key(scheme, key, key_len, &public_key))
		return 1;
	unsigned work = is_rsa(scheme) ? rsa_work(modulus_bits(&public_key)) : scheme->work;
	return work + (unsigned)(data_len / OCTETS_PER_WORK);
}

bool tarn__signature_verify(uint8_t algorithm, const uint8_t *key, size_t key_len,
			    const uint8_t *signature, size_t signature_len, const uint8_t *data,
			    size_t data_len)
{
	const struct scheme *scheme = find_scheme(algorithm);
	return scheme && can_verify(scheme) &&
	       verify(scheme, key, key_len, signature, signature_len, data, data_len) ==
		       TARN__OPENSSL_GOOD;
}
