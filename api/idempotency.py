"""One effect per `Idempotency-Key`, whoever repeats the request, however often and whenever.

`once` wraps a write of any interface. Everything happens in one transaction: a lock that is only tried, with
the look-up; the write, reading its answer, and the key with that answer. So either all of it is there or
nothing, and a refusal, which rolls it back, leaves the key unused. See docs/adr/0014-idempotency.md.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

from django.db import NotSupportedError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from api.credential import Credential
from api.errors import Rejection, error
from api.models import IdempotencyKey
from api.stored_answers import Answer, answer_to, sealed
from kernel.keys import uuid7
from kernel.sealing import Unreadable, keyed_digest, version_in_use
from kernel.statements import AS_ASSUMED, rows_of, rows_written

HEADER: Final = "Idempotency-Key"
IN_META: Final = "HTTP_IDEMPOTENCY_KEY"
REPLAYED: Final = "Idempotency-Replayed"
WRITES: Final = frozenset({"POST", "PATCH"})
PRINTABLE: Final = re.compile(r"[ -~]{1,255}")
PURPOSE: Final = "idempotent request"
DONE: Final = (
    "This has been done, but the database did not answer when the result was read. "
    "Read the resource instead of repeating the request."
)

# A function, because this statement by itself would see what was committed before it tried the lock.
UNDER_LOCK: Final = f"""
    SELECT locked, is_known
    FROM api_idempotency_key_under_lock(%(scope)s, %(mode)s, %(application_id)s, %(key)s) WHERE {AS_ASSUMED}
"""  # noqa: S608 (no value is in it)
REMEMBER: Final = """
    WITH remembered AS (
        INSERT INTO api_idempotencykey (id, mode, application_id, key, method, path, request_digest,
            key_version, status, resource_type, resource_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
    )
    INSERT INTO api_storedresponse (idempotency_key_id, ciphertext, key_version)
    SELECT id, %s, %s FROM remembered
"""


class Written(NamedTuple):
    """A success, and the resource that the request was about: what can be read afterwards."""

    response: HttpResponse
    resource_type: str
    resource_id: UUID


def has_key(request: HttpRequest) -> bool:
    """Whether the request may be repeated without being done twice."""
    return request.method in WRITES and IN_META in request.META


def once(request: HttpRequest, credential: Credential, write: Callable[[], Written]) -> HttpResponse:
    """The answer of `write`, or of the first request with the same key, method, address and body.

    `write` raises whatever it refuses; what it has done by then is undone, so it may not keep a record of
    refusals in the database. The credential is one that may make this kind of request. Without the header,
    this is `write` and nothing else.

    Raises Rejection: a malformed key, one that was used for another request, or whose first request is
    still under way, or whose answer can't be shown again.
    """
    key = _key_of(request)
    if key is None:
        return write().response
    with transaction.atomic():
        standing = lock_and_look(credential, key)
        # Whatever is found may be answered without the lock, for it never changes.
        if standing.is_known:
            return _replayed(_first(credential, key), request, credential)
        if not standing.locked:
            detail = "The first request with this key is still under way. Try again."
            in_use = error("IDEMPOTENCY_KEY_IN_USE", detail, header=HEADER)
            raise Rejection(in_use, headers={"Retry-After": "1"})
        written = write()
        _remember(key, request, credential, written)
    return written.response


@contextmanager
def reading_back() -> Iterator[None]:
    """Around what a `write` reads when it has written. Without a key that is committed by then, and nobody
    may be told that nothing has changed. Raises Rejection (503)."""
    try:
        yield
    except (OperationalError, NotSupportedError) as failure:
        if connection.in_atomic_block:
            raise
        raise Rejection(error("SERVICE_UNAVAILABLE", DONE)) from failure


class Standing(NamedTuple):
    """Not `locked` while another request with the key is under way; otherwise the lock is ours until the
    transaction ends. `is_known`: a request with the key has been done."""

    locked: bool
    is_known: bool


def lock_and_look(credential: Credential, key: str) -> Standing:
    mode, application_id = credential.caller.mode.value, credential.application_id
    scope = f"idempotency.{mode}.{application_id}.{key}"
    told = {"scope": scope, "mode": mode, "application_id": application_id, "key": key}
    (standing,) = rows_written(UNDER_LOCK, told)
    return Standing._make(standing)


def _first(credential: Credential, key: str) -> IdempotencyKey:
    mode, application_id = credential.caller.mode, credential.application_id
    keys = IdempotencyKey.objects.select_related("response")
    return keys.get(mode=mode, application_id=application_id, key=key)


def _key_of(request: HttpRequest) -> str | None:
    if not has_key(request):
        return None
    key = str(request.META[IN_META]).strip()
    if not PRINTABLE.fullmatch(key):
        detail = f"{HEADER} must be 1 to 255 printable ASCII characters."
        raise Rejection(error("INVALID_IDEMPOTENCY_KEY", detail, header=HEADER))
    return key


def _digest(request: HttpRequest, key_version: int) -> bytes:
    """Of method, address with its query, and body; keyed, because bodies carry codes."""
    head = f"{request.method} {request.get_full_path()}\n"
    return keyed_digest(PURPOSE, head.encode() + request.body, key_version=key_version)


def _remember(key: str, request: HttpRequest, credential: Credential, written: Written) -> None:
    key_id, version = uuid7(), version_in_use()
    answer = sealed(Answer.given(written.response, credential), key_id)
    row: list[Any] = [
        key_id,
        credential.caller.mode.value,
        credential.application_id,
        key,
        str(request.method),
        request.get_full_path().partition("?")[0],
        _digest(request, version),
        version,
        written.response.status_code,
        written.resource_type,
        written.resource_id,
    ]
    rows_of(REMEMBER, [*row, answer.ciphertext, answer.key_version])


def _replayed(first: IdempotencyKey, request: HttpRequest, credential: Credential) -> HttpResponse:
    try:
        if not hmac.compare_digest(bytes(first.request_digest), _digest(request, first.key_version)):
            _refuse_reuse(first)
        answer = answer_to(first)
    except Unreadable:
        answer = None
    if answer is None or not answer.may_be_shown_to(credential):
        _refuse_to_repeat(first)
    response = answer.response()
    response[REPLAYED] = "true"
    return response


def _refuse_reuse(first: IdempotencyKey) -> NoReturn:
    detail = f"This key was used for another request before: {first.method} {first.path}."
    raise Rejection(error("IDEMPOTENCY_KEY_REUSED", detail, header=HEADER))


def _refuse_to_repeat(first: IdempotencyKey) -> NoReturn:
    """Says what the caller needs to know: that it is done, and where to look. Not what was done there: a
    look-up changes nothing."""
    resource = {"type": first.resource_type, "id": str(first.resource_id)}
    detail = (
        f"This request was answered {first.status} before, and that answer can't be shown again: "
        f"read {resource['type']} {resource['id']}, which it was about."
    )
    meta = {"resource": resource, "status": first.status}
    raise Rejection(error("IDEMPOTENT_ANSWER_GONE", detail, header=HEADER, meta=meta))
