"""Who calls the JSON:API: an API key as bearer token."""

from typing import Final, NoReturn

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from access.credentials import is_well_formed
from access.operations import note_use
from access.queries import Credential, credential_of
from kernel.secret import Secret

SCHEME: Final = "Bearer"


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the key's Credential; `request.user` stays None, for no person is calling."""

    def authenticate(self, request: Request) -> tuple[None, Credential]:
        scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != SCHEME.lower() or not is_well_formed(token.strip()):
            refuse()
        credential = credential_of(Secret(token.strip()))
        if credential is None:
            refuse()
        if not credential.use_is_noted:
            note_use(credential.api_key_id)
        return None, credential

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def refuse() -> NoReturn:
    # One answer for missing, malformed, unknown, expired and revoked: the difference would help only a thief.
    raise AuthenticationFailed(
        "The access token is missing, unknown, expired or revoked.", code="INVALID_TOKEN"
    )
