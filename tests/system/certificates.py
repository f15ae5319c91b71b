# SPDX-License-Identifier: BSD-2-Clause
"""Certificates of a test: an authority, and leaves that are good, or bad in one way."""

import base64
import datetime
import hashlib
import ipaddress
import os
import subprocess
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "dns.test"
DAY = datetime.timedelta(days=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Identity:
    """A certificate with its chain, and its key: files in PEM."""
    certificate: str
    key: str

    @property
    def leaf(self):
        with open(self.certificate, "rb") as file:
            return x509.load_pem_x509_certificate(file.read())

    @property
    def pin(self):
        """RFC 7858 section 4.2: base64 of the SHA-256 of the SubjectPublicKeyInfo."""
        octets = self.leaf.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(octets).digest()).decode("ascii")


@dataclass
class Leaf:
    """What a leaf says; the defaults are a good one for NAME and 127.0.0.1."""
    names: tuple = (NAME,)
    addresses: tuple = ("127.0.0.1",)
    common_name: str = "tarn tests"
    begins: datetime.timedelta = -DAY
    ends: datetime.timedelta = 30 * DAY
    purposes: tuple = (SERVER,)
    has_weak_hash: bool = False
    rsa_bits: int = 0  # 0: ECDSA with P-256
    is_self_signed: bool = False
    is_indirect: bool = False  # an intermediate authority is between


# Those that a client must refuse for NAME, with the reason.
BAD_LEAVES = {
    "other name": Leaf(names=("other.test",)),
    "address alone": Leaf(names=()),
    "expired": Leaf(begins=-30 * DAY, ends=-DAY),
    "not yet valid": Leaf(begins=DAY),
    # RFC 9525 section 6.3
    "common name": Leaf(names=("other.test",), common_name=NAME),
    "common name alone": Leaf(names=(), addresses=(), common_name=NAME),
    "client": Leaf(purposes=(CLIENT,)),
    "SHA-1": Leaf(has_weak_hash=True),
    "RSA of 1024 bits": Leaf(rsa_bits=1024),
    "self-signed": Leaf(is_self_signed=True),
    "partial wildcard": Leaf(names=("d*.test",)),
    "wildcard of the top": Leaf(names=("*",)),
}
# Those that a client takes for NAME, but for "wildcard": that is for WILD_NAME.
WILD_NAME = "one.dns.test"
GOOD_LEAVES = {
    "name": Leaf(),
    "name alone": Leaf(addresses=()),
    "RSA of 2048 bits": Leaf(rsa_bits=2048),
    "no purpose": Leaf(purposes=()),
    "both purposes": Leaf(purposes=(SERVER, CLIENT)),
    "several names": Leaf(names=("a.test", NAME, "b.test")),
    "intermediate": Leaf(is_indirect=True),
    "wildcard": Leaf(names=("*.dns.test",)),
}


def make_key(rsa_bits):
    if rsa_bits:
        return rsa.generate_private_key(65537, rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def write(path, *parts, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.writelines(parts)
    return path


def pem_of_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def builder(name, issuer, public_key, begins=-DAY, ends=30 * DAY):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(subject(name)).issuer_name(issuer)
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(now + begins).not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False))


class Authority:
    """A CA whose files are in a folder. .file is its own certificate, which clients trust."""

    def __init__(self, folder, name="tarn tests CA"):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.key = make_key(0)
        self.certificate = self._make_authority(name, subject(name), self.key, self.key, 1)
        self.file = write(os.path.join(self.folder, "ca.pem"), pem_of(self.certificate))
        self.made = {}

    @staticmethod
    def _make_authority(name, issuer, key, issuer_key, depth):
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        return (builder(name, issuer, key.public_key(), -60 * DAY, 90 * DAY)
                .add_extension(x509.BasicConstraints(True, depth), True)
                .add_extension(usage, True)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    issuer_key.public_key()), False)
                .sign(issuer_key, hashes.SHA256()))

    def issue(self, file_name, leaf=None, key=None):
        """Writes FILE_NAME.pem, with the chain, and FILE_NAME.key."""
        leaf = leaf or Leaf()
        key = key or make_key(leaf.rsa_bits)
        issuer, issuer_key, chain = self.certificate.subject, self.key, []
        if leaf.is_indirect:
            issuer_key = make_key(0)
            between = self._make_authority("between", issuer, issuer_key, self.key, 0)
            issuer, chain = between.subject, [between]
        if leaf.is_self_signed or leaf.has_weak_hash:
            issuer, issuer_key = subject(leaf.common_name), key
        made = builder(leaf.common_name, issuer, key.public_key(), leaf.begins, leaf.ends)
        made = made.add_extension(x509.BasicConstraints(False, None), True)
        if not leaf.has_weak_hash:
            made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                issuer_key.public_key()), False)
        if names := [*map(x509.DNSName, leaf.names),
                     *(x509.IPAddress(ipaddress.ip_address(a)) for a in leaf.addresses)]:
            made = made.add_extension(x509.SubjectAlternativeName(names), False)
        if leaf.purposes:
            made = made.add_extension(x509.ExtendedKeyUsage(leaf.purposes), False)
        made = pem_of(made.sign(issuer_key, hashes.SHA256()))
        if leaf.has_weak_hash:
            made = self._sign_with_sha1(made)
        path = os.path.join(self.folder, file_name)
        return Identity(write(path + ".pem", made, *map(pem_of, chain)),
                        write(path + ".key", pem_of_key(key), mode=0o600))

    def _sign_with_sha1(self, certificate):
        """One that is self-signed; newer versions of python3-cryptography do not sign so."""
        path = os.path.join(self.folder, "to-sign")
        write(path + ".pem", certificate)
        write(path + ".key", pem_of_key(self.key), mode=0o600)
        return subprocess.run(["openssl", "x509", "-in", path + ".pem", "-CA", self.file, "-CAkey",
                               path + ".key", "-set_serial", "1", "-days", "30", "-sha1"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout

    def get(self, kind):
        """One of GOOD_LEAVES or BAD_LEAVES, made once."""
        if kind not in self.made:
            leaf = {**GOOD_LEAVES, **BAD_LEAVES}[kind]
            self.made[kind] = self.issue(kind.replace(" ", "-"), leaf)
        return self.made[kind]
