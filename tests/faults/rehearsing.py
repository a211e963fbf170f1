"""What an action would come to, to be compared with what it came to when something went wrong."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction

from events.models import Event
from giftcards.models import GiftCard
from tests.fixtures.as_modelled import as_modelled
from tests.fixtures.fingerprint import fingerprint


def contents() -> dict[str, Any]:
    """What is there, without what no two runs have in common: keys and times."""
    return {
        "rows": {table: count for table, (count, _sum) in fingerprint().items()},
        "cards": sorted(str(as_modelled(card)) for card in GiftCard.objects.values_list("pk", flat=True)),
        "events": Counter(Event.objects.values_list("topic", flat=True)),
    }


def rehearsed(action: Callable[[], Any]) -> dict[str, Any]:
    """What is there afterwards; nothing of it stays."""
    with transaction.atomic():
        action()
        after = contents()
        transaction.set_rollback(True)
    return after
