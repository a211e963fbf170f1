"""The service over real TLS, and a node that trusts its certificate and finds its names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.clients.tls import DOMAIN, Certificate, make_certificate
from tests.server import CHECKED, Server, serving

LOOPBACK: Final = Path(__file__).parent / "scenarios" / "loopback.cjs"


@dataclass(frozen=True)
class TlsServer:
    server: Server
    certificate: Certificate

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def address(self) -> str:
        return f"https://auth.{DOMAIN}:{self.port}"

    def log(self) -> str:
        return self.server.log()

    @property
    def environment(self) -> dict[str, str]:
        """What a node is told from outside; what it runs knows nothing of it."""
        return {
            "NODE_EXTRA_CA_CERTS": str(self.certificate.authority),
            "NODE_OPTIONS": f"--require={LOOPBACK}",
        }


@pytest.fixture(scope="module")
def tls_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    environment = {
        "GRANIAN_SSL_CERTIFICATE": str(certificate.chain),
        "GRANIAN_SSL_KEYFILE": str(certificate.key),
        "GIFTCARDS_ALLOWED_HOSTS": f".{DOMAIN},127.0.0.1",
    }
    with serving(CHECKED, authority=certificate.authority, **environment) as server:
        yield TlsServer(server, certificate)
