"""What is left behind without the row that it refers to: nobody comes by it on the way through the cards."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection

from giftcards.verification.lies import Lie

_STRAYS: Final = """
    SELECT gift_card_id, sequence, 'the entry is there, the card is not'
    FROM giftcards_ledgerentry AS entry
    WHERE NOT EXISTS (SELECT FROM giftcards_giftcard WHERE id = gift_card_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT gift_card_id, sequence, 'the entry is there, its payment ' || payment_id || ' is not'
    FROM giftcards_ledgerentry AS entry
    WHERE payment_id IS NOT NULL AND NOT EXISTS (SELECT FROM giftcards_payment WHERE id = payment_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT gift_card_id, NULL, 'its authorization ' || id || ' is there, the card is not'
    FROM giftcards_authorization AS hold
    WHERE NOT EXISTS (SELECT FROM giftcards_giftcard WHERE id = gift_card_id)
        AND updated_at >= coalesce(%(since)s::timestamptz, '-infinity')
    ORDER BY 1, 2
"""


def strays(since: datetime | None) -> Iterator[Lie]:
    """Of `since` or later, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STRAYS, {"since": since})
        for card_id, sequence, text in cursor.fetchall():
            yield Lie(card_id, text, sequence)
