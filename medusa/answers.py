"""What Medusa's addresses answer: plain JSON, errors in Medusa's envelope `{code, type, message}`, of which
`code` is there for some types only, and 401 as the plain word that its clients know."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse

from api.documents import json_bytes

JSON: Final = "application/json; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"


class Refused(Exception):
    """A request that is answered by the envelope."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.headers = dict(headers or {})


class InvalidData(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(400, "invalid_data", message)


class Missing(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(404, "not_found", message)


class MissingCard(Missing):
    """`by` is "id" or "code"."""

    def __init__(self, by: str, value: str) -> None:
        super().__init__(f"Gift card with {by}: {value} was not found")


class MissingRegion(Missing):
    def __init__(self, region_id: str) -> None:
        super().__init__(f"Region with {region_id} was not found")


class MissingOrder(Missing):
    def __init__(self, order_id: str) -> None:
        super().__init__(f"Order with id {order_id} was not found")


class MissingProduct(Missing):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"Product with id: {product_id} was not found")


class Unauthorized(Refused):
    def __init__(self) -> None:
        super().__init__(401, "unauthorized", "Unauthorized", headers={"WWW-Authenticate": "Bearer"})


def answer(document: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(json_bytes(document), status=status, content_type=JSON)


def refused(refusal: Refused) -> HttpResponse:
    if refusal.status == 401:
        response = HttpResponse(refusal.message, status=401, content_type=TEXT)
    else:
        code = {} if refusal.code is None else {"code": refusal.code}
        response = answer({**code, "type": refusal.kind, "message": refusal.message}, status=refusal.status)
    for header, value in refusal.headers.items():
        response[header] = value
    return response
