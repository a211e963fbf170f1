"""A request as views have it: REST framework's, without what it would find out or make anew for each one."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

from django.http import HttpRequest
from django.utils.functional import cached_property
from rest_framework import request as rest_framework
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation

from api.credential import Credential
from api.parsers import parse_json

NOTHING_TO_CHOOSE: Final = BaseContentNegotiation()
"""There is one kind of document; whoever wants another is refused by `api.negotiation`."""


class ReceivedRequest(rest_framework.Request):
    """With what belongs to Django's request at hand: REST framework's looks for it in vain first, each time
    that it is asked for.

    If it `asks_later`, whether the key still counts may be asked together with what is read first. Until then
    no other statement is sent, so there is nothing to undo, and the request can be answered from the
    beginning again.
    """

    def __init__(
        self, request: HttpRequest, authenticators: Sequence[BaseAuthentication], *, asks_later: bool
    ) -> None:
        super().__init__(request, authenticators=authenticators, negotiator=NOTHING_TO_CHOOSE)
        self.asks_later = asks_later
        self.META = request.META
        self.method = request.method
        self.path = request.path

    @cached_property
    def data(self) -> Any:
        """The document that came with it, empty if none did. Raises Rejection (400), RequestDataTooBig."""
        body = self._request.body  # not the stream, which is held to no DATA_UPLOAD_MAX_MEMORY_SIZE
        return parse_json(body) if body else {}


def credential_of(request: rest_framework.Request) -> Credential | None:
    """Of whoever calls; None if nobody says so. Raises AuthenticationFailed.

    The same as `request.auth`, which raises and catches two exceptions before it looks for it.
    """
    request._authenticate()  # type: ignore[attr-defined]  # noqa: SLF001
    return cast(Credential | None, request.auth)


@cache
def instances_of(authenticators: tuple[type[BaseAuthentication], ...]) -> tuple[BaseAuthentication, ...]:
    return tuple(each() for each in authenticators)
