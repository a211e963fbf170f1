"""A certificate for the names under which the official clients look for a service: `auth.…` and the
organization's own. Its authority is made on the spot, and trusted by nobody but who is told of it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DOMAIN: Final = "cl.test"
"""Every name below it leads to the loopback address, for a client that has `scenarios/loopback.cjs`."""


class Certificate(NamedTuple):
    """Files in PEM; `authority` is what a client must trust."""

    authority: Path
    chain: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("The authority of one test run")
    usage = x509.BasicConstraints(ca=True, path_length=0)
    authority = (
        _valid_now(authority_name, authority_name, authority_key.public_key())
        .add_extension(usage, critical=True)
        .sign(authority_key, SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName(DOMAIN), x509.DNSName(f"*.{DOMAIN}")]
    names.append(x509.IPAddress(ip_address("127.0.0.1")))
    certificate = (
        _valid_now(_name(DOMAIN), authority_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(authority_key, SHA256())
    )
    made = Certificate(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    made.authority.write_bytes(authority.public_bytes(Encoding.PEM))
    made.chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _valid_now(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
