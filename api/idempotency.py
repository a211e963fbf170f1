"""One effect per `Idempotency-Key`, whoever repeats the request, however often and whenever.

`once` wraps a write of any interface. Everything happens in one transaction: a lock that is only tried, the
look-up, the write, reading its answer, and the key with that answer. So either all of it is there or nothing,
and a refusal, which rolls it back, leaves the key unused. See docs/adr/0014-idempotency.md.
"""

import hmac
import re
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from api.credential import Credential
from api.errors import Rejection, error
from api.models import IdempotencyKey
from api.stored_answers import Answer, answer_to, store
from kernel.sealing import Unreadable, keyed_digest, version_in_use

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
WRITES: Final = frozenset({"POST", "PATCH"})
PRINTABLE: Final = re.compile(r"[ -~]{1,255}")
PURPOSE: Final = "idempotent request"


class Written(NamedTuple):
    """A success, and the resource that the request was about: what can be read afterwards."""

    response: HttpResponse
    resource_type: str
    resource_id: UUID


def has_key(request: HttpRequest) -> bool:
    """Whether the request may be repeated without being done twice."""
    return request.method in WRITES and HEADER in request.headers


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
        locked = try_lock(credential, key)
        # A statement of its own after the lock: it sees what the last holder of the lock committed. Whatever
        # is found may be answered without the lock, for it never changes.
        first = find(credential, key)
        if first is not None:
            return _replayed(first, request, credential)
        if not locked:
            detail = "The first request with this key is still under way. Try again."
            in_use = error("IDEMPOTENCY_KEY_IN_USE", detail, header=HEADER)
            raise Rejection(in_use, headers={"Retry-After": "1"})
        written = write()
        _remember(key, request, credential, written)
    return written.response


def try_lock(credential: Credential, key: str) -> bool:
    """False while another request with this key is under way; the lock is ours until the transaction ends."""
    scope = f"idempotency.{credential.caller.mode.value}.{credential.application_id}.{key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [scope])
        (locked,) = cursor.fetchone()
    return bool(locked)


def find(credential: Credential, key: str) -> IdempotencyKey | None:
    mode, application_id = credential.caller.mode, credential.application_id
    keys = IdempotencyKey.objects.select_related("response")
    return keys.filter(mode=mode, application_id=application_id, key=key).first()


def _key_of(request: HttpRequest) -> str | None:
    if not has_key(request):
        return None
    key = request.headers[HEADER].strip()
    if not PRINTABLE.fullmatch(key):
        detail = f"{HEADER} must be 1 to 255 printable ASCII characters."
        raise Rejection(error("INVALID_IDEMPOTENCY_KEY", detail, header=HEADER))
    return key


def _digest(request: HttpRequest, key_version: int) -> bytes:
    """Of method, address with its query, and body; keyed, because bodies carry codes."""
    head = f"{request.method} {request.get_full_path()}\n"
    return keyed_digest(PURPOSE, head.encode() + request.body, key_version=key_version)


def _remember(key: str, request: HttpRequest, credential: Credential, written: Written) -> None:
    version = version_in_use()
    row = IdempotencyKey.objects.create(
        mode=credential.caller.mode,
        application_id=credential.application_id,
        key=key,
        method=str(request.method),
        path=request.get_full_path().partition("?")[0],
        request_digest=_digest(request, version),
        key_version=version,
        status=written.response.status_code,
        resource_type=written.resource_type,
        resource_id=written.resource_id,
    )
    store(Answer.given(written.response, credential), row)


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
