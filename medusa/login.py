"""POST /admin/auth/token: a person's e-mail address and password for a day's token.

Whoever guesses is counted by address and by account; both wait once they have failed too often. The whole of
Django's authentication is asked, so a second factor that is added there holds here too.
"""

import hashlib
from typing import Final

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.http import HttpRequest, HttpResponse

from access.person_tokens import issue_person_token
from api.client_address import client_address
from api.throttling import Window, refuse
from medusa.answers import Unauthorized, answer
from medusa.reading import Field, body_of, fields_of, text

FAILURES: Final = Window("failed log-ins of people", seconds=600)


def email(value: object) -> str:
    written = text(value)
    if "@" not in written or not written.isprintable():
        raise ValueError
    return written


CREDENTIALS: Final = (
    Field("email", "be an email", email, required=True),
    Field("password", "be a string", text, required=True),
)


def log_in(request: HttpRequest) -> HttpResponse:
    given = fields_of(body_of(request), CREDENTIALS)
    subjects = _subjects(request, given["email"])
    _refuse_if_failed_too_often(subjects)
    user = authenticate(request, username=given["email"], password=given["password"])
    if user is None or not user.is_staff:
        FAILURES.count(*subjects)
        raise Unauthorized
    update_last_login(None, user)  # type: ignore[arg-type]
    return answer({"access_token": issue_person_token(user).reveal()})


def _subjects(request: HttpRequest, address: str) -> tuple[str, str]:
    """The account by a digest: people type their password into the wrong field."""
    account = hashlib.sha256(address.casefold().encode()).hexdigest()
    return f"address {client_address(request)}", f"account {account}"


def _refuse_if_failed_too_often(subjects: tuple[str, str]) -> None:
    for count in FAILURES.read(*subjects).values():
        if count.number >= settings.GIFTCARDS_LOGIN_FAILURES:
            refuse("Too many log-ins have failed", count.seconds_left)
