"""Every exception becomes error objects here, and only here.

| raised | answer |
|---|---|
| `Rejection` | as it says |
| `kernel.refusals` Invalid, InvalidSet | 422 |
| NotFound | 404 |
| InUse | 423 |
| Conflict, a unique or foreign key broken by a race | 409 |
| REST framework's exceptions | their status, the contract's code |
| no free connection, lock or statement timeout, deadlock | 503 with Retry-After: nothing has changed |
| a standby was to write, or a migration changed what was prepared | the same |
| the connection to the database lost | 503 without: it may have been done |
| either, once a write is committed | 503 that says so: `api.idempotency.reading_back` |
| a list that filters reach the statement timeout with | 503 naming them, nothing to try again soon |
| anything else | not caught: Django logs it, `api.middleware` words the 500 |
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, InternalError, NotSupportedError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf

from api.declaration import Declaration
from api.errors import ErrorObject, Rejection, brief, error, pointer, validation_error
from api.parsers import ResourceBody
from api.validation import place_of
from kernel.refusals import OPERATION, Conflict, InUse, Invalid, InvalidSet, NotFound, Refusal

BASE: Final = "base"
"""What a refusal is about that no attribute caused; Rails' word, which form libraries know."""

UNIQUE_VIOLATION: Final = "23505"
FOREIGN_KEY_VIOLATION: Final = "23503"
STATEMENT_TIMEOUT: Final = "57014"
READ_ONLY: Final = "25006"
ROLLED_BACK: Final = frozenset({STATEMENT_TIMEOUT, "55P03", "40P01", "40001", "53300"})
"""Statement timeout, lock timeout, deadlock, serialization failure, too many connections."""

UNKNOWN_OUTCOME: Final = (
    "The database did not answer: this may have been done or not. "
    "Read the resource before you repeat the request."
)
RETRY_WITH_THE_KEY: Final = (
    "The database did not answer: this may have been done or not. "
    "Retry with the same key: it is done once, and you are told how it ended."
)


@dataclass(frozen=True, slots=True)
class Context:
    """What of the request an answer may point at. `is_linkage`: the body is a relationship's. `filters`: the
    parameters that make its list a search. `has_key`: it can be repeated without being done twice."""

    declaration: Declaration | None = None
    body: ResourceBody | None = None
    is_linkage: bool = False
    filters: tuple[str, ...] = ()
    has_key: bool = False


def rejection_for(exception: BaseException, context: Context) -> Rejection | None:
    """The error objects for an exception, or None if it is a bug."""
    if isinstance(exception, Rejection):
        return exception
    for kinds, word in _WORDING:
        if isinstance(exception, kinds):
            return word(exception, context)
    return None


def _refusal(refusal: Any, context: Context) -> Rejection:
    if isinstance(refusal, InvalidSet):
        return Rejection(*(_invalid(each, context) for each in refusal.refusals))
    if isinstance(refusal, Invalid):
        return Rejection(_invalid(refusal, context))
    if isinstance(refusal, NotFound):
        return Rejection(
            error("RECORD_NOT_FOUND", str(refusal), pointer=_named_by(refusal.identifier, context))
        )
    if isinstance(refusal, InUse):
        return Rejection(error("LOCKED", str(refusal)))
    if isinstance(refusal, Conflict):
        detail = f"{refusal.about} - {refusal.message}"
        return Rejection(error("CONFLICT", detail, pointer=_pointer(refusal.about, context)))
    raise TypeError(f"{type(refusal).__name__} has no wording.") from refusal


def _invalid(refusal: Invalid, context: Context) -> ErrorObject:
    about = _trigger(context) if refusal.about == OPERATION else refusal.about
    declaration, body = context.declaration, context.body
    value = refusal.value
    if value is None and body is not None:
        value = body.attributes.get(about)
    if declaration is not None and about in declaration.sensitive:
        value = None
    return validation_error(refusal, about=about, value=value, pointer=_pointer(about, context))


def _trigger(context: Context) -> str:
    """The attribute of the request that asked for the verb which the operation refuses."""
    if context.declaration is None or context.body is None:
        return BASE
    attributes = context.body.attributes
    return next((name for name in context.declaration.triggers if _asks(attributes.get(name))), BASE)


def _asks(value: object) -> bool:
    """A trigger that is null or false is sent along, but asks for nothing; 0 is an amount like any other."""
    return value is not None and value is not False and value != "false"


def _named_by(identifier: str, context: Context) -> str | None:
    """Where among the request's attributes, or within one, that is named which does not exist."""
    attributes = {} if context.body is None else context.body.attributes
    waiting: deque[tuple[str, Any]] = deque([(pointer("data", "attributes"), attributes)])
    while waiting:
        place, part = waiting.popleft()
        if isinstance(part, Mapping):
            waiting += [(place + pointer(name), value) for name, value in part.items()]
        elif isinstance(part, list):
            waiting += [(place + pointer(str(index)), value) for index, value in enumerate(part)]
        elif part == identifier:
            return place
    return None


