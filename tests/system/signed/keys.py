# SPDX-License-Identifier: BSD-2-Clause
"""Keys of zones, of every algorithm that a validator may meet, and of some that it cannot know."""

import hashlib
import itertools
import os
import struct

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

RSASHA1, RSASHA1_NSEC3, RSASHA256, RSASHA512 = 5, 7, 8, 10
P256, P384, ED25519, ED448 = 13, 14, 15, 16
RSAMD5, UNASSIGNED, PRIVATE_NAME = 1, 200, 253
ZONE, REVOKE, SEP = 0x0100, 0x0080, 0x0001
ZSK = ZONE
KSK = CSK = ZONE | SEP

SHA1, SHA256, GOST94, SHA384, UNASSIGNED_DIGEST = 1, 2, 3, 4, 200
DIGESTS = {SHA1: hashlib.sha1, SHA256: hashlib.sha256, SHA384: hashlib.sha384}

RSA_HASHES = {RSASHA1: hashes.SHA1, RSASHA1_NSEC3: hashes.SHA1, RSASHA256: hashes.SHA256,
              RSASHA512: hashes.SHA512}
CURVES = {P256: (ec.SECP256R1, hashes.SHA256, 32), P384: (ec.SECP384R1, hashes.SHA384, 48)}

RSA_BITS = 2048
USUAL_EXPONENT = 65537
# Both are prime: the widest of 33 bits that is allowed, and a wider one.
EXPONENT_33_BITS, EXPONENT_41_BITS = (1 << 32) + 15, (1 << 40) + 15

# Two primes of 256 bits: the library makes no new key below 1024 bits, but signs with one.
SMALL_PRIMES = (0xe0c1d6594650ff68cd586a178be2888d25f404ba471c59439d9e6184cbd5e11b,
                0xc33e3fd4c9972050e1c2f49b0d8896f404979a70ffbcfd17a0523b6aece71249)

# Making one takes a tenth of a second: zones share it, in keys of different algorithms.
rsa_made = {}


def rsa_private(bits, exponent):
    if (bits, exponent) not in rsa_made:
        rsa_made[bits, exponent] = make_rsa(bits, exponent)
    return rsa_made[bits, exponent]


def make_rsa(bits, exponent):
    if bits == 512:
        return rsa_of(*SMALL_PRIMES, exponent)
    if exponent == USUAL_EXPONENT:
        return rsa.generate_private_key(exponent, bits)
    numbers = rsa_private(bits, USUAL_EXPONENT).private_numbers()
    return rsa_of(numbers.p, numbers.q, exponent)


def rsa_of(p, q, exponent):
    d = pow(exponent, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(exponent, p * q)).private_key()


def octets_of(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def rdata(rrtype, wire):
    """RDATA from its octets, also from those that have no other text than RFC 3597's."""
    return dns.rdata.from_wire(dns.rdataclass.IN, rrtype, wire, 0, len(wire))


def key_tag(wire):
    """RFC 4034 appendix B."""
    total = sum(octet if at % 2 else octet << 8 for at, octet in enumerate(wire))
    return (total + (total >> 16)) & 0xFFFF


class Key:
    """A DNSKEY and what signs with it. Signatures of an unknown algorithm are random octets."""

    def __init__(self, algorithm=P256, flags=CSK, protocol=3, bits=RSA_BITS,
                 exponent=USUAL_EXPONENT):
        self.algorithm, self.flags = algorithm, flags
        self.private = self._make(bits, exponent)
        self.wire = struct.pack("!HBB", flags, protocol, algorithm) + self._public()
        self.rdata = rdata(dns.rdatatype.DNSKEY, self.wire)
        self.tag = key_tag(self.wire)

    def _make(self, bits, exponent):
        if self.algorithm in RSA_HASHES:
            return rsa_private(bits, exponent)
        if self.algorithm in CURVES:
            return ec.generate_private_key(CURVES[self.algorithm][0]())
        if self.algorithm == ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        if self.algorithm == ED448:
            return ed448.Ed448PrivateKey.generate()
        return None

    def _unknown(self):
        # RFC 4034 appendix A.1.1: keys and signatures of algorithm 253 begin with a name.
        return (b"\7private\7example\0" if self.algorithm == PRIVATE_NAME else b"") + os.urandom(64)

    def _public(self):
        if not self.private:
            return self._unknown()
        public = self.private.public_key()
        if self.algorithm in RSA_HASHES:
            numbers = public.public_numbers()
            exponent = octets_of(numbers.e)
            return bytes([len(exponent)]) + exponent + octets_of(numbers.n)
        if self.algorithm in CURVES:
            point = public.public_bytes(serialization.Encoding.X962,
                                        serialization.PublicFormat.UncompressedPoint)
            return point[1:]
        return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, data):
        if not self.private:
            return self._unknown()
        if self.algorithm in RSA_HASHES:
            return self.private.sign(data, padding.PKCS1v15(), RSA_HASHES[self.algorithm]())
        if self.algorithm in CURVES:
            _, make_hash, length = CURVES[self.algorithm]
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(make_hash())))
            return r.to_bytes(length, "big") + s.to_bytes(length, "big")
        return self.private.sign(data)

    def ds(self, owner, digest=SHA256, **changes):
        """The DS of this key at that owner; changes: its tag, algorithm, or the digest's octets."""
        make = DIGESTS.get(digest)
        octets = make(owner.to_digestable() + self.wire).digest() if make else os.urandom(32)
        head = struct.pack("!HBB", changes.get("tag", self.tag),
                           changes.get("algorithm", self.algorithm), digest)
        return rdata(dns.rdatatype.DS, head + changes.get("octets", octets))


def colliding(**options):
    """Two keys that have one tag: among 300 there are such two."""
    by_tag = {}
    for _ in itertools.repeat(None):
        key = Key(**options)
        if key.tag in by_tag:
            return [by_tag[key.tag], key]
        by_tag[key.tag] = key
    raise AssertionError


def large_dummies(count):
    """DNSKEYs of 4096 bits that sign nothing: the RRset fits no datagram."""
    head = struct.pack("!HBB", ZSK, 3, RSASHA256) + b"\3\1\0\1"
    return [rdata(dns.rdatatype.DNSKEY, head + b"\xc0" + os.urandom(511)) for _ in range(count)]
