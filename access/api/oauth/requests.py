"""What is read of a request to `/oauth`: its parameters, and the client who sends it."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any, Final, NoReturn
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest

from access.api.oauth.answers import OAuthError
from access.credentials import is_well_formed
from access.operations import note_use
from access.queries import Credential, credential_of
from api.client_address import client_address
from api.errors import Rejection
from api.parsers import parse_json
from api.throttling import Window
from kernel.secret import Secret

JSON: Final = frozenset({"application/json", "application/vnd.api+json"})
CLIENT: Final = ("client_id", "client_secret")
FORM: Final = "application/x-www-form-urlencoded"
FAILURES: Final = Window("failed logins", seconds=600)
NOT_KNOWN: Final = "The client id and the client secret do not belong to an API key that can be used."


def parameters_of(request: HttpRequest, *names: str) -> dict[str, str]:
    """These and the client's, by name, those without a value left out; whatever else is sent along is passed
    over, lists and all. Raises OAuthError for what can't be read."""
    given = _members(request) if request.content_type in JSON else _fields(request)
    wanted = {name: given[name] for name in (*names, *CLIENT) if given.get(name) is not None}
    if wrong := sorted(name for name, value in wanted.items() if not isinstance(value, str)):
        raise OAuthError("invalid_request", f"{', '.join(wrong)} must be text.")
    return {name: value for name, value in wanted.items() if value}


def _members(request: HttpRequest) -> dict[str, Any]:
    try:
        given = parse_json(request.body)
    except Rejection as rejection:
        raise OAuthError("invalid_request", str(rejection)) from rejection
    if not isinstance(given, dict):
        raise OAuthError("invalid_request", "The request's body must be a JSON object.")
    return given


def _fields(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != FORM:
        raise OAuthError("invalid_request", f"The request's body must be application/json or {FORM}.")
    if request.encoding not in {None, "utf-8"}:
        raise OAuthError("invalid_request", "The request's body must be UTF-8.")
    fields = dict(request.POST.lists())
    if twice := sorted(name for name, values in fields.items() if len(values) > 1):
        raise OAuthError("invalid_request", f"{', '.join(twice)} may be given once.")
    return {name: value for name, (value,) in fields.items()}


def client_of(request: HttpRequest, parameters: Mapping[str, str]) -> Credential:
    """The key that the client id and the client secret belong to.

    Raises OAuthError; 429 once an address has failed too often. Who knows a secret is let in all the same:
    nobody guesses one, and everybody behind one proxy may have the same address.
    """
    basic = _basic(request.headers.get("Authorization", ""))
    if basic and not parameters.keys().isdisjoint(CLIENT):
        raise OAuthError("invalid_request", "The client must authenticate in one way, not in two.")
    client_id, secret = basic or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
    credential = credential_of(Secret(secret)) if is_well_formed(secret) else None
    if credential is None or not hmac.compare_digest(credential.client_id.encode(), client_id.encode()):
        _refuse(request, challenge=basic is not None)
    if not credential.use_is_noted:
        note_use(credential.api_key_id)
    return credential


def _basic(authorization: str) -> tuple[str, str] | None:
    """What of RFC 6749 §2.3.1 is in the header; None if it is of another scheme, or there is none."""
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _refuse(request: HttpRequest, *, challenge: bool) -> NoReturn:
    address = client_address(request)
    failures = FAILURES.count(address)[address]
    if failures.number > settings.GIFTCARDS_LOGIN_FAILURES:
        seconds = failures.seconds_left
        detail = f"Too many logins have failed. Try again in {seconds} seconds."
        raise OAuthError("throttled", detail, status=429, headers={"Retry-After": str(seconds)})
    headers = {"WWW-Authenticate": 'Basic realm="oauth"'} if challenge else {}
    raise OAuthError("invalid_client", NOT_KNOWN, status=401, headers=headers)