def _pointer(about: str, context: Context) -> str | None:
    if context.is_linkage:
        return "/data"
    return None if context.declaration is None else place_of(context.declaration, context.body, about)


def _framework(exception: Any, context: Context) -> Rejection:
    """REST framework's own exceptions; a plain 400 where it has a finer word."""
    code = next(
        (code for kinds, code in _FRAMEWORK_CODES if isinstance(exception, kinds)), "INTERNAL_SERVER_ERROR"
    )
    detail = str(exception.detail) if isinstance(exception.detail, str) else "The request could not be read."
    wait = getattr(exception, "wait", None)
    return Rejection(error(code, detail), headers={} if wait is None else {"Retry-After": str(ceil(wait))})


_FRAMEWORK_CODES: Final[tuple[tuple[Any, str], ...]] = (
    ((drf.NotAuthenticated, drf.AuthenticationFailed), "INVALID_TOKEN"),
    (drf.PermissionDenied, "UNAUTHORIZED"),
    (drf.NotFound, "RECORD_NOT_FOUND"),
    (drf.MethodNotAllowed, "METHOD_NOT_ALLOWED"),
    (drf.NotAcceptable, "NOT_ACCEPTABLE"),
    (drf.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE"),
    (drf.Throttled, "THROTTLED"),
    ((drf.ParseError, drf.ValidationError), "BAD_REQUEST"),
)


def _not_found(exception: BaseException, context: Context) -> Rejection:
    return Rejection(error("RECORD_NOT_FOUND", "There is nothing at this address."))


def _denied(exception: BaseException, context: Context) -> Rejection:
    return Rejection(error("UNAUTHORIZED", "Access denied."))


def _too_big(exception: BaseException, context: Context) -> Rejection:
    return Rejection(error("PAYLOAD_TOO_LARGE", "The request's body is too large."))


def _suspicious(exception: BaseException, context: Context) -> Rejection:
    return Rejection(error("BAD_REQUEST", "The request could not be read."))


def _unavailable(exception: BaseException, context: Context) -> Rejection:
    """Says "try again" only where nothing can have changed: a connection that was lost may have been lost
    while the answer to COMMIT was on its way."""
    if not _is_without_effect(exception):
        detail = RETRY_WITH_THE_KEY if context.has_key else UNKNOWN_OUTCOME
        return Rejection(error("SERVICE_UNAVAILABLE", detail))
    if sqlstate(exception) != STATEMENT_TIMEOUT:
        return _busy()
    if context.filters:
        return Rejection(*(_too_slow(parameter) for parameter in context.filters))
    detail = "The request took longer than this service allows; nothing has changed."
    return Rejection(error("SERVICE_UNAVAILABLE", detail), headers={"Retry-After": "1"})


def _busy() -> Rejection:
    detail = "The database is busy; nothing has changed. Try again."
    return Rejection(error("SERVICE_UNAVAILABLE", detail), headers={"Retry-After": "1"})


def _overtaken(exception: BaseException, context: Context) -> Rejection | None:
    return _busy() if is_overtaken(exception) else None


def is_overtaken(exception: BaseException) -> bool:
    """The server is a standby that nobody has promoted yet, or a migration has changed the type of what a
    prepared statement reads; the next one is prepared anew. Anything else is a bug."""
    diagnostics = getattr(exception.__cause__, "diag", None)
    # PostgreSQL says of a plan only that something is not supported, in the language of its log.
    is_stale = getattr(diagnostics, "source_function", None) == "RevalidateCachedQuery"
    return is_stale or sqlstate(exception) == READ_ONLY


def _is_without_effect(exception: BaseException) -> bool:
    """PostgreSQL refused a statement, or there was no connection to begin with."""
    never_connected = getattr(exception.__cause__, "pgconn", None) is not None  # psycopg's word for it
    return never_connected or sqlstate(exception) in ROLLED_BACK


def _too_slow(parameter: str) -> ErrorObject:
    """A search that no index serves will not be faster in a second: there is no Retry-After."""
    detail = f"{brief(parameter)} took longer than this service allows. Search for less, or by eq, in, start."
    return error("SERVICE_UNAVAILABLE", detail, parameter=parameter)


def _race(exception: BaseException, context: Context) -> Rejection | None:
    if sqlstate(exception) not in {UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION}:
        return None
    return Rejection(error("CONFLICT", "Another request changed the same thing first."))


def sqlstate(exception: BaseException) -> str | None:
    return getattr(exception.__cause__, "sqlstate", None)


_WORDING: Final[tuple[tuple[Any, Callable[[Any, Context], Rejection | None]], ...]] = (
    (Refusal, _refusal),
    (drf.APIException, _framework),
    (Http404, _not_found),
    (PermissionDenied, _denied),
    (RequestDataTooBig, _too_big),
    (SuspiciousOperation, _suspicious),
    ((OperationalError, InterfaceError), _unavailable),
    ((InternalError, NotSupportedError), _overtaken),
    (IntegrityError, _race),
)
