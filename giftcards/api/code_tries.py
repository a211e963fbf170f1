"""How often codes may be tried, by whoever sends them: look-ups, payments that name their cards by code, and
searches by code of those who are not shown any.

Every try counts for the API key and for the client's address, within a minute. A try that fails counts for
both and for the whole mode, within ten minutes. Once the mode has seen too many failures, those keys and
addresses are held back that have failed more than a few times themselves; whoever has not goes on. See
docs/adr/0015-human-codes-and-look-ups.md.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from api.client_address import client_address
from api.credential import Credential
from api.throttling import Counts, Window, refuse
from api.views import ResourceViewSet

TRIES: Final = Window("code tries", seconds=60)
FAILURES: Final = Window("code failures", seconds=600)
TOO_MANY: Final = "Too many codes were tried"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who tries codes: what the counts are kept by. Test traffic never holds back live traffic."""

    key: str
    address: str
    mode: str

    @classmethod
    def of(cls, request: HttpRequest, credential: Credential) -> "Asker":
        caller = credential.caller
        return cls(
            key=f"key {caller.actor.id}",
            address=f"{caller.mode.value} {client_address(request)}",
            mode=f"all {caller.mode.value}",
        )


def admit(asker: Asker, *, codes: int = 1) -> None:
    """Count a request with so many codes. Raises Rejection (429) if there were too many, or if the asker is
    held back. To be called outside any transaction, before the codes are looked at."""
    everybody = (asker.key, asker.address, asker.mode)
    counts, failures = TRIES.count_and_read((asker.key, asker.address), FAILURES, everybody, times=codes)
    for subject, most in (
        (asker.key, settings.GIFTCARDS_CODE_TRIES_PER_KEY),
        (asker.address, settings.GIFTCARDS_CODE_TRIES_PER_ADDRESS),
    ):
        if counts[subject].number > most:
            refuse(TOO_MANY, counts[subject].seconds_left)
    _refuse_if_held_back(asker, failures)


def count_failure(asker: Asker, *, codes: int = 1) -> None:
    """A request had so many codes that can't be used. To be called outside any transaction, after the
    request's own is rolled back."""
    FAILURES.count(asker.key, asker.address, asker.mode, times=codes)


def _refuse_if_held_back(asker: Asker, failures: Counts) -> None:
    if failures[asker.mode].number < settings.GIFTCARDS_CODE_FAILURES:
        return
    for own in (failures[asker.key], failures[asker.address]):
        if own.number >= settings.GIFTCARDS_CODE_FAILURES_OF_ONE:
            refuse(TOO_MANY, min(own.seconds_left, failures[asker.mode].seconds_left))


class TriesCodes(ResourceViewSet):
    """Base of the views whose POST carries codes. Both counts are made where no transaction is open, also
    when the request has an `Idempotency-Key`."""

    unusable: ClassVar[tuple[type[Exception], ...]]
    """What is raised for a code that can't be used."""

    def codes_in(self, request: Request) -> int:
        """How many a request to create carries; 0 is not counted."""
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        codes = self.codes_in(request) if self.action == "create" else 0
        if codes:
            admit(Asker.of(request, self.credential), codes=codes)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, self.unusable):
            count_failure(Asker.of(self.request, self.credential))
        return super().handle_exception(exc)
