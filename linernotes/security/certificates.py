"""A certificate authority of our own, and the certificates that it signs. Pure: bytes in PEM come back.

Elliptic curve P-256: 1 ms a certificate, where RSA with 3,072 bits takes 100 ms and more. The package `trustme` would
make them too, but is meant for tests alone: its authority ends in the year 3000.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Ten years: who trusts the authority has copied its file, and would have to copy it again.
AUTHORITY_DAYS = 3650
# A node's certificate is made anew at each start, so this is how long a node may run without one.
NODE_DAYS = 730
# Clocks differ: a certificate that begins this second is refused by a machine whose clock is behind.
LEEWAY = timedelta(hours=1)
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, repr=False)
class Pair:
    """A certificate and its private key, both as PEM."""

    certificate: bytes
    key: bytes


def authority(name: str, days: int = AUTHORITY_DAYS) -> Pair:
    """Return a new certificate authority, which may sign certificates of nodes and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key, days, is_authority=True).issuer_name(_name(name))
    return _sign(builder, key, key)


def issue(signer: Pair, name: str, hosts: Sequence[str] = LOOPBACK_NAMES, days: int = NODE_DAYS) -> Pair:
    """Return a certificate for a node that answers at `hosts`; it may act as server and as client, as nodes do.

    With negative `days` it has expired already.
    """
    issuer = x509.load_pem_x509_certificate(signer.certificate)
    issuer_key = serialization.load_pem_private_key(signer.key, None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is none of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        _builder(name, key, days, is_authority=False)
        .issuer_name(issuer.subject)
        .add_extension(both, critical=False)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(issuer_id, critical=False)
    )
    return _sign(builder, key, issuer_key)


def valid_until(certificate: bytes) -> datetime:
    """Return when a certificate ends; raises ValueError for bytes that are none."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _builder(name: str, key: ec.EllipticCurvePrivateKey, days: int, *, is_authority: bool) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    end = now + timedelta(days=days)
    usage = {"key_cert_sign": is_authority, "crl_sign": is_authority, "digital_signature": not is_authority}
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    never = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    constraints = x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, end) - LEEWAY)
        .not_valid_after(end)
        .add_extension(constraints, critical=True)
        .add_extension(x509.KeyUsage(**usage, **never), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _sign(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> Pair:
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    certificate = builder.sign(signer, hashes.SHA256()).public_bytes(pem)
    return Pair(certificate, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
