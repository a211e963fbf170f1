"""Finding the card that somebody wants to pay with. What can't be paid with is not found."""

from django.db.models import DateTimeField, Func, Q, QuerySet
from django.db.models.functions import Coalesce

from giftcards import codes
from giftcards.models import GiftCard, Status
from kernel.caller import Caller
from kernel.secret import Secret


def usable_cards(code: Secret, caller: Caller) -> QuerySet[GiftCard]:
    """The card with this code, in any spelling; nothing if it can't be spent by this caller now: no such
    code, another mode, beyond the caller's markets, not active, expired, or in a disabled market.

    One statement, whatever the reason, so that neither its text nor its time tells which it is.
    """
    now = Coalesce("test_clock_at", Func(function="clock_timestamp", output_field=DateTimeField()))
    return GiftCard.objects.visible_to(caller).filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        code_digest__in=codes.digests(code.reveal()),
        status=Status.ACTIVE,
        market__disabled_at=None,
    )
