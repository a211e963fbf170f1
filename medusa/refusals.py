"""Every exception becomes Medusa's envelope here, and only here.

| raised | answer |
|---|---|
| `Refused` | as it says |
| Invalid about an attribute, InvalidSet | 400 invalid_data |
| Invalid about the operation, InUse | 400 not_allowed |
| a new balance below 0 or above the value | 400 invalid_argument |
| NotFound | 404 not_found |
| Conflict | 409 conflict |
| what the wire words anyway (`api.exceptions`) | its status, the type of that status |
| anything else | not caught: Django logs it, `medusa.middleware` words the 500 |
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.http import HttpRequest

from api.errors import Rejection
from api.exceptions import Context, rejection_for
from api.idempotency import has_key
from kernel.refusals import OPERATION, InUse, Invalid, InvalidSet, NotFound
from medusa.answers import InvalidData, Missing, MissingCard, MissingRegion, Refused, Unauthorized

NAMES: Final = {
    "balance_cents": "balance",
    "expires_at": "ends_at",
    "market": "region_id",
    "currency_code": "region_id",
}
"""Our attributes as Medusa calls them. A card's currency is its region's."""

BEYOND_THE_VALUE: Final = frozenset({"greater_than_or_equal_to", "above_face_value"})


class Type(NamedTuple):
    kind: str
    code: str | None = None


TYPES: Final[Mapping[int, Type]] = {
    400: Type("invalid_data"),
    403: Type("not_allowed"),
    404: Type("not_found"),
    405: Type("not_allowed"),
    409: Type("conflict", "invalid_state_error"),
    413: Type("invalid_data"),
    422: Type("duplicate_error", "invalid_request_error"),
    423: Type("not_allowed"),
    429: Type("not_allowed", "too_many_requests"),
    500: Type("unknown_error", "unknown_error"),
    503: Type("database_error", "api_error"),
}
"""By status. 422 is what the wire says of an `Idempotency-Key` that was used for another request."""


def refusal_for(exception: BaseException, request: HttpRequest) -> Refused | None:
    """None if it is a bug."""
    if isinstance(exception, Refused):
        return exception
    if isinstance(exception, InvalidSet):
        return InvalidData(", ".join(_sentence(each) for each in exception.refusals))
    if isinstance(exception, Invalid):
        return _invalid(exception)
    if isinstance(exception, NotFound):
        return _missing(exception)
    if isinstance(exception, InUse):
        return Refused(400, "not_allowed", str(exception))
    rejection = rejection_for(exception, Context(has_key=has_key(request)))
    return None if rejection is None else _rejected(rejection)


def of_status(status: int, message: str, headers: Mapping[str, str] | None = None) -> Refused:
    kind, code = TYPES.get(status) or TYPES[400 if status < 500 else 500]
    return Refused(status, kind, message, code=code, headers=headers)


def _invalid(refusal: Invalid) -> Refused:
    if refusal.about == OPERATION:
        return Refused(400, "not_allowed", _sentence(refusal))
    if refusal.about == "balance_cents" and refusal.error in BEYOND_THE_VALUE:
        return Refused(400, "invalid_argument", "new balance is invalid")
    return InvalidData(_sentence(refusal))


def _sentence(refusal: Invalid) -> str:
    about = "This" if refusal.about == OPERATION else NAMES.get(refusal.about, refusal.about)
    return f"{about} {refusal.message}"


def _missing(refusal: NotFound) -> Refused:
    if refusal.resource_type == "gift_cards":
        return MissingCard("id", refusal.identifier)
    if refusal.resource_type == "markets":
        return MissingRegion(refusal.identifier)
    return Missing(str(refusal))


def _rejected(rejection: Rejection) -> Refused:
    if rejection.status == 401:
        return Unauthorized()
    return of_status(rejection.status, str(rejection), rejection.headers)
