"""What verifications came to: recorded when one is done, asked for by probes and by the next one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func

from giftcards.models import Scope, Verification
from giftcards.verification.lies import Lie

LONGEST_LIE: Final = 500
UNDER_WAY: Final = timedelta(hours=1)
"""What a transaction writes carries times from its beginning on, and is seen when it has ended."""

_AGE: Final = ExpressionWrapper(
    Func(function="clock_timestamp", output_field=DateTimeField()) - F("finished_at"),
    output_field=DurationField(),
)


def record_verdict(
    *, started_at: datetime, since: datetime | None, cards: int, lies: int, first_lie: Lie | None
) -> Verification:
    return Verification.objects.create(
        scope=Scope.FULL if since is None else Scope.SINCE,
        since=since,
        started_at=started_at,
        cards=cards,
        lies=lies,
        first_lie=str(first_lie)[:LONGEST_LIE] if first_lie else "",
    )


def since_last_clean() -> datetime | None:
    """From which moment on there is something that no clean verification has seen, with room for what was
    under way when the last one began; None as long as there was no clean one of all cards.

    One since a moment counts if it reaches back to where another had come: else there is a gap between.
    """
    clean = Verification.objects.filter(lies=0)
    reached: datetime | None = (
        clean.filter(scope=Scope.FULL).order_by("-started_at").values_list("started_at", flat=True).first()
    )
    if reached is None:
        return None
    later = clean.filter(scope=Scope.SINCE, started_at__gt=reached).order_by("started_at")
    for since, started_at in later.values_list("since", "started_at"):
        if since is not None and since <= reached:
            reached = started_at
    return reached - UNDER_WAY


def standing() -> dict[str, Any]:
    """The verdict and age of the last verification of all cards and, if it is newer, of the last one since a
    moment. Names no card and no count: probes need no key."""
    latest = {verification.scope: verification for verification in _latest()}
    full, partial = latest.get(Scope.FULL), latest.get(Scope.SINCE)
    told: dict[str, Any] = {"verdict": "never verified", "verified_at": None, "age_seconds": None}
    if full:
        told = _told(full)
    if partial and not (full and full.finished_at > partial.finished_at):
        told["newer_cards"] = _told(partial) | {"since": partial.since}
    return told


def _latest() -> Iterable[Any]:
    last = [
        Verification.objects.filter(scope=scope).annotate(age=_AGE).order_by("-finished_at")[:1]
        for scope in Scope
    ]
    return last[0].union(*last[1:])


def _told(verification: Any) -> dict[str, Any]:
    return {
        "verdict": verification.verdict,
        "verified_at": verification.finished_at,
        "age_seconds": int(verification.age.total_seconds()),
    }
