"""Where a request comes from, as far as that can be told."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

ONE_CUSTOMER: Final = 64
"""Bits of an IPv6 address that tell customers of a network apart; the rest each may choose as he likes."""


def client_address(request: HttpRequest) -> str:
    """The network address that one client can be counted by.

    It is the peer's; behind a proxy that is trusted, the last one in `X-Forwarded-For`, which that proxy has
    added, whatever the client wrote before it.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.GIFTCARDS_TRUST_FORWARDED else ""
    return _counted_by(forwarded.rpartition(",")[2], peer)


@lru_cache(maxsize=1024)
def _counted_by(forwarded: str, peer: str) -> str:
    address = _parsed(forwarded) or _parsed(peer)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, ONE_CUSTOMER), strict=False))
    return str(address or "unknown")


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
