"""What is left behind without the row that it refers to or tells of: nobody comes by it on the way through
the cards.

Drafts may be deleted, and their events stay. What has posted an entry, a payment, an order and an
authorization never goes before its events do.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection

from giftcards.verification.lies import Lie

_STRAYS: Final = """
    SELECT gift_card_id, sequence, 'the entry is there, the card is not', 'Gift card'
    FROM giftcards_ledgerentry AS entry
    WHERE NOT EXISTS (SELECT FROM giftcards_giftcard WHERE id = gift_card_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT gift_card_id, sequence, 'the entry is there, its payment ' || payment_id || ' is not', 'Gift card'
    FROM giftcards_ledgerentry AS entry
    WHERE payment_id IS NOT NULL AND NOT EXISTS (SELECT FROM giftcards_payment WHERE id = payment_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT gift_card_id, NULL, 'its authorization ' || id || ' is there, the card is not', 'Gift card'
    FROM giftcards_authorization AS hold
    WHERE NOT EXISTS (SELECT FROM giftcards_giftcard WHERE id = gift_card_id)
        AND updated_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT DISTINCT subject_id, NULL::int, 'its events tell of entries, and it is not there', 'Gift card'
    FROM events_event
    WHERE subject_type = 'gift_cards' AND data ? 'entry_sequence'
        AND NOT EXISTS (SELECT FROM giftcards_giftcard WHERE id = subject_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT DISTINCT subject_id, NULL::int, 'its events are there, it is not', 'Payment'
    FROM events_event
    WHERE subject_type = 'gift_card_payments'
        AND NOT EXISTS (SELECT FROM giftcards_payment WHERE id = subject_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT DISTINCT subject_id, NULL::int, 'its events are there, it is not', 'Order'
    FROM events_event
    WHERE subject_type = 'gift_card_orders'
        AND NOT EXISTS (SELECT FROM giftcards_order WHERE id = subject_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    UNION ALL
    SELECT DISTINCT subject_id, NULL::int, 'its events are there, it is not', 'Authorization'
    FROM events_event
    WHERE subject_type = 'gift_card_authorizations'
        AND NOT EXISTS (SELECT FROM giftcards_authorization WHERE id = subject_id)
        AND created_at >= coalesce(%(since)s::timestamptz, '-infinity')
    ORDER BY 1, 2
"""


def strays(since: datetime | None) -> Iterator[Lie]:
    """Of `since` or later, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STRAYS, {"since": since})
        for subject_id, sequence, text, about in cursor.fetchall():
            yield Lie(subject_id, text, sequence, about=about)
