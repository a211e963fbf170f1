"""Who calls the JSON:API: an API key as bearer token, or an access token that was made from one."""

from typing import Final, NoReturn

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from access.credentials import is_well_formed
from access.oauth.tokens import credential_of_token
from access.operations import note_use
from access.queries import Credential, credential_of
from kernel.secret import Secret

SCHEME: Final = "Bearer"


class BearerAuthentication(BaseAuthentication):
    """Sets `request.auth` to the caller's Credential; `request.user` stays None, for no person is calling."""

    def authenticate(self, request: Request) -> tuple[None, Credential]:
        asks_later = getattr(request, "asks_later", False)
        return None, credential_in(request.META.get("HTTP_AUTHORIZATION", ""), ask_later=asks_later)

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def credential_in(authorization: str, *, ask_later: bool = False) -> Credential:
    """What an Authorization header stands for. Raises AuthenticationFailed; notes that the key was used.

    `ask_later`: what is known of it may be assumed until the next statement, which then raises
    NoLongerSoError if the database says otherwise.
    """
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != SCHEME.lower():
        refuse()
    text = token.strip()
    find = credential_of if is_well_formed(text) else credential_of_token
    credential = find(Secret(text), ask_later=ask_later)
    if credential is None:
        refuse()
    if not credential.use_is_noted:
        note_use(credential.api_key_id)
    return credential


def refuse() -> NoReturn:
    # One answer for missing, malformed, unknown, expired and revoked: the difference would help only a thief.
    raise AuthenticationFailed(
        "The access token is missing, unknown, expired or revoked.", code="INVALID_TOKEN"
    )
