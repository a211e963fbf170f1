"""Where a client that has nothing but a token finds us: `https://{slug}.{domain}/api`, as Commerce Layer's
clients put it together from the token's `organization.slug` and its `iss`, `https://auth.{domain}`.

| asked at | GIFTCARDS_DOMAIN | slug | domain |
|---|---|---|---|
| auth.gifts.example | | the organization's | gifts.example |
| acme.gifts.example:8443 | | acme | gifts.example:8443 |
| localhost:8000, 192.0.2.1 | | the organization's | localhost:8000, 192.0.2.1 |
| acme.gifts.example | gifts.example | acme | gifts.example |
| any other | gifts.example | the organization's | gifts.example |
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

AUTH: Final = "auth"


@dataclass(frozen=True, slots=True)
class Issuer:
    slug: str
    domain: str

    @property
    def iss(self) -> str:
        return f"https://{AUTH}.{self.domain}"


def issuer_of(host: str, *, slug: str, domain: str = "") -> Issuer:
    """`host` is the one that the request was sent to, with its port; `slug` is the organization's; `domain`
    the one that is configured, or empty."""
    label, dot, rest = host.lower().partition(".")
    if not dot or _is_address(host):
        label, rest = "", host.lower()
    if domain and rest != domain:
        label, rest = "", domain
    return Issuer(slug if label in {"", AUTH} else label, rest)


def _is_address(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
