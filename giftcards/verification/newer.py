"""Which cards a verification since a moment looks at: whatever says of itself that it is newer.

It finds what the service has done since, and so whether operations keep the books true. Whoever tampers with
an old card does not write down the time: that card is seen by a verification of all of them only.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from events.models import Event
from giftcards.models import Authorization, GiftCard, LedgerEntry


def newer_cards(since: datetime, *, at_a_time: int) -> Iterator[Sequence[UUID]]:
    """Keys, ascending, of the cards whose row, entries, authorizations or events are of `since` or
    later."""
    # A cursor of the server's: a million keys stay there.
    keys = _keys(since).order_by("id").iterator(chunk_size=at_a_time)
    while portion := [key for (key,) in islice(keys, at_a_time)]:
        yield portion


def count_newer_cards(since: datetime) -> int:
    return _keys(since).count()


def _keys(since: datetime) -> QuerySet[GiftCard, Any]:
    rows = GiftCard.objects.filter(updated_at__gte=since).values_list("id")
    holds = Authorization.objects.filter(updated_at__gte=since).values_list("gift_card_id")
    entries = LedgerEntry.objects.filter(created_at__gte=since).values_list("gift_card_id")
    # Events are of many things; those of cards are found by the card's key.
    subjects = Event.objects.filter(created_at__gte=since).values("subject_id")
    events = GiftCard.objects.filter(id__in=subjects).values_list("id")
    events_of_holds = Authorization.objects.filter(id__in=subjects).values_list("gift_card_id")
    return rows.union(holds, entries, events, events_of_holds)
