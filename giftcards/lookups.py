"""Finding the cards that somebody wants to pay with. What can't be paid with is not found."""

from collections.abc import Iterable, Sequence

from django.db.models import DateTimeField, Func, Q, QuerySet
from django.db.models.functions import Coalesce

from giftcards import codes
from giftcards.models import GiftCard, Status
from kernel.caller import Caller
from kernel.secret import Secret


def usable_cards(given: Iterable[Secret], caller: Caller) -> QuerySet[GiftCard]:
    """The cards with these codes, in any spelling; without those that can't be spent by this caller now: no
    such code, another mode, beyond the caller's markets, not active, archived, expired, or in a disabled
    market.

    One statement, whatever the reason, so that neither its text nor its time tells which it is.
    """
    return usable_cards_of([digest for code in given for digest in codes.digests(code.reveal())], caller)


def usable_cards_of(digests: Sequence[bytes], caller: Caller) -> QuerySet[GiftCard]:
    """The same for those who have the codes' digests, under every key."""
    now = Coalesce("test_clock_at", Func(function="clock_timestamp", output_field=DateTimeField()))
    return GiftCard.objects.visible_to(caller).filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        code_digest__in=digests,
        status=Status.ACTIVE,
        archived_at=None,
        market__disabled_at=None,
    )
